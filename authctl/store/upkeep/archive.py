"""A portable backup: the rows of the auth tables as lines of JSON, for whichever database.

The first line says which revision they are of, each table begins with a line of its columns, a
row is a list, and the last line counts the rows, so that a file that was cut off shows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TextIO

import sqlalchemy
from sqlalchemy import select

from authctl import __version__
from authctl.errors import InvalidRequest, Unavailable
from authctl.store import additions
from authctl.store.tables import REVISIONS, tables_at

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection, Table

    from authctl.store.schema import Schema

Rows = Iterator[tuple[str, dict[str, Any]]]
"""Rows with the names of their tables; those that others refer to come first."""

_FORM = "authctl_backup"
_VERSION = 1
_AT_ONCE = 5_000


def tables_of(connection: Connection, schema: Schema) -> list[Table]:
    """The tables of which a backup keeps the rows: MLflow's but the version, and authctl's own."""
    theirs = [table for table in schema.tables.sorted_tables if table is not schema.version_table]
    # On MySQL a kill may have left some of authctl's own without the others.
    there = sqlalchemy.inspect(connection).get_table_names()
    return theirs + [table for table in additions.TABLES if table.name in there]


def rows_of(connection: Connection, schema: Schema) -> Rows:
    """Every row of a database."""
    for table in tables_of(connection, schema):
        result = connection.execute(select(table).execution_options(yield_per=_AT_ONCE))
        for row in result.mappings():
            yield table.name, dict(row)


def write_archive(file: TextIO, connection: Connection, schema: Schema) -> int:
    """Write every row of a database; how many there were.

    Unavailable for a revision that is not known, whose columns would be lost.
    """
    if not schema.known:
        raise Unavailable(
            f"The auth database is of an unknown revision, {schema.revision}, of which a backup"
            " would not be complete.",
            hint="Use the database's own tools: pg_dump or mysqldump.",
        )

    def write(value: object) -> None:
        file.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")

    write(
        {
            _FORM: _VERSION,
            "revision": schema.revision,
            "version_table": schema.version_table.name,
            "made": datetime.now(UTC).isoformat(timespec="seconds"),
            "authctl": __version__,
        }
    )
    count = 0
    current = ""
    for table, row in rows_of(connection, schema):
        if table != current:
            write({"table": table, "columns": list(row)})
            current = table
        write(list(row.values()))
        count += 1
    write({"end": True, "rows": count})
    return count


@dataclass(frozen=True, slots=True)
class Archive:
    """A file that `write_archive` wrote."""

    path: Path
    revision: str
    version_table: str

    @classmethod
    def open(cls, path: Path) -> Archive:
        """Read the file through to its end; InvalidRequest if it is no such file or not whole."""
        try:
            values = _values(path)
            first: dict[str, Any] = next(values, {})
            if first[_FORM] != _VERSION:
                raise InvalidRequest(f"{path} was written by a newer authctl.")
            found = cls(path, str(first["revision"]), str(first["version_table"]))
            if found.revision not in REVISIONS:
                return found  # which whoever asked for it refuses
            last, count = _checked(values, found.revision)
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidRequest(
                f"{path} is no backup of an auth database.",
                hint="authctl db backup FILE writes one.",
            ) from error
        if last.get("end") is not True or last["rows"] != count:
            raise InvalidRequest(f"{path} is cut off: its end is missing.")
        return found

    def rows(self) -> Rows:
        """Every row in the file."""
        table, columns = "", [""]
        for value in _values(self.path):
            if isinstance(value, list):
                yield table, dict(zip(columns, value, strict=True))
            elif "table" in value:
                table, columns = value["table"], value["columns"]


def _checked(values: Iterator[Any], revision: str) -> tuple[dict[str, Any], int]:
    """The last line, and how many rows lie before it; ValueError for what no table can hold."""
    tables = {
        table.name: set(table.c.keys())
        for table in (*tables_at(revision, dialect="").tables.values(), *additions.TABLES)
    }
    last: dict[str, Any] = {}
    count = 0
    width = -1
    for value in values:
        if isinstance(value, list):
            count += 1
            if len(value) != width:
                raise ValueError("This row has other columns than its table.")
        elif "table" in value:
            width = len(value["columns"])
            if not set(value["columns"]) <= tables[value["table"]]:
                raise ValueError("This table has other columns than are known.")
        else:
            last = value
    return last, count


def _values(path: Path) -> Iterator[Any]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            if line.endswith("\n"):  # else it is cut off
                yield json.loads(line)
