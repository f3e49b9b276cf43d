"""What authctl did to an auth database as a whole, kept in a table of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import sqlalchemy
from sqlalchemy import Column, Integer, MetaData, String, Table, insert, select

from authctl import __version__
from authctl.store.tables import as_exact

if TYPE_CHECKING:
    from sqlalchemy import Connection

TABLE = as_exact(
    Table(
        "authctl_history",
        MetaData(),
        Column("id", Integer, primary_key=True),
        Column("at", String(32), nullable=False),
        Column("event", String(32), nullable=False),
        Column("detail", String(255), nullable=False),
        Column("version", String(32), nullable=False),
    )
)


class Event(StrEnum):
    """What can have been done."""

    CREATED = "created"
    UPGRADED = "upgraded"
    DENIALS_RESTORED = "denials restored"
    DENIALS_FORGOTTEN = "denials forgotten"
    RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class Entry:
    """One event: when it was, in UTC as ISO 8601 writes it, and which authctl did it."""

    at: str
    event: str
    detail: str
    version: str

    def __str__(self) -> str:
        return f"authctl {self.version} {self.event} ({self.detail}) on {self.at}"


def record(connection: Connection, event: Event, detail: str) -> None:
    """Write an event down; the table must be there (`additions.install`)."""
    at = datetime.now(UTC).isoformat(timespec="seconds")
    connection.execute(
        insert(TABLE).values(at=at, event=str(event), detail=detail, version=__version__)
    )


def entries(connection: Connection) -> list[Entry]:
    """Every event, oldest first; none in a database that has not got the table."""
    if not sqlalchemy.inspect(connection).has_table(TABLE.name):
        return []
    rows = connection.execute(select(TABLE).order_by(TABLE.c.id))
    return [Entry(row.at, row.event, row.detail, row.version) for row in rows]
