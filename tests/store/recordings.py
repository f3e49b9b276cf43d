"""Auth databases that releases of MLflow made, written down as SQL, and made anew from that.

`python -m tests.store.recorder` writes them, tests/compat/test_recorder.py holds them against what
those releases make today.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy
from sqlalchemy import delete, func, insert, select

from authctl.model import Generation
from authctl.store.sql_engine import Database, connect, database_file
from authctl.store.tables import (
    GATEWAY,
    HEAD,
    INITIAL,
    ROLE_TABLES,
    ROLES,
    reaches,
    tables_at,
)
from tests.store.databases import empty_database, make_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, MetaData

PASSWORD = "a-recorded-password"
"""Every user's."""

NEWEST = "3.17.2"

_FOLDER = Path(__file__).with_name("recorded")


@dataclass(frozen=True)
class Recording:
    """A database that one release made, and another may have upgraded."""

    release: str
    revision: str
    upgraded_by: str | None = None

    def __str__(self) -> str:
        return f"{self.release}-upgraded" if self.upgraded_by else self.release

    @property
    def file(self) -> Path:
        return _FOLDER / f"{self}.sql"

    @property
    def generation(self) -> Generation:
        return Generation.ROLES if reaches(self.revision, ROLES) else Generation.LEGACY

    def play(self, connection: sqlite3.Connection) -> None:
        """Make the tables and rows in an empty SQLite database."""
        connection.executescript(self.file.read_text(encoding="utf-8"))


RECORDINGS = (
    Recording("2.22.5", INITIAL),
    Recording("3.4.0", INITIAL),
    Recording("3.9.0", GATEWAY),
    Recording("3.12.0", ROLE_TABLES),
    Recording("3.12.0", HEAD, upgraded_by=NEWEST),
    Recording("3.13.0", HEAD),
    Recording(NEWEST, HEAD),
)


@contextmanager
def recorded(recording: Recording, dialect: str, folder: Path) -> Iterator[str]:
    """The URL of a database with what a recording holds, dropped at the end.

    On SQLite MLflow's own tables come from the recording; on servers they are authctl's.
    """
    with empty_database(dialect, folder) as url:
        file = database_file(url)
        if file is not None:
            with closing(sqlite3.connect(file)) as connection:
                recording.play(connection)
        else:
            make_tables(url, recording.revision)
            with closing(connect(url)) as database:
                restore(recording, database)
        yield url


def restore(recording: Recording, database: Database) -> None:
    """Put the rows of a recording in place of those that are there."""
    rows = _rows(recording)

    def work(connection: Connection) -> None:
        tables = tables_at(recording.revision, dialect=connection.dialect.name)
        for table in reversed(tables.sorted_tables):
            connection.execute(delete(table))
        for table in tables.sorted_tables:
            if rows[table.name]:
                connection.execute(insert(table), rows[table.name])
        if connection.dialect.name == "postgresql":
            _count_on(connection, tables)

    database.write(work)


def _rows(recording: Recording) -> dict[str, list[dict[str, Any]]]:
    engine = sqlalchemy.create_engine("sqlite://")
    with engine.connect() as connection:
        recording.play(connection.connection.driver_connection)
        rows = {
            table.name: [dict(row) for row in connection.execute(select(table)).mappings()]
            for table in tables_at(recording.revision, dialect="sqlite").sorted_tables
        }
    engine.dispose()
    return rows


def _count_on(connection: Connection, tables: MetaData) -> None:
    """Let PostgreSQL give out ids after those that rows brought along."""
    for table in tables.tables.values():
        if "id" in table.c:
            sequence = func.pg_get_serial_sequence(table.name, "id")
            connection.execute(select(func.setval(sequence, func.max(table.c.id))))
