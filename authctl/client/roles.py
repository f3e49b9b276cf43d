"""The role methods of the Python client, named as MLflow names them since 3.12."""

from __future__ import annotations

from typing import TYPE_CHECKING

from authctl.model import Permission, Resource

if TYPE_CHECKING:
    from authctl.model import Assignment, Role, RolePermission
    from authctl.store.rest_roles import RestRoles


class RolesClient:
    """Roles, their permissions and who holds them.

    Every method raises InvalidRequest from servers that have no roles, which are those before
    MLflow 3.12; NotFound for a role or user that does not exist.
    """

    def __init__(self, roles: RestRoles) -> None:
        self._roles = roles

    def create_role(self, workspace: str, name: str, description: str | None = None) -> Role:
        """Make a role, in the workspace "default" where there are none. AlreadyExists.

        Example:
            client.create_role("default", "readers", description="May look at everything")

        """
        return self._roles.create_role(name, workspace, description)

    def get_role(self, role_id: int) -> Role:
        """One role with its permissions."""
        return self._roles.get_role(role_id)

    def list_roles(self, workspace: str) -> list[Role]:
        """The roles of a workspace, users' own `__user_<id>__` included."""
        return self._roles.list_roles([workspace])

    def list_all_roles(self) -> list[Role]:
        """The roles of every workspace; for admins."""
        return self._roles.list_roles()

    def update_role(
        self, role_id: int, name: str | None = None, description: str | None = None
    ) -> Role:
        """Rename or describe a role; None leaves as it is. AlreadyExists."""
        return self._roles.update_role(role_id, name=name, description=description)

    def delete_role(self, role_id: int) -> None:
        """Delete a role, its permissions and assignments."""
        self._roles.delete_role(role_id)

    def add_role_permission(
        self, role_id: int, resource_type: str, resource_pattern: str, permission: str
    ) -> RolePermission:
        """Give a role a level on a resource, "*" for all of a type. AlreadyExists."""
        resource = Resource.checked(resource_type, resource_pattern)
        return self._roles.add_role_permission(role_id, resource, Permission.parse(permission))

    def remove_role_permission(self, role_permission_id: int) -> None:
        """Take a level from a role, by the id of its row."""
        self._roles.remove_role_permission(role_permission_id)

    def list_role_permissions(self, role_id: int) -> list[RolePermission]:
        """The levels a role gives."""
        return self._roles.list_role_permissions(role_id)

    def update_role_permission(self, role_permission_id: int, permission: str) -> RolePermission:
        """Change a level that a role gives, by the id of its row."""
        return self._roles.update_role_permission(role_permission_id, Permission.parse(permission))

    def assign_role(self, username: str, role_id: int) -> Assignment:
        """Give a user a role. AlreadyExists."""
        return self._roles.assign_role(username, role_id)

    def unassign_role(self, username: str, role_id: int) -> None:
        """Take a role from a user."""
        self._roles.unassign_role(username, role_id)

    def list_user_roles(self, username: str) -> list[Role]:
        """The roles a user holds, the user's own included."""
        return self._roles.roles_of(username)

    def list_role_users(self, role_id: int) -> list[Assignment]:
        """Who holds a role."""
        return self._roles.assignments_of(role_id)
