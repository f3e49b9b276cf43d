from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from authctl.errors import AlreadyExists, InvalidRequest, Refused
from authctl.model import Grant, Permission, Resource
from authctl.store import tables
from tests.store.contract import EXPERIMENT, MODEL, PASSWORD, ROOT
from tests.store.databases import (
    BACKENDS,
    ROLES_BACKENDS,
    Backend,
    contents,
    execute,
    opened,
)

SQLITE = Backend("sqlite")
INITIAL = Backend("sqlite", tables.INITIAL)
GATEWAY = Backend("sqlite", tables.GATEWAY)
WORKSPACES = Backend("sqlite", tables.WORKSPACES)
ROLE_TABLES = Backend("sqlite", tables.ROLE_TABLES)


@pytest.mark.parametrize("backend", [INITIAL, WORKSPACES], ids=str)
def test_a_legacy_grant_lies_in_the_table_of_its_type(url: str) -> None:
    with opened(url) as store:
        store.grant(ROOT, EXPERIMENT, Permission.EDIT)
        store.grant(ROOT, MODEL, Permission.NO_PERMISSIONS)
        store.grant(ROOT, Resource("prompt", "greeting"), Permission.READ)
    rows = contents(url)
    assert rows["experiment_permissions"] == [(1, "42", 1, "EDIT")]
    assert [row[1:4] for row in rows["registered_model_permissions"]] == [
        ("churn", 1, "NO_PERMISSIONS"),
        ("greeting", 1, "READ"),
    ]


@pytest.mark.parametrize("backend", [SQLITE], ids=str)
def test_a_grant_lies_in_a_role_of_the_users_own(url: str) -> None:
    with opened(url) as store:
        store.grant(ROOT, EXPERIMENT, Permission.EDIT)
        store.grant(ROOT, MODEL, Permission.NO_PERMISSIONS)
        store.revoke(ROOT, EXPERIMENT)
    rows = contents(url)
    assert rows["roles"] == [(1, "__user_1__", "default", None)]
    assert rows["user_role_assignments"] == [(1, 1, 1)]
    assert rows["role_permissions"] == [(2, 1, "registered_model", "churn", "NO_PERMISSIONS")]
    assert rows["experiment_permissions"] == []


@pytest.mark.parametrize("backend", [INITIAL, WORKSPACES], ids=str)
@pytest.mark.parametrize(
    ("resource", "level"),
    [
        (EXPERIMENT, Permission.DENY),
        (Resource("experiment", "*"), Permission.READ),
        (Resource("run", "*"), Permission.READ),
        (Resource("skill", "name"), Permission.READ),
        (Resource("scorer", "no-experiment"), Permission.READ),
        (Resource("scorer", "42/"), Permission.READ),
    ],
    ids=str,
)
def test_a_legacy_database_refuses_what_came_later(
    url: str, resource: Resource, level: Permission
) -> None:
    before = contents(url)
    with opened(url) as store, pytest.raises(InvalidRequest) as caught:
        store.grant(ROOT, resource, level)
    assert caught.value.hint
    assert contents(url) == before


@pytest.mark.parametrize("backend", ROLES_BACKENDS, ids=str)
def test_deny_is_written_only_where_it_is_known_to_be_read(url: str) -> None:
    """MLflow 3.13 to 3.16 have the tables of 3.17, and fail on the word."""
    with opened(url) as store:
        role = store.create_role("shut out", "default", None)
        row = store.add_role_permission(role.id, MODEL, Permission.READ)
        before = contents(url)
        for write in (
            lambda: store.grant(ROOT, EXPERIMENT, Permission.DENY),
            lambda: store.add_role_permission(role.id, EXPERIMENT, Permission.DENY),
            lambda: store.update_role_permission(row.id, Permission.DENY),
        ):
            with pytest.raises(InvalidRequest, match="fail on DENY") as caught:
                write()
            assert "NO_PERMISSIONS" in str(caught.value.hint)
        assert contents(url) == before
    with opened(url, reads_deny=True) as store:  # as a server that is MLflow 3.17 itself
        store.grant(ROOT, EXPERIMENT, Permission.DENY)
    with opened(url) as store:  # whoever finds the word there knows that it is read
        store.grant(ROOT, MODEL, Permission.DENY)
        assert store.level(ROOT, MODEL) is Permission.DENY


@pytest.mark.parametrize("backend", [SQLITE], ids=str)
def test_types_of_mlflow_3_17_show_that_deny_is_read(url: str) -> None:
    with opened(url) as store:
        store.grant(ROOT, Resource("trace", "*"), Permission.READ)
    with opened(url) as store:
        store.grant(ROOT, EXPERIMENT, Permission.DENY)
        assert store.level(ROOT, EXPERIMENT) is Permission.DENY


@pytest.mark.parametrize(
    "backend", [INITIAL, Backend("sqlite", tables.SCORERS), GATEWAY, WORKSPACES], ids=str
)
def test_use_came_with_the_gateway(url: str, backend: Backend) -> None:
    with opened(url) as store:
        if backend in (GATEWAY, WORKSPACES):
            store.grant(ROOT, EXPERIMENT, Permission.USE)
            assert store.list_grants() == [Grant(ROOT, EXPERIMENT, "USE")]
        else:
            with pytest.raises(InvalidRequest, match="'USE'"):
                store.grant(ROOT, EXPERIMENT, Permission.USE)
            assert store.list_grants() == []


@pytest.mark.parametrize("backend", [WORKSPACES], ids=str)
def test_scorers_and_gateway_resources_are_kept_in_legacy_tables_too(url: str) -> None:
    scorer = Resource("scorer", "42/is%20it%2Fgood")
    endpoint = Resource("gateway_endpoint", "e-1")
    with opened(url) as store:
        store.grant(ROOT, scorer, Permission.EDIT)
        store.grant(ROOT, endpoint, Permission.USE)
        assert store.list_grants() == [Grant(ROOT, endpoint, "USE"), Grant(ROOT, scorer, "EDIT")]
    assert contents(url)["scorer_permissions"] == [(1, "42", "is it/good", 1, "EDIT")]


@pytest.mark.parametrize("backend", [WORKSPACES], ids=str)
def test_a_legacy_grant_of_another_workspace_does_not_count(url: str) -> None:
    execute(
        url,
        "INSERT INTO registered_model_permissions (name, user_id, permission, workspace)"
        " VALUES ('churn', 1, 'MANAGE', 'elsewhere')",
    )
    with opened(url) as store:
        assert store.list_grants() == []
        assert store.level(ROOT, MODEL) is Permission.READ
        store.forget(MODEL)
    assert len(contents(url)["registered_model_permissions"]) == 1


@pytest.mark.parametrize("backend", [INITIAL], ids=str)
def test_a_level_nobody_knows_denies_and_can_be_taken_away(url: str) -> None:
    execute(
        url, "INSERT INTO experiment_permissions VALUES (1, '42', 1, 'OWNER'), (2, '43', 1, NULL)"
    )
    with opened(url) as store:
        for experiment, word in (("42", "OWNER"), ("43", "")):
            resource = Resource("experiment", experiment)
            assert store.level(ROOT, resource).denies
            assert store.revoke(ROOT, resource) == word


@pytest.mark.parametrize("backend", [ROLE_TABLES], ids=str)
def test_in_mlflow_3_12_roles_count_beside_a_users_own_rows(url: str) -> None:
    execute(url, "INSERT INTO roles VALUES (7, 'editors', 'default', NULL)")
    execute(url, "INSERT INTO role_permissions VALUES (1, 7, 'experiment', '42', 'EDIT')")
    execute(url, "INSERT INTO user_role_assignments VALUES (1, 1, 7)")
    with opened(url) as store:
        store.grant(ROOT, EXPERIMENT, Permission.READ)
        assert store.level(ROOT, EXPERIMENT) is Permission.EDIT
        assert store.list_grants() == [Grant(ROOT, EXPERIMENT, "READ")]
        store.delete_user(ROOT, force=True)
    assert contents(url)["user_role_assignments"] == []
    assert len(contents(url)["roles"]) == 1


@pytest.mark.parametrize("backend", [INITIAL, ROLE_TABLES], ids=str)
def test_a_legacy_database_has_no_role_operations(url: str) -> None:
    before = contents(url)
    with opened(url) as store:
        for ask in (
            store.list_roles,
            store.list_holders,
            lambda: store.create_role("readers", "default", None),
            lambda: store.get_role(1),
            lambda: store.update_role(1, name="x"),
            lambda: store.delete_role(1),
            lambda: store.add_role_permission(1, EXPERIMENT, Permission.READ),
            lambda: store.get_role_permission(1),
            lambda: store.update_role_permission(1, Permission.READ),
            lambda: store.remove_role_permission(1),
            lambda: store.assign_role(ROOT, 1),
            lambda: store.unassign_role(ROOT, 1),
            lambda: store.roles_of(ROOT),
            lambda: store.assignments_of(1),
        ):
            with pytest.raises(InvalidRequest, match="keeps no roles"):
                ask()
    assert contents(url) == before


@pytest.mark.parametrize("backend", ROLES_BACKENDS, ids=str)
def test_a_users_own_role_that_others_hold_is_not_used(url: str) -> None:
    with opened(url) as store:
        bob = store.create_user("bob", PASSWORD)
        store.grant("bob", EXPERIMENT, Permission.READ)
        [own] = store.roles_of("bob")
        execute(url, f"INSERT INTO user_role_assignments (user_id, role_id) VALUES (1, {own.id})")
        before = contents(url)
        for effect in (
            lambda: store.grant("bob", EXPERIMENT, Permission.MANAGE),
            lambda: store.grant("bob", MODEL, Permission.MANAGE),
            lambda: store.own("bob", MODEL),
        ):
            with pytest.raises(InvalidRequest, match=f"__user_{bob.id}__"):
                effect()
        assert contents(url) == before
        root = store.get_user(ROOT)
        assert list(store.grants_of(root)) == [Grant(ROOT, EXPERIMENT, "READ", own.name)]
        assert store.list_grants() == [Grant("bob", EXPERIMENT, "READ")]


@pytest.mark.parametrize("backend", [SQLITE], ids=str)
def test_what_waits_in_an_unassigned_role_does_not_come_alive(url: str) -> None:
    execute(url, "INSERT INTO roles VALUES (5, '__user_1__', 'default', NULL)")
    execute(url, "INSERT INTO role_permissions VALUES (1, 5, 'experiment', '42', 'MANAGE')")
    with opened(url) as store:
        assert store.list_grants() == []
        store.grant(ROOT, MODEL, Permission.EDIT)
        assert list(store.grants_of(store.get_user(ROOT))) == [Grant(ROOT, MODEL, "EDIT")]


@pytest.mark.parametrize("backend", [SQLITE, WORKSPACES], ids=str)
def test_a_new_user_inherits_nothing_left_under_a_reused_id(url: str) -> None:
    execute(url, "INSERT INTO experiment_permissions VALUES (1, '42', 2, 'MANAGE')")
    if url and "roles" in contents(url):
        execute(url, "INSERT INTO roles VALUES (5, '__user_2__', 'default', NULL)")
        execute(url, "INSERT INTO role_permissions VALUES (1, 5, 'experiment', '42', 'MANAGE')")
        execute(url, "INSERT INTO user_role_assignments VALUES (1, 2, 5)")
    with opened(url) as store:
        assert store.create_user("bob", PASSWORD).id == 2
        assert store.list_grants() == []
        assert store.level("bob", EXPERIMENT) is Permission.READ


@pytest.mark.parametrize("backend", ROLES_BACKENDS, ids=str)
def test_a_deleted_user_leaves_no_row_anywhere(url: str) -> None:
    before = contents(url)
    with opened(url) as store:
        bob = store.create_user("bob", PASSWORD)
        store.grant("bob", EXPERIMENT, Permission.EDIT)
        for table, columns, values in (
            ("experiment_permissions", "experiment_id", "'1'"),
            ("registered_model_permissions", "name", "'m'"),
            ("scorer_permissions", "experiment_id, scorer_name", "'1', 's'"),
            ("gateway_secret_permissions", "secret_id", "'1'"),
            ("gateway_endpoint_permissions", "endpoint_id", "'1'"),
            ("gateway_model_definition_permissions", "model_definition_id", "'1'"),
            ("workspace_permissions", "workspace", "'default'"),
        ):
            execute(
                url,
                f"INSERT INTO {table} ({columns}, user_id, permission)"
                f" VALUES ({values}, {bob.id}, 'READ')",
            )
        execute(
            url, f"INSERT INTO roles (name, workspace) VALUES ('__user_{bob.id}__', 'elsewhere')"
        )
        store.delete_user("bob")
    assert contents(url) == before


@pytest.mark.parametrize("backend", [INITIAL, *ROLES_BACKENDS], ids=str)
def test_an_is_admin_of_null_is_no_admin(url: str) -> None:
    execute(url, "INSERT INTO users (username, password_hash) VALUES ('bob', NULL)")
    execute(url, "INSERT INTO users (username, password_hash) VALUES (NULL, NULL)")
    with opened(url) as store:
        assert [user.username for user in store.list_users()] == ["bob", ROOT]
        account = store.account("bob")
        assert account is not None
        assert (account.user.is_admin, account.password_hash) == (False, None)
        assert not store.set_admin("bob", is_admin=False)
        with pytest.raises(Refused):
            store.set_admin(ROOT, is_admin=False)


@pytest.mark.parametrize("backend", BACKENDS, ids=str)
def test_of_two_admins_who_demote_each_other_at_once_one_stays(url: str) -> None:
    with opened(url) as store:
        store.create_user("alice", PASSWORD, is_admin=True)

        def demote(name: str) -> bool:
            try:
                return store.set_admin(name, is_admin=False)
            except Refused:
                return False

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(demote, ("alice", ROOT))) == [False, True]
        assert sum(user.is_admin for user in store.list_users()) == 1


@pytest.mark.parametrize("backend", BACKENDS, ids=str)
def test_grants_made_at_once_are_all_kept_and_none_twice(url: str) -> None:
    with opened(url) as store:

        def grant(number: int) -> str | None:
            resource = Resource("experiment", str(number % 4))
            return store.grant(ROOT, resource, Permission.EDIT)

        with ThreadPoolExecutor(4) as pool:
            before = list(pool.map(grant, range(8)))
        assert sorted(map(str, before)) == ["EDIT"] * 4 + ["None"] * 4
        assert [grant.resource.id for grant in store.list_grants()] == ["0", "1", "2", "3"]


@pytest.mark.parametrize("backend", BACKENDS, ids=str)
def test_of_two_who_make_the_same_user_at_once_one_is_told(url: str) -> None:
    with opened(url) as store:

        def create(_: int) -> str:
            try:
                return store.create_user("alice", PASSWORD).username
            except AlreadyExists as error:
                return error.message

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(create, range(2))) == [
                "User (username=alice) already exists",
                "alice",
            ]


@pytest.mark.parametrize("backend", [Backend("mysql")], ids=str)
def test_a_collation_without_case_loses_no_grant_to_a_similar_name(url: str) -> None:
    for table in ("users", "role_permissions"):
        execute(
            url, f"ALTER TABLE {table} CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"
        )
    with opened(url) as store:
        store.create_user("alice", PASSWORD)
        store.grant("alice", Resource("registered_model", "Churn"), Permission.MANAGE)
        before = contents(url)
        assert store.account("ALICE") is None
        assert store.level("alice", MODEL) is Permission.READ
        assert store.forget(MODEL) == 0
        with pytest.raises(AlreadyExists, match="cannot tell"):
            store.grant("alice", MODEL, Permission.EDIT)
        with pytest.raises(AlreadyExists, match="cannot tell"):
            store.create_user("Alice", PASSWORD)
        assert contents(url) == before
