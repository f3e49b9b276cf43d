"""The web UI, health, and what belongs to the server as a whole."""

from __future__ import annotations

from authctl.policy.needs import read
from authctl.policy.rule import Access, Body, Hide, Keep, Rule, closed, rule
from authctl.policy.selectors import creator_of_job, user

_V3 = ("3.0",)

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
    rule("GET /mlflow/server-info", Access.PUBLIC, versions=_V3),
    rule("GET /server-info", Access.SIGNED_IN),  # MLflow 3.9
    rule("GET /mlflow/ui-telemetry", Access.SIGNED_IN, versions=_V3),
    rule("POST /mlflow/ui-telemetry", Access.SIGNED_IN, versions=_V3, body=Body.STREAM),
    rule("POST /graphql", Access.SIGNED_IN, body=Body.GRAPHQL, reads=True),
    *closed(
        "GET /metrics",
        "GET /graphql",
        # Two routes that MLflow registers without the slash before their path.
        "POST /api/2.0mlflow/experiments/search-datasets",
        "POST /ajax-api/2.0mlflow/experiments/search-datasets",
    ),
    # Jobs are those of whoever started them.
    rule(
        "POST /jobs/search",
        Access.SIGNED_IN,
        keep=Keep("jobs", read(user("creator"))),
        versions=_V3,
        reads=True,
    ),
    *(
        rule(route, Access.SELF, who=creator_of_job(), versions=_V3)
        for route in (
            "GET /jobs/{job_id}",
            "PATCH /jobs/cancel/{job_id}",
            "GET /mlflow/jobs/{job_id}",
            "PATCH /mlflow/jobs/cancel/{job_id}",
        )
    ),
    # The web UI asks for both on every page; nobody but administrators uses the assistant.
    rule(
        "GET /mlflow/assistant/config",
        Access.SIGNED_IN,
        hide=(Hide("providers"), Hide("projects")),
        versions=_V3,
    ),
    rule(
        "GET /mlflow/assistant/providers",
        Access.SIGNED_IN,
        hide=tuple(map(Hide, ("providers", "resolved", "gateway_vendor_options"))),
        versions=_V3,
    ),
    *closed(
        "PUT /mlflow/assistant/config",
        "POST /mlflow/assistant/message",
        "GET /mlflow/assistant/providers/{id}/health",
        "GET /mlflow/assistant/providers/{id}/models",
        "PATCH /mlflow/assistant/sessions/{id}",
        "POST /mlflow/assistant/sessions/{id}/permission",
        "GET /mlflow/assistant/sessions/{id}/stream",
        "POST /mlflow/assistant/sessions/{id}/tool-result",
        "POST /mlflow/assistant/skills/install",
        "POST /mlflow/demo/delete",
        "POST /mlflow/demo/generate",
        "POST /jobs/",
        "GET /mlflow/workspaces",
        "POST /mlflow/workspaces",
        "GET /mlflow/workspaces/{workspace}",
        "PATCH /mlflow/workspaces/{workspace}",
        "DELETE /mlflow/workspaces/{workspace}",
        versions=_V3,
    ),
)
