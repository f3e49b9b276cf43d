"""A row that changes whenever anything in the auth database does: triggers see to it.

Whoever has it open can then tell from one row that all they remember of the rest still holds,
whoever it was that wrote: authctl elsewhere, MLflow, a person with SQL.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import sqlalchemy
from sqlalchemy import Column, Integer, MetaData, String, Table, insert

from authctl.store.tables import HEAD, VERSION_TABLES, as_exact, tables_at
from authctl.store.token_rows import TABLE as TOKENS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Connection

# A text at random and no number, which a restored copy of the database could count to twice.
TABLE = as_exact(
    Table(
        "authctl_revision",
        MetaData(),
        Column("id", Integer, primary_key=True, autoincrement=False),
        Column("revision", String(36), nullable=False),
    )
)
ROW = 1
TRIGGER = "authctl_revision"
FUNCTION = "authctl_note_change"

_EVENTS = ("insert", "update", "delete")
# That a token was used changes nothing of what it is good for.
_COUNTS = {TOKENS.name: [column.name for column in TOKENS.c if column.name != "last_used_at"]}
WATCHED = frozenset({*tables_at(HEAD, dialect="").tables, *VERSION_TABLES, TOKENS.name})

_AT_RANDOM = {
    "sqlite": "lower(hex(randomblob(16)))",
    "postgresql": "md5(random()::text || clock_timestamp()::text)",
    "mysql": "uuid()",
}


def create(connection: Connection) -> None:
    """Make the table and its row, which nothing changes yet; harmless where they are."""
    TABLE.create(connection, checkfirst=True)
    if connection.execute(TABLE.select()).first() is None:
        connection.execute(insert(TABLE).values(id=ROW, revision=str(uuid.uuid4())))


def watch(connection: Connection) -> None:
    """Let every table with what is remembered change the row; harmless where they do.

    The table must be there. On MySQL it ends the transaction it is called in.
    """
    missing = unwatched(connection)
    if not missing:
        return
    for statement in _function(connection):
        connection.exec_driver_sql(statement)
    for table in missing:
        for statement in (*_drops(connection, table), *_triggers(connection, table)):
            connection.exec_driver_sql(statement)


def unwatch(connection: Connection) -> None:
    """Take the triggers away; harmless where there are none."""
    for table in watched_tables(connection):
        for statement in _drops(connection, table):
            connection.exec_driver_sql(statement)
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {FUNCTION}()")


def watched_tables(connection: Connection) -> list[str]:
    """The tables there are of which something is remembered."""
    return sorted(WATCHED & set(sqlalchemy.inspect(connection).get_table_names()))


def is_kept(connection: Connection) -> bool:
    """Whether the row is there, and every change to what is remembered changes it."""
    if not sqlalchemy.inspect(connection).has_table(TABLE.name):
        return False
    return connection.execute(TABLE.select()).first() is not None and not unwatched(connection)


def unwatched(connection: Connection) -> list[str]:
    """Those of them whose changes the row does not tell, or not all of them."""
    found = set(connection.exec_driver_sql(_PRESENT[_dialect(connection)]).scalars())
    return [
        table
        for table in watched_tables(connection)
        if not found.issuperset(_names(connection, table))
    ]


# Each gives the names of the triggers that work; on PostgreSQL there is one a table.
_PRESENT = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": (
        "SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
        " WHERE t.tgname = 'authctl_revision' AND t.tgenabled IN ('O', 'A')"
        " AND c.oid = to_regclass(quote_ident(c.relname))"
    ),
    "mysql": (
        "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE()"
    ),
}


def _dialect(connection: Connection) -> str:
    return "mysql" if connection.dialect.name == "mariadb" else connection.dialect.name


def _names(connection: Connection, table: str) -> Iterable[str]:
    if connection.dialect.name == "postgresql":
        return (table,)
    return [f"{TRIGGER}_{table}_{event}" for event in _EVENTS]


def _function(connection: Connection) -> Iterator[str]:
    """What the triggers of PostgreSQL call, with its owner's rights: not every writer has any."""
    if connection.dialect.name == "postgresql":
        yield (
            f"CREATE OR REPLACE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql"
            f" SECURITY DEFINER SET search_path FROM CURRENT AS $$ BEGIN {_bump('postgresql')};"
            " RETURN NULL; END $$"
        )


def _triggers(connection: Connection, table: str) -> Iterator[str]:
    dialect, columns = _dialect(connection), _COUNTS.get(table)
    if dialect == "postgresql":
        of = f" OF {', '.join(columns)}" if columns else ""
        yield (
            f"CREATE TRIGGER {TRIGGER} AFTER INSERT OR UPDATE{of} OR DELETE OR TRUNCATE ON {table}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {FUNCTION}()"
        )
        return
    for event in _EVENTS:
        of, bump = "", _bump(dialect)
        if columns and event == "update" and dialect == "sqlite":
            of = f" OF {', '.join(columns)}"
        elif columns and event == "update":
            same = " AND ".join(f"OLD.{name} <=> NEW.{name}" for name in columns)
            bump = f"{bump} AND NOT ({same})"
        body = f"BEGIN {bump}; END" if dialect == "sqlite" else f"FOR EACH ROW {bump}"
        name = f"{TRIGGER}_{table}_{event}"
        yield f"CREATE TRIGGER {name} AFTER {event.upper()}{of} ON {table} {body}"


def _drops(connection: Connection, table: str) -> Iterator[str]:
    if connection.dialect.name == "postgresql":
        yield f"DROP TRIGGER IF EXISTS {TRIGGER} ON {table}"
        return
    for event in _EVENTS:
        yield f"DROP TRIGGER IF EXISTS {TRIGGER}_{table}_{event}"


def _bump(dialect: str) -> str:
    return f"UPDATE authctl_revision SET revision = {_AT_RANDOM[dialect]} WHERE id = 1"  # noqa: S608 - words of our own
