"""Rows and an MLflow's routes in one shape, to see which of them have no counterpart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from authctl.policy.rule import Rule
    from authctl.policy.table import Table

# Method, API version or '', path with {} for a segment and {:path} for the rest.
Shape = tuple[str, str, str]

_API = re.compile(r"^/(?:ajax-)?api/(\d\.\d)(/.*)$")
_PLACEHOLDER = re.compile(r"<(?:(path):)?\w+>|\{\w+(?::(path))?\}")
_UNKNOWN = re.compile(r"[<>]|\{(?!(:path)?\})")


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a table says about an MLflow: its routes without a row, and rows it does not serve."""

    version: str
    routes: int
    unlisted: tuple[str, ...]
    unserved: tuple[str, ...]

    def __str__(self) -> str:
        verdict = f"{len(self.unlisted)} without a row" if self.unlisted else "each with a row"
        return (
            f"MLflow {self.version}: {self.routes} routes, {verdict};"
            f" {len(self.unserved)} rows are for other releases."
        )


def coverage(
    table: Table, version: str, routes: Iterable[tuple[str, str]], static_prefix: str = ""
) -> Coverage:
    """Hold a table against the routes of one MLflow: method, and path as MLflow spells it."""
    served = {
        (method, *fold(path.removeprefix(static_prefix))): f"{method} {path}"
        for method, path in routes
    }
    listed = {
        shape: f"{rule.method} {f'/api/{shape[1]}' if shape[1] else ''}{rule.path}"
        for rule in table
        for shape in shapes(rule)
    }
    theirs = {
        shape for rule in table if not rule.here and rule.method != "HEAD" for shape in shapes(rule)
    }
    return Coverage(
        version,
        len(served),
        tuple(sorted(served[shape] for shape in served.keys() - listed.keys())),
        tuple(sorted(listed[shape] for shape in theirs - served.keys())),
    )


def shapes(rule: Rule) -> set[Shape]:
    """The routes that a row speaks for."""
    path = _folded(rule.path)
    return {(rule.method, version, path) for version in rule.versions or ("",)}


def fold(path: str) -> tuple[str, str]:
    """API version and path, without `/api` or `/ajax-api` and the names of parameters.

    ValueError for a placeholder of an unknown kind, which is never folded away.
    """
    shape = _folded(path)
    if _UNKNOWN.search(shape):
        raise ValueError(f"a placeholder of an unknown kind: {path}")
    match = _API.match(shape)
    return (match[1], match[2]) if match else ("", shape)


def _folded(path: str) -> str:
    return _PLACEHOLDER.sub(lambda match: f"{{{':path' if match[1] or match[2] else ''}}}", path)
