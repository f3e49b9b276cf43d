"""A plan kept in a file until it is applied, and whether what it rests on is still so."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from authctl.errors import AuthctlError, InvalidRequest
from authctl.manifest.change import Act, Change
from authctl.manifest.state import Holder, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from authctl.manifest.state import State

_FORM = "authctl plan"
_VERSION = 1
_NEW_ONE = "Make a new one with authctl plan, and look at it."


class Moved(AuthctlError):
    """Users, roles or grants are no longer what a plan rests on."""

    error_code = "ABORTED"
    http_status = 409
    exit_code = 6


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """Changes, where they are to be made, and a digest of all that they rest on."""

    place: str
    digest: str
    changes: tuple[Change, ...]

    @classmethod
    def of(cls, changes: Sequence[Change], state: State, place: str) -> SavedPlan:
        """Make a plan to be saved."""
        return cls(place, digest(state, changes), tuple(changes))

    def to_text(self) -> str:
        """Write it as JSON, a line a change; there are no secrets in it."""
        head = {"form": _FORM, "version": _VERSION, "place": self.place, "digest": self.digest}
        lines = ",\n".join(f"  {json.dumps(change.to_json())}" for change in self.changes)
        return f'{json.dumps(head)[:-1]},\n"changes": [\n{lines}\n]}}\n'

    @classmethod
    def from_text(cls, text: str, name: str) -> SavedPlan:
        """Read a plan from a file called `name`. InvalidRequest."""
        try:
            data: Any = json.loads(text)
            version = data["version"] if data["form"] == _FORM else None
            lines = data["changes"] if version == _VERSION else ()
            changes = tuple(Change.from_json(line) for line in lines)
            saved = cls(str(data["place"]), str(data["digest"]), changes)
        except (ValueError, KeyError, TypeError, RecursionError, InvalidRequest):
            version = None
        if version is None:
            raise InvalidRequest(
                f"{name} is not a plan that authctl saved.",
                hint="A manifest is applied with -f: authctl apply -f access.toml",
            )
        if version != _VERSION:
            raise InvalidRequest(f"The plan {name} is of another authctl.", hint=_NEW_ONE)
        return saved


def digest(state: State, changes: Sequence[Change]) -> str:
    """Sum up all that changes rest on: what is there of each thing that they touch.

    What else is there may move without harm. A thing that is removed with all it has counts with
    all it has.
    """
    facts = [_fact(state, change) for change in changes]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def refuse_moved(expected: str, state: State, changes: Sequence[Change]) -> None:
    """Raise Moved unless changes still rest on what they rested on."""
    if digest(state, changes) == expected:
        return
    moved = next((change for change in changes if not _is_as_planned(state, change)), None)
    what = "" if moved is None else f": {_named(moved)} is not what it was"
    raise Moved(
        f"The users, roles or grants have changed since the plan was made{what}.", hint=_NEW_ONE
    )


def _fact(state: State, change: Change) -> list[object]:
    role = (state.roles or {}).get(change.role or "")
    facts: list[object] = [change.username in state.users, role is not None]
    match change.kind:
        case Kind.USER:
            facts.append(state.users.get(change.username or ""))
        case Kind.ROLE:
            facts.append(role and role.description)
        case Kind.MEMBER:
            facts.append(role is not None and change.username in role.members)
        case Kind.GRANT:
            facts.append(state.grants.get((change.holder, change.on)))
    if change.act is Act.REMOVE and change.kind in (Kind.USER, Kind.ROLE):
        facts.append(_belongings(state, change.holder))
    return facts


def _belongings(state: State, holder: Holder) -> list[object]:
    """All that goes with a user or a role."""
    roles = state.roles or {}
    if holder.kind is Kind.USER:
        bonds = [name for name, role in roles.items() if holder.name in role.members]
    else:
        bonds = [*roles[holder.name].members] if holder.name in roles else []
    grants = [(str(on), level) for (who, on), level in state.grants.items() if who == holder]
    return [sorted(bonds), sorted(grants)]


def _is_as_planned(state: State, change: Change) -> bool:
    """Whether what a change itself replaces, adds or removes is as it was."""
    now = _fact(state, change)[2]
    if change.kind is Kind.MEMBER:
        return now is (change.act is Act.REMOVE)
    if change.kind is Kind.ROLE and change.act is Act.REMOVE:
        return now is not None
    return now == change.before


def _named(change: Change) -> str:
    match change.kind:
        case Kind.GRANT:
            return f"the grant of {change.holder} on {change.on}"
        case Kind.MEMBER:
            return f"'{change.username}' as a member of role '{change.role}'"
        case Kind.USER | Kind.ROLE:
            return f"the {change.kind} '{change.username or change.role}'"
