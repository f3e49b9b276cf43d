"""The routes of an MLflow server, as the two frameworks in it list them; imports neither.

Needs nothing but the standard library, so that any release's interpreter can run it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

# What the frameworks answer for every route.
_IMPLIED = frozenset({"HEAD", "OPTIONS"})


def routes_of(fastapi_app: Any, flask_app: Any) -> list[tuple[str, str]]:
    """Method and path of every route: native FastAPI routes as they are tried, then Flask's.

    Paths are in their framework's spelling: `{name}` is FastAPI's, `<name>` is Flask's. TypeError
    for a route of an unknown kind, which may hide others.
    """
    found = [
        *_native(fastapi_app.routes),
        *((rule.methods, rule.rule) for rule in flask_app.url_map.iter_rules()),
    ]
    # A dict, as it keeps the order and leaves out what is there twice.
    return list({(method, path): 0 for methods, path in found for method in methods - _IMPLIED})


def _native(routes: Any) -> Iterator[tuple[set[str], str]]:
    """Native FastAPI routes; newer FastAPI keeps them inside the routers that were included."""
    for route in routes:
        if getattr(route, "methods", None):
            yield route.methods, route.path
        elif hasattr(route, "effective_route_contexts"):
            for context in route.effective_route_contexts():
                yield context.methods, context.path
        elif type(route).__name__ != "Mount" or route.path != "":  # where the Flask app hangs
            raise TypeError(f"a route of an unknown kind: {route!r}")
