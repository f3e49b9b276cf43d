"""Permissions as clients before MLflow 3.13 manage them: an endpoint set a resource type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from authctl.errors import AlreadyExists, InvalidRequest, NotFound
from authctl.model import WILDCARD, Grant, Permission, ResourceType
from authctl.wire.entities import (
    experiment_permission_to_json,
    registered_model_permission_to_json,
)

if TYPE_CHECKING:
    from authctl.model import Resource, User
    from authctl.server.admin_api.call import Call

Json = dict[str, Any]


def create(call: Call) -> Json:
    """Grant, where there is no grant yet."""
    resource, user = _resource(call), _user(call)
    level = Permission.parse(call.required("permission"))
    try:
        call.store.grant(user.username, resource, level, existing="refuse")
    except AlreadyExists as error:
        raise AlreadyExists(f"{_words(resource, user)} already exists.") from error
    return _written(Grant(user.username, resource, level), user)


def get(call: Call) -> Json:
    """One grant of a user's own."""
    resource, user = _resource(call), _user(call)
    found = call.store.list_grants(username=user.username, resource=resource)
    if not found:
        raise _not_found(resource, user)
    return _written(found[0], user)


def update(call: Call) -> Json:
    """Change a grant that is there."""
    resource, user = _resource(call), _user(call)
    level = Permission.parse(call.required("permission"))
    try:
        call.store.grant(user.username, resource, level, existing="require")
    except NotFound as error:
        raise _not_found(resource, user) from error
    return {}


def delete(call: Call) -> Json:
    """Take a grant away."""
    resource, user = _resource(call), _user(call)
    try:
        call.store.revoke(user.username, resource)
    except NotFound as error:
        raise _not_found(resource, user) from error
    return {}


def _resource(call: Call) -> Resource:
    resource = call.target()
    if resource.id == WILDCARD:
        # This API had no wildcards: a level on one model must not become one on all of them.
        raise InvalidRequest(f"'{WILDCARD}' is not the name of a registered model.")
    return resource


def _user(call: Call) -> User:
    return call.store.get_user(call.required("username"))


def _written(grant: Grant, user: User) -> Json:
    if grant.resource.type == ResourceType.EXPERIMENT:
        return {"experiment_permission": experiment_permission_to_json(grant, user.id)}
    return {"registered_model_permission": registered_model_permission_to_json(grant, user.id)}


def _words(resource: Resource, user: User) -> str:
    kind, field = _called(resource)
    return f"{kind} permission ({field}={resource.id}, username={user.username})"


def _not_found(resource: Resource, user: User) -> NotFound:
    kind, field = _called(resource)
    return NotFound(
        f"{kind} permission with {field}={resource.id} and username={user.username} not found"
    )


def _called(resource: Resource) -> tuple[str, str]:
    """What this API calls a resource's type, and the field with its id."""
    if resource.type == ResourceType.EXPERIMENT:
        return "Experiment", "experiment_id"
    return "Registered model", "name"
