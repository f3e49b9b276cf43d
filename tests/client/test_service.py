"""The Python client on the servers of this release: MLflow's own and authctl's."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from authctl.client import (
    AuthServiceClient,
    ExperimentPermission,
    RegisteredModelPermission,
    User,
    UserPermission,
)
from authctl.errors import (
    AlreadyExists,
    InvalidRequest,
    NotAuthenticated,
    NotFound,
    PermissionDenied,
    Refused,
)
from authctl.model import Grant, Resource
from tests.client.services import PASSWORD, SignIn
from tests.live import ADMIN

if TYPE_CHECKING:
    from tests.live import Server

pytestmark = pytest.mark.mlflow


def test_users_have_the_attributes_of_mlflows(client: AuthServiceClient) -> None:
    alice = client.create_user(username="alice", password=PASSWORD)
    assert (alice.username, alice.is_admin) == ("alice", False)
    assert (alice.experiment_permissions, alice.registered_model_permissions) == ((), ())
    client.create_experiment_permission("42", "alice", "EDIT")
    client.create_registered_model_permission("churn", "alice", "READ")
    whole = User(
        alice.id,
        "alice",
        False,
        (ExperimentPermission("42", alice.id, "EDIT"),),
        (RegisteredModelPermission("churn", alice.id, "READ"),),
    )
    assert client.get_user("alice") == whole
    assert client.list_users() == [User(1, ADMIN[0], True), whole]


def test_errors_bear_mlflows_codes(client: AuthServiceClient, alice: User) -> None:
    with pytest.raises(NotFound) as missing:
        client.get_user("nobody")
    assert missing.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    with pytest.raises(AlreadyExists) as taken:
        client.create_user(alice.username, PASSWORD)
    assert taken.value.error_code == "RESOURCE_ALREADY_EXISTS"
    with pytest.raises(InvalidRequest) as wrong:
        client.create_experiment_permission("42", alice.username, "OWNER")
    assert wrong.value.error_code == "INVALID_PARAMETER_VALUE"


def test_the_credential_may_change_between_two_calls(
    client: AuthServiceClient, sign_in: SignIn, alice: User
) -> None:
    sign_in(alice.username, PASSWORD)
    assert client.get_user("alice").id == alice.id
    with pytest.raises(PermissionDenied):
        client.create_user("bob", PASSWORD)
    client.update_user_password("alice", "another-password", current_password=PASSWORD)
    with pytest.raises(NotAuthenticated):
        client.get_user("alice")
    sign_in(alice.username, "another-password")
    assert client.get_user("alice").id == alice.id


def test_admins_are_made_and_unmade_but_for_the_last(
    client: AuthServiceClient, alice: User
) -> None:
    client.update_user_admin(username=alice.username, is_admin=True)
    assert client.get_user("alice").is_admin
    client.update_user_admin(username=alice.username, is_admin=False)
    assert not client.get_user("alice").is_admin
    with pytest.raises(Refused):
        client.update_user_admin(ADMIN[0], False)


def test_experiment_permissions_are_made_read_changed_and_deleted(
    client: AuthServiceClient, alice: User
) -> None:
    made = client.create_experiment_permission(
        experiment_id="42", username="alice", permission="READ"
    )
    assert made == ExperimentPermission("42", alice.id, "READ")
    with pytest.raises(AlreadyExists):
        client.create_experiment_permission("42", "alice", "EDIT")
    client.update_experiment_permission(experiment_id="42", username="alice", permission="EDIT")
    found = client.get_experiment_permission(experiment_id="42", username="alice")
    assert found == ExperimentPermission("42", alice.id, "EDIT")
    client.delete_experiment_permission(experiment_id="42", username="alice")
    for act in (
        lambda: client.get_experiment_permission("42", "alice"),
        lambda: client.update_experiment_permission("42", "alice", "READ"),
        lambda: client.delete_experiment_permission("42", "alice"),
    ):
        with pytest.raises(NotFound):
            act()


def test_registered_model_permissions_are_made_read_changed_and_deleted(
    client: AuthServiceClient, alice: User
) -> None:
    made = client.create_registered_model_permission(
        name="churn", username="alice", permission="READ"
    )
    assert made == RegisteredModelPermission("churn", alice.id, "READ")
    with pytest.raises(AlreadyExists):
        client.create_registered_model_permission("churn", "alice", "EDIT")
    client.update_registered_model_permission(name="churn", username="alice", permission="EDIT")
    found = client.get_registered_model_permission(name="churn", username="alice")
    assert found == RegisteredModelPermission("churn", alice.id, "EDIT")
    client.delete_registered_model_permission(name="churn", username="alice")
    for act in (
        lambda: client.get_registered_model_permission("churn", "alice"),
        lambda: client.update_registered_model_permission("churn", "alice", "READ"),
        lambda: client.delete_registered_model_permission("churn", "alice"),
    ):
        with pytest.raises(NotFound):
            act()


def test_permissions_of_any_type_are_granted_and_revoked(
    client: AuthServiceClient, alice: User
) -> None:
    client.grant_user_permission("alice", "prompt", "greeting", "EDIT")
    client.grant_user_permission("alice", "experiment", "*", "USE")
    with pytest.raises(AlreadyExists):
        client.grant_user_permission("alice", "prompt", "greeting", "READ")
    on_all, on_one = (
        Grant("alice", Resource("experiment", "*"), "USE"),
        Grant("alice", Resource("prompt", "greeting"), "EDIT"),
    )
    assert client.list_permissions("alice") == client.list_permissions() == [on_all, on_one]
    on_greeting = client.list_permissions(resource_type="prompt", resource_id="greeting")
    assert on_greeting == [on_one]
    with pytest.raises(InvalidRequest):
        client.list_permissions(resource_type="prompt")
    assert client.get_user_permission("alice", "experiment", "7") == UserPermission(True, "USE")
    client.revoke_user_permission(alice.username, "experiment", "*")
    assert client.get_user_permission("alice", "experiment", "7") == UserPermission(False, "READ")
    with pytest.raises(NotFound):
        client.revoke_user_permission(alice.username, "experiment", "*")


@pytest.mark.parametrize(
    ("resource_type", "resource_id"), [("widget", "1"), ("experiment", "01"), ("run", "abc")]
)
def test_what_no_grant_can_be_on_is_refused(
    resource_type: str, resource_id: str, client: AuthServiceClient, alice: User
) -> None:
    with pytest.raises(InvalidRequest):
        client.grant_user_permission(alice.username, resource_type, resource_id, "READ")


def test_who_manages_an_experiment_grants_it_without_being_an_admin(
    server: Server, client: AuthServiceClient, sign_in: SignIn, alice: User
) -> None:
    client.create_user("bob", PASSWORD)
    made = server.call(
        "POST",
        "/api/2.0/mlflow/experiments/create",
        {"name": "alice's own"},
        user=(alice.username, PASSWORD),
    )
    own = made.json()["experiment_id"]
    sign_in(alice.username, PASSWORD)
    granted = client.create_experiment_permission(own, "bob", "EDIT")
    assert granted == ExperimentPermission(own, None, "EDIT")
    client.delete_experiment_permission(own, "bob")


def test_roles_are_administered_in_mlflows_words(client: AuthServiceClient, alice: User) -> None:
    role = client.create_role("default", "readers", description="May look")
    row = client.add_role_permission(role.id, "experiment", "*", "READ")
    assert (row.resource_type, row.resource_pattern, row.permission) == ("experiment", "*", "READ")
    assert client.update_role_permission(row.id, "EDIT").permission == "EDIT"
    assert [each.permission for each in client.list_role_permissions(role.id)] == ["EDIT"]
    assigned = client.assign_role(alice.username, role.id)
    assert (assigned.user_id, assigned.role_id) == (alice.id, role.id)
    assert client.list_role_users(role.id) == [assigned]
    assert [held.name for held in client.list_user_roles("alice")] == ["readers"]
    assert client.update_role(role.id, description="").description == ""
    assert client.get_role(role.id) in client.list_roles("default")
    assert client.get_role(role.id) in client.list_all_roles()
    client.unassign_role(alice.username, role.id)
    client.remove_role_permission(row.id)
    client.delete_role(role.id)
    with pytest.raises(NotFound):
        client.get_role(role.id)


def test_a_client_closes_itself(server: Server, sign_in: SignIn) -> None:
    sign_in(*ADMIN)
    with AuthServiceClient(server.url) as client:
        assert client.get_user(ADMIN[0]).is_admin


def test_a_server_elsewhere_is_not_asked_unencrypted(sign_in: SignIn) -> None:
    sign_in(*ADMIN)
    with (
        AuthServiceClient("http://mlflow.invalid") as client,
        pytest.raises(InvalidRequest, match="not encrypted"),
    ):
        client.get_user("alice")


@pytest.mark.parametrize("server", ["authctl"], indirect=True)
def test_mlflow_hands_out_the_client(server: Server, sign_in: SignIn) -> None:
    sign_in(*ADMIN)
    program = (
        "from mlflow.server import get_app_client;"
        f"client = get_app_client('authctl', tracking_uri={server.url!r});"
        "print(type(client).__module__, client.get_user('admin').is_admin)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ran.stdout.split() == ["authctl.client.service", "True"]


def test_to_import_the_client_loads_nothing_slow() -> None:
    program = (
        "import sys, authctl.client;"
        "slow = {'httpx', 'mlflow', 'sqlalchemy', 'passlib', 'starlette', 'typer', 'rich'};"
        "print(sorted(slow & set(sys.modules)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "[]"
