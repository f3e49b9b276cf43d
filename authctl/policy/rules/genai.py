"""Datasets, scorers, label schemas, review queues, issues and prompt optimisation."""

from __future__ import annotations

from authctl.model import Action, ResourceType
from authctl.policy.needs import (
    create,
    delete,
    forget,
    if_given,
    manage,
    not_denied,
    or_member,
    or_owner,
    own,
    read,
    unless_denied,
    update,
    use,
    where_given,
    where_missing,
)
from authctl.policy.rule import Access, Hide, Keep, Narrow, Need, Rule, Then, closed, rule
from authctl.policy.selectors import (
    dataset,
    each,
    endpoint_named,
    endpoint_uri,
    experiment,
    inside,
    issue,
    label_schema,
    membership_of_queue,
    optimization_job,
    prompt_uri,
    review_queue,
    review_queue_named,
    run,
    scorer,
    scorer_version,
    secret,
    trace,
)

_V3 = ("3.0",)
_RUN = ResourceType.RUN
_SCORER = ResourceType.SCORER
_QUEUE = ResourceType.REVIEW_QUEUE
_LINKED = each(experiment("experiment_ids"))
_SEEN_BY = or_member(Action.READ, or_owner(Action.UPDATE, manage(review_queue())))
_KEPT_BY = or_owner(Action.UPDATE, manage(review_queue()))


def _v3(  # noqa: PLR0913 - the words of a row, each optional
    route: str,
    demand: Access | Need,
    *more: Need,
    keep: Keep | None = None,
    narrow: Narrow | None = None,
    hide: tuple[Hide, ...] = (),
    then: Then | None = None,
    many: tuple[str, ...] = (),
    unlike_users: str = "",
    reads: bool = False,
) -> Rule:
    return rule(
        route,
        demand,
        *more,
        keep=keep,
        narrow=narrow,
        hide=hide,
        then=then,
        many=many,
        unlike_users=unlike_users,
        reads=reads,
        versions=_V3,
    )


_DATASETS = (
    _v3("POST /mlflow/datasets/create", update(_LINKED)),
    *(
        _v3(
            f"{method} /mlflow/datasets/search",
            read(_LINKED),
            keep=Keep("datasets", read(dataset())),
            many=("experiment_ids", "order_by") if method == "GET" else (),
            reads=True,
        )
        for method in ("GET", "POST")
    ),
    _v3("GET /mlflow/datasets/{dataset_id}", read(dataset())),
    _v3("DELETE /mlflow/datasets/{dataset_id}", delete(dataset())),
    _v3("GET /mlflow/datasets/{dataset_id}/experiment-ids", read(dataset())),
    _v3("POST /mlflow/datasets/{dataset_id}/add-experiments", update(dataset()), update(_LINKED)),
    _v3("POST /mlflow/datasets/{dataset_id}/remove-experiments", update(dataset())),
    _v3("GET /mlflow/datasets/{dataset_id}/records", read(dataset())),
    _v3("POST /mlflow/datasets/{dataset_id}/records", update(dataset())),
    _v3("DELETE /mlflow/datasets/{dataset_id}/records", update(dataset())),
    _v3("PATCH /mlflow/datasets/{dataset_id}/tags", update(dataset())),
    _v3("DELETE /mlflow/datasets/{dataset_id}/tags/{key}", update(dataset())),
)

_SCORERS = (
    _v3(
        "POST /mlflow/scorers/register",
        create(scorer_version()),
        if_given(use(endpoint_uri("serialized_scorer"))),
        then=own(_SCORER, "experiment_id", "name", first="version"),
    ),
    _v3(
        "GET /mlflow/scorers/list",
        Access.SIGNED_IN,
        keep=Keep("scorers", read(scorer_version("experiment_id", "scorer_name"))),
        many=("experiment_ids",),
    ),
    _v3("GET /mlflow/scorers/get", read(scorer_version())),
    _v3("GET /mlflow/scorers/versions", read(scorer_version())),
    _v3(
        "DELETE /mlflow/scorers/delete",
        delete(scorer_version()),
        where_missing("version", delete(scorer())),
        then=forget(_SCORER, "experiment_id", "name", unless="version"),
    ),
    _v3("PUT /mlflow/scorers/online-config", update(experiment()), not_denied(scorer())),
    _v3(
        "GET /mlflow/scorers/online-configs",
        Access.SIGNED_IN,
        keep=Keep("configs", read(experiment("experiment_id"))),
        many=("scorer_ids",),
    ),
    _v3(
        "POST /mlflow/scorer/invoke",
        update(experiment()),
        unless_denied(ResourceType.TRACE),
        where_given("log_assessments", unless_denied(ResourceType.ASSESSMENT)),
        unless_denied(ResourceType.SCORER_VERSION),
        where_given("scorer_name", not_denied(scorer("experiment_id", "scorer_name"))),
        read(each(trace("trace_ids"))),
        if_given(use(endpoint_uri("serialized_scorer"))),
    ),
    _v3(
        "POST /mlflow/genai/evaluate/invoke",
        create(inside(_RUN)),
        unless_denied(ResourceType.SCORER_VERSION),
        read(each(trace("trace_ids"))),
        if_given(use(each(endpoint_uri("serialized_scorers")))),
    ),
)

_LABEL_SCHEMAS = (
    _v3("POST /mlflow/label-schemas/create", manage(experiment())),
    _v3("GET /mlflow/label-schemas/get", read(label_schema())),
    _v3("GET /mlflow/label-schemas/get-by-name", read(experiment())),
    _v3("GET /mlflow/label-schemas/list", read(experiment())),
    _v3("PATCH /mlflow/label-schemas/update", manage(label_schema())),
    _v3("DELETE /mlflow/label-schemas/delete", manage(label_schema())),
)

_REVIEW_QUEUES = (
    _v3("POST /mlflow/review-queues/create", create(inside(_QUEUE)), unlike_users="name"),
    _v3("POST /mlflow/review-queues/get-or-create-user", create(inside(_QUEUE))),
    _v3("GET /mlflow/review-queues/get", _SEEN_BY),
    _v3(
        "GET /mlflow/review-queues/get-by-name",
        or_member(Action.READ, or_owner(Action.UPDATE, manage(review_queue_named()))),
    ),
    _v3(
        "GET /mlflow/review-queues/list",
        read(experiment()),
        keep=Keep("review_queues", or_member(Action.READ, update(review_queue()))),
    ),
    _v3(
        "POST /mlflow/review-queues/update",
        _KEPT_BY,
        where_given("new_owner", manage(review_queue())),
        unlike_users="name",
    ),
    _v3("POST /mlflow/review-queues/delete", _KEPT_BY),
    _v3("POST /mlflow/review-queues/items/add", update(review_queue())),
    _v3("POST /mlflow/review-queues/items/remove", _KEPT_BY),
    _v3("GET /mlflow/review-queues/items/list", _SEEN_BY),
    _v3(
        "POST /mlflow/review-queues/items/set-status",
        update(review_queue()),
        update(membership_of_queue()),
    ),
)

_ISSUES = (
    _v3(
        "POST /mlflow/issues",
        update(experiment()),
        if_given(read(run("source_run_id"))),
        hide=(Hide("issue/source_run_id", _RUN),),
    ),
    _v3(
        "POST /mlflow/issues/search",
        read(experiment()),
        where_given("filter_string", unless_denied(_RUN)),
        # MLflow reads a body up to a field of the wrong type; without the id it searches all.
        keep=Keep("issues", read(experiment())),
        hide=(Hide("issues/source_run_id", _RUN),),
        reads=True,
    ),
    _v3("GET /mlflow/issues/{issue_id}", read(issue()), hide=(Hide("issue/source_run_id", _RUN),)),
    _v3(
        "PATCH /mlflow/issues/{issue_id}",
        update(issue()),
        hide=(Hide("issue/source_run_id", _RUN),),
    ),
    _v3(
        "POST /mlflow/issues/invoke",
        create(inside(_RUN)),
        read(each(trace("trace_ids"))),
        if_given(use(secret())),
        if_given(use(endpoint_named("endpoint_name"))),
    ),
    *closed("POST /mlflow/issues/schedule/state", versions=_V3),
)

_PROMPT_OPTIMIZATION = (
    _v3(
        "POST /mlflow/prompt-optimization/jobs",
        create(inside(_RUN)),
        read(prompt_uri("source_prompt_uri")),
        unless_denied(ResourceType.PROMPT_VERSION),
        unless_denied(ResourceType.SCORER_VERSION),
        where_given("config.scorers", not_denied(each(scorer("experiment_id", "config.scorers")))),
        if_given(read(dataset("config.dataset_id"))),
        if_given(use(endpoint_uri("config.optimizer_config_json"))),
    ),
    *(
        _v3(
            f"{method} /mlflow/prompt-optimization/jobs/search",
            read(inside(_RUN)),
            reads=True,
        )
        for method in ("GET", "POST")
    ),
    # A job has a run, which ends or goes with it.
    *(
        _v3(f"{route} /mlflow/prompt-optimization/jobs/{{job_id}}{more}", need, unless_denied(_RUN))
        for route, more, need in (
            ("GET", "", read(optimization_job())),
            ("DELETE", "", delete(optimization_job())),
            ("POST", "/cancel", update(optimization_job())),
        )
    ),
)

RULES: tuple[Rule, ...] = (
    *_DATASETS,
    *_SCORERS,
    *_LABEL_SCHEMAS,
    *_REVIEW_QUEUES,
    *_ISSUES,
    *_PROMPT_OPTIMIZATION,
)
