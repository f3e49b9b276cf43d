"""States and manifests: made by hand, made at random, and changed in memory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from authctl.manifest.accounts import GENERATED, WantedUser
from authctl.manifest.change import Act, Change
from authctl.manifest.read import AskedRole, AskedUser, read_manifest
from authctl.manifest.state import Holder, Kind, RoleState, State
from authctl.manifest.wanted import Wanted, WantedGrant
from authctl.model import Permission, Resource

if TYPE_CHECKING:
    from collections.abc import Sequence

NAMES = ("ann", "bob", "cyd", "root")
ROLES = ("readers", "writers")
RESOURCES = (
    Resource("experiment", "1"),
    Resource("experiment", "*"),
    Resource("registered_model", "churn"),
    Resource("prompt", "greeting"),
    Resource("skill", "a: b"),
)
UNSAID = (
    Resource("experiment", "01"),
    Resource("hologram", "1"),
    Resource("run", "only-wildcards"),
    Resource("prompt", "line\nbreak"),
)
LEVELS = [str(level) for level in Permission]


def user(name: str) -> Holder:
    return Holder(Kind.USER, name)


def role(name: str) -> Holder:
    return Holder(Kind.ROLE, name)


class Names:
    """A tracking server that has one experiment, and a store that keeps everything as itself."""

    def experiment_id(self, name: str) -> str:
        return {"fraud": "42"}[name]

    def stored(self, resource: Resource) -> Resource:
        return resource


def wanted(text: str) -> Wanted:
    """What a manifest asks for, version aside."""
    content = f"version = 1\n{text}".encode()
    return Wanted.of(read_manifest(content, name="access.toml", folder=Path("/etc")), Names())


def states(*, odd: bool = False) -> st.SearchStrategy[State]:
    """Any state of a few names; an odd one has rows that no manifest can speak of, too."""
    resources = RESOURCES + UNSAID if odd else RESOURCES
    levels = [*LEVELS, "SUPERVISE", ""] if odd else LEVELS
    descriptions = ("", "May read.", 'say "hi"\n\u202e')

    def made(
        admins: Sequence[bool | None],
        told: Sequence[str | None],
        held: Sequence[Sequence[bool]],
        rows: Sequence[tuple[Holder, Resource, str]],
        elsewhere: int,
    ) -> State:
        users = {
            name: admin for name, admin in zip(NAMES, admins, strict=True) if admin is not None
        }
        roles = {
            name: RoleState(
                1,
                text,
                frozenset(
                    who for who, is_in in zip(NAMES, flags, strict=True) if is_in and who in users
                ),
            )
            for name, text, flags in zip(ROLES, told, held, strict=True)
            if text is not None
        }
        there = {*map(user, users), *map(role, roles)}
        grants = {(who, on): level for who, on, level in rows if who in there}
        return State(users, roles, grants, elsewhere=elsewhere)

    return st.builds(
        made,
        _each(NAMES, (None, True, False)),
        _each(ROLES, (None, *descriptions)),
        st.tuples(*(_each(NAMES, (True, False)) for _ in ROLES)),
        st.lists(_rows(resources, levels), max_size=10),
        st.integers(0, 1) if odd else st.just(0),
    )


def manifests() -> st.SearchStrategy[Wanted]:
    """Any manifest that is right in itself: all whom it names have tables."""

    def made(
        admins: Sequence[bool | str | None],
        told: Sequence[str | None],
        held: Sequence[Sequence[bool] | None],
        rows: Sequence[tuple[Holder, Resource, str]],
    ) -> Wanted:
        users = {
            name: AskedUser(
                WantedUser(name, None if admin == "open" else bool(admin), GENERATED), "user"
            )
            for name, admin in zip(NAMES, admins, strict=True)
            if admin is not None
        }
        roles = {
            name: AskedRole(
                name,
                None if text == "open" else text,
                None
                if flags is None
                else tuple(
                    who for who, is_in in zip(NAMES, flags, strict=True) if is_in and who in users
                ),
                "role",
            )
            for name, text, flags in zip(ROLES, told, held, strict=True)
            if text is not None
        }
        there = {*map(user, users), *map(role, roles)}
        grants = {
            (who, on): WantedGrant(Permission(level), "grant")
            for who, on, level in rows
            if who in there
        }
        return Wanted(users, roles, grants)

    return st.builds(
        made,
        _each(NAMES, (None, "open", True, False)),
        _each(ROLES, (None, "open", "", "Other.")),
        st.tuples(*(st.none() | _each(NAMES, (True, False)) for _ in ROLES)),
        st.lists(_rows(RESOURCES, LEVELS), max_size=10),
    )


def _each(things: Sequence[str], values: Sequence[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.tuples(*(st.sampled_from(values) for _ in things))


def _rows(
    resources: Sequence[Resource], levels: Sequence[str]
) -> st.SearchStrategy[tuple[Holder, Resource, str]]:
    holders = [*map(user, NAMES), *map(role, ROLES)]
    return st.tuples(*map(st.sampled_from, (holders, resources, levels)))


def changed(state: State, changes: Sequence[Change]) -> State:
    """The state once the changes are made, each of which must be possible when its turn comes."""
    for change in changes:
        state = _CHANGES[change.kind](state, change)
    return state


def _user(state: State, change: Change) -> State:
    name, users = change.username or "", dict(state.users)
    assert (name in users) is (change.act is not Act.ADD)
    if change.act is not Act.REMOVE:
        return replace(state, users={**users, name: bool(change.is_admin)})
    del users[name]
    roles = {
        key: replace(found, members=found.members - {name})
        for key, found in (state.roles or {}).items()
    }
    return replace(state, users=users, roles=roles, grants=_without(state, user(name)))


def _role(state: State, change: Change) -> State:
    name, roles = change.role or "", dict(state.roles or {})
    assert (name in roles) is (change.act is not Act.ADD)
    if change.act is not Act.REMOVE:
        there = roles.get(name, RoleState(0))
        roles[name] = replace(there, description=change.description or "")
        return replace(state, roles=roles)
    del roles[name]
    return replace(state, roles=roles, grants=_without(state, role(name)))


def _member(state: State, change: Change) -> State:
    name, roles = change.role or "", dict(state.roles or {})
    members = roles[name].members
    assert change.username in state.users
    assert (change.username in members) is (change.act is Act.REMOVE)
    roles[name] = replace(roles[name], members=members ^ {change.username})
    return replace(state, roles=roles)


def _grant(state: State, change: Change) -> State:
    key, grants = (change.holder, change.on), dict(state.grants)
    assert change.holder.name in (state.users if change.username else state.roles or {})
    assert grants.pop(key, None) == change.before
    assert (change.before is None) is (change.act is Act.ADD)
    if change.level is not None:
        grants[key] = change.level
    return replace(state, grants=grants)


def _without(state: State, holder: Holder) -> dict[tuple[Holder, Resource], str]:
    return {key: level for key, level in state.grants.items() if key[0] != holder}


_CHANGES = {Kind.USER: _user, Kind.ROLE: _role, Kind.MEMBER: _member, Kind.GRANT: _grant}
