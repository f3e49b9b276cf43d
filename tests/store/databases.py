"""Databases that exist for one test: SQLite files, and databases of a running server."""

from __future__ import annotations

import hashlib
import os
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import sqlalchemy
from sqlalchemy.exc import OperationalError

from authctl.errors import Unavailable
from authctl.model import Permission, Resource
from authctl.policy.resolution import resolve_with
from authctl.store import schema, tables
from authctl.store.sql import SqlStore
from authctl.store.sql_engine import connect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SERVERS = {
    "postgresql": ("AUTHCTL_TEST_POSTGRES", "postgresql://root@127.0.0.1:5432/postgres"),
    "mysql": ("AUTHCTL_TEST_MYSQL", "mysql://root@127.0.0.1:3306/test"),
}
DRIVERS = {"postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql"}
DIALECTS = ("sqlite", "postgresql", "mysql")


@dataclass(frozen=True)
class Backend:
    """Where an auth database lies, and which MLflow made it."""

    dialect: str
    revision: str = tables.HEAD

    def __str__(self) -> str:
        return f"{self.dialect}-{self.revision}"


ROLES_BACKENDS = tuple(Backend(dialect) for dialect in DIALECTS)
BACKENDS = (
    Backend("sqlite", tables.INITIAL),
    Backend("sqlite", tables.WORKSPACES),
    *ROLES_BACKENDS,
)


def quick_hash(password: str) -> str:
    """A hash that every MLflow verifies, in no time: it may have as few rounds as it likes."""
    key = hashlib.pbkdf2_hmac("sha256", password.encode(), b"salt", 1)
    return f"pbkdf2:sha256:1$salt${key.hex()}"


@contextmanager
def empty_database(dialect: str, folder: Path) -> Iterator[str]:
    """The URL of a database without tables, dropped at the end."""
    if dialect == "sqlite":
        path = folder / "auth.db"
        path.touch()
        yield f"sqlite:///{path}"
        return
    variable, default = SERVERS[dialect]
    url = sqlalchemy.make_url(os.environ.get(variable, default))
    server = sqlalchemy.create_engine(
        url.set(drivername=DRIVERS[dialect]), isolation_level="AUTOCOMMIT"
    )
    name = f"authctl_test_{uuid.uuid4().hex}"
    try:
        _run(server, f"CREATE DATABASE {name}")
    except OperationalError:
        server.dispose()
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"no {dialect} server answers; {variable} names another")
    try:
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        force = " WITH (FORCE)" if dialect == "postgresql" else ""
        _run(server, f"DROP DATABASE {name}{force}")
        server.dispose()


@contextmanager
def auth_database(backend: Backend, folder: Path) -> Iterator[str]:
    """The URL of an auth database as the MLflow of a revision makes it, without users."""
    with empty_database(backend.dialect, folder) as url:
        make_tables(url, backend.revision)
        yield url


@contextmanager
def opened(
    url: str,
    *,
    create: bool = False,
    reads_deny: bool = False,
    hash_password: Callable[[str], str] = quick_hash,
) -> Iterator[SqlStore]:
    """A store on a database, whose default is READ, and whose new hashes take no time to make."""
    store = SqlStore.open(
        url,
        resolve=resolve_with(Permission.READ),
        create=create,
        reads_deny=reads_deny,
        hash_password=hash_password,
    )
    try:
        yield store
    finally:
        store.close()


def make_tables(url: str, revision: str) -> None:
    """Make the tables of a revision; the oldest has its number where MLflow 3.5 wrote it."""
    names = tables.VERSION_TABLES
    version_in = names[1] if revision == tables.INITIAL else names[0]
    database = connect(url)
    database.write(
        lambda connection: schema.make(
            connection,
            schema.schema_at(revision, version_in=version_in, dialect=connection.dialect.name),
        )
    )
    database.close()


def execute(url: str, statement: str) -> list[tuple[object, ...]]:
    """Run a statement as some other program would; the rows, if it gives any."""
    engine = sqlalchemy.create_engine(with_driver(url))
    with engine.begin() as connection:
        result = connection.exec_driver_sql(statement)
        rows = [tuple(row) for row in result] if result.returns_rows else []
    engine.dispose()
    return rows


def with_driver(url: str) -> str:
    """A URL that names the installed driver, as other programs than authctl need it."""
    parsed = sqlalchemy.make_url(url)
    parsed = parsed.set(drivername=DRIVERS.get(parsed.drivername, parsed.drivername))
    return parsed.render_as_string(hide_password=False)


def contents(url: str) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every auth table, to see that nothing changed."""
    with opened(url) as store:
        return contents_of(store)


def contents_of(store: SqlStore) -> dict[str, list[tuple[object, ...]]]:
    """The same of the database that a store is open on."""
    return store.database.read(
        lambda connection: {
            table.name: sorted(tuple(row) for row in connection.execute(sqlalchemy.select(table)))
            for table in store.schema.tables.sorted_tables
        }
    )


def nothing_is_written(store: SqlStore, why: str) -> None:
    """Every way to write says why not; the store has a user alice."""
    experiment, password = Resource("experiment", "42"), "correct-horse-battery"
    for write in (
        lambda: store.create_user("bob", password),
        lambda: store.set_password("alice", password),
        lambda: store.set_admin("alice", is_admin=False, force=True),
        lambda: store.delete_user("alice", force=True),
        lambda: store.grant("alice", experiment, Permission.MANAGE),
        lambda: store.revoke("alice", experiment),
        lambda: store.create_role("readers", "default", None),
    ):
        with pytest.raises(Unavailable, match=why) as caught:
            write()
        assert "SQL:" not in caught.value.message


def _run(server: sqlalchemy.Engine, statement: str) -> None:
    with server.connect() as connection:
        connection.exec_driver_sql(statement)
