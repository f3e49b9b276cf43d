"""Traces and their assessments: they hang on the experiment they are in."""

from __future__ import annotations

from authctl.model import TAGS_OF_TRACE_FILES, Action, ResourceType
from authctl.policy.needs import (
    create,
    delete,
    if_given,
    inheriting,
    read,
    unless_denied,
    update,
    where_given,
)
from authctl.policy.rule import Body, Hide, Need, Rule, closed, rule
from authctl.policy.selectors import (
    assessment,
    assessments_of_trace,
    each,
    every,
    files_of_trace,
    inside,
    model,
    new_trace,
    run,
    trace,
)

_V3 = ("3.0",)
_TRACE = ResourceType.TRACE
_ASSESSMENT = ResourceType.ASSESSMENT
_TOLD = {"mlflow.sourceRun": ResourceType.RUN, "mlflow.modelId": ResourceType.LOGGED_MODEL}
_KEYS_OF_FILES = tuple(("key", tag) for tag in TAGS_OF_TRACE_FILES)
_BEGUN = "trace.trace_info"
_EXPERIMENT = "mlflow_experiment.experiment_id"
_BY_REQUEST = trace("request_id")


def _old(path: str) -> tuple[Hide, ...]:
    """What a trace of the 2.0 API tells of the run and the model it came from."""
    return tuple(Hide(f"{path}/request_metadata/key={key}", tier) for key, tier in _TOLD.items())


def _new(path: str) -> tuple[Hide, ...]:
    """What a trace of the 3.0 API tells of its run, its model and its assessments."""
    told = tuple(Hide(f"{path}/trace_metadata/{key}", tier) for key, tier in _TOLD.items())
    return (*told, Hide(f"{path}/assessments", _ASSESSMENT))


def _searching(*fields: str) -> tuple[Need, ...]:
    """Traces can be searched and sorted by what is known of their runs, models, assessments."""
    return tuple(
        where_given(field, unless_denied(tier))
        for field in fields
        for tier in (*_TOLD.values(), _ASSESSMENT)
    )


RULES: tuple[Rule, ...] = (
    # The 2.0 API
    rule(
        "POST /mlflow/traces",
        create(inside(_TRACE)),
        update(files_of_trace("tags", "")),
        hide=_old("trace_info"),
    ),
    rule(
        "GET /mlflow/traces",
        read(each(inside(_TRACE, "experiment_ids"))),
        *_searching("filter", "order_by"),
        hide=_old("traces"),
        many=("experiment_ids", "order_by"),
    ),
    rule("GET /mlflow/traces/{request_id}/info", read(_BY_REQUEST), hide=_old("trace_info")),
    rule(
        "PATCH /mlflow/traces/{request_id}",
        update(_BY_REQUEST),
        update(files_of_trace("tags", "request_id")),
        hide=_old("trace_info"),
    ),
    rule("PATCH /mlflow/traces/{request_id}/tags", update(_BY_REQUEST), never=_KEYS_OF_FILES),
    rule("DELETE /mlflow/traces/{request_id}/tags", update(_BY_REQUEST), never=_KEYS_OF_FILES),
    rule(
        "POST /mlflow/traces/delete-traces",
        delete(inside(_TRACE)),
        inheriting(Action.UPDATE, delete(inside(_ASSESSMENT))),
        versions=("2.0", "3.0"),
    ),
    rule("POST /mlflow/traces/link-to-run", update(run()), read(each(trace("trace_ids")))),
    rule(
        "POST /mlflow/traces/link-prompts",
        update(trace()),
        if_given(read(each(model("prompt_versions.name")))),
    ),
    # The 3.0 API
    rule(
        "POST /mlflow/traces",
        create(inside(_TRACE, f"{_BEGUN}.trace_location.{_EXPERIMENT}")),
        update(new_trace(f"{_BEGUN}.trace_id")),
        where_given(f"{_BEGUN}.assessments", unless_denied(_ASSESSMENT)),
        update(files_of_trace(f"{_BEGUN}.tags", f"{_BEGUN}.trace_id")),
        update(assessments_of_trace(f"{_BEGUN}.assessments.assessment_id", f"{_BEGUN}.trace_id")),
        hide=_new("trace/trace_info"),
        versions=_V3,
    ),
    rule(
        "POST /mlflow/traces/search",
        if_given(read(every(inside(_TRACE, f"locations.{_EXPERIMENT}")))),
        *_searching("filter", "order_by"),
        hide=_new("traces"),
        versions=_V3,
        reads=True,
    ),
    rule(
        "GET /mlflow/traces/{trace_id}", read(trace()), hide=_new("trace/trace_info"), versions=_V3
    ),
    rule("GET /mlflow/traces/get", read(trace()), hide=_new("trace/trace_info"), versions=_V3),
    rule(
        "GET /mlflow/traces/batchGet",
        read(each(trace("trace_ids"))),
        hide=_new("traces/trace_info"),
        versions=_V3,
        many=("trace_ids",),
    ),
    rule(
        "POST /mlflow/traces/batchGetInfos",
        read(each(trace("trace_ids"))),
        hide=_new("trace_infos"),
        versions=_V3,
        reads=True,
    ),
    rule(
        "PATCH /mlflow/traces/{trace_id}/tags",
        update(trace()),
        versions=_V3,
        never=_KEYS_OF_FILES,
    ),
    rule(
        "DELETE /mlflow/traces/{trace_id}/tags",
        update(trace()),
        versions=_V3,
        never=_KEYS_OF_FILES,
    ),
    rule(
        "POST /mlflow/traces/calculate-filter-correlation",
        read(each(inside(_TRACE, "experiment_ids"))),
        *_searching("filter_string1", "filter_string2", "base_filter"),
        versions=_V3,
        reads=True,
    ),
    rule(
        "POST /mlflow/traces/metrics",
        read(each(inside(_TRACE, "experiment_ids"))),
        unless_denied(_ASSESSMENT),
        *_searching("filters", "dimensions"),
        versions=_V3,
        reads=True,
    ),
    rule("GET /mlflow/get-trace-artifact", read(_BY_REQUEST), versions=("2.0", "3.0")),
    # Assessments
    rule(
        "POST /mlflow/traces/{trace_id}/assessments",
        create(assessment()),
        read(trace()),
        update(assessments_of_trace("assessment.assessment_id", "trace_id")),
        versions=_V3,
    ),
    rule(
        "GET /mlflow/traces/{trace_id}/assessments/{assessment_id}",
        read(assessment()),
        read(trace()),
        versions=_V3,
    ),
    rule(
        "PATCH /mlflow/traces/{trace_id}/assessments/{assessment_id}",
        update(assessment()),
        read(trace()),
        versions=_V3,
    ),
    rule(
        "DELETE /mlflow/traces/{trace_id}/assessments/{assessment_id}",
        inheriting(Action.UPDATE, delete(assessment())),
        read(trace()),
        versions=_V3,
    ),
    # OpenTelemetry names the experiment, and perhaps a run, in headers, the traces in the body.
    rule(
        "POST /v1/traces",
        create(inside(_TRACE, "header:x-mlflow-experiment-id")),
        if_given(update(run("header:x-mlflow-run-id"))),
        if_given(update(each(new_trace("spans.trace_id")))),
        body=Body.OTLP,
        never=tuple(("spans.attributes", f"mlflow.traceTag.{tag}") for tag in TAGS_OF_TRACE_FILES),
    ),
    # Registered, but not implemented by MLflow.
    *closed("GET /mlflow/get-online-trace-details", "GET /mlflow/unified-traces"),
)
