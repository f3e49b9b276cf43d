from __future__ import annotations

import signal
import threading
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from authctl.errors import InvalidRequest, NotFound, Refused
from authctl.manifest.apply import apply_together
from authctl.manifest.change import Act, Change
from authctl.manifest.plan import plan
from authctl.manifest.saved import Moved, digest
from authctl.manifest.state import Kind, State
from authctl.model import Permission, Resource
from authctl.store import tables
from tests.manifest.things import role, user, wanted
from tests.store.databases import (
    BACKENDS,
    ROLES_BACKENDS,
    Backend,
    auth_database,
    contents,
    contents_of,
    opened,
    quick_hash,
)
from tests.store.forked import forked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from authctl.manifest.wanted import Wanted
    from authctl.store.sql import SqlStore

PASSWORD = "correct horse battery"
USERS = """
[[user]]
name = "ann"
admin = true
password = "generate"
[[user]]
name = "bob o'neil; DROP TABLE users"
password = "generate"
[[user]]
name = "root"
admin = false
"""
GRANTS = """
[[grant]]
users = ["ann", "bob o'neil; DROP TABLE users"]
experiment_id = [1, 2, 3]
model = ["churn", "100%_of\\\\it"]
level = "EDIT"
"""
ROLES = """
[[role]]
name = "readers"
description = "May read."
members = ["ann", "bob o'neil; DROP TABLE users"]
grants = [
    { resource = "prompt:*", level = "READ" },
    { model = "churn", level = "NO_PERMISSIONS" },
]
"""
SMALLER = """
[[user]]
name = "ann"
[[grant]]
user = "ann"
experiment_id = 1
model = "churn"
level = "MANAGE"
"""


@pytest.fixture
def store(backend: Backend, tmp_path: Path) -> Iterator[SqlStore]:
    with auth_database(backend, tmp_path) as url, opened(url) as store:
        store.create_user("root", PASSWORD, is_admin=True)
        store.grant("root", Resource("experiment", "9"), Permission.READ)
        yield store


def state(store: SqlStore) -> State:
    return State.of(store.survey())


def apply(
    store: SqlStore, manifest: Wanted, *, prune: bool = False, force: bool = False
) -> list[Change]:
    changes = plan(state(store), manifest, prune=prune)
    carry_out(store, changes, force=force)
    return changes


def carry_out(
    store: SqlStore,
    changes: Sequence[Change],
    *,
    force: bool = False,
    told: list[int] | None = None,
) -> None:
    hashes = {change.username or "": quick_hash(PASSWORD) for change in changes}
    tell = [].append if told is None else told.append
    apply_together(store, changes, digest(state(store), changes), hashes, force=force, tell=tell)


@pytest.mark.parametrize("backend", BACKENDS, ids=str)
def test_a_manifest_is_applied_once_and_then_is_so(store: SqlStore) -> None:
    with_roles = state(store).roles is not None
    manifest = wanted(USERS + GRANTS + (ROLES if with_roles else ""))
    assert len(apply(store, manifest)) == (13 + 5 if with_roles else 13)
    assert apply(store, manifest) == []
    found = state(store)
    assert found.users == {"ann": True, "bob o'neil; DROP TABLE users": False, "root": False}
    things = [Resource("experiment", str(number)) for number in (1, 2, 3)]
    things += [Resource("registered_model", name) for name in ("churn", "100%_of\\it")]
    assert found.grants == {
        (user("root"), Resource("experiment", "9")): "READ",
        **{(user(name), on): "EDIT" for name in found.users if name != "root" for on in things},
        **(
            {
                (role("readers"), Resource("prompt", "*")): "READ",
                (role("readers"), Resource("registered_model", "churn")): "NO_PERMISSIONS",
            }
            if with_roles
            else {}
        ),
    }
    if with_roles:
        readers = (found.roles or {})["readers"]
        assert (readers.description, readers.members) == (
            "May read.",
            found.users.keys() - {"root"},
        )


@pytest.mark.parametrize("backend", BACKENDS, ids=str)
def test_pruned_is_whatever_the_manifest_does_not_name(store: SqlStore) -> None:
    apply(store, wanted(USERS + GRANTS + (ROLES if state(store).roles is not None else "")))
    apply(store, wanted(SMALLER), prune=True)
    found = state(store)
    assert (found.users, found.roles or {}) == ({"ann": True}, {})
    assert found.grants == {
        (user("ann"), Resource("experiment", "1")): "MANAGE",
        (user("ann"), Resource("registered_model", "churn")): "MANAGE",
    }
    assert apply(store, wanted(SMALLER), prune=True) == []


@pytest.mark.parametrize("backend", [Backend("sqlite")], ids=str)
def test_members_and_grants_of_a_role_come_and_go(store: SqlStore) -> None:
    apply(store, wanted(USERS + ROLES))
    fewer = """
    [[user]]
    name = "ann"
    [[user]]
    name = "root"
    [[role]]
    name = "readers"
    members = ["root"]
    grants = [{ model = "churn", level = "EDIT" }]
    """
    apply(store, wanted(fewer), prune=True)
    found = state(store)
    assert {name: held.members for name, held in (found.roles or {}).items()} == {
        "readers": {"root"}
    }
    assert found.grants == {(role("readers"), Resource("registered_model", "churn")): "EDIT"}


@pytest.mark.parametrize("backend", [Backend("sqlite"), Backend("postgresql")], ids=str)
def test_a_failure_in_the_middle_leaves_everything_as_it_was(store: SqlStore) -> None:
    changes = plan(state(store), wanted(USERS + GRANTS))
    missing = Change(Act.CHANGE, Kind.USER, "nobody", before=True, is_admin=False)
    before, told = contents_of(store), list[int]()
    with pytest.raises(NotFound):
        carry_out(store, [*changes[:-1], missing], told=told)
    assert told[-1] == len(changes) - 1  # all but one had been made
    assert contents_of(store) == before


@pytest.mark.parametrize("backend", [Backend("sqlite")], ids=str)
def test_how_far_it_has_come_is_told_on_the_way(store: SqlStore) -> None:
    numbers = list(range(100, 2600))
    grants = f'[[grant]]\nusers = ["ann", "root"]\nexperiment_id = {numbers}\nlevel = "READ"\n'
    changes, told = plan(state(store), wanted(USERS + grants)), list[int]()
    carry_out(store, changes, told=told)
    assert told == sorted(set(told))
    assert told[-1] == len(changes)
    assert max(after - before for before, after in pairwise([0, *told])) <= len(changes) / 5
    assert plan(state(store), wanted(USERS + grants)) == []


@pytest.mark.parametrize("backend", [Backend("sqlite")], ids=str)
def test_those_who_are_demoted_and_deleted_go_in_the_order_of_their_names(store: SqlStore) -> None:
    for name in ("ann", "bob", "cat"):
        store.create_user(name, PASSWORD, is_admin=True)
    fewer = "".join(f'[[user]]\nname = "{name}"\nadmin = false\n' for name in ("ann", "root"))
    before = contents_of(store)
    with pytest.raises(Refused, match="'root' is the last admin and cannot be demoted"):
        apply(store, wanted(fewer), prune=True)
    assert contents_of(store) == before
    apply(store, wanted(fewer), prune=True, force=True)
    assert state(store).users == {"ann": False, "root": False}


@pytest.mark.parametrize("backend", [Backend("sqlite")], ids=str)
def test_what_the_database_cannot_keep_is_refused_whole(store: SqlStore) -> None:
    text = '[[grant]]\nuser = "root"\nresource = "workspace:*"\nlevel = "USE"\n'
    before = contents_of(store)
    with pytest.raises(InvalidRequest, match="not supported for a user's own grants"):
        apply(store, wanted(USERS + text))
    assert contents_of(store) == before


@pytest.mark.parametrize("backend", [Backend("sqlite")], ids=str)
def test_the_last_admin_goes_only_by_force(store: SqlStore) -> None:
    manifest = wanted('[[user]]\nname = "root"\nadmin = false')
    with pytest.raises(Refused):
        apply(store, manifest)
    assert state(store).users == {"root": True}
    apply(store, manifest, force=True)
    assert state(store).users == {"root": False}


@pytest.mark.parametrize("backend", [Backend("sqlite")], ids=str)
def test_what_moved_since_the_plan_is_seen_in_the_transaction(store: SqlStore) -> None:
    changes = plan(state(store), wanted(USERS + GRANTS))
    expected = digest(state(store), changes)
    store.create_user("ann", PASSWORD)
    before = contents_of(store)
    with pytest.raises(Moved, match="the user 'ann' is not what it was"):
        apply_together(store, changes, expected, {}, force=False, tell=[].append)
    assert contents_of(store) == before


@pytest.mark.parametrize("revision", [tables.HEAD, tables.INITIAL])
def test_a_process_killed_in_the_middle_has_changed_nothing(revision: str, tmp_path: Path) -> None:
    with auth_database(Backend("sqlite", revision), tmp_path) as url:
        with opened(url) as store:
            store.create_user("root", PASSWORD, is_admin=True)
        before = contents(url)

        def work(tell: Callable[[], None]) -> None:
            def stop(made: int) -> None:
                if made == 13:
                    tell()
                    signal.pause()

            with opened(url) as store:
                changes = plan(state(store), wanted(USERS + GRANTS))
                hashes = {change.username or "": quick_hash(PASSWORD) for change in changes}
                expected = digest(state(store), changes)
                apply_together(store, changes, expected, hashes, force=False, tell=stop)

        with forked(work) as child:
            child.wait_for_step()
            assert child.kill()
        assert contents(url) == before


@pytest.mark.parametrize("backend", ROLES_BACKENDS, ids=str)
def test_two_appliers_at_once_do_it_once(store: SqlStore) -> None:
    changes = plan(state(store), wanted(USERS + GRANTS + ROLES))
    expected = digest(state(store), changes)
    hashes = {change.username or "": quick_hash(PASSWORD) for change in changes}
    ends: list[str] = []

    def one() -> None:
        try:
            apply_together(store, changes, expected, hashes, force=False, tell=[].append)
            ends.append("done")
        except Moved:
            ends.append("moved")

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ends) == ["done", "moved"]
    assert plan(state(store), wanted(USERS + GRANTS + ROLES), prune=False) == []
