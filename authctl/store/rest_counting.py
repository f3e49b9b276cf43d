"""All grants that count for users, as servers tell them, in few requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from authctl.errors import PermissionDenied
from authctl.model import (
    DEFAULT_WORKSPACE,
    WILDCARD,
    Grant,
    Permission,
    Resource,
    ResourceType,
    User,
    synthetic_role,
)
from authctl.store.rest_roles import RestRoles
from authctl.wire import paths
from authctl.wire.entities import legacy_grants_from_json, role_from_json, user_from_json
from authctl.wire.exchange import call
from authctl.wire.failures import NoSuchEndpoint

if TYPE_CHECKING:
    from collections.abc import Iterable

    from authctl.model import Role
    from authctl.wire.entities import Json
    from authctl.wire.exchange import Sender

_MANAGES = Resource(ResourceType.WORKSPACE, WILDCARD)


def grants_of(server: Sender, user: User) -> list[Grant]:
    """Every grant that counts for a user, where the server answers the API of MLflow since 3.13."""

    def read(reply: Json) -> list[Grant]:
        return [
            _grant(user, row["role_name"], row)
            for row in reply["permissions"]
            if row["workspace"] == DEFAULT_WORKSPACE
        ]

    return call(server, "GET", paths.USER_PERMISSIONS_LIST, read, username=user.username)


def everybody(server: Sender) -> list[tuple[User, list[Grant]]]:
    """Everybody with the grants that count for them, since MLflow 3.13: two requests.

    PermissionDenied for who is no admin and does not manage the workspace either: MLflow lists
    the users, but leaves others' roles out.
    """
    caller = call(server, "GET", paths.USERS_CURRENT, lambda reply: user_from_json(reply["user"]))
    found = call(server, "GET", paths.USERS_LIST, _users_with_grants)
    mine = [grant for user, grants in found if user.id == caller.id for grant in grants]
    manages = any((g.resource, g.permission) == (_MANAGES, Permission.MANAGE) for g in mine)
    if not (caller.is_admin or manages):
        raise PermissionDenied(
            "The server tells everybody's grants to admins only.",
            hint="Name yourself with --user.",
        )
    return found


def legacy_grants_of(server: Sender, user: User) -> list[Grant]:
    """Every grant that counts for a user on MLflow before 3.13: own ones, in 3.12 also by roles."""
    own = call(
        server,
        "GET",
        paths.USERS_GET,
        lambda reply: legacy_grants_from_json(reply["user"]),
        username=user.username,
    )
    try:
        roles = RestRoles(server).roles_of(user.username)
    except NoSuchEndpoint:
        return own
    return own + [grant for role in roles for grant in _beside(user, role)]


def legacy_everybody(server: Sender, names: Iterable[str]) -> list[tuple[User, list[Grant]]]:
    """The same of everybody of these names: a request a user and, in MLflow 3.12, one a role."""

    def read(reply: Json) -> tuple[User, list[Grant]]:
        return user_from_json(reply["user"]), legacy_grants_from_json(reply["user"])

    found = [call(server, "GET", paths.USERS_GET, read, username=name) for name in sorted(names)]
    by_id = {user.id: (user, grants) for user, grants in found}
    roles = RestRoles(server)
    try:
        listed = roles.list_roles([DEFAULT_WORKSPACE])
    except NoSuchEndpoint:
        return found
    for role in listed:
        for holder in roles.assignments_of(role.id) if role.permissions else ():
            if holder.user_id in by_id:
                user, grants = by_id[holder.user_id]
                grants += _beside(user, role)
    return found


def _users_with_grants(reply: Json) -> list[tuple[User, list[Grant]]]:
    found = [
        (user_from_json(row), [role_from_json(role) for role in row["roles"]])
        for row in reply["users"]
    ]
    return [
        (user, [grant for role in roles for grant in _in_role(user, role)])
        for user, roles in sorted(found, key=lambda pair: pair[0].username)
    ]


def _in_role(user: User, role: Role) -> list[Grant]:
    if role.workspace != DEFAULT_WORKSPACE:
        return []
    name = None if role.name == synthetic_role(user.id) else role.name
    return [Grant(user.username, row.resource, row.permission, name) for row in role.permissions]


def _beside(user: User, role: Role) -> list[Grant]:
    """What a role of MLflow 3.12 gives, where no name means that it is a user's own."""
    if role.workspace != DEFAULT_WORKSPACE:
        return []
    rows = role.permissions
    return [Grant(user.username, row.resource, row.permission, role.name) for row in rows]


def _grant(user: User, role: str, row: dict[str, Any]) -> Grant:
    resource = Resource(str(row["resource_type"]), str(row["resource_pattern"]))
    own = role == synthetic_role(user.id)
    return Grant(user.username, resource, str(row["permission"]), None if own else role)
