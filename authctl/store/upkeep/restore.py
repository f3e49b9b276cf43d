"""An auth database made what a backup says it was, whichever database the backup is of."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import sqlalchemy
from sqlalchemy import delete, func, insert, select, text

from authctl.errors import InvalidRequest, Unavailable
from authctl.store import additions, history
from authctl.store.schema import Schema, alone, inspect, make, schema_at
from authctl.store.sql_engine import connect
from authctl.store.tables import HEAD, REVISIONS, VERSION_TABLES, tables_at, version_table
from authctl.store.upkeep.archive import Archive, rows_of, tables_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy import Connection

    from authctl.store.sql_engine import Database
    from authctl.store.upkeep.archive import Rows

T = TypeVar("T")

_SQLITE = b"SQLite format 3\0"
_AT_ONCE = 1_000


class Contents(Protocol):
    """What a backup holds."""

    @property
    def revision(self) -> str:
        """The revision of MLflow's tables."""

    @property
    def version_table(self) -> str:
        """In which table MLflow looks for it."""

    def rows(self) -> Rows:
        """Every row, of those that others refer to first."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back, and how many rows not: those of users or roles that are not there."""

    revision: str
    rows: int
    orphans: int


def restore(database: Database, path: Path, *, force: bool = False) -> Restored:
    """Put a backup in the place of all auth tables, in one transaction.

    Only rows change where the revision is the same; else MLflow's tables are made anew, which
    MySQL cannot do in a transaction: what is cut off there can only be restored again.
    InvalidRequest for a file that is no backup, not whole or of an unknown revision; Unavailable
    where tables of these names are not MLflow's, unless `force`.
    """
    return reading(path, lambda contents: _restore(database, contents, force=force))


def reading(path: Path, work: Callable[[Contents], T]) -> T:
    """Run work on what a backup holds. InvalidRequest for any other file."""
    try:
        with path.open("rb") as file:
            is_sqlite = file.read(len(_SQLITE)) == _SQLITE
    except OSError as error:
        raise InvalidRequest(f"The backup {path} cannot be read: {error.strerror}.") from error
    if not is_sqlite:
        return work(_known(path, Archive.open(path)))
    database = connect(f"sqlite:///{path}")
    try:
        try:
            schema = database.read(inspect)
        except Unavailable as error:
            raise InvalidRequest(f"{path} is no backup: {error.message}") from error
        return database.read(lambda connection: work(_known(path, _Copy(connection, schema))))
    finally:
        database.close()


def _restore(database: Database, contents: Contents, *, force: bool) -> Restored:
    def work(connection: Connection) -> Restored:
        with alone(connection):
            schema = _cleared(connection, contents, force=force)
            count, orphans = _fill(connection, schema, contents.rows())
            _continue_ids(connection, schema)
            history.record(connection, history.Event.RESTORED, contents.revision)
            return Restored(contents.revision, count, orphans)

    return database.write(work)


def _cleared(connection: Connection, contents: Contents, *, force: bool) -> Schema:
    """Empty tables of the backup's revision."""
    schema = _present(connection, force=force)
    same = schema is not None and (schema.revision, schema.version_table.name) == (
        contents.revision,
        contents.version_table,
    )
    if schema is None or not same:
        additions.remove(connection)  # they refer to MLflow's
        _drop(connection)
        schema = schema_at(
            contents.revision,
            version_in=contents.version_table,
            dialect=connection.dialect.name,
        )
        make(connection, schema)
    additions.install(connection)
    schema.hold(connection)
    for table in reversed(tables_of(connection, schema)):
        connection.execute(delete(table))
    return schema


def _present(connection: Connection, *, force: bool) -> Schema | None:
    names = set(sqlalchemy.inspect(connection).get_table_names())
    if not names & tables_at(HEAD, dialect=connection.dialect.name).tables.keys():
        return None
    try:
        return inspect(connection)
    except Unavailable as error:
        if force:
            return None
        raise Unavailable(
            error.message, hint="If these tables may be dropped, add --force."
        ) from error


def _drop(connection: Connection) -> None:
    """Drop MLflow's auth tables; the version first, so that what is cut off is not taken for one.

    `alembic_version` stays: it may be the tracking store's.
    """
    version_table(sqlalchemy.MetaData(), VERSION_TABLES[0]).drop(connection, checkfirst=True)
    tables_at(HEAD, dialect=connection.dialect.name).drop_all(connection)


def _fill(connection: Connection, schema: Schema, rows: Rows) -> tuple[int, int]:
    tables = {table.name: table for table in tables_of(connection, schema)}
    ids: dict[str, set[int]] = {"users": set(), "roles": set()}
    refer = {"user_id": ids["users"], "role_id": ids["roles"]}
    count = orphans = 0
    for name, group in groupby(rows, key=lambda found: found[0]):
        some: list[dict[str, Any]] = []
        for _, row in group:
            if any(column in row and row[column] not in refer[column] for column in refer):
                orphans += 1
                continue
            ids.get(name, set()).add(row.get("id", 0))
            some.append(row)
        for start in range(0, len(some), _AT_ONCE):
            connection.execute(insert(tables[name]), some[start : start + _AT_ONCE])
        count += len(some)
    return count, orphans


def _continue_ids(connection: Connection, schema: Schema) -> None:
    """Let PostgreSQL go on counting after the ids that were put in."""
    if connection.dialect.name != "postgresql":
        return
    for table in tables_of(connection, schema):
        if "id" in table.c:
            highest = connection.scalar(select(func.max(table.c.id)))
            connection.execute(
                text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :value, :used)"),
                {"name": table.name, "value": highest or 1, "used": highest is not None},
            )


def _known(path: Path, contents: Contents) -> Contents:
    if contents.revision not in REVISIONS:
        raise InvalidRequest(
            f"{path} is of revision {contents.revision}, which this authctl does not know.",
            hint="Restore it with the authctl that made it, or a newer one.",
        )
    return contents


@dataclass(frozen=True, slots=True)
class _Copy:
    """A SQLite file that was an auth database."""

    connection: Connection
    schema: Schema

    @property
    def revision(self) -> str:
        return self.schema.revision

    @property
    def version_table(self) -> str:
        return self.schema.version_table.name

    def rows(self) -> Rows:
        return rows_of(self.connection, self.schema)
