"""RestStore on the servers of this MLflow release: its own basic-auth server and authctl's."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from authctl.client.transport import connect
from authctl.errors import (
    AlreadyExists,
    InvalidRequest,
    NotAuthenticated,
    NotFound,
    PermissionDenied,
    Refused,
    Unavailable,
)
from authctl.model import Generation, Grant, Permission, Resource, User
from authctl.store.rest import RestStore
from tests.live import ADMIN
from tests.servers import BOTH, recording_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.live import Server

pytestmark = pytest.mark.mlflow

PASSWORD = "a-long-password"
EXPERIMENT = Resource("experiment", "42")
MODEL = Resource("registered_model", "churn: größer/kleiner?&")
ON_MLFLOW = pytest.mark.parametrize("server", ["mlflow"], indirect=True)
ON_AUTHCTL = pytest.mark.parametrize("server", ["authctl"], indirect=True)
PROMPT = Resource("prompt", "greeting")

Open = Callable[..., RestStore]


@pytest.fixture(scope="module", params=BOTH)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    with BOTH[request.param](tmp_path_factory.mktemp(request.param)) as server:
        yield server


@pytest.fixture
def sign_in(server: Server, tmp_path: Path) -> Iterator[Open]:
    opened: list[RestStore] = []

    def sign_in(username: str = ADMIN[0], password: str = ADMIN[1]) -> RestStore:
        env = {"MLFLOW_TRACKING_USERNAME": username, "MLFLOW_TRACKING_PASSWORD": password}
        opened.append(RestStore(connect(server.url, env, tmp_path)))
        return opened[-1]

    yield sign_in
    for store in opened:
        store.close()


@pytest.fixture
def store(sign_in: Open) -> Iterator[RestStore]:
    """The server as its admin sees it, who leaves it as it was."""
    store = sign_in()
    yield store
    for user in store.list_users():
        if user.username != ADMIN[0]:
            store.delete_user(user.username, force=True)


@pytest.fixture
def alice(store: RestStore) -> User:
    return store.create_user("alice", PASSWORD)


def test_this_release_is_of_the_roles_generation(store: RestStore) -> None:
    assert store.generation is Generation.ROLES


def test_a_user_is_made_found_and_listed(store: RestStore) -> None:
    made = store.create_user("ålice@example.com", PASSWORD)
    assert made == User(made.id, "ålice@example.com", False)
    assert store.get_user("ålice@example.com") == made
    assert store.list_users() == [User(1, ADMIN[0], True), made]


def test_an_admin_is_made_in_one_go(store: RestStore) -> None:
    made = store.create_user("bob", PASSWORD, is_admin=True)
    assert made.is_admin
    assert store.get_user("bob") == made


def test_a_username_that_is_taken_is_refused_without_sql_or_hash(
    store: RestStore, alice: User
) -> None:
    with pytest.raises(AlreadyExists, match="alice") as raised:
        store.create_user(alice.username, PASSWORD)
    assert "INSERT" not in raised.value.message
    assert "scrypt" not in raised.value.message


@pytest.mark.parametrize(
    ("username", "password"),
    [
        *(("", PASSWORD), ("a:b", PASSWORD), ("__user_1__", PASSWORD), ("x" * 256, PASSWORD)),
        *(("bob", "short"), ("bob", "")),
    ],
)
def test_a_name_or_password_that_is_not_allowed_makes_no_user(
    username: str, password: str, store: RestStore
) -> None:
    with pytest.raises(InvalidRequest):
        store.create_user(username, password)
    assert len(store.list_users()) == 1


def test_nobody_unknown_is_found(store: RestStore) -> None:
    for act in (
        lambda: store.get_user("nobody"),
        lambda: store.set_password("nobody", PASSWORD),
        lambda: store.set_admin("nobody", True),
        lambda: store.delete_user("nobody"),
        lambda: store.list_grants(username="nobody"),
        lambda: store.get_grant("nobody", EXPERIMENT),
        lambda: store.grant("nobody", EXPERIMENT, Permission.READ),
        lambda: store.grant("nobody", EXPERIMENT, Permission.READ, existing="require"),
        lambda: store.revoke("nobody", EXPERIMENT),
        lambda: store.level("nobody", EXPERIMENT),
    ):
        with pytest.raises(NotFound, match="User with username=nobody not found"):
            act()


def test_a_wrong_password_is_not_authenticated(sign_in: Open) -> None:
    with pytest.raises(NotAuthenticated, match="You are not authenticated"):
        sign_in(password="wrong-password").list_users()


def test_who_is_no_admin_may_not_administer(sign_in: Open, alice: User) -> None:
    store = sign_in(alice.username, PASSWORD)
    for act in (
        lambda: store.create_user("bob", PASSWORD),
        lambda: store.get_user(ADMIN[0]),
        lambda: store.set_admin(ADMIN[0], False),
        lambda: store.delete_user(ADMIN[0]),
        lambda: store.grant("alice", EXPERIMENT, Permission.MANAGE),
    ):
        with pytest.raises(PermissionDenied, match="Permission denied"):
            act()
    assert store.get_user("alice") == alice


def test_an_admin_sets_anothers_password(sign_in: Open, store: RestStore, alice: User) -> None:
    store.set_password(alice.username, "another-password")
    assert sign_in(alice.username, "another-password").get_user("alice") == alice
    with pytest.raises(NotAuthenticated):
        sign_in(alice.username, PASSWORD).get_user("alice")


def test_ones_own_password_is_changed_with_the_present_one(sign_in: Open, alice: User) -> None:
    mine = sign_in(alice.username, PASSWORD)
    with pytest.raises(InvalidRequest, match="Current password is required") as raised:
        mine.set_password("alice", "another-password")
    assert "present password" in str(raised.value.hint)
    with pytest.raises(InvalidRequest, match="does not match"):
        mine.set_password("alice", "another-password", current="wrong-password")
    mine.set_password("alice", "another-password", current=PASSWORD)
    assert sign_in(alice.username, "another-password").get_user("alice") == alice


def test_a_password_that_is_too_short_is_not_set(
    sign_in: Open, store: RestStore, alice: User
) -> None:
    with pytest.raises(InvalidRequest, match="at least 12"):
        store.set_password(alice.username, "short")
    assert sign_in(alice.username, PASSWORD).get_user("alice") == alice


def test_to_promote_and_demote_tells_whether_anything_changed(
    store: RestStore, alice: User
) -> None:
    assert store.set_admin(alice.username, True)
    assert not store.set_admin(alice.username, True)
    assert store.get_user("alice").is_admin
    assert store.set_admin(alice.username, False)
    assert not store.get_user("alice").is_admin


def test_the_last_admin_stays(store: RestStore, alice: User) -> None:
    with pytest.raises(Refused, match="is the last admin and cannot be demoted"):
        store.set_admin(ADMIN[0], False)
    with pytest.raises(Refused, match="is the last admin and cannot be deleted"):
        store.delete_user(ADMIN[0])
    assert store.get_user(ADMIN[0]).is_admin
    assert not store.get_user(alice.username).is_admin


def test_a_user_with_grants_is_deleted_with_them(store: RestStore, alice: User) -> None:
    store.grant(alice.username, EXPERIMENT, Permission.EDIT)
    store.delete_user(alice.username)
    again = store.create_user(alice.username, PASSWORD)
    assert store.list_grants(username=again.username) == []


def test_a_grant_is_made_raised_kept_and_taken_away(store: RestStore, alice: User) -> None:
    for resource in (EXPERIMENT, MODEL, Resource("prompt", "*")):
        assert store.grant("alice", resource, Permission.READ) is None
        assert store.grant("alice", resource, Permission.MANAGE) == "READ"
        assert store.grant("alice", resource, Permission.MANAGE) == "MANAGE"
        assert store.get_grant("alice", resource) == Grant("alice", resource, "MANAGE")
        assert store.level("alice", resource) is Permission.MANAGE
        assert store.revoke("alice", resource) == "MANAGE"
        with pytest.raises(NotFound, match="Permission for user=alice on resource_type"):
            store.revoke("alice", resource)
    assert store.level(alice.username, EXPERIMENT) is Permission.READ


def test_a_grant_can_be_made_only_where_there_is_none(store: RestStore, alice: User) -> None:
    store.grant("alice", EXPERIMENT, Permission.READ, existing="refuse")
    with pytest.raises(AlreadyExists, match="Permission for user=alice on resource_type"):
        store.grant("alice", EXPERIMENT, Permission.EDIT, existing="refuse")
    assert store.list_grants() == [Grant(alice.username, EXPERIMENT, "READ")]


def test_a_grant_can_be_changed_only_where_there_is_one(store: RestStore, alice: User) -> None:
    with pytest.raises(NotFound, match="Permission for user=alice on resource_type"):
        store.grant("alice", EXPERIMENT, Permission.READ, existing="require")
    store.grant("alice", EXPERIMENT, Permission.READ)
    assert store.grant("alice", EXPERIMENT, Permission.EDIT, existing="require") == "READ"
    assert store.list_grants() == [Grant(alice.username, EXPERIMENT, "EDIT")]


def test_grants_on_every_resource_of_a_type_are_kept(store: RestStore, alice: User) -> None:
    everything = Resource("experiment", "*")
    assert store.grant("alice", everything, Permission.EDIT) is None
    assert store.grant("alice", everything, Permission.USE) == "EDIT"
    assert store.level("alice", EXPERIMENT) is Permission.USE
    assert store.revoke(alice.username, everything) == "USE"


def test_grants_are_listed_of_all_of_a_user_and_on_a_resource(
    store: RestStore, alice: User
) -> None:
    store.create_user("bob", PASSWORD)
    store.grant("alice", EXPERIMENT, Permission.EDIT)
    store.grant("alice", MODEL, Permission.DENY)
    store.grant("bob", EXPERIMENT, Permission.READ)
    first = Grant(alice.username, EXPERIMENT, "EDIT")
    second = Grant(alice.username, MODEL, "DENY")
    third = Grant("bob", EXPERIMENT, "READ")
    assert store.list_grants() == [first, second, third]
    assert store.list_grants(username="alice") == [first, second]
    assert store.list_grants(resource=EXPERIMENT) == [first, third]
    assert store.list_grants(username="bob", resource=MODEL) == []


def test_grants_through_roles_are_not_ones_own_but_count(store: RestStore, alice: User) -> None:
    role = store.roles.create_role("editors", "default")
    store.roles.add_role_permission(role.id, EXPERIMENT, Permission.EDIT)
    store.roles.assign_role(alice.username, role.id)
    assert store.list_grants() == []
    assert store.level(alice.username, EXPERIMENT) is Permission.EDIT
    with pytest.raises(NotFound):
        store.revoke(alice.username, EXPERIMENT)
    store.roles.delete_role(role.id)


@ON_MLFLOW
def test_a_level_that_mlflow_does_not_take_is_answered_with_another_way(
    store: RestStore, alice: User
) -> None:
    for _ in range(2):
        with pytest.raises(InvalidRequest, match="NO_PERMISSIONS") as raised:
            store.grant(alice.username, EXPERIMENT, Permission.NO_PERMISSIONS)
        assert "DENY" in str(raised.value.hint)
        store.grant(alice.username, EXPERIMENT, Permission.READ)
    assert store.list_grants() == [Grant(alice.username, EXPERIMENT, "READ")]


@ON_MLFLOW
def test_mlflow_keeps_grants_on_a_prompt_but_does_not_resolve_them(
    store: RestStore, alice: User
) -> None:
    store.grant("alice", PROMPT, Permission.EDIT)
    assert store.revoke(alice.username, PROMPT) == "EDIT"
    with pytest.raises(InvalidRequest, match="resource_type 'prompt' is not supported"):
        store.level(alice.username, PROMPT)


@ON_AUTHCTL
def test_authctl_takes_every_level_and_resolves_prompts(store: RestStore, alice: User) -> None:
    for resource in (EXPERIMENT, PROMPT):
        assert store.grant("alice", resource, Permission.NO_PERMISSIONS) is None
        assert store.grant("alice", resource, Permission.EDIT) == "NO_PERMISSIONS"
        assert store.grant("alice", resource, Permission.NO_PERMISSIONS) == "EDIT"
        assert store.level(alice.username, resource) is Permission.NO_PERMISSIONS


def test_who_manages_an_experiment_may_grant_it(
    server: Server, sign_in: Open, store: RestStore, alice: User
) -> None:
    made = server.call(
        "POST",
        "/api/2.0/mlflow/experiments/create",
        {"name": "alice's own"},
        user=(alice.username, PASSWORD),
    )
    own = Resource("experiment", made.json()["experiment_id"])
    store.create_user("bob", PASSWORD)
    delegate = sign_in(alice.username, PASSWORD)
    assert delegate.grant("bob", own, Permission.EDIT) is None
    assert store.level("bob", own) is Permission.EDIT
    if server.folder.name.startswith("authctl"):
        # MLflow since 3.13 lets only admins see what others were granted.
        assert delegate.grant("bob", own, Permission.READ) == "EDIT"
        assert delegate.get_grant("bob", own).permission == "READ"
    delegate.remove_grant("bob", own)
    assert store.list_grants(username="bob") == []


def test_roles_are_kept(store: RestStore, alice: User) -> None:
    roles = store.roles
    role = roles.create_role("readers", "default", "May look")
    with pytest.raises(AlreadyExists, match="readers") as raised:
        roles.create_role("readers", "default")
    assert "INSERT" not in raised.value.message
    row = roles.add_role_permission(role.id, Resource("experiment", "*"), Permission.READ)
    assert roles.list_role_permissions(role.id) == [row]
    assert roles.get_role_permission(row.id) == row
    assert roles.update_role_permission(row.id, Permission.EDIT).permission == "EDIT"
    assert roles.update_role(role.id, name="editors").name == "editors"
    assignment = roles.assign_role(alice.username, role.id)
    assert roles.assignments_of(role.id) == [assignment]
    assert [held.name for held in roles.roles_of(alice.username)] == ["editors"]
    assert roles.get_role(role.id) in roles.list_roles()
    assert roles.list_roles(["elsewhere", "beyond"]) == []
    roles.unassign_role(alice.username, role.id)
    roles.remove_role_permission(row.id)
    roles.delete_role(role.id)
    with pytest.raises(NotFound):
        roles.get_role(role.id)
    with pytest.raises(NotFound):
        roles.get_role_permission(row.id)


def test_a_server_without_the_admin_api_says_so(tmp_path: Path) -> None:
    with recording_server() as plain:
        plain.will_answer(404, b"<!doctype html><title>404 Not Found</title>")
        store = RestStore(connect(plain.url, {}, tmp_path))
        with pytest.raises(InvalidRequest, match=r"does not answer GET /2.0/mlflow/users/get"):
            store.get_user("alice")
        with pytest.raises(InvalidRequest, match="cannot list users"):
            store.list_users()
        store.close()


def test_a_server_that_is_something_else_is_unavailable(tmp_path: Path) -> None:
    with recording_server() as other:
        store = RestStore(connect(other.url, {}, tmp_path))
        for body in (b"<html>Welcome</html>", b"{}", b"[]", b'{"user": {"id": "x"}}'):
            other.answers = [(200, {}, body)]
            with pytest.raises(Unavailable, match="not one that MLflow gives"):
                store.get_user("alice")
        store.close()


def test_a_user_made_but_not_promoted_is_told_of(tmp_path: Path) -> None:
    with recording_server() as server:
        server.will_answer(200, {"user": {"id": 2, "username": "bob", "is_admin": False}})
        server.will_answer(403, b"Permission denied")
        store = RestStore(connect(server.url, {}, tmp_path))
        with pytest.raises(PermissionDenied, match="'bob' was created, but not made an admin"):
            store.create_user("bob", PASSWORD, is_admin=True)
        store.close()
