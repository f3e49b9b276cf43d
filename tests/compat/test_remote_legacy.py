"""RestStore on MLflow's servers of the legacy generation, before 3.13."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from authctl.client.transport import connect
from authctl.errors import (
    AlreadyExists,
    InvalidRequest,
    NotAuthenticated,
    NotFound,
    PermissionDenied,
    Refused,
)
from authctl.model import Generation, Grant, Permission, Resource, User
from authctl.store.rest import RestStore
from tests.live import ADMIN, authctl_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.live import Server

pytestmark = [
    pytest.mark.compat,
    pytest.mark.timeout(900),
    pytest.mark.parametrize("legacy", ["3.4.0", "3.12.0"], indirect=True, scope="module"),
]

PASSWORD = "a-long-password"
EXPERIMENT = Resource("experiment", "42")
MODEL = Resource("registered_model", "churn: größer/kleiner?&")
SignIn = Callable[..., RestStore]


@pytest.fixture
def sign_in(legacy: Server, tmp_path: Path) -> Iterator[SignIn]:
    opened: list[RestStore] = []

    def sign_in(username: str = ADMIN[0], password: str = ADMIN[1]) -> RestStore:
        env = {"MLFLOW_TRACKING_USERNAME": username, "MLFLOW_TRACKING_PASSWORD": password}
        opened.append(RestStore(connect(legacy.url, env, tmp_path)))
        return opened[-1]

    yield sign_in
    for store in opened:
        store.close()


@pytest.fixture
def store(sign_in: SignIn) -> Iterator[RestStore]:
    """The server as its admin sees it, who deletes the users of the test."""
    store = sign_in()
    yield store
    for username in ("alice", "bob"):
        try:
            store.delete_user(username, force=True)
        except NotFound:
            continue


@pytest.fixture
def alice(store: RestStore) -> User:
    return store.create_user("alice", PASSWORD)


def lists_users(legacy: Server) -> bool:
    return legacy.call("GET", "/api/2.0/mlflow/users/list").status_code == 200


def created(legacy: Server, kind: str, name: str) -> dict[str, Any]:
    path = f"/api/2.0/mlflow/{kind}/create"
    made = legacy.call("POST", path, {"name": name}, user=("alice", PASSWORD))
    assert made.status_code == 200, made.text
    return made.json()


def test_this_release_is_of_the_legacy_generation(store: RestStore) -> None:
    assert store.generation is Generation.LEGACY


def test_users_are_made_found_promoted_and_deleted(store: RestStore) -> None:
    alice = store.create_user("alice", PASSWORD)
    assert store.get_user("alice") == alice
    assert store.set_admin("alice", True)
    assert not store.set_admin("alice", True)
    assert store.get_user("alice") == User(alice.id, "alice", True)
    assert store.set_admin("alice", False)
    store.delete_user("alice")
    with pytest.raises(NotFound, match="User with username=alice not found"):
        store.get_user("alice")
    assert store.create_user("bob", PASSWORD, is_admin=True).is_admin


def test_users_are_listed_since_mlflow_3_10(legacy: Server, store: RestStore, alice: User) -> None:
    if lists_users(legacy):
        assert store.list_users() == [User(1, ADMIN[0], True), alice]
    else:
        with pytest.raises(InvalidRequest, match="cannot list users") as raised:
            store.list_users()
        assert "--db" in str(raised.value.hint)


def test_the_last_admin_stays_where_users_can_be_listed(
    legacy: Server, store: RestStore, alice: User
) -> None:
    if not lists_users(legacy):
        pytest.skip("nobody can tell who is the last")
    with pytest.raises(Refused, match="last admin"):
        store.set_admin(ADMIN[0], False)
    with pytest.raises(Refused, match="last admin"):
        store.delete_user(ADMIN[0])
    assert not store.get_user(alice.username).is_admin


def test_an_error_tells_neither_sql_nor_hash(store: RestStore, alice: User) -> None:
    with pytest.raises(AlreadyExists) as raised:
        store.create_user(alice.username, PASSWORD)
    assert raised.value.message == "User (username=alice) already exists."


def test_a_password_is_checked_since_the_server_would_take_any(
    store: RestStore, sign_in: SignIn, alice: User
) -> None:
    with pytest.raises(InvalidRequest, match="at least 12"):
        store.set_password(alice.username, "x")
    store.set_password(alice.username, "another-password")
    assert sign_in("alice", "another-password").get_user("alice") == alice
    with pytest.raises(NotAuthenticated):
        sign_in("alice", PASSWORD).get_user("alice")


def test_a_grant_is_made_changed_kept_and_taken_away(store: RestStore, alice: User) -> None:
    for resource in (EXPERIMENT, MODEL):
        assert store.grant("alice", resource, Permission.READ) is None
        assert store.grant("alice", resource, Permission.NO_PERMISSIONS) == "READ"
        assert store.grant("alice", resource, Permission.NO_PERMISSIONS) == "NO_PERMISSIONS"
        grant = Grant("alice", resource, "NO_PERMISSIONS")
        assert store.get_grant("alice", resource) == grant
        assert store.list_grants(username="alice") == [grant]
        assert store.level("alice", resource) is Permission.NO_PERMISSIONS
        assert store.revoke("alice", resource) == "NO_PERMISSIONS"
        with pytest.raises(NotFound, match="Permission for user=alice on resource_type"):
            store.revoke(alice.username, resource)


def test_existing_grants_are_refused_or_required(store: RestStore, alice: User) -> None:
    with pytest.raises(NotFound, match="Permission for user=alice on resource_type"):
        store.grant("alice", EXPERIMENT, Permission.READ, existing="require")
    store.grant("alice", EXPERIMENT, Permission.READ, existing="refuse")
    with pytest.raises(AlreadyExists, match="Permission for user=alice on resource_type") as raised:
        store.grant("alice", EXPERIMENT, Permission.EDIT, existing="refuse")
    assert "SQL" not in raised.value.message
    before = store.grant(alice.username, EXPERIMENT, Permission.EDIT, existing="require")
    assert before == "READ"


def test_nobody_unknown_has_grants(store: RestStore) -> None:
    for act in (
        lambda: store.list_grants(username="nobody"),
        lambda: store.get_grant("nobody", EXPERIMENT),
        lambda: store.grant("nobody", EXPERIMENT, Permission.READ),
        lambda: store.revoke("nobody", EXPERIMENT),
        lambda: store.level("nobody", EXPERIMENT),
        lambda: store.delete_user("nobody"),
    ):
        with pytest.raises(NotFound, match="User with username=nobody not found"):
            act()


def test_grants_of_everybody_are_listed_where_users_are(
    legacy: Server, store: RestStore, alice: User
) -> None:
    store.create_user("bob", PASSWORD)
    store.grant(alice.username, EXPERIMENT, Permission.EDIT)
    store.grant("bob", EXPERIMENT, Permission.READ)
    store.grant("bob", MODEL, Permission.READ)
    if not lists_users(legacy):
        with pytest.raises(InvalidRequest, match="cannot list users"):
            store.list_grants()
        return
    assert store.list_grants(resource=EXPERIMENT) == [
        Grant("alice", EXPERIMENT, "EDIT"),
        Grant("bob", EXPERIMENT, "READ"),
    ]
    assert len(store.list_grants()) == 3


def test_a_prompt_is_a_registered_model(store: RestStore, alice: User) -> None:
    store.grant("alice", Resource("prompt", "greeting"), Permission.EDIT)
    stored = Resource("registered_model", "greeting")
    assert store.list_grants(username=alice.username) == [Grant("alice", stored, "EDIT")]
    assert store.revoke("alice", Resource("prompt", "greeting")) == "EDIT"


@pytest.mark.parametrize(
    "resource", [Resource("scorer", "1/s"), Resource("run", "*"), Resource("experiment", "*")]
)
def test_what_this_generation_cannot_keep_is_refused(
    resource: Resource, store: RestStore, alice: User
) -> None:
    with pytest.raises(InvalidRequest, match="takes no grants") as raised:
        store.grant(alice.username, resource, Permission.READ)
    assert "3.13" in str(raised.value.hint)
    with pytest.raises(InvalidRequest, match="DENY"):
        store.grant(alice.username, EXPERIMENT, Permission.DENY)


def test_the_default_level_is_not_told(store: RestStore, alice: User) -> None:
    with pytest.raises(InvalidRequest, match="default permission") as raised:
        store.level(alice.username, EXPERIMENT)
    assert "--db" in str(raised.value.hint)


def test_who_created_things_is_deleted_with_the_grants_from_it(
    legacy: Server, store: RestStore, alice: User
) -> None:
    created(legacy, "experiments", "doomed")
    created(legacy, "registered-models", "doomed")
    assert len(store.list_grants(username="alice")) == 2
    store.delete_user(alice.username)
    store.create_user("alice", PASSWORD)
    assert store.list_grants(username="alice") == []


def test_who_manages_an_experiment_may_grant_it(
    legacy: Server, store: RestStore, sign_in: SignIn, alice: User
) -> None:
    own = Resource("experiment", created(legacy, "experiments", "own")["experiment_id"])
    store.create_user("bob", PASSWORD)
    delegate = sign_in(alice.username, PASSWORD)
    assert delegate.grant("bob", own, Permission.READ) is None
    assert delegate.grant("bob", own, Permission.EDIT) == "READ"
    assert delegate.revoke("bob", own) == "EDIT"
    with pytest.raises(PermissionDenied):
        delegate.grant("bob", EXPERIMENT, Permission.READ)


def test_a_user_with_roles_and_scorers_is_deleted_where_there_are_any(
    legacy: Server, store: RestStore, alice: User
) -> None:
    if not lists_users(legacy):
        with pytest.raises(InvalidRequest, match="roles/create"):
            store.roles.create_role("editors", "default")
        return
    role = store.roles.create_role("editors", "default")
    store.roles.add_role_permission(role.id, EXPERIMENT, Permission.EDIT)
    store.roles.assign_role("alice", role.id)
    scorer = {"experiment_id": "42", "scorer_name": "s/1", "username": "alice"}
    path = "/api/3.0/mlflow/scorers/permissions/create"
    assert legacy.call("POST", path, {**scorer, "permission": "READ"}).status_code == 200
    store.grant("alice", EXPERIMENT, Permission.READ)
    with pytest.raises(InvalidRequest, match="does not tell"):
        store.level("alice", EXPERIMENT)
    store.delete_user(alice.username)
    assert store.roles.assignments_of(role.id) == []
    store.roles.delete_role(role.id)


def test_a_user_whom_the_server_does_not_let_go_is_told_of(
    legacy: Server, store: RestStore, alice: User
) -> None:
    if not lists_users(legacy):
        pytest.skip("gateways came later")
    path = "/api/3.0/mlflow/gateway/secrets/permissions"
    secret = {"secret_id": "s", "username": alice.username}
    legacy.call("POST", f"{path}/create", {**secret, "permission": "USE"})
    with pytest.raises(InvalidRequest, match="still has some on gateways") as raised:
        store.delete_user("alice")
    assert "--db" in str(raised.value.hint)
    legacy.call("DELETE", f"{path}/delete", secret)


def test_authctl_on_a_database_of_this_release_is_administered_alike(
    legacy: Server, alice: User, tmp_path: Path
) -> None:
    env = {"MLFLOW_TRACKING_USERNAME": ADMIN[0], "MLFLOW_TRACKING_PASSWORD": ADMIN[1]}
    with authctl_server(tmp_path / "authctl", "--auth-db", legacy.database) as server:
        store = RestStore(connect(server.url, env, tmp_path))
        assert store.generation is Generation.LEGACY
        assert store.grant(alice.username, EXPERIMENT, Permission.READ) is None
        assert store.grant("alice", EXPERIMENT, Permission.EDIT) == "READ"
        assert store.grant("alice", MODEL, Permission.NO_PERMISSIONS) is None
        assert store.list_grants() == [
            Grant("alice", EXPERIMENT, "EDIT"),
            Grant("alice", MODEL, "NO_PERMISSIONS"),
        ]
        assert store.level("alice", MODEL) is Permission.NO_PERMISSIONS
        assert store.level("alice", Resource("experiment", "7")) is Permission.READ
        assert store.revoke("alice", MODEL) == "NO_PERMISSIONS"
        store.delete_user("alice")
        assert [user.username for user in store.list_users()] == [ADMIN[0]]
        store.close()
