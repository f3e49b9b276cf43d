"""Many changes of one kind to an auth database, in as few statements as they take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from authctl.model import Resource
from authctl.store.grants_base import remove_rows
from authctl.store.grants_roles import check_level, put_rows
from authctl.store.sql_engine import writing
from authctl.store.sql_roles import SqlRoles
from authctl.store.sql_users import require_user

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy import Connection

    from authctl.model import Permission
    from authctl.store.grants_base import Grants


class SqlBulk(SqlRoles):
    """What of SqlStore changes many rows; what is so already is let be."""

    _grants: Grants

    @writing
    def grant_all(
        self, connection: Connection, username: str, levels: Mapping[Resource, Permission]
    ) -> None:
        """Give a user levels of their own, as `grant` does one. NotFound; InvalidRequest."""
        for resource, level in levels.items():
            self.check_grant(resource, level)
        user = require_user(connection, self.schema, username)
        keyed = {self._grants.key(resource): level for resource, level in levels.items()}
        self._grants.put_all(connection, user, keyed)

    @writing
    def revoke_all(
        self, connection: Connection, username: str, resources: Collection[Resource]
    ) -> None:
        """Take these of a user's own grants away, where there are any. NotFound for the user."""
        gone = {self._grants.key(resource) for resource in resources}
        user = require_user(connection, self.schema, username)
        for held in self._grants.find(connection, user=user):
            if held.grant.resource in gone:
                held.remove(connection)

    def check_grant(self, resource: Resource, permission: Permission) -> None:
        """Raise InvalidRequest for what a user's own grant cannot be."""
        key = self._grants.key(Resource.checked(resource.type, resource.id))
        self._grants.check(key, permission)

    def check_role_grant(self, resource: Resource, permission: Permission) -> None:
        """Raise InvalidRequest for what a role's row cannot be."""
        check_level(self.schema, Resource.checked(resource.type, resource.id).type, permission)

    @writing
    def put_role_permissions(
        self, connection: Connection, role_id: int, levels: Mapping[Resource, Permission]
    ) -> None:
        """Give a role levels, over those it may have there. NotFound; InvalidRequest."""
        for resource, level in levels.items():
            self.check_role_grant(resource, level)
        self._role(connection, role_id)
        put_rows(connection, self.schema, role_id, levels)

    @writing
    def remove_role_permissions(
        self, connection: Connection, role_id: int, resources: Collection[Resource]
    ) -> None:
        """Remove a role's rows on these resources, where there are any. NotFound."""
        rows = self._role(connection, role_id).permissions
        gone = [row.id for row in rows if row.resource in resources]
        remove_rows(connection, self._table("role_permissions"), gone)

    @writing
    def assign_all(self, connection: Connection, role_id: int, usernames: Collection[str]) -> None:
        """Give users a role, where they do not hold it. NotFound; InvalidRequest."""
        self.refuse_synthetic(connection, role_id)
        held = self._held_by(connection, role_id)
        ids = {require_user(connection, self.schema, name).id for name in usernames} - {*held}
        if ids:
            connection.execute(
                insert(self._table("user_role_assignments")),
                [{"user_id": user_id, "role_id": role_id} for user_id in sorted(ids)],
            )

    @writing
    def unassign_all(
        self, connection: Connection, role_id: int, usernames: Collection[str]
    ) -> None:
        """Take a role from users, where they hold it. NotFound."""
        held = self._held_by(connection, role_id)
        ids = [require_user(connection, self.schema, name).id for name in usernames]
        gone = [held[user_id] for user_id in ids if user_id in held]
        remove_rows(connection, self._table("user_role_assignments"), gone)

    def _held_by(self, connection: Connection, role_id: int) -> dict[int, int]:
        """The ids of a role's holders, each with the id of the row that says so."""
        table = self._table("user_role_assignments")
        rows = connection.execute(select(table).where(table.c.role_id == role_id))
        return {row.user_id: row.id for row in rows}
