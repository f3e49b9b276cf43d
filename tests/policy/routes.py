"""Every route the installed MLflow answers, folded as the policy table folds them."""

from __future__ import annotations

import functools
import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_API = re.compile(r"^/(?:ajax-)?api/(\d\.\d)(/.*)$")
_FLASK = re.compile(r"<(?:(\w+):)?(\w+)>")
_FASTAPI = re.compile(r"\{(\w+)(?::(\w+))?\}")


@functools.cache
def installed_routes() -> frozenset[tuple[str, str, str]]:
    """(method, API version or '', path with {} for a segment and {:path} for the rest).

    Asked of another process: importing MLflow changes warnings and logging for good.
    """
    command = [sys.executable, "-W", "ignore", "-m", "tests.policy.routes"]
    found = subprocess.run(command, check=True, capture_output=True, text=True)
    return frozenset(tuple(row) for row in json.loads(found.stdout.splitlines()[-1]))


def _enumerate() -> set[tuple[str, str, str]]:
    from mlflow.server import app as flask_app  # noqa: PLC0415 - in the process of its own
    from mlflow.server.fastapi_app import app as fastapi_app  # noqa: PLC0415 - likewise

    found = {
        (method, *fold(_FLASK.sub(_flask_placeholder, rule.rule)))
        for rule in flask_app.url_map.iter_rules()
        for method in rule.methods or ()
    } | {
        (method, *fold(_FASTAPI.sub(_fastapi_placeholder, route.path)))
        for route in _native(fastapi_app.routes)
        for method in route.methods or ()
    }
    return {row for row in found if row[0] not in ("HEAD", "OPTIONS")}


def fold(path: str) -> tuple[str, str]:
    match = _API.match(path)
    return (match[1], match[2]) if match else ("", path)


def _native(routes: Any) -> Iterator[Any]:
    """Native FastAPI routes; newer FastAPI keeps them inside the routers that were included."""
    for route in routes:
        if getattr(route, "methods", None):
            yield route
        elif hasattr(route, "effective_route_contexts"):
            yield from (_Effective(context) for context in route.effective_route_contexts())
        elif getattr(route, "routes", None) and hasattr(route, "prefix"):
            yield from _native(route.routes)


class _Effective:
    def __init__(self, context: Any) -> None:
        self.path: str = context.path
        self.methods: set[str] = context.methods


def _flask_placeholder(match: re.Match[str]) -> str:
    return "{:path}" if match[1] == "path" else "{}"


def _fastapi_placeholder(match: re.Match[str]) -> str:
    return "{:path}" if match[2] == "path" else "{}"


if __name__ == "__main__":
    sys.stdout.write(json.dumps(sorted(_enumerate())) + "\n")
