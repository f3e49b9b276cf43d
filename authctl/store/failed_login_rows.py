"""Rows of authctl's own tables of wrong passwords: how many a minute, and where right ones were."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    delete,
    func,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy.dialects import mysql, postgresql, sqlite

from authctl.store.tables import as_exact

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy import Connection
    from sqlalchemy.sql.dml import Insert

    _Row = Mapping[str, str | int]

_METADATA = MetaData()

TABLE = as_exact(
    Table(
        "authctl_failed_logins",
        _METADATA,
        # Minutes since 1970; first in the key, by which old ones are found again.
        Column("minute", Integer, nullable=False),
        # Of whom is counted, and never the name itself: people type passwords for usernames.
        Column("digest", String(64), nullable=False),
        Column("failures", Integer, nullable=False),
        PrimaryKeyConstraint("minute", "digest", name="authctl_failed_logins_pkc"),
    )
)

PLACES = as_exact(
    Table(
        "authctl_known_places",
        _METADATA,
        Column("user_digest", String(64), nullable=False),
        Column("place_digest", String(64), nullable=False),
        # Seconds since 1970.
        Column("until", BigInteger, nullable=False),
        PrimaryKeyConstraint("user_digest", "place_digest", name="authctl_known_places_pkc"),
    )
)

TABLES = (TABLE, PLACES)

_PLACES_OF_A_USER = 50
"""More addresses than a person works from; the oldest give way."""

_KEPT_MINUTES = 2
"""The clocks of several machines may be that far apart."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a user is, each as a digest: the user, and the user at that address."""

    user: str
    place: str


@dataclass(frozen=True, slots=True)
class Count:
    """Wrong passwords of whoever has this digest, in a minute since 1970."""

    digest: str
    minute: int


@dataclass(frozen=True, slots=True)
class Found:
    """How many wrong passwords were counted, by digest, and whether the place is known."""

    failures: Mapping[str, int] = field(default_factory=dict)
    is_known: bool = False


def find(
    connection: Connection, digests: Collection[str], minute: int, place: Place, now: int
) -> Found:
    """What is written down about some digests in a minute, and about a place, in one query."""
    counted = select(TABLE.c.digest, TABLE.c.failures).where(
        TABLE.c.minute == minute, TABLE.c.digest.in_(digests)
    )
    known = select(literal(place.place), null()).where(
        PLACES.c.user_digest == place.user,
        PLACES.c.place_digest == place.place,
        PLACES.c.until > now,
    )
    rows = connection.execute(union_all(counted, known)).all()
    return Found(
        {row.digest: row.failures for row in rows if row.failures is not None},
        any(row.failures is None for row in rows),
    )


def add(connection: Connection, failures: Mapping[Count, int]) -> None:
    """Count wrong passwords besides those that are counted already."""
    # All writers take the rows in one order, so that none waits for another that waits for it.
    counts = sorted(failures, key=lambda count: (count.minute, count.digest))
    rows: list[_Row] = [
        {"minute": count.minute, "digest": count.digest, "failures": failures[count]}
        for count in counts
    ]
    _upsert(connection, TABLE, "failures", rows, adds=True)


def remember(connection: Connection, places: Mapping[Place, int]) -> None:
    """Write down until when places are known; of each user the newest few are kept."""
    rows: list[_Row] = [
        {"user_digest": place.user, "place_digest": place.place, "until": places[place]}
        for place in sorted(places, key=lambda place: (place.user, place.place))
    ]
    _upsert(connection, PLACES, "until", rows, adds=False)
    for user in sorted({place.user for place in places}):
        of_user = PLACES.c.user_digest == user
        newest = select(PLACES.c.place_digest).where(of_user).order_by(PLACES.c.until.desc())
        surplus = connection.scalars(newest).all()[_PLACES_OF_A_USER:]
        if surplus:
            connection.execute(delete(PLACES).where(of_user, PLACES.c.place_digest.in_(surplus)))


def remove_old(connection: Connection, minute: int) -> None:
    """Take away what counts no longer in a minute."""
    connection.execute(delete(TABLE).where(TABLE.c.minute < minute - _KEPT_MINUTES))
    connection.execute(delete(PLACES).where(PLACES.c.until <= minute * 60))


def size(connection: Connection) -> int:
    """How many counts there are."""
    return connection.scalar(select(func.count()).select_from(TABLE)) or 0


def _upsert(
    connection: Connection,
    table: Table,
    column: str,
    rows: Sequence[_Row],
    *,
    adds: bool,
) -> None:
    """Write rows, or a column of theirs where they are: added to what it was, or instead of it."""
    for row in rows:
        connection.execute(_statement(connection, table, column, row, adds=adds))


def _statement(
    connection: Connection, table: Table, column: str, row: _Row, *, adds: bool
) -> Insert:
    value = table.c[column] + row[column] if adds else row[column]
    if connection.dialect.name in ("mysql", "mariadb"):
        return mysql.insert(table).values(row).on_duplicate_key_update({column: value})
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    return (
        make(table)
        .values(row)
        .on_conflict_do_update(index_elements=list(table.primary_key), set_={column: value})
    )
