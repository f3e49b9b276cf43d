"""Wrong passwords counted in an auth database, by all who serve it together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy

from authctl.store import failed_login_rows as rows
from authctl.store.sql_engine import reading
from authctl.store.sql_tokens import SqlTokens

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy import Connection

    from authctl.store.failed_login_rows import Count, Found, Place
    from authctl.store.schema import Schema
    from authctl.store.sql_engine import Database

_MOST_COUNTS = 200_000
"""Beyond that many none are added: a flood of invented names must not fill the database."""

_MEASURED_EVERY = 100


class SqlFailedLogins(SqlTokens):
    """The wrong passwords of SqlStore.

    They are written beside the line in which authctl's other writers wait: a long change must not
    keep people from logging in, nor a flood of wrong passwords anybody from changing anything.
    Each count is added to in one statement, so none is lost.
    """

    def __init__(
        self, database: Database, schema: Schema, *, most_counts: int = _MOST_COUNTS
    ) -> None:
        super().__init__(database, schema)
        self._has_failed_logins = False
        self._cleared = 0
        self._writes = 0
        self._is_full = False
        self._most_counts = most_counts

    @reading
    def failed_logins(
        self,
        connection: Connection,
        digests: Collection[str],
        minute: int,
        place: Place,
        now: int,
    ) -> Found | None:
        """How often wrong passwords were counted in a minute, and whether a place is known `now`.

        None where there are no tables for it.
        """
        if not self._failed_logins_in(connection):
            return None
        return rows.find(connection, digests, minute, place, now)

    def note_logins(
        self, failures: Mapping[Count, int], places: Mapping[Place, int], minute: int
    ) -> bool:
        """Count wrong passwords, and write down until when places are known.

        `minute` is the present one: what is two minutes older goes. False where there is no table
        for it, or no room in it.
        """

        def work(connection: Connection) -> bool:
            if not self._failed_logins_in(connection):
                return False
            self._writes += 1
            if minute > self._cleared or self._writes % _MEASURED_EVERY == 0:
                rows.remove_old(connection, minute)
                self._is_full = rows.size(connection) >= self._most_counts
                self._cleared = minute
            if failures and self._is_full:
                return False
            rows.add(connection, failures)
            rows.remember(connection, places)
            return True

        return self.schema.known and self.database.write(work)

    def _failed_logins_in(self, connection: Connection) -> bool:
        """Whether there are the tables; once there are, nobody needs to look again."""
        if not self._has_failed_logins:
            inspector = sqlalchemy.inspect(connection)
            self._has_failed_logins = all(inspector.has_table(table.name) for table in rows.TABLES)
        return self._has_failed_logins
