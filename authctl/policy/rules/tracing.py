"""Traces and assessments: no row but the administrators' yet; what is not judged is denied."""

from __future__ import annotations

from authctl.policy.rule import Rule, closed

RULES: tuple[Rule, ...] = (
    *closed(
        "GET /mlflow/get-online-trace-details",
        "GET /mlflow/get-trace-artifact",
        "GET /mlflow/traces",
        "POST /mlflow/traces",
        "POST /mlflow/traces/delete-traces",
        "POST /mlflow/traces/link-prompts",
        "POST /mlflow/traces/link-to-run",
        "PATCH /mlflow/traces/{id}",
        "GET /mlflow/traces/{id}/info",
        "DELETE /mlflow/traces/{id}/tags",
        "PATCH /mlflow/traces/{id}/tags",
        "GET /mlflow/unified-traces",
        versions=("2.0",),
    ),
    *closed(
        "GET /mlflow/get-trace-artifact",
        "POST /mlflow/traces",
        "GET /mlflow/traces/batchGet",
        "POST /mlflow/traces/batchGetInfos",
        "POST /mlflow/traces/calculate-filter-correlation",
        "POST /mlflow/traces/delete-traces",
        "GET /mlflow/traces/get",
        "POST /mlflow/traces/metrics",
        "POST /mlflow/traces/search",
        "GET /mlflow/traces/{id}",
        "POST /mlflow/traces/{id}/assessments",
        "DELETE /mlflow/traces/{id}/assessments/{key}",
        "GET /mlflow/traces/{id}/assessments/{key}",
        "PATCH /mlflow/traces/{id}/assessments/{key}",
        "DELETE /mlflow/traces/{id}/tags",
        "PATCH /mlflow/traces/{id}/tags",
        versions=("3.0",),
    ),
    *closed(
        "POST /v1/traces",
        versions=(),
    ),
)
