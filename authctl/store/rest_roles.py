"""Roles on a server, and users' own grants, which lie in roles since MLflow 3.13."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from authctl.errors import InvalidRequest, NotFound
from authctl.model import (
    DEFAULT_WORKSPACE,
    Assignment,
    Grant,
    Permission,
    Resource,
    Role,
    RolePermission,
    User,
    synthetic_role,
)
from authctl.store.base import subject
from authctl.wire import paths
from authctl.wire.entities import assignment_from_json, role_from_json, role_permission_from_json
from authctl.wire.exchange import call, nothing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from authctl.wire.entities import Json
    from authctl.wire.exchange import Sender


class RestRoles:
    """A RoleStore over a server's admin API (contract 2.3).

    Raises NoSuchEndpoint, an InvalidRequest, on servers before MLflow 3.12, which have no roles.
    """

    def __init__(self, server: Sender) -> None:
        self._server = server

    def create_role(self, name: str, workspace: str, description: str | None = None) -> Role:
        """Make a role. AlreadyExists; InvalidRequest for an empty or reserved name."""
        return call(
            self._server,
            "POST",
            paths.ROLES_CREATE,
            _role,
            name=name,
            workspace=workspace,
            description=description,
        )

    def get_role(self, role_id: int) -> Role:
        """One role with its permissions. NotFound."""
        return call(self._server, "GET", paths.ROLES_GET, _role, role_id=role_id)

    def list_roles(self, workspaces: Sequence[str] = ()) -> list[Role]:
        """Roles by id with their permissions, synthetic ones included; of these workspaces only."""
        if len(workspaces) == 1:
            # Who holds a role in a workspace may list it; only an admin may list them all.
            found = call(self._server, "GET", paths.ROLES_LIST, _role_list, workspace=workspaces[0])
        else:
            found = call(self._server, "GET", paths.ROLES_LIST, _role_list)
        wanted = [role for role in found if not workspaces or role.workspace in workspaces]
        return sorted(wanted, key=lambda role: role.id)

    def update_role(
        self, role_id: int, *, name: str | None = None, description: str | None = None
    ) -> Role:
        """Rename or describe a role. NotFound; AlreadyExists; InvalidRequest."""
        return call(
            self._server,
            "PATCH",
            paths.ROLES_UPDATE,
            _role,
            role_id=role_id,
            name=name,
            description=description,
        )

    def delete_role(self, role_id: int) -> None:
        """Delete a role, its permissions and assignments. NotFound."""
        call(self._server, "DELETE", paths.ROLES_DELETE, nothing, role_id=role_id)

    def list_role_permissions(self, role_id: int) -> list[RolePermission]:
        """The rows of a role. NotFound."""
        return call(
            self._server,
            "GET",
            paths.ROLE_PERMISSIONS_LIST,
            lambda reply: [role_permission_from_json(row) for row in reply["role_permissions"]],
            role_id=role_id,
        )

    def add_role_permission(
        self, role_id: int, resource: Resource, permission: Permission
    ) -> RolePermission:
        """Add a row to a role. NotFound; AlreadyExists; InvalidRequest."""
        return call(
            self._server,
            "POST",
            paths.ROLE_PERMISSIONS_ADD,
            _role_permission,
            role_id=role_id,
            resource_type=resource.type,
            resource_pattern=resource.id,
            permission=permission,
        )

    def get_role_permission(self, role_permission_id: int) -> RolePermission:
        """One row of a role, looked for in all of them. NotFound."""
        for role in self.list_roles():
            for row in role.permissions:
                if row.id == role_permission_id:
                    return row
        raise NotFound(f"Role permission with id={role_permission_id} not found")

    def update_role_permission(
        self, role_permission_id: int, permission: Permission
    ) -> RolePermission:
        """Change the level of a role's row. NotFound; InvalidRequest."""
        return call(
            self._server,
            "PATCH",
            paths.ROLE_PERMISSIONS_UPDATE,
            _role_permission,
            role_permission_id=role_permission_id,
            permission=permission,
        )

    def remove_role_permission(self, role_permission_id: int) -> None:
        """Remove a row from a role. NotFound."""
        call(
            self._server,
            "DELETE",
            paths.ROLE_PERMISSIONS_REMOVE,
            nothing,
            role_permission_id=role_permission_id,
        )

    def assign_role(self, username: str, role_id: int) -> Assignment:
        """Give a user a role. NotFound; AlreadyExists; InvalidRequest for a synthetic role."""
        return call(
            self._server,
            "POST",
            paths.ROLES_ASSIGN,
            lambda reply: assignment_from_json(reply["assignment"]),
            username=username,
            role_id=role_id,
        )

    def unassign_role(self, username: str, role_id: int) -> None:
        """Take a role from a user. NotFound."""
        call(
            self._server,
            "DELETE",
            paths.ROLES_UNASSIGN,
            nothing,
            username=username,
            role_id=role_id,
        )

    def roles_of(self, username: str) -> list[Role]:
        """The roles a user holds, synthetic ones included. NotFound."""
        return call(self._server, "GET", paths.USER_ROLES_LIST, _role_list, username=username)

    def assignments_of(self, role_id: int) -> list[Assignment]:
        """Who holds a role. NotFound."""
        return call(
            self._server,
            "GET",
            paths.ROLE_USERS_LIST,
            lambda reply: [assignment_from_json(row) for row in reply["assignments"]],
            role_id=role_id,
        )


class RolesGrants:
    """Users' own grants, each in a role of the user's own named `__user_<id>__` (contract 1.6)."""

    def __init__(self, server: Sender) -> None:
        self._server = server
        self._roles = RestRoles(server)

    def stored(self, resource: Resource) -> Resource:
        """The name under which this generation keeps a resource's grants: its own."""
        return resource

    def of(self, username: str) -> list[Grant]:
        """A user's own grants. NotFound for the user."""
        return [Grant(username, row.resource, row.permission) for row in self._rows(username)]

    def of_all(self, users: Iterable[User]) -> list[Grant]:
        """Every user's own grants."""
        return own_grants(users, self._roles.list_roles([DEFAULT_WORKSPACE]))

    def get(self, username: str, resource: Resource) -> Grant:
        """A user's own grant on a resource. NotFound for the user or the grant."""
        return Grant(username, resource, self._row(username, resource).permission)

    def add(self, username: str, resource: Resource, permission: Permission) -> None:
        """Make a grant. AlreadyExists; NotFound for the user."""
        with _hinting_at_denials(permission):
            call(
                self._server,
                "POST",
                paths.USER_PERMISSIONS_GRANT,
                nothing,
                username=username,
                resource_type=resource.type,
                resource_id=resource.id,
                permission=permission,
            )

    def replace(self, username: str, resource: Resource, permission: Permission) -> str:
        """Change the level of a grant; the level before. NotFound for the user or the grant.

        The row is changed where it is: to revoke and grant again would leave the user without.
        """
        row = self._row(username, resource)
        if row.permission != permission:
            with _hinting_at_denials(permission):
                self._roles.update_role_permission(row.id, permission)
        return row.permission

    def remove(self, username: str, resource: Resource) -> None:
        """Take a grant away. NotFound for the user or the grant."""
        call(
            self._server,
            "POST",
            paths.USER_PERMISSIONS_REVOKE,
            nothing,
            username=username,
            resource_type=resource.type,
            resource_id=resource.id,
        )

    def _rows(self, username: str) -> Sequence[RolePermission]:
        user_id = call(
            self._server,
            "GET",
            paths.USERS_GET,
            lambda reply: int(reply["user"]["id"]),
            username=username,
        )
        for role in self._roles.roles_of(username):
            if role.name == synthetic_role(user_id) and role.workspace == DEFAULT_WORKSPACE:
                return role.permissions
        return ()

    def _row(self, username: str, resource: Resource) -> RolePermission:
        for row in self._rows(username):
            if row.resource == resource:
                return row
        raise NotFound(f"{subject(username, resource)} not found.")


def own_grants(users: Iterable[User], roles: Iterable[Role]) -> list[Grant]:
    """Find users' own grants among the roles of the default workspace."""
    username_of = {synthetic_role(user.id): user.username for user in users}
    return [
        Grant(username_of[role.name], row.resource, row.permission)
        for role in roles
        if role.name in username_of
        for row in role.permissions
    ]


@contextmanager
def _hinting_at_denials(permission: Permission) -> Iterator[None]:
    try:
        yield
    except InvalidRequest as error:
        if permission is not Permission.NO_PERMISSIONS:
            raise
        raise InvalidRequest(
            error.message, hint="Use DENY (MLflow 3.17 on), or --db to write it into the database."
        ) from error


def _role(reply: Json) -> Role:
    return role_from_json(reply["role"])


def _role_list(reply: Json) -> list[Role]:
    return [role_from_json(row) for row in reply["roles"]]


def _role_permission(reply: Json) -> RolePermission:
    return role_permission_from_json(reply["role_permission"])
