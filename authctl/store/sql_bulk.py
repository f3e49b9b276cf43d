"""Many changes of one kind to an auth database, in as few statements as they take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from authctl.model import Resource
from authctl.store.among import insert_rows
from authctl.store.grants_base import remove_rows
from authctl.store.grants_roles import check_level, put_rows
from authctl.store.sql_engine import writing
from authctl.store.sql_roles import SqlRoles
from authctl.store.sql_users import (
    change_users,
    keep_an_admin,
    remove_users,
    require_users,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from sqlalchemy import Connection

    from authctl.model import Permission, User
    from authctl.store.grants_base import Grants


class SqlBulk(SqlRoles):
    """What of SqlStore changes many rows; what is so already is let be."""

    _grants: Grants

    @writing
    def set_admins(
        self, connection: Connection, usernames: Iterable[str], is_admin: bool, *, force: bool
    ) -> list[User]:
        """Promote or demote; the users whom that changed, as they were. NotFound; Refused."""
        users = require_users(connection, self.schema, usernames)
        changed = [user for user in users if user.is_admin != is_admin]
        if not force:
            keep_an_admin(connection, self.schema, changed, "demoted")
        change_users(connection, self.schema, changed, is_admin=is_admin)
        return changed

    @writing
    def delete_users(
        self, connection: Connection, usernames: Iterable[str], *, force: bool
    ) -> None:
        """Delete accounts and all that is their own. NotFound; Refused for the last admin."""
        users = require_users(connection, self.schema, usernames)
        if not force:
            keep_an_admin(connection, self.schema, users, "deleted")
        remove_users(connection, self.schema, users)

    @writing
    def grant_all(
        self, connection: Connection, levels: Mapping[str, Mapping[Resource, Permission]]
    ) -> None:
        """Give users levels of their own, as `grant` does one. NotFound; InvalidRequest."""
        for resource, level in _different(levels.values()):
            self.check_grant(resource, level)
        users = require_users(connection, self.schema, levels)
        key = self._grants.key
        self._grants.put(
            connection,
            {
                user: {key(resource): level for resource, level in levels[user.username].items()}
                for user in users
            },
        )

    @writing
    def revoke_all(
        self, connection: Connection, resources: Mapping[str, Collection[Resource]]
    ) -> None:
        """Take these of users' own grants away, where there are any. NotFound for a user."""
        for user in require_users(connection, self.schema, resources):
            gone = {self._grants.key(resource) for resource in resources[user.username]}
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
        put_rows(connection, self.schema, {role_id: levels})

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
        users = require_users(connection, self.schema, usernames)
        ids = {user.id for user in users} - {*held}
        insert_rows(
            connection,
            self._table("user_role_assignments"),
            [{"user_id": user_id, "role_id": role_id} for user_id in sorted(ids)],
        )

    @writing
    def unassign_all(
        self, connection: Connection, role_id: int, usernames: Collection[str]
    ) -> None:
        """Take a role from users, where they hold it. NotFound."""
        held = self._held_by(connection, role_id)
        users = require_users(connection, self.schema, usernames)
        gone = [held[user.id] for user in users if user.id in held]
        remove_rows(connection, self._table("user_role_assignments"), gone)

    def _held_by(self, connection: Connection, role_id: int) -> dict[int, int]:
        """The ids of a role's holders, each with the id of the row that says so."""
        table = self._table("user_role_assignments")
        rows = connection.execute(select(table).where(table.c.role_id == role_id))
        return {row.user_id: row.id for row in rows}


def _different(
    levels: Iterable[Mapping[Resource, Permission]],
) -> Iterable[tuple[Resource, Permission]]:
    """Each resource and level once, in their order."""
    return dict.fromkeys(pair for each in levels for pair in each.items())
