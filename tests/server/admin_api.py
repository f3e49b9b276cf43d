"""The admin API as tests speak it: a route and its fields in, a status and its JSON out."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from authctl.model import ResourceType
from tests.live import ADMIN

if TYPE_CHECKING:
    import httpx

    from tests.live import Server

User = tuple[str, str]
Answer = tuple[int, Any]

LEVELS = "('NO_PERMISSIONS', 'READ', 'USE', 'EDIT', 'MANAGE', 'DENY')"
PREFIXES = ("/api", "/ajax-api")
DENIED: Answer = (403, {"error_code": "PERMISSION_DENIED", "message": "Permission denied"})
DONE: Answer = (200, {})


@dataclass(frozen=True)
class AdminApi:
    """A server's admin API under one of its two prefixes.

    A route is written "POST 2.0 users/create", one that MLflow has not "GET 3.0 /authctl/...";
    fields go into the query of a GET and into the JSON body of all else.
    """

    server: Server
    prefix: str = "/api"

    def __call__(self, route: str, user: User | None = ADMIN, /, **fields: Any) -> Answer:
        method = route.split(maxsplit=1)[0]
        given = {"params": fields} if method == "GET" else {"json": fields}
        response = self.send(route, user, **given)
        return response.status_code, response.json()

    def send(self, route: str, user: User | None = ADMIN, /, **given: Any) -> httpx.Response:
        method, version, path = route.split()
        url = f"{self.prefix}/{version}{path if path.startswith('/') else f'/mlflow/{path}'}"
        return self.server.client(user).request(method, url, **given)

    def new_user(self, name: str = "user", *, is_admin: bool = False) -> User:
        return self.server.add_user(f"{name}-{uuid.uuid4().hex[:8]}", is_admin=is_admin)

    def id_of(self, user: User) -> int:
        return int(self("GET 2.0 users/get", username=user[0])[1]["user"]["id"])

    def new_experiment(self, owner: User = ADMIN) -> str:
        made = self("POST 2.0 experiments/create", owner, name=uuid.uuid4().hex)
        return str(made[1]["experiment_id"])

    def new_model(self, owner: User = ADMIN) -> str:
        name = f"model-{uuid.uuid4().hex[:8]}"
        assert self("POST 2.0 registered-models/create", owner, name=name)[0] == 200
        return name

    def grant(self, user: User, permission: str, resource_type: str, resource_id: str) -> None:
        answer = self(
            "POST 3.0 users/permissions/grant",
            username=user[0],
            resource_type=resource_type,
            resource_id=resource_id,
            permission=permission,
        )
        assert answer == DONE

    def new_role(self, *rows: tuple[str, str, str], members: tuple[User, ...] = ()) -> int:
        """A role of (type, pattern, level) rows; its id."""
        name = f"role-{uuid.uuid4().hex[:8]}"
        made = self("POST 3.0 roles/create", name=name, workspace="default")
        role_id = int(made[1]["role"]["id"])
        for kind, pattern, permission in rows:
            added = self(
                "POST 3.0 roles/permissions/add",
                role_id=role_id,
                resource_type=kind,
                resource_pattern=pattern,
                permission=permission,
            )
            assert added[0] == 200, added
        for member in members:
            assert self("POST 3.0 roles/assign", username=member[0], role_id=role_id)[0] == 200
        return role_id

    def new_workspace_manager(self) -> User:
        manager = self.new_user("manager")
        self.new_role(("workspace", "*", "MANAGE"), members=(manager,))
        return manager


def invalid(message: str) -> Answer:
    return 400, {"error_code": "INVALID_PARAMETER_VALUE", "message": message}


def missing(name: str) -> Answer:
    return invalid(f"Missing value for required parameter '{name}'.")


def refused(message: str) -> Answer:
    return 400, {"error_code": "BAD_REQUEST", "message": message}


def taken(message: str) -> Answer:
    return 400, {"error_code": "RESOURCE_ALREADY_EXISTS", "message": message}


def not_found(message: str) -> Answer:
    return 404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": message}


def no_user(name: str) -> Answer:
    return not_found(f"User with username={name} not found")


def no_level(text: str) -> Answer:
    return invalid(f"Invalid permission '{text}'. Valid permissions are: {LEVELS}")


def no_experiment_id(text: str) -> Answer:
    return invalid(
        f"Invalid experiment id '{text}'. An experiment id is a whole number such as 42."
    )


def no_type(text: str) -> Answer:
    valid = ", ".join(repr(str(kind)) for kind in sorted(ResourceType))
    return invalid(f"Invalid resource type '{text}'. Valid resource types are: ({valid})")


EXPERIMENT = {"experiment_id": "0", "username": "admin"}
MODEL = {"name": "model", "username": "admin"}
GRANT = {"username": "admin", "resource_type": "experiment", "resource_id": "0"}
READ = {"permission": "READ"}
ROLE = {"role_id": 1}
ROUTES: dict[str, dict[str, Any]] = {
    "POST 2.0 users/create": {"username": "made", "password": "a-long-password"},
    "GET 2.0 users/get": {"username": "admin"},
    "GET 2.0 users/current": {},
    "GET 2.0 users/list": {},
    "PATCH 2.0 users/update-password": {"username": "admin", "password": "a-long-password"},
    "PATCH 2.0 users/update-admin": {"username": "admin", "is_admin": True},
    "DELETE 2.0 users/delete": {"username": "admin"},
    "POST 2.0 experiments/permissions/create": EXPERIMENT | READ,
    "GET 2.0 experiments/permissions/get": EXPERIMENT,
    "PATCH 2.0 experiments/permissions/update": EXPERIMENT | READ,
    "DELETE 2.0 experiments/permissions/delete": EXPERIMENT,
    "POST 2.0 registered-models/permissions/create": MODEL | READ,
    "GET 2.0 registered-models/permissions/get": MODEL,
    "PATCH 2.0 registered-models/permissions/update": MODEL | READ,
    "DELETE 2.0 registered-models/permissions/delete": MODEL,
    "GET 3.0 users/current/permissions": {},
    "GET 3.0 users/permissions/list": {"username": "admin"},
    "GET 3.0 users/permissions/get": GRANT,
    "POST 3.0 users/permissions/grant": GRANT | READ,
    "POST 3.0 users/permissions/revoke": GRANT,
    "GET 3.0 users/roles/list": {"username": "admin"},
    "POST 3.0 roles/create": {"name": "role", "workspace": "default", "description": "d"},
    "GET 3.0 roles/get": ROLE,
    "GET 3.0 roles/list": {"workspace": "default"},
    "PATCH 3.0 roles/update": ROLE | {"name": "role", "description": "d"},
    "DELETE 3.0 roles/delete": ROLE,
    "POST 3.0 roles/permissions/add": ROLE
    | {"resource_type": "experiment", "resource_pattern": "*"}
    | READ,
    "GET 3.0 roles/permissions/list": ROLE,
    "PATCH 3.0 roles/permissions/update": {"role_permission_id": 1} | READ,
    "DELETE 3.0 roles/permissions/remove": {"role_permission_id": 1},
    "POST 3.0 roles/assign": ROLE | {"username": "admin"},
    "DELETE 3.0 roles/unassign": ROLE | {"username": "admin"},
    "GET 3.0 roles/users/list": ROLE,
    "POST 3.0 /authctl/tokens/create": {"name": "token", "username": "admin"},
    "GET 3.0 /authctl/tokens/list": {"username": "admin"},
    "GET 3.0 /authctl/tokens/list-all": {},
    "DELETE 3.0 /authctl/tokens/revoke": {"name": "token", "username": "admin"},
}
"""Every route of the admin API with well-formed fields, about things that are not there mostly."""
