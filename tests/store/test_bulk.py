from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from authctl.errors import AlreadyExists, InvalidRequest, NotFound, Refused
from authctl.model import Generation, Grant, Permission, Resource
from authctl.store import tables
from authctl.store.base import NewAccount
from tests.store.contract import EXPERIMENT, MODEL, ROOT
from tests.store.databases import (
    BACKENDS,
    ROLES_BACKENDS,
    Backend,
    contents_of,
    execute,
    opened,
)
from tests.store.statements import noted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from authctl.store.sql import SqlStore

SQLITE = Backend("sqlite")
INITIAL = Backend("sqlite", tables.INITIAL)
HASH = "a hash"
NAMES = [f"user {number}" for number in range(600)]
"""More than one statement takes."""


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    with opened(url) as store:
        yield store


def enter(store: SqlStore, *names: str) -> None:
    store.add_accounts([NewAccount(name, HASH) for name in names])


@pytest.mark.parametrize("backend", BACKENDS, ids=str)
def test_many_accounts_are_made_at_once_each_as_it_is_asked_for(store: SqlStore) -> None:
    new = [NewAccount("ann", HASH, is_admin=True), NewAccount("bob", None), NewAccount("it's", "")]
    made = store.add_accounts(new)
    assert [(user.username, user.is_admin) for user in made] == [
        ("ann", True),
        ("bob", False),
        ("it's", False),
    ]
    found = [store.account(user.username) for user in made]
    assert [account and (account.user, account.password_hash) for account in found] == [
        (made[0], HASH),
        (made[1], "!"),
        (made[2], ""),
    ]
    assert store.add_accounts([]) == []


@pytest.mark.parametrize("backend", BACKENDS, ids=str)
def test_more_users_than_a_statement_takes_are_made_given_grants_promoted_and_deleted(
    store: SqlStore,
) -> None:
    before = contents_of(store)
    with noted() as sent:
        enter(store, *NAMES)
        for level in (Permission.READ, Permission.EDIT):
            store.grant_all({name: dict.fromkeys((EXPERIMENT, MODEL), level) for name in NAMES})
        store.set_admins(NAMES, is_admin=True, force=False)
    assert len(sent) < len(NAMES) / 5
    assert {user.username for user in store.list_users() if user.is_admin} == {ROOT, *NAMES}
    assert set(store.list_grants()) == {
        Grant(name, resource, "EDIT") for name in NAMES for resource in (EXPERIMENT, MODEL)
    }
    store.revoke_all({NAMES[-1]: {EXPERIMENT, Resource("experiment", "7")}})
    assert store.list_grants(username=NAMES[-1]) == [Grant(NAMES[-1], MODEL, "EDIT")]
    store.delete_users(NAMES, force=False)
    assert contents_of(store) == before


@pytest.mark.parametrize("backend", BACKENDS, ids=str)
def test_grants_made_together_are_those_made_one_by_one(store: SqlStore) -> None:
    enter(store, "ann", "bob", "cat", "dan")
    prompt, scorer = Resource("prompt", "greeting"), Resource("scorer", "42/is%20it%2Fgood")
    some = {EXPERIMENT: Permission.MANAGE, prompt: Permission.NO_PERMISSIONS}
    if store.generation is Generation.ROLES:
        some |= {scorer: Permission.EDIT, Resource("registered_model", "*"): Permission.READ}
    levels: Mapping[str, Mapping[Resource, Permission]] = {
        "ann": some,
        "bob": {MODEL: Permission.READ},
    }
    for name in ("ann", "bob", "cat", "dan"):
        store.grant(name, EXPERIMENT, Permission.READ)
    store.grant_all(levels)
    for name, like in (("cat", "ann"), ("dan", "bob")):
        for resource, level in levels[like].items():
            store.grant(name, resource, level)
    for one, other in (("ann", "cat"), ("bob", "dan")):
        found = [store.list_grants(username=name) for name in (one, other)]
        first, second = [[(grant.resource, grant.permission) for grant in g] for g in found]
        assert first == second
        assert len(first) >= len(levels[one])


@pytest.mark.parametrize("backend", [INITIAL, *ROLES_BACKENDS], ids=str)
def test_what_fails_for_one_user_is_told_of_that_one_and_done_for_nobody(store: SqlStore) -> None:
    enter(store, "ann")
    before = contents_of(store)
    for names in (["bob", "ann", ROOT], ["bob", "bob"]):
        with pytest.raises(AlreadyExists, match=f"username={names[1]}"):
            enter(store, *names)
    with pytest.raises(InvalidRequest, match="':'"):
        enter(store, "bob", "a:b")
    for name in ("nobody", "no\0body", "ANN"):
        read = {EXPERIMENT: Permission.READ}
        with pytest.raises(NotFound, match=f"username={name} not found"):
            store.grant_all({"ann": read, name: read})
        with pytest.raises(NotFound, match=f"username={name} not found"):
            store.revoke_all({"ann": {EXPERIMENT}, name: {EXPERIMENT}})
        with pytest.raises(NotFound, match=f"username={name} not found"):
            store.delete_users(["ann", name], force=False)
        with pytest.raises(NotFound, match=f"username={name} not found"):
            store.set_admins(["ann", name], is_admin=True, force=False)
    with pytest.raises(InvalidRequest, match="workspace"):
        store.grant_all({"ann": {Resource("workspace", "*"): Permission.USE}})
    assert contents_of(store) == before


@pytest.mark.parametrize("backend", [INITIAL, SQLITE], ids=str)
def test_of_all_admins_who_go_together_the_last_is_refused_unless_forced(store: SqlStore) -> None:
    store.add_accounts([NewAccount(name, HASH, is_admin=name != "bob") for name in ("ann", "bob")])
    before = contents_of(store)
    for order in ([ROOT, "bob", "ann"], ["ann", ROOT, "bob"]):
        last = [name for name in order if name != "bob"][-1]
        with pytest.raises(Refused, match=f"'{last}' is the last admin and cannot be demoted"):
            store.set_admins(order, is_admin=False, force=False)
        with pytest.raises(Refused, match=f"'{last}' is the last admin and cannot be deleted"):
            store.delete_users(order, force=False)
    assert contents_of(store) == before
    store.delete_users(["bob", ROOT], force=False)
    changed = store.set_admins(["ann"], is_admin=False, force=True)
    assert [user.username for user in changed] == ["ann"]
    assert [(user.username, user.is_admin) for user in store.list_users()] == [("ann", False)]


@pytest.mark.parametrize("backend", [SQLITE, INITIAL], ids=str)
def test_new_users_inherit_nothing_left_under_reused_ids(url: str, store: SqlStore) -> None:
    before = contents_of(store)
    execute(url, "INSERT INTO experiment_permissions VALUES (1, '42', 2, 'MANAGE')")
    execute(url, "INSERT INTO experiment_permissions VALUES (2, '42', 3, 'MANAGE')")
    if store.generation is Generation.ROLES:
        execute(url, "INSERT INTO roles VALUES (5, '__user_2__', 'default', NULL)")
        execute(url, "INSERT INTO roles VALUES (6, '__user_3__', 'elsewhere', NULL)")
        execute(url, "INSERT INTO role_permissions VALUES (1, 5, 'experiment', '42', 'MANAGE')")
        execute(url, "INSERT INTO user_role_assignments VALUES (1, 2, 5), (2, 3, 6)")
    enter(store, "ann", "bob")
    assert [user.id for user in store.list_users()] == [2, 3, 1]
    after = contents_of(store)
    assert {**after, "users": after["users"][:1]} == before


@pytest.mark.parametrize("backend", ROLES_BACKENDS, ids=str)
def test_what_waits_in_an_unassigned_role_of_one_of_many_does_not_come_alive(
    url: str, store: SqlStore
) -> None:
    enter(store, "ann", "bob")
    bob = store.get_user("bob")
    execute(url, f"INSERT INTO roles (name, workspace) VALUES ('__user_{bob.id}__', 'default')")
    execute(
        url,
        "INSERT INTO role_permissions (role_id, resource_type, resource_pattern, permission)"
        " SELECT id, 'experiment', '42', 'MANAGE' FROM roles",
    )
    store.grant_all({name: {MODEL: Permission.EDIT} for name in ("ann", "bob")})
    assert list(store.grants_of(bob)) == [Grant("bob", MODEL, "EDIT")]
    assert store.list_grants() == [Grant(name, MODEL, "EDIT") for name in ("ann", "bob")]


@pytest.mark.parametrize("backend", ROLES_BACKENDS, ids=str)
def test_of_many_own_roles_one_that_others_hold_is_refused_and_none_is_used(
    url: str, store: SqlStore
) -> None:
    enter(store, "ann", "bob")
    bob = store.get_user("bob")
    store.grant("bob", EXPERIMENT, Permission.READ)
    [own] = store.roles_of("bob")
    execute(url, f"INSERT INTO user_role_assignments (user_id, role_id) VALUES (1, {own.id})")
    before = contents_of(store)
    with pytest.raises(InvalidRequest, match=f"__user_{bob.id}__' is kept for user 'bob'"):
        store.grant_all({name: {MODEL: Permission.EDIT} for name in ("ann", "bob")})
    assert contents_of(store) == before


@pytest.mark.parametrize("backend", [Backend("mysql")], ids=str)
def test_a_collation_without_case_takes_nobody_for_another(url: str, store: SqlStore) -> None:
    for table in ("users", "roles", "role_permissions"):
        execute(
            url, f"ALTER TABLE {table} CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"
        )
    enter(store, "ann", "bob")
    bob = store.get_user("bob")
    kept = store.create_role(f"__USER_{bob.id}__", "default", "Not bob's own.")
    store.grant("ann", Resource("registered_model", "Churn"), Permission.READ)
    before = contents_of(store)
    with pytest.raises(AlreadyExists, match="cannot tell"):
        enter(store, "cat", "Bob")
    with pytest.raises(AlreadyExists, match="cannot tell"):
        store.grant_all({"ann": {MODEL: Permission.EDIT}})
    with pytest.raises(AlreadyExists, match="cannot tell"):
        store.grant_all({"bob": {MODEL: Permission.EDIT}})
    with pytest.raises(NotFound, match="username=ANN"):
        store.delete_users(["bob", "ANN"], force=False)
    assert contents_of(store) == before
    store.delete_users(["bob"], force=False)
    assert kept in store.list_roles()
