"""A copy of an auth database in a file: an SQLite file of an SQLite one, an archive of others."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from authctl.errors import AlreadyExists, Unavailable
from authctl.store.upkeep.archive import rows_of, write_archive

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from authctl.store.schema import Schema
    from authctl.store.sql_engine import Database


@dataclass(frozen=True, slots=True)
class Backup:
    """Where a copy is, and how many rows of MLflow's and authctl's tables are in it."""

    path: Path
    form: str
    revision: str
    rows: int


def backup(database: Database, schema: Schema, path: Path, *, overwrite: bool = False) -> Backup:
    """Copy one moment of a database into a file that only its owner can read.

    The file appears when it is complete. AlreadyExists for one that is there, unless `overwrite`;
    Unavailable where it cannot be written.
    """
    if path.exists() and not overwrite:
        raise AlreadyExists(
            f"The file {path} exists already.", hint="Name another, or write over it with --force."
        )
    with _appearing(path) as partial:
        form, rows = database.snapshot(lambda connection: _copy(connection, schema, partial))
    return Backup(path, form, schema.revision, rows)


def _copy(connection: Connection, schema: Schema, path: Path) -> tuple[str, int]:
    if connection.dialect.name == "sqlite":
        rows = sum(1 for _ in rows_of(connection, schema))
        source: Any = connection.connection.driver_connection
        with closing(sqlite3.connect(path)) as target:
            source.backup(target)
            # Whatever the original is: a copy is one file.
            target.execute("PRAGMA journal_mode=DELETE").close()
        return "sqlite", rows
    with path.open("w", encoding="utf-8") as file:
        return "archive", write_archive(file, connection, schema)


@contextmanager
def _appearing(path: Path) -> Iterator[Path]:
    """A file beside the one that is to be, which takes its place once it is on the disk."""
    partial = None
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        partial = Path(name)
        os.close(descriptor)
        yield partial
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise Unavailable(f"The backup {path} cannot be written: {reason}.") from error
    finally:
        if partial is not None:
            partial.unlink(missing_ok=True)
