"""The web page on which administrators see who has access to what, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio.to_thread

from authctl.errors import InvalidRequest
from authctl.model import Permission, ResourceType
from authctl.policy.explanation import Source
from authctl.server.pages.listing import (
    as_people_count,
    by_person,
    everything_named,
    grouped,
    on_resource,
    people_called,
    people_of,
)
from authctl.server.pages.naming import Meant, Names, meant_by, names_of
from authctl.server.pages.rendering import render

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.responses import Response

    from authctl.model import Resource
    from authctl.policy.explanation import Explanation
    from authctl.server.admin_api.call import Call
    from authctl.server.pages.listing import Person, Row, Sheet

_OK = 200
_SUGGESTED = 200

_IN_MLFLOW = {
    ResourceType.EXPERIMENT: "experiments",
    ResourceType.REGISTERED_MODEL: "models",
    ResourceType.PROMPT: "prompts",
}
"""Where MLflow's own UI shows a thing."""

_SOURCES = {
    Source.ADMIN: "admin",
    Source.WORKSPACE: "workspace",
    Source.OWN: "own grant",
    Source.OWN_WILDCARD: "own grant on all of its type",
    Source.ROLE: "role",
    Source.DEFAULT: "default",
}


@dataclass(frozen=True, slots=True)
class _Question:
    """What the page is asked for; empty texts ask for everything."""

    user: str
    resource: str
    page: int

    @classmethod
    def read(cls, call: Call) -> _Question:
        """Read the query. InvalidRequest."""
        page = call.integer("page") if call.optional("page") else 1
        resource = (call.optional("resource") or "").strip()
        return cls(call.optional("user") or "", resource, page)


@dataclass(frozen=True, slots=True)
class _Findings:
    """What the page tells: rows, else what the resource may have meant, or what was wrong."""

    sheet: Sheet[Row] | None = None
    resource: Resource | None = None
    counts: tuple[tuple[Permission, int], ...] = ()
    explanation: Explanation | None = None
    several: tuple[Resource, ...] = ()
    wrong: str = ""
    status: int = _OK

    @property
    def groups(self) -> list[tuple[Person, list[Row]]]:
        """The rows by user."""
        return grouped(self.sheet.rows) if self.sheet else []

    def resources(self) -> Iterable[Resource]:
        """All that is named on the page."""
        rows = self.sheet.rows if self.sheet else ()
        return [
            *(row.resource for row in rows),
            *self.several,
            *([self.resource] if self.resource else ()),
        ]


async def page(call: Call) -> Response:
    """Everybody's levels, or those of one user, on one resource, or both. Unavailable."""
    asked = _Question.read(call)
    default = call.settings.default_permission
    people = await anyio.to_thread.run_sync(people_of, call.store, default)
    named = everything_named(people)
    findings, told = _Findings(), True
    try:
        meant = await meant_by(asked.resource, call.lookup, named) if asked.resource else None
        told = meant.told if meant else True
        findings = await anyio.to_thread.run_sync(_find, people, asked, meant)
    except InvalidRequest as error:
        findings = _Findings(wrong=error.message, status=error.http_status)
    names = await names_of(call.lookup, findings.resources())
    names.told = names.told and told
    return await anyio.to_thread.run_sync(_show, call, asked, findings, names, people, named)


def _find(people: list[Person], asked: _Question, meant: Meant | None) -> _Findings:
    chosen = people_called(people, asked.user) if asked.user else people
    if not chosen:
        return _Findings(
            wrong=f"No user is called '{asked.user}', and no user's name contains that."
        )
    if meant is None:
        return _Findings(by_person(chosen, asked.page))
    if not meant.resources:
        return _Findings(
            wrong=f"Nothing is called '{asked.resource}': no experiment, registered model or prompt"
            " that there is, and nothing that a grant names."
        )
    if len(meant.resources) > 1:
        return _Findings(several=meant.resources)
    (resource,) = meant.resources
    sheet, counts = on_resource(chosen, resource, asked.page)
    alone = chosen[0].reasons.explain(resource) if len(chosen) == 1 else None
    return _Findings(sheet, resource, tuple(counts), alone)


def _show(
    call: Call,
    asked: _Question,
    findings: _Findings,
    names: Names,
    people: list[Person],
    named: set[Resource],
) -> Response:
    return render(
        "access.html",
        call.settings.static_prefix,
        findings.status,
        title="Who has access to what",
        principal=call.principal,
        here="access",
        asked=asked,
        found=findings,
        names=names,
        default=call.settings.default_permission,
        users=[person.user.username for person in people] if len(people) <= _SUGGESTED else [],
        suggested=_suggested(named, names),
        levels=list(Permission),
        in_mlflow=_IN_MLFLOW,
        sources=_SOURCES,
    )


def _suggested(named: set[Resource], names: Names) -> list[tuple[str, str]]:
    """What may be asked about, as it is written, with an experiment's name; none of very many."""
    found = {str(resource): "" for resource in sorted(named, key=as_people_count)}
    if names.are_all:
        found |= {f"experiment:{one}": name for one, name in names.experiments.items()}
    return list(found.items()) if len(found) <= _SUGGESTED else []
