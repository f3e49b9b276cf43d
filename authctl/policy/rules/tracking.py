"""Experiments, runs, metrics and logged models: all hang on the experiment."""

from __future__ import annotations

from authctl.model import ResourceType
from authctl.policy.needs import (
    create,
    delete,
    if_given,
    own,
    read,
    unless_denied,
    update,
    where_given,
)
from authctl.policy.rule import Access, Hide, Keep, Narrow, Need, Rule, rule
from authctl.policy.selectors import (
    each,
    experiment,
    experiment_named,
    inside,
    logged_model,
    run,
    storage,
)

_RUN = ResourceType.RUN
_LOGGED_MODEL = ResourceType.LOGGED_MODEL
_READABLE_EXPERIMENTS = Keep("experiments", read(experiment("experiment_id")))

# Deleting an experiment takes along what is in it.
_WITH_ALL_IN_IT = tuple(
    delete(inside(tier))
    for tier in (
        _RUN,
        _LOGGED_MODEL,
        ResourceType.TRACE,
        ResourceType.ASSESSMENT,
        ResourceType.REVIEW_QUEUE,
        ResourceType.SCORER,
        ResourceType.SCORER_VERSION,
    )
)


def _within_readable(tier: ResourceType) -> Narrow:
    return Narrow("experiment_ids", read(each(inside(tier, "experiment_ids"))))


def _links_of_a_run(path: str) -> tuple[Hide, ...]:
    return (
        Hide(f"{path}/inputs/model_inputs", _LOGGED_MODEL),
        Hide(f"{path}/outputs/model_outputs", _LOGGED_MODEL),
        Hide(f"{path}/data/metrics/model_id", _LOGGED_MODEL),
    )


def _links_of_a_model(path: str) -> tuple[Hide, ...]:
    return (Hide(f"{path}/info/source_run_id", _RUN), Hide(f"{path}/data/metrics/run_id", _RUN))


def _of_a_model(route: str, demand: Need) -> Rule:
    return rule(route, demand, hide=_links_of_a_model("model"))


RULES: tuple[Rule, ...] = (
    rule(
        "POST /mlflow/experiments/create",
        Access.SIGNED_IN,
        unless_denied(ResourceType.EXPERIMENT),
        if_given(update(storage("artifact_location"))),
        then=own(ResourceType.EXPERIMENT, "answer:experiment_id"),
    ),
    rule("GET /mlflow/experiments/get", read(experiment())),
    rule("GET /mlflow/experiments/get-by-name", read(experiment_named())),
    rule(
        "GET /mlflow/experiments/search",
        Access.SIGNED_IN,
        keep=_READABLE_EXPERIMENTS,
        many=("order_by",),
    ),
    rule(
        "POST /mlflow/experiments/search",
        Access.SIGNED_IN,
        keep=_READABLE_EXPERIMENTS,
        reads=True,
    ),
    rule("POST /mlflow/experiments/update", update(experiment())),
    rule("POST /mlflow/experiments/set-experiment-tag", update(experiment())),
    rule("POST /mlflow/experiments/delete-experiment-tag", update(experiment())),
    rule("POST /mlflow/experiments/delete", delete(experiment()), *_WITH_ALL_IN_IT),
    rule("POST /mlflow/experiments/restore", delete(experiment()), *_WITH_ALL_IN_IT),
    rule(
        "POST /mlflow/experiments/search-datasets",
        read(each(experiment("experiment_ids"))),
        reads=True,
    ),
    # Runs
    rule("POST /mlflow/runs/create", create(inside(_RUN))),
    rule("POST /mlflow/runs/create-promptlab-run", create(inside(_RUN))),
    rule(
        "POST /mlflow/runs/search",
        Access.SIGNED_IN,
        narrow=_within_readable(_RUN),
        hide=_links_of_a_run("runs"),
        reads=True,
    ),
    rule("GET /mlflow/runs/get", read(run()), hide=_links_of_a_run("run")),
    rule("POST /mlflow/runs/update", update(run())),
    rule("POST /mlflow/runs/delete", delete(run())),
    rule("POST /mlflow/runs/restore", delete(run())),
    rule(
        "POST /mlflow/runs/log-metric",
        update(run()),
        if_given(update(logged_model("model_id"))),
    ),
    rule("POST /mlflow/runs/log-parameter", update(run())),
    rule("POST /mlflow/runs/set-tag", update(run())),
    rule("POST /mlflow/runs/delete-tag", update(run())),
    rule(
        "POST /mlflow/runs/log-batch",
        update(run()),
        if_given(update(each(logged_model("metrics.model_id")))),
    ),
    rule("POST /mlflow/runs/log-model", update(run())),
    rule(
        "POST /mlflow/runs/log-inputs",
        update(run()),
        if_given(update(each(logged_model("models.model_id")))),
    ),
    rule(
        "POST /mlflow/runs/outputs",
        update(run()),
        if_given(update(each(logged_model("models.model_id")))),
    ),
    rule(
        "GET /mlflow/metrics/get-history",
        read(run()),
        hide=(Hide("metrics/model_id", _LOGGED_MODEL),),
    ),
    rule("GET /mlflow/metrics/get-history-bulk", read(each(run("run_id"))), many=("run_id",)),
    rule(
        "GET /mlflow/metrics/get-history-bulk-interval",
        read(each(run("run_ids"))),
        many=("run_ids",),
    ),
    # Logged models
    rule(
        "POST /mlflow/logged-models",
        create(inside(_LOGGED_MODEL)),
        if_given(read(run("source_run_id"))),
        hide=_links_of_a_model("model"),
    ),
    rule(
        "POST /mlflow/logged-models/search",
        Access.SIGNED_IN,
        where_given("filter", unless_denied(_RUN)),
        where_given("order_by", unless_denied(_RUN)),
        narrow=_within_readable(_LOGGED_MODEL),
        hide=_links_of_a_model("models"),
        reads=True,
    ),
    _of_a_model("GET /mlflow/logged-models/{model_id}", read(logged_model())),
    _of_a_model("PATCH /mlflow/logged-models/{model_id}", update(logged_model())),
    rule("DELETE /mlflow/logged-models/{model_id}", delete(logged_model())),
    _of_a_model("PATCH /mlflow/logged-models/{model_id}/tags", update(logged_model())),
    rule("DELETE /mlflow/logged-models/{model_id}/tags/{tag_key}", delete(logged_model())),
    rule("POST /mlflow/logged-models/{model_id}/params", update(logged_model())),
)
