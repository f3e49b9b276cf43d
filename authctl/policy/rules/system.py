"""The web UI, health, and what belongs to the server as a whole."""

from __future__ import annotations

from authctl.policy.rule import Access, Body, Rule, closed, rule

RULES: tuple[Rule, ...] = (
    rule("GET /health", Access.PUBLIC),
    rule("HEAD /health", Access.PUBLIC),
    rule("GET /version", Access.SIGNED_IN),
    rule("HEAD /version", Access.SIGNED_IN),
    rule("GET /", Access.SIGNED_IN),
    rule("HEAD /", Access.SIGNED_IN),
    rule("GET /static-files/{path:path}", Access.PUBLIC),
    rule("HEAD /static-files/{path:path}", Access.PUBLIC),
    rule("GET /build/{path:path}", Access.PUBLIC),
    rule("GET /mlflow/server-info", Access.PUBLIC, versions=("3.0",)),
    rule("GET /mlflow/ui-telemetry", Access.SIGNED_IN, versions=("3.0",)),
    rule("POST /mlflow/ui-telemetry", Access.SIGNED_IN, versions=("3.0",), body=Body.STREAM),
    rule("POST /graphql", Access.SIGNED_IN, body=Body.GRAPHQL),
    *closed(
        "GET /graphql",
        # Two routes that MLflow registers without the slash before their path.
        "POST /api/2.0mlflow/experiments/search-datasets",
        "POST /ajax-api/2.0mlflow/experiments/search-datasets",
    ),
    *closed(
        "POST /jobs/",
        "POST /jobs/search",
        "GET /jobs/{job_id}",
        "PATCH /jobs/cancel/{job_id}",
        "GET /mlflow/jobs/{job_id}",
        "PATCH /mlflow/jobs/cancel/{job_id}",
        "GET /mlflow/workspaces",
        "POST /mlflow/workspaces",
        "GET /mlflow/workspaces/{workspace}",
        "PATCH /mlflow/workspaces/{workspace}",
        "DELETE /mlflow/workspaces/{workspace}",
        versions=("3.0",),
    ),
)
