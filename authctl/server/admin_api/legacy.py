"""Permissions as clients before MLflow 3.13 manage them: an endpoint set a resource type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from authctl.errors import AlreadyExists, NotFound
from authctl.model import Grant, Permission, Resource, ResourceType
from authctl.wire.entities import (
    experiment_permission_to_json,
    registered_model_permission_to_json,
)

if TYPE_CHECKING:
    from authctl.server.admin_api.call import Call

Json = dict[str, Any]


def create(call: Call) -> Json:
    """Grant, where there is no grant yet."""
    username, level = call.required("username"), Permission.parse(call.required("permission"))
    resource = call.target()
    call.store.get_user(username)
    try:
        call.store.grant(username, resource, level, existing="refuse")
    except AlreadyExists as error:
        raise AlreadyExists(f"{_words(resource, username)} already exists.") from error
    return _written(call, Grant(username, resource, level))


def get(call: Call) -> Json:
    """One grant of a user's own."""
    username, resource = call.required("username"), call.target()
    found = call.store.list_grants(username=username, resource=resource)
    if not found:
        raise _not_found(resource, username)
    return _written(call, found[0])


def update(call: Call) -> Json:
    """Change a grant that is there."""
    username, level = call.required("username"), Permission.parse(call.required("permission"))
    resource = call.target()
    call.store.get_user(username)
    try:
        call.store.grant(username, resource, level, existing="require")
    except NotFound as error:
        raise _not_found(resource, username) from error
    return {}


def delete(call: Call) -> Json:
    """Take a grant away."""
    username, resource = call.required("username"), call.target()
    call.store.get_user(username)
    try:
        call.store.revoke(username, resource)
    except NotFound as error:
        raise _not_found(resource, username) from error
    return {}


def _written(call: Call, grant: Grant) -> Json:
    user_id = call.store.get_user(grant.username).id
    if grant.resource.type == ResourceType.EXPERIMENT:
        return {"experiment_permission": experiment_permission_to_json(grant, user_id)}
    return {"registered_model_permission": registered_model_permission_to_json(grant, user_id)}


def _words(resource: Resource, username: str) -> str:
    if resource.type == ResourceType.EXPERIMENT:
        return f"Experiment permission (experiment_id={resource.id}, username={username})"
    return f"Registered model permission (name={resource.id}, username={username})"


def _not_found(resource: Resource, username: str) -> NotFound:
    if resource.type == ResourceType.EXPERIMENT:
        return NotFound(
            f"Experiment permission with experiment_id={resource.id} and username={username}"
            " not found"
        )
    return NotFound(
        f"Registered model permission with name={resource.id} and username={username} not found"
    )
