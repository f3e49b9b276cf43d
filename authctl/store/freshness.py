"""Proof that nothing in the auth database has changed: as long as a token is the same."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING, Any, Protocol

from authctl.errors import Unavailable
from authctl.store import revision

if TYPE_CHECKING:
    from collections.abc import Hashable
    from pathlib import Path

    from authctl.store.sql_engine import Database

_LOCKED = ("SQLITE_BUSY", "SQLITE_LOCKED")

_REVISION = "SELECT revision FROM authctl_revision WHERE id = 1"
_OURS = ", ".join(f"'{name}'" for name in sorted(revision.WATCHED))
_QUERIES = {
    # A trigger that is disabled, or goes with its table, is another row here. A newer MLflow
    # begins to write its version elsewhere, in a table that no trigger is on yet.
    "postgresql": (
        "SELECT revision, coalesce(to_regclass('alembic_version_auth')::oid::text, '')"
        " || (SELECT string_agg(concat(oid, xmin, tgenabled), ',' ORDER BY oid)"
        " FROM pg_trigger WHERE tgfoid = to_regproc('authctl_note_change'))"
        " FROM authctl_revision WHERE id = 1"
    ),
    # TRUNCATE makes a table anew, which MySQL tells no trigger of.
    "mysql": (
        "SELECT revision, (SELECT group_concat(table_name, create_time ORDER BY table_name)"  # noqa: S608 - names of our own
        " FROM information_schema.tables WHERE table_schema = database() AND table_name IN"
        f" ({_OURS})) FROM authctl_revision WHERE id = 1"
    ),
}
"""The revision, and the shape of what keeps it true."""


class Busy(Exception):
    """The answer would have to be waited for."""


class Freshness(Protocol):
    """What is asked on every request; one caller at a time, from any thread."""

    is_quick: bool
    """Whether an answer takes so little that it is worth no thread of its own."""

    def token(self, *, wait: bool = True) -> Hashable | None:
        """What differs from the token before if anything changed; None where that cannot be told.

        All that was committed before this was called is in it. Unavailable where the database
        cannot be read; Busy, without `wait`, where another process is in the middle of a commit.
        """

    def close(self) -> None:
        """Give the connection back."""


def freshness_of(database: Database) -> Freshness:
    """The proof for one database, on a connection of its own."""
    if database.file is not None:
        return SqliteFreshness(database, database.file)
    return ServerFreshness(database, _QUERIES[database.dialect])


class SqliteFreshness:
    """SQLite counts the commits of other connections: `PRAGMA data_version`.

    Where triggers keep a revision, a commit that changed nothing of what is remembered, such as
    the note that a token was used, is told from one that did. The schema's own count tells when
    triggers come and go. Another file in the place of this one is opened anew.
    """

    is_quick = True

    def __init__(self, database: Database, path: Path) -> None:
        self._database = database
        self._path = path
        self._openings = 0
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._commits: object = None
        self._schema: object = None
        self._waits: bool | None = None
        self._is_watched = False
        self._token: Hashable = None

    def token(self, *, wait: bool = True) -> Hashable | None:
        """See Freshness."""
        file = self._identity()
        if self._connection is None or file != self._file:
            self._reopen(file)
        assert self._connection is not None  # noqa: S101 - for the type checker: it was opened
        try:
            self._wait_for_locks(self._connection, wait=wait)
            commits = self._one("PRAGMA data_version")
            if commits != self._commits:
                self._token = (file, self._what_changed(commits, wait=wait))
                self._commits = commits
        except sqlite3.Error as error:
            if not wait and getattr(error, "sqlite_errorname", "") in _LOCKED:
                raise Busy from None
            self.close()
            raise self._database.ours(error) from error
        return self._token

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _what_changed(self, commits: object, *, wait: bool) -> Hashable:
        schema = self._one("PRAGMA schema_version")
        if schema != self._schema:
            if not wait:
                raise Busy
            self._is_watched = self._database.read(revision.is_kept)
            self._schema = schema
        if self._is_watched:
            return schema, self._one(_REVISION)
        return schema, commits, self._openings  # each connection counts for itself

    def _wait_for_locks(self, connection: sqlite3.Connection, *, wait: bool) -> None:
        if wait is not self._waits:
            patience = self._database.patience * 1000 if wait else 0
            connection.execute(f"PRAGMA busy_timeout = {patience}").close()
            self._waits = wait

    def _one(self, statement: str) -> object:
        assert self._connection is not None  # noqa: S101 - as above
        [value] = self._connection.execute(statement).fetchone() or (None,)
        return value

    def _identity(self) -> tuple[int, int]:
        try:
            found = self._path.stat()
        except OSError as error:
            raise Unavailable(f"There is no auth database at {self._path}.") from error
        return found.st_dev, found.st_ino

    def _reopen(self, file: tuple[int, int]) -> None:
        self.close()
        if self._file is not None:
            self._database.close()  # what is in the pool still reads the file that was there
        self._connection = self._database.own_connection()
        self._openings += 1
        self._file, self._commits, self._schema, self._waits = file, None, None, None


class ServerFreshness:
    """One row of a server's database, and the shape of what keeps it true.

    The row alone would not do: tables that are dropped and made again, from an old dump say, have
    lost their triggers, and MySQL tells no trigger of TRUNCATE.
    """

    is_quick = False

    def __init__(self, database: Database, query: str) -> None:
        self._database = database
        self._query = query
        self._connection: Any = None
        self._shape: object = None
        self._is_watched = False

    def token(self, *, wait: bool = True) -> Hashable | None:
        """See Freshness."""
        del wait
        found = self._ask()
        if found is None:
            return None
        kept, shape = found
        if not self._is_watched or shape != self._shape:
            self._is_watched = self._database.read(revision.is_kept)
            self._shape = shape
        return (kept, shape) if self._is_watched else None

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            with contextlib.suppress(self._database.driver_error):
                self._connection.close()
        self._connection = None

    def _ask(self) -> tuple[object, object] | None:
        """The revision and the shape; asked twice where a connection has been lost meanwhile."""
        if self._connection is not None:
            try:
                return self._row()
            except self._database.driver_error:
                self.close()
        self._connection = self._database.own_connection()
        try:
            return self._row()
        except self._database.driver_error as error:
            self.close()
            if not self._database.read(revision.is_kept):
                return None
            raise self._database.ours(error) from error

    def _row(self) -> tuple[object, object] | None:
        with self._connection.cursor() as cursor:
            cursor.execute(self._query)
            row = cursor.fetchone()
        return None if row is None else (row[0], row[1])
