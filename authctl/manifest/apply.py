"""Changes made: all of them in one transaction of a database, or one after another on a server."""

from __future__ import annotations

from itertools import groupby, islice
from typing import TYPE_CHECKING

from authctl.errors import AlreadyExists, NotFound
from authctl.manifest.accounts import NO_PASSWORD
from authctl.manifest.change import Act
from authctl.manifest.plan import stage
from authctl.manifest.saved import refuse_moved
from authctl.manifest.state import Kind, State
from authctl.model import DEFAULT_WORKSPACE, Permission
from authctl.store.base import NewAccount

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from authctl.manifest.change import Change
    from authctl.model import Resource
    from authctl.store.base import Existing
    from authctl.store.rest import RestStore
    from authctl.store.rest_roles import RestRoles
    from authctl.store.sql import SqlStore

_TOGETHER = 1_000
"""So many changes are made at once that the statements cost little, and progress can be seen."""


def groups(changes: Sequence[Change]) -> Iterator[list[Change]]:
    """Group neighbours of one stage that can be made together."""
    for _, found in groupby(changes, key=lambda change: (stage(change), _subject(change))):
        while group := list(islice(found, _TOGETHER)):
            yield group


def apply_together(
    store: SqlStore,
    changes: Sequence[Change],
    expected: str,
    hashes: Mapping[str, str],
    *,
    force: bool,
    tell: Callable[[int], None],
) -> None:
    """Make all changes in one transaction, or none; `tell` hears how many are made.

    `expected` is the digest of what they rest on: Moved where that is no longer so. `hashes` are
    the password hashes of new users, and `force` lets the last admin go. Whatever a change raises
    leaves everything as it was.
    """

    def work(joined: SqlStore) -> None:
        state = State.of(joined.survey())
        refuse_moved(expected, state, changes)
        ids = role_ids(state)
        made = 0
        for group in groups(changes):
            _change_group(joined, group, ids, hashes, force=force)
            made += len(group)
            tell(made)

    store.together(work)


def role_ids(state: State) -> dict[str, int]:
    """The ids of roles by their names."""
    return {name: role.id for name, role in (state.roles or {}).items()}


def change_on_server(
    store: RestStore, change: Change, ids: dict[str, int], password: str | None, *, force: bool
) -> bool:
    """Make one change through a server; False if it was so already.

    A role that is made adds its id to `ids`. A user who is to be an admin is made first and
    promoted then, so where that fails the account is there.
    """
    match change.kind:
        case Kind.USER:
            return _change_user(store, change, password, force=force)
        case Kind.ROLE:
            return _change_role(store.roles, change, ids)
        case Kind.MEMBER:
            return _change_member(store, change, ids)
        case Kind.GRANT if change.holder.kind is Kind.ROLE:
            return _change_role_grant(store, change, ids)
        case Kind.GRANT:
            return _change_grant(store, change)


def _subject(change: Change) -> object:
    """What changes share that are made together: many users', but those of one role."""
    return change if change.kind is Kind.ROLE else (change.kind, change.act, change.role)


def _change_group(
    store: SqlStore,
    group: list[Change],
    ids: dict[str, int],
    hashes: Mapping[str, str],
    *,
    force: bool,
) -> None:
    first, names = group[0], [change.username or "" for change in group]
    adds = first.act is not Act.REMOVE
    match first.kind:
        case Kind.USER if first.act is Act.ADD:
            store.add_accounts([_account(change, hashes) for change in group])
        case Kind.USER if adds:
            store.set_admins(names, bool(first.is_admin), force=force)
        case Kind.USER:
            store.delete_users(names, force=force)
        case Kind.ROLE:
            _change_role(store, first, ids)
        case Kind.MEMBER:
            assign = store.assign_all if adds else store.unassign_all
            assign(_id(ids, first), names)
        case Kind.GRANT if first.role is None and adds:
            store.grant_all({name: _levels(own) for name, own in _by_user(group)})
        case Kind.GRANT if first.role is None:
            store.revoke_all({name: {c.on for c in own} for name, own in _by_user(group)})
        case Kind.GRANT if adds:
            store.put_role_permissions(_id(ids, first), _levels(group))
        case Kind.GRANT:
            store.remove_role_permissions(_id(ids, first), {change.on for change in group})


def _account(change: Change, hashes: Mapping[str, str]) -> NewAccount:
    name = change.username or ""
    hashed = None if change.password == NO_PASSWORD else hashes[name]
    return NewAccount(name, hashed, bool(change.is_admin))


def _by_user(group: list[Change]) -> Iterator[tuple[str, list[Change]]]:
    """Users' own grants, user by user."""
    found: dict[str, list[Change]] = {}
    for change in group:
        found.setdefault(change.username or "", []).append(change)
    yield from found.items()


def _change_user(store: RestStore, change: Change, password: str | None, *, force: bool) -> bool:
    name = change.username or ""
    if change.act is Act.CHANGE:
        return store.set_admin(name, bool(change.is_admin), force=force)
    if change.act is Act.REMOVE:
        return _is_done(lambda: store.delete_user(name, force=force), but=NotFound)
    store.create_user(name, None if change.password == NO_PASSWORD else password or "")
    if change.is_admin:
        store.set_admin(name, is_admin=True)
    return True


def _change_role(roles: SqlStore | RestRoles, change: Change, ids: dict[str, int]) -> bool:
    name = change.role or ""
    if change.act is Act.ADD:
        ids[name] = roles.create_role(name, DEFAULT_WORKSPACE, change.description).id
    elif change.act is Act.CHANGE:
        roles.update_role(_id(ids, change), description=change.description)
    else:
        return _is_done(lambda: roles.delete_role(_id(ids, change)), but=NotFound)
    return True


def _change_member(store: RestStore, change: Change, ids: dict[str, int]) -> bool:
    name, role_id = change.username or "", _id(ids, change)
    if change.act is Act.ADD:
        return _is_done(lambda: store.roles.assign_role(name, role_id), but=AlreadyExists)
    return _is_done(lambda: store.roles.unassign_role(name, role_id), but=NotFound)


def _change_role_grant(store: RestStore, change: Change, ids: dict[str, int]) -> bool:
    role_id, level = _id(ids, change), change.level
    if level is not None and change.act is Act.ADD:
        store.roles.add_role_permission(role_id, change.on, Permission(level))
        return True
    for row in store.roles.get_role(role_id).permissions:
        if row.resource == change.on:
            if level is None:
                store.roles.remove_role_permission(row.id)
            else:
                store.roles.update_role_permission(row.id, Permission(level))
            return True
    if level is None:
        return False
    raise NotFound(f"Role '{change.role}' has no grant on {change.on} any more.")


def _change_grant(store: RestStore, change: Change) -> bool:
    name = change.username or ""
    if change.level is None:
        return _is_done(lambda: store.remove_grant(name, change.on), but=NotFound)
    existing: Existing = "require" if change.act is Act.CHANGE else "replace"
    before = store.grant(name, change.on, Permission(change.level), existing=existing)
    return before != change.level


def _is_done(work: Callable[[], object], *, but: type[Exception]) -> bool:
    """Whether work did anything; not if it raises what it raises where it is done already."""
    try:
        work()
    except but:
        return False
    return True


def _levels(group: list[Change]) -> dict[Resource, Permission]:
    return {change.on: Permission(change.level or "") for change in group}


def _id(ids: Mapping[str, int], change: Change) -> int:
    name = change.role or ""
    if name not in ids:
        raise NotFound(f"There is no role '{name}'.")
    return ids[name]
