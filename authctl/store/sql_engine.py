"""A connection to the auth database: its URL, its transactions, and its errors made ours."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar
from urllib.parse import quote, unquote

import sqlalchemy
from sqlalchemy import event, insert
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from authctl.errors import InvalidRequest, Unavailable
from authctl.store.sql_errors import Collision, Deadlock, ours

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import URL, Connection, Engine, Table

    from authctl.errors import AuthctlError

T = TypeVar("T")
P = ParamSpec("P")

PATIENCE = 5
"""Seconds to wait for another process's lock; a server waits longer (see `connect`)."""

_CONNECT_TIMEOUT = 10
"""Seconds to wait for a database server to answer at all."""

_ANSWER_TIMEOUT = 60
"""Seconds after which a server that no longer answers is given up.

PostgreSQL's driver gives up only on one that does not even acknowledge what it was sent.
"""

_ATTEMPTS = 5
"""How often a change is tried that other writers get in the way of."""

_DRIVERS = {
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
}
_EXTRAS = {"postgresql": "postgres", "mysql": "mysql", "mariadb": "mysql"}
_PATIENT = {
    "postgresql": "SET lock_timeout = '{0}s'",
    "mysql": "SET SESSION innodb_lock_wait_timeout = {0}, lock_wait_timeout = {0}",
}
"""How a session of a server is told how long to wait for a lock."""

_ARGUMENTS: dict[str, dict[str, Any]] = {
    # Of psycopg, in milliseconds: how long sent data may stay unacknowledged.
    "postgresql": {"tcp_user_timeout": _ANSWER_TIMEOUT * 1000},
    "mysql": {"read_timeout": _ANSWER_TIMEOUT, "write_timeout": _ANSWER_TIMEOUT},
}
"""How a driver is told not to wait for ever."""

_SQLITE = frozenset({"sqlite", "sqlite+pysqlite"})


class Database:
    """An auth database that runs work in transactions and raises only AuthctlError.

    `place` is how messages call it; it never holds a password. `patience` is in seconds.
    """

    def __init__(self, engine: Engine, place: str, patience: int = PATIENCE) -> None:
        self._engine = engine
        self._writer = engine.execution_options(sqlite_begin="BEGIN IMMEDIATE")
        on_server = engine.dialect.name != "sqlite"  # where every transaction is a snapshot
        self._still = (
            engine.execution_options(isolation_level="REPEATABLE READ") if on_server else engine
        )
        self.place = place
        self.patience = patience
        self.dialect = engine.dialect.name.replace("mariadb", "mysql")

    @property
    def file(self) -> Path | None:
        """The file that holds an SQLite database; None for a database on a server."""
        return database_file(self._engine.url.render_as_string(hide_password=False))

    def read(self, work: Callable[[Connection], T]) -> T:
        """Run work that changes nothing."""
        return self._run(self._engine, work)

    def snapshot(self, work: Callable[[Connection], T]) -> T:
        """Run work that sees one moment of the database, however long it reads."""
        return self._run(self._still, work)

    def write(self, work: Callable[[Connection], T]) -> T:
        """Run work whole or not at all; it runs again if another writer got in between."""
        for _ in range(_ATTEMPTS - 1):
            try:
                return self._run(self._writer, work)
            except (Collision, Deadlock):
                continue
        return self._run(self._writer, work)

    def close(self) -> None:
        """Give connections back."""
        self._engine.dispose()

    def own_connection(self) -> Any:
        """The driver's own connection, out of the pool, with no transactions; see `ours`."""
        try:
            lent = self._engine.raw_connection()
        except self.driver_error as error:
            raise self.ours(error) from error
        connection: Any = lent.driver_connection
        lent.detach()
        if self.dialect == "postgresql":
            connection.autocommit = True
        elif self.dialect == "mysql":
            connection.autocommit(True)
        return connection

    @property
    def driver_error(self) -> type[Exception]:
        """What the driver raises on a connection of `own_connection`."""
        found: type[Exception] = self._engine.dialect.loaded_dbapi.Error
        return found

    def ours(self, error: Exception) -> AuthctlError:
        """What a driver's error means."""
        foreign = DBAPIError.instance(None, None, error, self.driver_error)
        assert isinstance(foreign, SQLAlchemyError)  # noqa: S101 - the driver's errors become one
        return ours(foreign, self.place)

    def _run(self, engine: Engine, work: Callable[[Connection], T]) -> T:
        try:
            with engine.begin() as connection:
                return work(connection)
        except SQLAlchemyError as error:
            raise ours(error, self.place) from error
        except UnicodeEncodeError as error:
            raise InvalidRequest("A name is not valid Unicode.") from error


class _Store(Protocol):
    @property
    def database(self) -> Database: ...

    def hold(self, connection: Connection) -> None: ...


S = TypeVar("S", bound=_Store)


def reading(method: Callable[Concatenate[S, Connection, P], T]) -> Callable[Concatenate[S, P], T]:
    """Make a store's method one transaction that changes nothing."""

    @functools.wraps(method)
    def inside(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.database.read(lambda connection: method(self, connection, *args, **kwargs))

    return inside


def writing(method: Callable[Concatenate[S, Connection, P], T]) -> Callable[Concatenate[S, P], T]:
    """Make a store's method one transaction, in line with all other writers of authctl."""

    @functools.wraps(method)
    def inside(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        def work(connection: Connection) -> T:
            self.hold(connection)
            return method(self, connection, *args, **kwargs)

        return self.database.write(work)

    return inside


def insert_row(connection: Connection, table: Table, **values: object) -> int:
    """Add a row; its id."""
    key = connection.execute(insert(table).values(**values)).inserted_primary_key
    assert key is not None  # noqa: S101 - for the type checker: one row with one id was added
    return int(key[0])


def database_file(url: str) -> Path | None:
    """The file that holds a SQLite database; None for a database on a server. InvalidRequest."""
    parsed = _parse(url)
    if parsed.drivername not in _SQLITE or not parsed.database:
        return None
    if "uri" in parsed.query:
        return Path(unquote(parsed.database.removeprefix("file:"))).absolute()
    return Path(parsed.database).absolute()


def connect(url: str, *, create: bool = False, patience: int = PATIENCE) -> Database:
    """Reach a database by a SQLAlchemy URL; `create` makes a missing SQLite file.

    `patience` is how many seconds to wait for another process's lock.
    InvalidRequest for a URL that cannot be right or whose driver is missing; Unavailable for a
    SQLite file that is not there. A server is first spoken to when the first work runs.
    """
    parsed = _parse(url)
    backend = parsed.get_backend_name()
    place = _place(parsed)
    arguments: dict[str, Any] = {}
    if parsed.drivername in _SQLITE:
        parsed = _existing_file(parsed, create=create)
        if "timeout" not in parsed.query:
            arguments["timeout"] = patience
    elif backend in _PATIENT:
        arguments = {"connect_timeout": _CONNECT_TIMEOUT, **_ARGUMENTS[backend]}
        for name in arguments.keys() & parsed.query.keys():
            del arguments[name]
    try:
        engine = sqlalchemy.create_engine(
            parsed, connect_args=arguments, pool_pre_ping=parsed.drivername not in _SQLITE
        )
    except NoSuchModuleError as error:
        raise InvalidRequest(f"'{parsed.drivername}' is not a database known here.") from error
    except ImportError as error:
        extra = _EXTRAS.get(backend)
        raise InvalidRequest(
            f"The Python driver for {parsed.drivername} is not installed.",
            hint=f"pip install 'authctl[{extra}]'" if extra else None,
        ) from error
    except (SQLAlchemyError, TypeError, ValueError) as error:
        raise InvalidRequest(f"The database URL for {place} has wrong options.") from error
    _prepare(engine, backend, patience)
    return Database(engine, place, patience)


def _parse(url: str) -> URL:
    try:
        parsed = sqlalchemy.make_url(url)
        parsed.get_backend_name()
    except (ArgumentError, ValueError) as error:
        # The foreign text quotes the URL, which may hold a password.
        raise InvalidRequest(
            "The database URL cannot be read.",
            hint="Write it as sqlite:///auth.db or postgresql://user:password@host/database,"
            " with special characters of the password percent-encoded.",
        ) from error
    parsed = parsed.set(drivername=_DRIVERS.get(parsed.drivername, parsed.drivername))
    if parsed.drivername not in _SQLITE and "@" in f"{parsed.host}{parsed.database}":
        # Else a part of the password would be told as the host's name.
        raise InvalidRequest(
            "The database URL has an '@' too many.", hint="In a password, write it as %40."
        )
    return parsed


def _place(url: URL) -> str:
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    port = f":{url.port}" if url.port else ""
    return f"{url.get_backend_name()}://{url.host or ''}{port}/{url.database or ''}"


def _existing_file(url: URL, *, create: bool) -> URL:
    """Name the file such that SQLite opens it but never makes it."""
    if url.database in (None, "", ":memory:") or url.query.get("mode") == "memory":
        raise InvalidRequest(
            "An auth database in memory would be lost.", hint="Name a file: sqlite:///auth.db."
        )
    if "uri" in url.query:
        return url if "mode" in url.query else url.update_query_dict({"mode": "rw"})
    path = Path(str(url.database)).absolute()
    try:
        if create:
            path.touch(mode=0o600)
        found = path.is_file()
    except OSError as error:
        raise Unavailable(f"The auth database {path} cannot be made: {error.strerror}.") from error
    if not found:
        raise Unavailable(
            f"There is no auth database at {path}.",
            hint="Check the path, or make a database there with: authctl db init",
        )
    return url.set(database=f"file:{quote(str(path))}").update_query_dict(
        {"mode": "rw", "uri": "true"}
    )


def _prepare(engine: Engine, backend: str, patience: int) -> None:
    if backend == "sqlite":

        @event.listens_for(engine, "connect")
        def _on_connect(connection: Any, _record: object) -> None:
            # The driver's own idea of when to begin is switched off: see _on_begin.
            connection.isolation_level = None
            connection.execute("PRAGMA foreign_keys=ON").close()

        @event.listens_for(engine, "begin")
        def _on_begin(connection: Connection) -> None:
            connection.exec_driver_sql(
                connection.get_execution_options().get("sqlite_begin", "BEGIN")
            )

    elif backend in _PATIENT:

        @event.listens_for(engine, "connect")
        def _on_server_connect(connection: Any, _record: object) -> None:
            cursor = connection.cursor()
            cursor.execute(_PATIENT[backend].format(patience))
            cursor.close()
            connection.commit()
