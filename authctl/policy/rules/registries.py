"""The registries of MCP servers and of skills: administrators keep them."""

from __future__ import annotations

from authctl.policy.rule import Rule, closed

_SKILLS = ("/mlflow/skills/{name}", "/mlflow/skills/@{organization}/{name}")

RULES: tuple[Rule, ...] = (
    *closed(
        "GET /mlflow/mcp-servers",
        "POST /mlflow/mcp-servers",
        "GET /mlflow/mcp-servers/endpoints",
        "DELETE /mlflow/mcp-servers/{name:path}",
        "GET /mlflow/mcp-servers/{name:path}",
        "PATCH /mlflow/mcp-servers/{name:path}",
        "POST /mlflow/mcp-servers/{name:path}/aliases",
        "DELETE /mlflow/mcp-servers/{name:path}/aliases/{key:path}",
        "GET /mlflow/mcp-servers/{name:path}/aliases/{key:path}",
        "GET /mlflow/mcp-servers/{name:path}/endpoints",
        "POST /mlflow/mcp-servers/{name:path}/endpoints",
        "DELETE /mlflow/mcp-servers/{name:path}/endpoints/{key}",
        "GET /mlflow/mcp-servers/{name:path}/endpoints/{key}",
        "PATCH /mlflow/mcp-servers/{name:path}/endpoints/{key}",
        "POST /mlflow/mcp-servers/{name:path}/tags",
        "DELETE /mlflow/mcp-servers/{name:path}/tags/{key:path}",
        "GET /mlflow/mcp-servers/{name:path}/versions",
        "POST /mlflow/mcp-servers/{name:path}/versions",
        "DELETE /mlflow/mcp-servers/{name:path}/versions/{key:path}",
        "GET /mlflow/mcp-servers/{name:path}/versions/{key:path}",
        "PATCH /mlflow/mcp-servers/{name:path}/versions/{key:path}",
        "POST /mlflow/mcp-servers/{name:path}/versions/{key:path}/tags",
        "DELETE /mlflow/mcp-servers/{name:path}/versions/{key:path}/tags/{tag:path}",
        versions=("3.0",),
    ),
    *closed(
        "GET /mlflow/skills",
        "POST /mlflow/skills",
        "POST /mlflow/skills/bulk-register",
        *(
            f"{method} {skill}{path}"
            for skill in _SKILLS
            for method, path in (
                ("GET", ""),
                ("PATCH", ""),
                ("DELETE", ""),
                ("POST", "/aliases"),
                ("GET", "/aliases/{alias}"),
                ("DELETE", "/aliases/{alias}"),
                ("POST", "/tags"),
                ("DELETE", "/tags/{key:path}"),
                ("GET", "/versions"),
                ("POST", "/versions"),
                ("GET", "/versions/{version}"),
                ("PATCH", "/versions/{version}"),
                ("DELETE", "/versions/{version}"),
                ("POST", "/versions/{version}/tags"),
                ("DELETE", "/versions/{version}/tags/{key:path}"),
            )
        ),
        versions=("3.0",),
    ),
)
