"""Roles in an auth database of the roles generation (contract 2.3)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update

from authctl.errors import AlreadyExists, InvalidRequest, NotFound
from authctl.model import (
    SYNTHETIC_ROLE_PREFIX,
    Assignment,
    Generation,
    Permission,
    Resource,
    Role,
    RolePermission,
    checked_name,
)
from authctl.store.grants_roles import check_level
from authctl.store.sql_engine import Database, insert_row, reading, writing
from authctl.store.sql_users import remove_roles, require_user

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Connection, Row, Table

    from authctl.store.schema import Schema

_MAX_WORKSPACE = 63
_MAX_DESCRIPTION = 1024
_MAX_ID = 2**31 - 1


class SqlRoles:
    """The role half of SqlStore; every method raises InvalidRequest before MLflow 3.13."""

    def __init__(self, database: Database, schema: Schema) -> None:
        self.database = database
        self.schema = schema

    def hold(self, connection: Connection) -> None:
        """Keep other writers out until the transaction ends."""
        self.schema.hold(connection)

    @writing
    def create_role(
        self, connection: Connection, name: str, workspace: str, description: str | None
    ) -> Role:
        """Make a role. AlreadyExists; InvalidRequest for an empty or reserved name."""
        _check_role_name(name)
        _check_length(checked_name(workspace, "workspace"), _MAX_WORKSPACE, "workspace")
        _check_length(description or "", _MAX_DESCRIPTION, "description")
        roles = self._table("roles")
        if self._is_taken(connection, name, workspace):
            raise AlreadyExists(f"Role (name={name}, workspace={workspace}) already exists")
        role_id = insert_row(
            connection, roles, name=name, workspace=workspace, description=description
        )
        return Role(role_id, name, workspace, description)

    @reading
    def get_role(self, connection: Connection, role_id: int) -> Role:
        """One role with its permissions. NotFound."""
        return self._role(connection, role_id)

    @reading
    def list_roles(self, connection: Connection, workspaces: Sequence[str] = ()) -> list[Role]:
        """Roles by id with their permissions, synthetic ones included; of these workspaces only."""
        found = self._select(connection)
        return [role for role in found if not workspaces or role.workspace in workspaces]

    @writing
    def update_role(
        self,
        connection: Connection,
        role_id: int,
        *,
        name: str | None = None,
        description: str | None = None,
    ) -> Role:
        """Rename or describe a role. NotFound; AlreadyExists; InvalidRequest."""
        if name is None and description is None:
            raise InvalidRequest("At least one of 'name' or 'description' must be given.")
        role = self._role(connection, role_id)
        values: dict[str, str] = {}
        if name is not None:
            _check_role_name(name)
            _check_role_name(role.name)  # a user's own grants would become a role's
            if name != role.name and self._is_taken(connection, name, role.workspace):
                raise AlreadyExists(
                    f"Role with name={name} already exists in workspace={role.workspace}"
                )
            values["name"] = name
        if description is not None:
            _check_length(description, _MAX_DESCRIPTION, "description")
            values["description"] = description
        roles = self._table("roles")
        connection.execute(update(roles).where(roles.c.id == role_id).values(**values))
        return self._role(connection, role_id)

    @writing
    def delete_role(self, connection: Connection, role_id: int) -> None:
        """Delete a role, its permissions and assignments. NotFound."""
        self._role(connection, role_id)
        remove_roles(connection, self.schema, [role_id])

    @writing
    def add_role_permission(
        self, connection: Connection, role_id: int, resource: Resource, permission: Permission
    ) -> RolePermission:
        """Add a row to a role. NotFound; AlreadyExists; InvalidRequest."""
        resource = Resource.checked(resource.type, resource.id)
        check_level(self.schema, resource.type, permission)
        role = self._role(connection, role_id)
        if resource in [row.resource for row in role.permissions]:
            raise AlreadyExists(
                f"Role permission (role_id={role_id}, resource_type={resource.type},"
                f" resource_pattern={resource.id}) already exists"
            )
        row_id = insert_row(
            connection,
            self._table("role_permissions"),
            role_id=role_id,
            resource_type=resource.type,
            resource_pattern=resource.id,
            permission=str(permission),
        )
        return RolePermission(row_id, role_id, resource, str(permission))

    @reading
    def get_role_permission(
        self, connection: Connection, role_permission_id: int
    ) -> RolePermission:
        """One row of a role. NotFound."""
        return self._role_permission(connection, role_permission_id)

    @writing
    def update_role_permission(
        self, connection: Connection, role_permission_id: int, permission: Permission
    ) -> RolePermission:
        """Change the level of a role's row. NotFound; InvalidRequest."""
        row = self._role_permission(connection, role_permission_id)
        check_level(self.schema, row.resource.type, permission)
        rows = self._table("role_permissions")
        connection.execute(
            update(rows).where(rows.c.id == row.id).values(permission=str(permission))
        )
        return RolePermission(row.id, row.role_id, row.resource, str(permission))

    @writing
    def remove_role_permission(self, connection: Connection, role_permission_id: int) -> None:
        """Remove a row from a role. NotFound."""
        row = self._role_permission(connection, role_permission_id)
        rows = self._table("role_permissions")
        connection.execute(delete(rows).where(rows.c.id == row.id))

    @writing
    def assign_role(self, connection: Connection, username: str, role_id: int) -> Assignment:
        """Give a user a role. NotFound; AlreadyExists; InvalidRequest for a synthetic role."""
        assignments = self._table("user_role_assignments")
        user = require_user(connection, self.schema, username)
        self.refuse_synthetic(connection, role_id)
        held = self._assignments(connection, role_id)
        if user.id in [assignment.user_id for assignment in held]:
            raise AlreadyExists(
                f"User role assignment (user_id={user.id}, role_id={role_id}) already exists"
            )
        row_id = insert_row(connection, assignments, user_id=user.id, role_id=role_id)
        return Assignment(row_id, role_id, user.id)

    @writing
    def unassign_role(self, connection: Connection, username: str, role_id: int) -> None:
        """Take a role from a user. NotFound."""
        assignments = self._table("user_role_assignments")
        user = require_user(connection, self.schema, username)
        for assignment in self._assignments(connection, role_id):
            if assignment.user_id == user.id:
                connection.execute(delete(assignments).where(assignments.c.id == assignment.id))
                return
        raise NotFound(f"User role assignment (user_id={user.id}, role_id={role_id}) not found")

    @reading
    def roles_of(self, connection: Connection, username: str) -> list[Role]:
        """The roles a user holds, synthetic ones included. NotFound."""
        assignments = self._table("user_role_assignments")
        user = require_user(connection, self.schema, username)
        held = select(assignments.c.role_id).where(assignments.c.user_id == user.id)
        return self._select(connection, self._table("roles").c.id.in_(held))

    @reading
    def assignments_of(self, connection: Connection, role_id: int) -> list[Assignment]:
        """Who holds a role. NotFound."""
        self._role(connection, role_id)
        return self._assignments(connection, role_id)

    @reading
    def list_holders(self, connection: Connection) -> list[tuple[Role, tuple[int, ...]]]:
        """Every role with the ids of the users who hold it."""
        assignments = self._table("user_role_assignments")
        held: dict[int, list[int]] = {}
        for row in connection.execute(select(assignments).order_by(assignments.c.id)):
            held.setdefault(row.role_id, []).append(row.user_id)
        return [(role, tuple(held.get(role.id, ()))) for role in self._select(connection)]

    def _table(self, name: str) -> Table:
        if self.schema.generation is Generation.LEGACY:
            raise InvalidRequest(
                "This database keeps no roles.", hint="They came with MLflow 3.13: upgrade it."
            )
        return self.schema.table(name)

    def _is_taken(self, connection: Connection, name: str, workspace: str) -> bool:
        roles = self._table("roles")
        found = connection.execute(
            select(roles).where(roles.c.name == name, roles.c.workspace == workspace)
        )
        return any((row.name, row.workspace) == (name, workspace) for row in found)

    def refuse_synthetic(self, connection: Connection, role_id: int) -> None:
        """Refuse to let anybody else hold a role of a user's own. NotFound; InvalidRequest."""
        role = self._role(connection, role_id)
        if role.is_synthetic:
            raise InvalidRequest(f"Role '{role.name}' is a user's own and cannot be assigned.")

    def _role(self, connection: Connection, role_id: int) -> Role:
        found = self._select(connection, self._table("roles").c.id == _checked_id(role_id))
        if not found:
            raise NotFound(f"Role with id={role_id} not found")
        return found[0]

    def _select(self, connection: Connection, *where: ColumnElement[bool]) -> list[Role]:
        roles, rows = self._table("roles"), self._table("role_permissions")
        query = (
            select(roles, rows.c.id.label("row_id"), *list(rows.c)[1:])
            .outerjoin(rows, rows.c.role_id == roles.c.id)
            .where(*where)
            .order_by(roles.c.id, rows.c.id)
        )
        found: dict[int, Role] = {}
        held: dict[int, list[RolePermission]] = {}
        for row in connection.execute(query):
            found[row.id] = Role(row.id, row.name, row.workspace, row.description)
            permissions = held.setdefault(row.id, [])
            if row.row_id is not None:
                permissions.append(_role_permission(row.row_id, row))
        return [replace(role, permissions=tuple(held[role.id])) for role in found.values()]

    def _role_permission(self, connection: Connection, role_permission_id: int) -> RolePermission:
        rows = self._table("role_permissions")
        row = connection.execute(
            select(rows).where(rows.c.id == _checked_id(role_permission_id))
        ).first()
        if row is None:
            raise NotFound(f"Role permission with id={role_permission_id} not found")
        return _role_permission(row.id, row)

    def _assignments(self, connection: Connection, role_id: int) -> list[Assignment]:
        assignments = self._table("user_role_assignments")
        found = connection.execute(
            select(assignments)
            .where(assignments.c.role_id == _checked_id(role_id))
            .order_by(assignments.c.id)
        )
        return [Assignment(row.id, row.role_id, row.user_id) for row in found]


def _role_permission(row_id: int, row: Row[tuple[object, ...]]) -> RolePermission:
    resource = Resource(row.resource_type, row.resource_pattern)
    return RolePermission(row_id, row.role_id, resource, row.permission)


def _checked_id(number: int) -> int:
    """An id no row can have becomes one no row has, which every database can compare."""
    return number if 0 < number <= _MAX_ID else 0


def _check_role_name(name: str) -> None:
    if not name.strip():
        raise InvalidRequest("Role name cannot be empty.")
    checked_name(name, "role name")
    if name.startswith(SYNTHETIC_ROLE_PREFIX):
        raise InvalidRequest(
            f"Role name '{name}' uses the reserved '{SYNTHETIC_ROLE_PREFIX}' prefix.",
            hint="Roles with this prefix hold users' own grants.",
        )


def _check_length(text: str, limit: int, what: str) -> None:
    if len(text) > limit:
        raise InvalidRequest(
            f"Invalid {what}: it has {len(text)} characters, at most {limit} are allowed."
        )
