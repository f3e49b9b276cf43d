"""authctl on the database of a running MLflow, of the release that is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from authctl.model import Grant, Permission, Resource, Role, RolePermission
from tests.round_trip import (
    ACTIONS,
    RoundTrip,
    allowed,
    each_type,
    made,
    named,
    new_user,
    opened_beside,
    told,
)
from tests.servers import mlflow_server
from tests.store.databases import empty_database, with_driver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from authctl.store.sql import SqlStore
    from tests.live import Server

# On MySQL MLflow cannot make its tables: two foreign keys there have one name.
pytestmark = [
    pytest.mark.mlflow,
    pytest.mark.parametrize("server", ["sqlite", "postgresql"], indirect=True, scope="module"),
]


@pytest.fixture(scope="module")
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """MLflow on an auth database of its own making."""
    folder = tmp_path_factory.mktemp("mlflow")
    with (
        empty_database(request.param, folder) as url,
        mlflow_server(folder, database=with_driver(url), cached=0) as running,
    ):
        yield running


@pytest.fixture(scope="module")
def store(server: Server) -> Iterator[SqlStore]:
    with opened_beside(server) as store:
        yield store


class TestSinceMlflow313(RoundTrip):
    def grant(self, server: Server, username: str, thing: Resource, level: str) -> None:
        row = {"resource_type": thing.type, "resource_id": thing.id, "permission": level}
        told(server, "POST", "3.0/mlflow/users/permissions/grant", {"username": username, **row})

    def revoke(self, server: Server, username: str, thing: Resource) -> None:
        row = {"resource_type": thing.type, "resource_id": thing.id}
        told(server, "POST", "3.0/mlflow/users/permissions/revoke", {"username": username, **row})

    @each_type
    def test_a_denial_of_mlflow_is_read(self, server: Server, store: SqlStore, kind: str) -> None:
        user, thing = new_user(store), made(server, kind)
        self.grant(server, user[0], Resource(kind, "*"), Permission.MANAGE)
        self.grant(server, user[0], thing, Permission.DENY)
        assert allowed(server, user, thing) == set()
        assert store.level(user[0], thing) is Permission.DENY
        assert store.revoke(user[0], thing) == Permission.DENY
        assert allowed(server, user, thing, ACTIONS) == set(ACTIONS)


@each_type
def test_a_role_made_by_authctl_is_what_mlflow_allows(
    server: Server, store: SqlStore, kind: str
) -> None:
    user, other, thing = new_user(store), new_user(store), made(server, kind)
    role = store.create_role(named("role"), "default", "May change things")
    row = store.add_role_permission(role.id, thing, Permission.EDIT)
    assert allowed(server, user, thing) == {"read"}
    store.assign_role(user[0], role.id)
    assert allowed(server, user, thing) == {"read", "update"}
    assert allowed(server, other, thing) == {"read"}
    store.update_role_permission(row.id, Permission.NO_PERMISSIONS)
    assert allowed(server, user, thing) == set()
    store.remove_role_permission(row.id)
    assert allowed(server, user, thing) == {"read"}
    store.add_role_permission(role.id, Resource(kind, "*"), Permission.EDIT)
    assert allowed(server, user, thing) == {"read", "update"}
    store.unassign_role(user[0], role.id)
    assert allowed(server, user, thing) == {"read"}
    store.assign_role(user[0], role.id)
    store.delete_role(role.id)
    assert allowed(server, user, thing) == {"read"}


def test_a_role_made_by_authctl_is_told_by_mlflow(server: Server, store: SqlStore) -> None:
    user = new_user(store)
    role = store.create_role(named("role"), "default", "May look")
    row = store.add_role_permission(role.id, Resource("scorer", "1/a%20judge"), Permission.USE)
    store.assign_role(user[0], role.id)
    answer = server.call("GET", "/api/3.0/mlflow/users/roles/list", username=user[0]).json()
    assert answer["roles"] == [
        {
            "id": role.id,
            "name": role.name,
            "workspace": "default",
            "description": "May look",
            "permissions": [
                {
                    "id": row.id,
                    "role_id": role.id,
                    "resource_type": "scorer",
                    "resource_pattern": "1/a%20judge",
                    "permission": "USE",
                }
            ],
        }
    ]


def test_a_role_made_through_mlflow_is_read(server: Server, store: SqlStore) -> None:
    name, _ = new_user(store)
    described = {"name": named("role"), "workspace": "default", "description": "May change"}
    role_id = told(server, "POST", "3.0/mlflow/roles/create", described)["role"]["id"]
    thing = Resource("experiment", "*")
    row = {"resource_type": thing.type, "resource_pattern": thing.id, "permission": "EDIT"}
    path = "3.0/mlflow/roles"
    added = told(server, "POST", f"{path}/permissions/add", {"role_id": role_id, **row})
    row_id = added["role_permission"]["id"]
    role = Role(
        role_id,
        described["name"],
        "default",
        "May change",
        (RolePermission(row_id, role_id, thing, "EDIT"),),
    )
    assert store.get_role(role_id) == role
    assert store.roles_of(name) == []
    told(server, "POST", f"{path}/assign", {"username": name, "role_id": role_id})
    user = store.get_user(name)
    assert store.roles_of(name) == [role]
    assert list(store.grants_of(user)) == [Grant(name, thing, "EDIT", role.name)]
    change = {"role_permission_id": row_id, "permission": "READ"}
    told(server, "PATCH", f"{path}/permissions/update", change)
    assert list(store.grants_of(user)) == [Grant(name, thing, "READ", role.name)]
    told(server, "DELETE", f"{path}/unassign", {"username": name, "role_id": role_id})
    assert list(store.grants_of(user)) == []
    told(server, "DELETE", f"{path}/delete", {"role_id": role_id})
    assert role_id not in [held.id for held in store.list_roles()]
