"""Rows whose column has one of many values: as few statements as every database can take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, true, update

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import BindParameter, Column, ColumnElement, Connection, Row, Select

_MOST = 500
"""Older SQLite takes 999 values in a statement, in which there may be others too."""

# Handed over as one list, since SQLAlchemy would take longer to look at each value than to ask.
_SOME: BindParameter[Any] = bindparam("among", expanding=True)


def rows_among(
    connection: Connection, query: Select[Any], column: Column[Any], values: Iterable[object]
) -> Iterator[Row[tuple[Any, ...]]]:
    """The rows of a query in which the column has one of these values.

    MySQL's collations find more than the exact texts.
    """
    found = query.where(column.in_(_SOME))
    for some in _portions(values):
        yield from connection.execute(found, some)


def update_among(
    connection: Connection, column: Column[Any], values: Iterable[object], **new: object
) -> None:
    """Set columns of the rows in which the column has one of these values."""
    change = update(column.table).where(column.in_(_SOME)).values(**new)
    for some in _portions(values):
        connection.execute(change, some)


def delete_among(connection: Connection, column: Column[Any], values: Iterable[object]) -> None:
    """Delete the rows in which the column has one of these values."""
    removal = delete(column.table).where(column.in_(_SOME))
    for some in _portions(values):
        connection.execute(removal, some)


def if_few(column: Column[Any], values: Iterable[object]) -> ColumnElement[bool]:
    """Narrow a query to these values of a column; not at all where they are many."""
    few = list(dict.fromkeys(values))
    return column.in_(few) if len(few) < _MOST // 2 else true()


def _portions(values: Iterable[object]) -> Iterator[dict[str, list[object]]]:
    every = list(values)
    for start in range(0, len(every), _MOST):
        yield {_SOME.key: every[start : start + _MOST]}
