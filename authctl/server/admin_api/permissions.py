"""Permissions as clients since MLflow 3.13 manage them: grant, revoke, get, list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from authctl.errors import InvalidRequest
from authctl.model import (
    DEFAULT_WORKSPACE,
    Action,
    Generation,
    Permission,
    Resource,
    ResourceType,
    synthetic_role,
)
from authctl.server.references import typed_id
from authctl.wire.entities import role_permission_to_json

if TYPE_CHECKING:
    from authctl.model import Grant, Role, RolePermission
    from authctl.server.admin_api.call import Call

Json = dict[str, Any]


def grant(call: Call) -> Json:
    """Grant, where there is no grant yet."""
    username, resource = call.required("username"), _resource(call)
    level = Permission.parse(call.required("permission"))
    call.store.grant(username, resource, level, existing="refuse")
    return {}


def revoke(call: Call) -> Json:
    """Take a grant away."""
    call.store.revoke(call.required("username"), _resource(call))
    return {}


def get(call: Call) -> Json:
    """The level in effect, is_admin left aside."""
    level = call.store.level(call.required("username"), _resource(call))
    return {"allowed": level.allows(Action.USE), "permission": level}


def list_for_user(call: Call) -> Json:
    """Every grant a user has, their own and through roles."""
    return _listed(call, call.required("username"))


def list_current(call: Call) -> Json:
    """Every grant that whoever asks has."""
    return _listed(call, call.principal.username)


def _listed(call: Call, username: str) -> Json:
    user = call.store.get_user(username)
    if call.store.generation is Generation.LEGACY:
        rows = [_legacy_row(item, user.id) for item in call.store.grants_of(user)]
    else:
        roles = filter(call.sees, call.store.roles_of(username))
        rows = [_row(role, row) for role in roles for row in role.permissions]
    return {"is_admin": user.is_admin, "permissions": rows}


def _row(role: Role, row: RolePermission) -> Json:
    written = {**role_permission_to_json(row), "role_name": role.name, "workspace": role.workspace}
    del written["id"]
    return written


def _legacy_row(item: Grant, user_id: int) -> Json:
    """A legacy grant in the words of the newer API: as if it lay in the user's own role.

    Unless it is through a role, as there are in MLflow 3.12.
    """
    return {
        "permission": item.permission,
        "resource_pattern": item.resource.id,
        "resource_type": item.resource.type,
        "role_id": 0,
        "role_name": item.role or synthetic_role(user_id),
        "workspace": DEFAULT_WORKSPACE,
    }


def _resource(call: Call) -> Resource:
    resource = Resource.checked(call.required("resource_type"), typed_id(call.reading))
    if resource.type == ResourceType.WORKSPACE:
        raise InvalidRequest(
            "resource_type 'workspace' cannot be granted to a user; grant it to a role."
        )
    return resource
