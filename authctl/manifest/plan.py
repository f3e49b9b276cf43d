"""What has to change for the users, roles and grants to be what a manifest wants; no I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

from authctl.errors import InvalidRequest, Refused
from authctl.manifest.accounts import From
from authctl.manifest.change import Act, Change
from authctl.manifest.entry import nearest
from authctl.manifest.state import Kind, can_be_said
from authctl.model import checked_username

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from authctl.manifest.state import State
    from authctl.manifest.wanted import Wanted

_STAGES = (
    (Act.ADD, Kind.USER),
    (Act.CHANGE, Kind.USER),
    (Act.ADD, Kind.ROLE),
    (Act.CHANGE, Kind.ROLE),
    (Act.CHANGE, Kind.GRANT),
    (Act.ADD, Kind.GRANT),
    (Act.ADD, Kind.MEMBER),
    (Act.REMOVE, Kind.MEMBER),
    (Act.REMOVE, Kind.GRANT),
    (Act.REMOVE, Kind.ROLE),
    (Act.REMOVE, Kind.USER),
)
_STAGE = {what: number for number, what in enumerate(_STAGES)}
DEMOTION = _STAGE[Act.REMOVE, Kind.USER]
"""From this stage on there may be fewer admins than before."""


def plan(state: State, wanted: Wanted, *, prune: bool = False) -> list[Change]:
    """List every change, in an order in which they can be made.

    Whoever is to be an admin becomes one before anybody ceases to be, and a role has its grants
    before its members, so that no member passes a denial that is still to be written. Only with
    `prune` is anything removed: what the manifest does not name, except what it has no words for;
    users only if it has any, and members only of roles that list theirs.

    InvalidRequest, which names the table, for a user or role that is nowhere, and for a new user
    without a password or whose name no new account can have.
    """
    _refuse_unknown(state, wanted)
    changes = [*_users(state, wanted), *_roles(state, wanted), *_grants(state, wanted)]
    if prune:
        changes += _removed(state, wanted)
    return sorted(changes, key=_order)


def stage(change: Change) -> int:
    """When a change is made: all of one stage may be made at a time."""
    if change.kind is Kind.USER and change.act is Act.CHANGE and not change.is_admin:
        return DEMOTION
    return _STAGE[change.act, change.kind]


def removals(changes: Iterable[Change]) -> int:
    """How many things a plan removes."""
    return sum(change.act is Act.REMOVE for change in changes)


def refuse_lockout(state: State, changes: Sequence[Change], caller: str | None) -> None:
    """Raise Refused for changes after which there is no admin, or that demote or delete a caller.

    Where a server does not list its users, who is the last admin is for it to know.
    """
    before = {name for name, is_admin in state.users.items() if is_admin}
    after = set(before)
    for change in changes:
        if change.kind is Kind.USER and change.username is not None:
            keeps = change.act is not Act.REMOVE and change.is_admin
            (after.add if keeps else after.discard)(change.username)
            if change.username == caller and not keeps and change.act is not Act.ADD:
                deed = "delete" if change.act is Act.REMOVE else "demote"
                raise Refused(
                    f"The plan would {deed} '{caller}', who is you.",
                    hint="Name yourself as an admin in the manifest, or insist with --force.",
                )
    if state.complete and before and not after:
        raise Refused(
            "The plan would leave no admin.",
            hint="Name one in the manifest, with admin = true, or insist with --force.",
        )


def _order(change: Change) -> tuple[object, ...]:
    on = change.resource
    return (
        stage(change),
        change.role or "",
        change.username or "",
        (on.type, on.id) if on else (),
    )


def _users(state: State, wanted: Wanted) -> Iterator[Change]:
    for name, asked in wanted.users.items():
        user = asked.user
        if name not in state.users:
            try:
                checked_username(name)
            except InvalidRequest as error:
                raise InvalidRequest(f"{asked.where}: {error.message}", hint=error.hint) from error
            if user.password.kind is From.NOWHERE:
                raise InvalidRequest(
                    f"{asked.where}: '{name}' is new, and no password is given.",
                    hint='Add password_file = "FILE", or password = "generate" or "none".',
                )
            is_admin = bool(user.is_admin)
            yield Change(Act.ADD, Kind.USER, name, is_admin=is_admin, password=user.password)
        elif user.is_admin not in (None, state.users[name]):
            before = state.users[name]
            yield Change(Act.CHANGE, Kind.USER, name, before=before, is_admin=user.is_admin)


def _roles(state: State, wanted: Wanted) -> Iterator[Change]:
    there = state.roles or {}
    for name, asked in wanted.roles.items():
        said = asked.description
        if name not in there:
            yield Change(Act.ADD, Kind.ROLE, role=name, description=said or None)
        elif said not in (None, there[name].description):
            before = there[name].description
            yield Change(Act.CHANGE, Kind.ROLE, role=name, before=before, description=said)
        held = there[name].members if name in there else frozenset()
        for member in set(asked.members or ()) - held:
            yield Change(Act.ADD, Kind.MEMBER, member, name)


def _grants(state: State, wanted: Wanted) -> Iterator[Change]:
    for (holder, resource), grant in wanted.grants.items():
        before = state.grants.get((holder, resource))
        if before != grant.level:
            username = holder.name if holder.kind is Kind.USER else None
            role = holder.name if holder.kind is Kind.ROLE else None
            act = Act.ADD if before is None else Act.CHANGE
            level = str(grant.level)
            yield Change(act, Kind.GRANT, username, role, resource, level, before)


def _removed(state: State, wanted: Wanted) -> Iterator[Change]:
    roles = state.roles or {}
    gone_users = set(state.users) - wanted.usernames() if wanted.users else set()
    gone_roles = set(roles) - wanted.role_names()
    for name in gone_users:
        yield Change(Act.REMOVE, Kind.USER, name, before=state.users[name], is_admin=False)
    for name in gone_roles:
        yield Change(Act.REMOVE, Kind.ROLE, role=name)
    for name, asked in wanted.roles.items():
        if name in roles and asked.members is not None:
            for member in roles[name].members - gone_users - {*asked.members}:
                yield Change(Act.REMOVE, Kind.MEMBER, member, name)
    for (holder, resource), level in state.grants.items():
        is_user = holder.kind is Kind.USER
        if holder.name in (gone_users if is_user else gone_roles):
            continue  # it goes with its holder
        if (holder, resource) not in wanted.grants and can_be_said(resource, level):
            username, role = (holder.name, None) if is_user else (None, holder.name)
            yield Change(Act.REMOVE, Kind.GRANT, username, role, resource, before=level)


def _refuse_unknown(state: State, wanted: Wanted) -> None:
    roles = {*(state.roles or ()), *wanted.roles}
    users = {*state.users, *wanted.users}
    named = [
        *((Kind.USER, m, r.where) for r in wanted.roles.values() for m in r.members or ()),
        *((holder.kind, holder.name, grant.where) for (holder, _), grant in wanted.grants.items()),
    ]
    in_use = [*(role.where for role in wanted.roles.values())]
    in_use += [where for kind, _, where in named if kind is Kind.ROLE]
    if state.roles is None and in_use:
        raise InvalidRequest(
            f"{in_use[0]}: there are no roles here; MLflow has them since 3.13.",
            hint="Write the levels as [[grant]] of each user, or upgrade MLflow's auth database.",
        )
    for kind, name, where in named:
        known = users if kind is Kind.USER else roles
        if name not in known:
            raise InvalidRequest(
                f"{where}: there is no {kind} '{name}'.",
                hint=nearest(name, sorted(known)) or f"Add a [[{kind}]] table for it.",
            )
