"""What becomes of grants in a database when a resource is made, deleted or renamed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from authctl.errors import InvalidRequest
from authctl.model import WILDCARD, Permission, Resource
from authctl.store.sql_engine import writing
from authctl.store.sql_failed_logins import SqlFailedLogins
from authctl.store.sql_users import require_user

if TYPE_CHECKING:
    from sqlalchemy import Connection


class SqlEffects(SqlFailedLogins):
    """What of SqlStore the door asks for once the upstream has done its work."""

    @writing
    def own(self, connection: Connection, username: str, resource: Resource) -> None:
        """Give the creator MANAGE on a new resource and drop grants that waited on its name."""
        key = self._one(Resource.checked(resource.type, resource.id))
        self._grants.check(key, Permission.MANAGE)
        user = require_user(connection, self.schema, username)
        for held in self._grants.find(connection, resource=key):
            held.remove(connection)
        self._grants.put(connection, {user: {key: Permission.MANAGE}})

    @writing
    def forget(self, connection: Connection, resource: Resource) -> int:
        """Remove every user's own grants on a resource that is gone; how many there were."""
        found = self._grants.find(connection, resource=self._one(resource))
        for held in found:
            held.remove(connection)
        return len(found)

    @writing
    def rename(self, connection: Connection, old: Resource, new: Resource) -> int:
        """Move every user's own grants to a resource's new name, dropping any that waited there.

        How many moved.
        """
        source, target = self._one(old), self._one(Resource.checked(new.type, new.id))
        if source.type != target.type:
            raise InvalidRequest(f"{old} cannot be renamed to {new}, which is of another type.")
        if source == target:
            return 0
        for held in self._grants.find(connection, resource=target):
            held.remove(connection)
        found = self._grants.find(connection, resource=source)
        for held in found:
            self._grants.move(connection, held, target)
        return len(found)

    def _one(self, resource: Resource) -> Resource:
        """The key of one thing's grants; a wildcard's would be everyone's on everything."""
        if resource.id == WILDCARD:
            raise InvalidRequest(f"'{WILDCARD}' is not the name of a {resource.type}.")
        return self._grants.key(resource)
