"""Permissions as clients since MLflow 3.13 manage them: grant, revoke, get, list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from authctl.errors import AlreadyExists, InvalidRequest, NotFound
from authctl.model import Action, Generation, Grant, Permission, Resource, ResourceType
from authctl.policy.resolution import Levels
from authctl.wire.entities import role_permission_to_json

if TYPE_CHECKING:
    from authctl.server.admin_api.call import Call

Json = dict[str, Any]


def grant(call: Call) -> Json:
    """Grant, where there is no grant yet."""
    username, resource = call.required("username"), _resource(call)
    level = Permission.parse(call.required("permission"))
    call.store.get_user(username)
    try:
        call.store.grant(username, resource, level, existing="refuse")
    except AlreadyExists as error:
        raise AlreadyExists(f"{_words(resource, username)} already exists.") from error
    return {}


def revoke(call: Call) -> Json:
    """Take a grant away."""
    username, resource = call.required("username"), _resource(call)
    call.store.get_user(username)
    try:
        call.store.revoke(username, resource)
    except NotFound as error:
        raise NotFound(f"{_words(resource, username)} not found.") from error
    return {}


def get(call: Call) -> Json:
    """The level in effect, is_admin left aside."""
    user, resource = call.store.get_user(call.required("username")), _resource(call)
    if resource.type == ResourceType.PROMPT and call.store.generation is Generation.LEGACY:
        resource = Resource(ResourceType.REGISTERED_MODEL, resource.id)
    levels = Levels(
        call.store.grants_of(user),
        default=call.settings.default_permission,
        generation=call.store.generation,
    )
    level = levels.on(resource)
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
        rows = [
            {
                **{
                    key: value for key, value in role_permission_to_json(row).items() if key != "id"
                },
                "role_name": role.name,
                "workspace": role.workspace,
            }
            for role in call.store.roles_of(username)
            for row in role.permissions
        ]
    return {"is_admin": user.is_admin, "permissions": rows}


def _legacy_row(item: Grant, user_id: int) -> Json:
    """A legacy grant in the words of the newer API: as if it lay in the user's own role."""
    return {
        "permission": item.permission,
        "resource_pattern": item.resource.id,
        "resource_type": item.resource.type,
        "role_id": 0,
        "role_name": f"__user_{user_id}__",
        "workspace": "default",
    }


def _resource(call: Call) -> Resource:
    resource = Resource.checked(call.required("resource_type"), _resource_id(call))
    if resource.type == ResourceType.WORKSPACE:
        raise InvalidRequest(
            "resource_type 'workspace' cannot be granted to a user; grant it to a role."
        )
    return resource


def _resource_id(call: Call) -> str:
    value = call.reading.one("resource_id")
    return (
        str(value)
        if isinstance(value, int) and not isinstance(value, bool)
        else (call.required("resource_id"))
    )


def _words(resource: Resource, username: str) -> str:
    return (
        f"Permission for user={username} on resource_type={resource.type},"
        f" resource_id={resource.id}"
    )
