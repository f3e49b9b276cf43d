"""What one auth database is: its revision, the tables it has, and who may write to it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import sqlalchemy
from sqlalchemy import bindparam, func, insert, select

from authctl.errors import Unavailable
from authctl.model import WILDCARD_ONLY, Generation, Permission, ResourceType
from authctl.store import additions, history
from authctl.store.sql_engine import PATIENCE
from authctl.store.tables import (
    HEAD,
    REVISIONS,
    ROLES,
    VERSION_TABLES,
    reaches,
    tables_at,
    version_table,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, MetaData, Select, Table

ROLE_TABLES_OF_HEAD = frozenset({"users", "roles", "role_permissions", "user_role_assignments"})
"""The tables in which grants count since MLflow 3.13; the legacy ones may go some day."""

_SINCE_3_17 = sorted(WILDCARD_ONLY - {ResourceType.WORKSPACE})

_COMMITS_TABLES = ("mysql", "mariadb")
"""Engines that commit each table as it is made, whatever becomes of the rest."""

_CREATION_LOCK = 0x61757468  # any number that others are unlikely to lock


@dataclass(frozen=True)
class Schema:
    """What one auth database is: its revision, and the tables it has at that revision."""

    revision: str
    tables: MetaData
    version_table: Table
    reads_deny: bool = False
    """Whether whoever opens this database is known to read DENY, on which MLflow before 3.17 fails.

    The releases from 3.13 to 3.18 share one revision, so it takes more to tell.
    """

    @property
    def known(self) -> bool:
        """Whether authctl knows this revision; one that it does not is only read."""
        return self.revision in REVISIONS

    @property
    def generation(self) -> Generation:
        """In which tables grants count: since e5f6a7b8c9d0 in those of roles."""
        return Generation.ROLES if self.reached(ROLES) else Generation.LEGACY

    @property
    def mlflow(self) -> str:
        """Which releases of MLflow this revision is of, such as `3.12`."""
        return REVISIONS.get(self.revision, f"later than {REVISIONS[HEAD].split()[0]}")

    def reached(self, revision: str) -> bool:
        """Whether this database has all that a revision brought."""
        return reaches(self.revision, revision)

    def table(self, name: str) -> Table:
        """One of this revision's tables."""
        return self.tables.tables[name]

    def has(self, name: str) -> bool:
        """Whether this revision has a table."""
        return name in self.tables.tables

    @cached_property
    def accounts_called(self) -> Select[tuple[Any, ...]]:
        """The accounts of a `username`, with the revision there is at that moment.

        Every request asks for one, so it is built once.
        """
        users, version = self.table("users"), self.version_table
        return select(users, select(version.c[0]).scalar_subquery().label("revision")).where(
            users.c.username == bindparam("username")
        )

    def hold(self, connection: Connection) -> None:
        """Keep other writers of authctl out until the transaction ends.

        Where SQLite's BEGIN IMMEDIATE does not, a lock on the row with the revision does.
        Unavailable for a revision that is not known, and when the database was upgraded since it
        was inspected: grants then count in other tables than this schema says.
        """
        if not self.known:
            raise Unavailable(
                f"The auth database is of an unknown revision, {self.revision}, so it is only"
                " read.",
                hint="A newer MLflow may have made it: upgrade authctl.",
            )
        found = connection.scalars(select(self.version_table.c[0]).with_for_update()).all()
        self.confirm(connection, found[0] if len(found) == 1 else None)

    def confirm(self, connection: Connection, revision: str | None) -> None:
        """Unavailable when the database, just found at a revision, is not what it was."""
        if revision != self.revision or self._moved(connection):
            raise Unavailable(
                "The auth database was upgraded while it was in use.",
                hint="Start this program again.",
            )

    def _moved(self, connection: Connection) -> bool:
        """Whether the revision is written elsewhere now, the old table left as it was."""
        if self.version_table.name == VERSION_TABLES[0]:
            return False
        newer = version_table(sqlalchemy.MetaData(), VERSION_TABLES[0])
        return (
            sqlalchemy.inspect(connection).has_table(newer.name)
            and connection.execute(select(newer)).first() is not None
        )


def schema_at(
    revision: str, *, version_in: str = VERSION_TABLES[0], dialect: str = "sqlite"
) -> Schema:
    """Describe the tables at a revision."""
    tables = tables_at(revision, dialect=dialect)
    return Schema(revision, tables, version_table(tables, version_in))


def inspect(connection: Connection) -> Schema:
    """Find out which revision a database is of, and hold its tables against it.

    Unavailable for a database without auth tables, of an unknown revision without the tables of
    roles, or whose tables are not those of its revision.
    """
    inspector = sqlalchemy.inspect(connection)
    names = set(inspector.get_table_names())
    if "users" not in names:
        raise Unavailable(
            "The database has no MLflow auth tables.",
            hint="Check its URL, or make the tables with: authctl db init",
        )
    schema = _stamped(connection, names)
    columns = {
        (table, column["name"])
        for (_, table), found in inspector.get_multi_columns().items()
        for column in found
    }
    for table in schema.tables.sorted_tables:
        for column in table.c:
            if (table.name, column.name) not in columns:
                raise Unavailable(
                    f"The auth database says it is at revision {schema.revision},"
                    f" but has no {table.name}.{column.name}.",
                    hint="Restore it from a backup; it was changed by other hands than MLflow's.",
                )
    return replace(schema, reads_deny=_reads_deny(connection, schema))


def create(connection: Connection) -> None:
    """Make the tables of MLflow 3.13 and later where there are none; harmless where there are."""
    with alone(connection):
        names = set(sqlalchemy.inspect(connection).get_table_names())
        if "users" not in names:
            make(connection, schema_at(HEAD, dialect=connection.dialect.name))
            additions.install(connection)
            history.record(connection, history.Event.CREATED, HEAD)
            if connection.dialect.name in _COMMITS_TABLES:
                # Whoever waits sees the tables already, and must find their revision with them.
                connection.exec_driver_sql("COMMIT")


def make(connection: Connection, schema: Schema) -> None:
    """Make the tables of a schema and write down its revision."""
    schema.tables.create_all(connection)
    if connection.execute(select(schema.version_table)).first() is None:
        connection.execute(insert(schema.version_table).values(version_num=schema.revision))


@contextmanager
def alone(connection: Connection) -> Iterator[None]:
    """Wait for others who make tables; on SQLite the transaction itself does. Unavailable."""
    dialect = connection.dialect.name
    if dialect == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_CREATION_LOCK)))
        yield
    elif dialect in _COMMITS_TABLES:
        # Named after the database, since a server has one such lock of a name for all of them.
        name = func.concat("authctl.", func.md5(func.database()))
        if not connection.scalar(select(func.get_lock(name, PATIENCE))):
            raise Unavailable("The tables of the auth database are locked by another process.")
        try:
            yield
        finally:
            if not connection.invalidated:  # a lost connection has lost its locks too
                connection.execute(select(func.release_lock(name)))
    else:
        yield


def _stamped(connection: Connection, names: set[str]) -> Schema:
    for name in VERSION_TABLES:
        if name not in names:
            continue
        table = version_table(sqlalchemy.MetaData(), name)
        found = connection.scalars(select(table.c[0])).all()
        if not found:
            continue  # MLflow 3.6.0 leaves an empty one when it fails to open an older database
        dialect = connection.dialect.name
        if len(found) == 1 and found[0] in REVISIONS:
            return schema_at(found[0], version_in=name, dialect=dialect)
        if len(found) == 1 and names >= ROLE_TABLES_OF_HEAD:
            return _later(found[0], schema_at(HEAD, version_in=name, dialect=dialect), names)
        raise Unavailable(
            f"The auth database is of an unknown revision, {', '.join(map(str, found))}.",
            hint="A newer MLflow may have made it: upgrade authctl.",
        )
    raise Unavailable(
        "The auth database does not say of which revision it is.",
        hint="It has a users table without alembic_version_auth, so it may not be MLflow's.",
    )


def _reads_deny(connection: Connection, schema: Schema) -> bool:
    """Whether authctl made a database, or one of MLflow 3.17 or later has written to it."""
    if schema.generation is Generation.LEGACY:
        return False
    rows = schema.table("role_permissions")
    of_3_17 = (rows.c.permission == Permission.DENY) | rows.c.resource_type.in_(_SINCE_3_17)
    if connection.execute(select(rows.c.id).where(of_3_17).limit(1)).first() is not None:
        return True
    return any(entry.event == history.Event.CREATED for entry in history.entries(connection))


def _later(revision: str, head: Schema, names: set[str]) -> Schema:
    """What can be read of a revision that came after the last one known."""
    for table in head.tables.sorted_tables:
        if table.name not in names:
            head.tables.remove(table)
    return replace(head, revision=revision)
