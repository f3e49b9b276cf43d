"""Many rows found, added, changed or removed, in as few statements as every database can take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ARRAY, any_, bindparam, delete, func, insert, select, true, update

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Column, ColumnElement, Connection, Row, Select, Table

_MOST = 500
"""Older SQLite takes 999 values in a statement, in which there may be others too."""

_SOME = "among"


def rows_among(
    connection: Connection, query: Select[Any], column: Column[Any], values: Iterable[object]
) -> Iterator[Row[tuple[Any, ...]]]:
    """The rows of a query in which the column has one of these values.

    MySQL's collations find more than the exact texts.
    """
    found = query.where(_is_among(connection, column))
    for some in _portions(values):
        yield from connection.execute(found, some)


def insert_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Add rows, if there are any; all name the same columns."""
    if not rows:
        return
    if not _has_arrays(connection):
        connection.execute(insert(table), rows)
        return
    # Its driver would send, and its triggers see, a statement a row.
    names = list(rows[0])
    arrays = [func.unnest(bindparam(name, type_=ARRAY(table.c[name].type))) for name in names]
    columns = {name: [row[name] for row in rows] for name in names}
    connection.execute(insert(table).from_select(names, select(*arrays)), columns)


def update_among(
    connection: Connection, column: Column[Any], values: Iterable[object], **new: object
) -> None:
    """Set columns of the rows in which the column has one of these values."""
    change = update(column.table).where(_is_among(connection, column)).values(**new)
    for some in _portions(values):
        connection.execute(change, some)


def delete_among(connection: Connection, column: Column[Any], values: Iterable[object]) -> None:
    """Delete the rows in which the column has one of these values."""
    removal = delete(column.table).where(_is_among(connection, column))
    for some in _portions(values):
        connection.execute(removal, some)


def if_few(column: Column[Any], values: Iterable[object]) -> ColumnElement[bool]:
    """Narrow a query to these values of a column; not at all where they are many."""
    few = list(dict.fromkeys(values))
    return column.in_(few) if len(few) < _MOST // 2 else true()


def _is_among(connection: Connection, column: Column[Any]) -> ColumnElement[bool]:
    """Whether a column has one of some values that are handed over as one list.

    SQLAlchemy would look at each of them longer than the database does, as PostgreSQL's driver
    does at each place for one in a statement.
    """
    if _has_arrays(connection):
        return column == any_(bindparam(_SOME, type_=ARRAY(column.type)))
    return column.in_(bindparam(_SOME, expanding=True))


def _has_arrays(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"


def _portions(values: Iterable[object]) -> Iterator[dict[str, list[object]]]:
    every = list(values)
    for start in range(0, len(every), _MOST):
        yield {_SOME: every[start : start + _MOST]}
