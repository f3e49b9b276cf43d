"""Experiments, runs, metrics and logged models: all hang on the experiment."""

from __future__ import annotations

from authctl.model import ResourceType
from authctl.policy.rule import (
    Access,
    Keep,
    Narrow,
    Rule,
    delete,
    each,
    experiment,
    experiment_named,
    if_given,
    logged_model,
    own,
    read,
    rule,
    run,
    storage,
    update,
)

_READABLE_EXPERIMENTS = Keep("experiments", experiment("experiment_id"))
_WITHIN_READABLE = Narrow("experiment_ids", each(experiment("experiment_ids")))

RULES: tuple[Rule, ...] = (
    rule(
        "POST /mlflow/experiments/create",
        Access.SIGNED_IN,
        if_given(update(storage("artifact_location"))),
        then=own(ResourceType.EXPERIMENT, "experiment_id"),
    ),
    rule("GET /mlflow/experiments/get", read(experiment())),
    rule("GET /mlflow/experiments/get-by-name", read(experiment_named())),
    rule(
        "GET /mlflow/experiments/search",
        Access.SIGNED_IN,
        keep=_READABLE_EXPERIMENTS,
        many=("order_by",),
    ),
    rule("POST /mlflow/experiments/search", Access.SIGNED_IN, keep=_READABLE_EXPERIMENTS),
    rule("POST /mlflow/experiments/update", update(experiment())),
    rule("POST /mlflow/experiments/set-experiment-tag", update(experiment())),
    rule("POST /mlflow/experiments/delete-experiment-tag", update(experiment())),
    rule("POST /mlflow/experiments/delete", delete(experiment())),
    rule("POST /mlflow/experiments/restore", delete(experiment())),
    rule("POST /mlflow/experiments/search-datasets", read(each(experiment("experiment_ids")))),
    # Runs
    rule("POST /mlflow/runs/create", update(experiment())),
    rule("POST /mlflow/runs/search", Access.SIGNED_IN, narrow=_WITHIN_READABLE),
    rule("GET /mlflow/runs/get", read(run())),
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
        if_given(read(each(logged_model("models.model_id")))),
    ),
    rule(
        "POST /mlflow/runs/outputs",
        update(run()),
        if_given(update(each(logged_model("models.model_id")))),
    ),
    rule("GET /mlflow/metrics/get-history", read(run())),
    rule("GET /mlflow/metrics/get-history-bulk", read(each(run("run_id"))), many=("run_id",)),
    rule(
        "GET /mlflow/metrics/get-history-bulk-interval",
        read(each(run("run_ids"))),
        many=("run_ids",),
    ),
    # Logged models
    rule(
        "POST /mlflow/logged-models",
        update(experiment()),
        if_given(update(run("source_run_id"))),
    ),
    rule("POST /mlflow/logged-models/search", Access.SIGNED_IN, narrow=_WITHIN_READABLE),
    rule("GET /mlflow/logged-models/{model_id}", read(logged_model())),
    rule("PATCH /mlflow/logged-models/{model_id}", update(logged_model())),
    rule("DELETE /mlflow/logged-models/{model_id}", delete(logged_model())),
    rule("PATCH /mlflow/logged-models/{model_id}/tags", update(logged_model())),
    rule("DELETE /mlflow/logged-models/{model_id}/tags/{tag_key}", delete(logged_model())),
    rule("POST /mlflow/logged-models/{model_id}/params", update(logged_model())),
)
