"""Traces and their assessments: they hang on the experiment they are in."""

from __future__ import annotations

from dataclasses import replace

from authctl.model import ResourceType
from authctl.policy.rule import (
    Body,
    Rule,
    Selector,
    assessment,
    closed,
    delete,
    each,
    every,
    if_given,
    model,
    new_trace,
    read,
    rule,
    run,
    trace,
    traces_of,
    update,
)

_V3 = ("3.0",)
_BEGUN = "trace.trace_info"
_EXPERIMENT = "mlflow_experiment.experiment_id"
_BY_REQUEST = trace("request_id")


def _assessed(selector: Selector) -> Selector:
    """The assessments that an answer with traces contains."""
    return replace(selector, tier=ResourceType.ASSESSMENT)


RULES: tuple[Rule, ...] = (
    # The 2.0 API
    rule("POST /mlflow/traces", update(traces_of())),
    rule(
        "GET /mlflow/traces",
        read(each(traces_of("experiment_ids"))),
        many=("experiment_ids", "order_by"),
    ),
    rule("GET /mlflow/traces/{request_id}/info", read(_BY_REQUEST)),
    rule("PATCH /mlflow/traces/{request_id}", update(_BY_REQUEST)),
    rule("PATCH /mlflow/traces/{request_id}/tags", update(_BY_REQUEST)),
    rule("DELETE /mlflow/traces/{request_id}/tags", update(_BY_REQUEST)),
    rule("POST /mlflow/traces/delete-traces", delete(traces_of()), versions=("2.0", "3.0")),
    rule(
        "POST /mlflow/traces/link-to-run",
        update(run()),
        update(each(trace("trace_ids"))),
    ),
    rule(
        "POST /mlflow/traces/link-prompts",
        update(trace()),
        if_given(read(each(model("prompt_versions.name")))),
    ),
    # The 3.0 API
    rule(
        "POST /mlflow/traces",
        update(traces_of(f"{_BEGUN}.trace_location.{_EXPERIMENT}")),
        update(new_trace(f"{_BEGUN}.trace_id")),
        versions=_V3,
    ),
    rule(
        "POST /mlflow/traces/search",
        read(every(traces_of(f"locations.{_EXPERIMENT}"))),
        read(_assessed(every(traces_of(f"locations.{_EXPERIMENT}")))),
        versions=_V3,
    ),
    rule("GET /mlflow/traces/{trace_id}", read(trace()), read(assessment()), versions=_V3),
    rule("GET /mlflow/traces/get", read(trace()), read(assessment()), versions=_V3),
    rule(
        "GET /mlflow/traces/batchGet",
        read(each(trace("trace_ids"))),
        read(each(assessment("trace_ids"))),
        versions=_V3,
        many=("trace_ids",),
    ),
    rule(
        "POST /mlflow/traces/batchGetInfos",
        read(each(trace("trace_ids"))),
        read(each(assessment("trace_ids"))),
        versions=_V3,
    ),
    rule("PATCH /mlflow/traces/{trace_id}/tags", update(trace()), versions=_V3),
    rule("DELETE /mlflow/traces/{trace_id}/tags", update(trace()), versions=_V3),
    rule(
        "POST /mlflow/traces/calculate-filter-correlation",
        read(each(traces_of("experiment_ids"))),
        read(_assessed(each(traces_of("experiment_ids")))),
        versions=_V3,
    ),
    rule(
        "POST /mlflow/traces/metrics",
        read(each(traces_of("experiment_ids"))),
        read(_assessed(each(traces_of("experiment_ids")))),
        versions=_V3,
    ),
    rule("GET /mlflow/get-trace-artifact", read(_BY_REQUEST), versions=("2.0", "3.0")),
    # Assessments
    rule("POST /mlflow/traces/{trace_id}/assessments", update(assessment()), versions=_V3),
    rule(
        "GET /mlflow/traces/{trace_id}/assessments/{assessment_id}",
        read(assessment()),
        versions=_V3,
    ),
    rule(
        "PATCH /mlflow/traces/{trace_id}/assessments/{assessment_id}",
        update(assessment()),
        versions=_V3,
    ),
    rule(
        "DELETE /mlflow/traces/{trace_id}/assessments/{assessment_id}",
        delete(assessment()),
        versions=_V3,
    ),
    # OpenTelemetry names the experiment, and perhaps a run, in headers.
    rule(
        "POST /v1/traces",
        update(traces_of("header:x-mlflow-experiment-id")),
        if_given(update(run("header:x-mlflow-run-id"))),
        body=Body.STREAM,
    ),
    # Registered, but not implemented by MLflow.
    *closed("GET /mlflow/get-online-trace-details", "GET /mlflow/unified-traces"),
)
