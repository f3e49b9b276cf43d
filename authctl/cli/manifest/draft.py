"""From a manifest or a saved plan, and what there is, to the changes that are to be made."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from authctl.cli.location import Mode, without_password
from authctl.errors import InvalidRequest
from authctl.manifest.change import Act
from authctl.manifest.plan import plan
from authctl.manifest.read import read_manifest
from authctl.manifest.saved import SavedPlan, digest, refuse_moved
from authctl.manifest.state import Kind, State
from authctl.manifest.wanted import Wanted
from authctl.model import Permission

if TYPE_CHECKING:
    from collections.abc import Sequence

    from authctl.cli.session import Session
    from authctl.manifest.change import Change
    from authctl.model import Resource
    from authctl.store.sql import SqlStore

STDIN = "-"


@dataclass(frozen=True, slots=True)
class Draft:
    """Changes, the state that they rest on, and the digest of what of it they rest on."""

    changes: Sequence[Change]
    state: State
    digest: str


def draft(session: Session, file: str, *, prune: bool) -> Draft:
    """Plan what a manifest asks for. InvalidRequest for whatever in it cannot be right."""
    name = "stdin" if file == STDIN else file
    folder = Path() if file == STDIN else Path(file).parent
    asked = read_manifest(_content(file), name=name, folder=folder.absolute())
    wanted = Wanted.of(asked, _Names(session))
    found = session.store.survey(at_least=None if prune else wanted.usernames())
    state = State.of(found)
    changes = plan(state, wanted, prune=prune)
    if session.location.mode is Mode.DIRECT:
        _check_grants(session.database, changes, wanted)
    return Draft(changes, state, digest(state, changes))


def saved_draft(session: Session, file: str) -> Draft:
    """Take up a saved plan. Moved if what it rests on has changed; InvalidRequest."""
    saved = SavedPlan.from_text(_decoded(_content(file), file), file)
    if saved.place != place(session):
        raise InvalidRequest(
            f"The plan {file} was made for {saved.place}, not for {place(session)}.",
            hint="Make a new one there with authctl plan.",
        )
    usernames = {change.username for change in saved.changes if change.username is not None}
    state = State.of(session.store.survey(at_least=usernames))
    refuse_moved(saved.digest, state, saved.changes)
    return Draft(saved.changes, state, saved.digest)


def place(session: Session) -> str:
    """Where a plan is made for, without a password."""
    return without_password(session.location.url)


class _Names:
    """What a session knows of how resources are called."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def experiment_id(self, name: str) -> str:
        return self._session.experiment_id(name)

    def stored(self, resource: Resource) -> Resource:
        return self._session.store.stored(resource)


def _check_grants(database: SqlStore, changes: Sequence[Change], wanted: Wanted) -> None:
    """Say which table asks for what the database cannot keep, before anything is begun."""
    first: dict[tuple[bool, Resource, str], Change] = {}
    for change in changes:
        if change.kind is Kind.GRANT and change.act is not Act.REMOVE:
            first.setdefault((change.role is None, change.on, change.level or ""), change)
    for (is_own, resource, level), change in first.items():
        check = database.check_grant if is_own else database.check_role_grant
        try:
            check(resource, Permission(level))
        except InvalidRequest as error:
            where = wanted.grants[change.holder, change.on].where
            raise InvalidRequest(f"{where}: {error.message}", hint=error.hint) from error


def _content(file: str) -> bytes:
    if file == STDIN:
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise InvalidRequest(f"{file} cannot be read: {error.strerror}.") from error


def _decoded(content: bytes, file: str) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise InvalidRequest(f"{file} is not a plan that authctl saved.") from None
