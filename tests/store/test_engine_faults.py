"""What fails at a database server is told in one line, and leaves everything as it was."""

from __future__ import annotations

import socket
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
import sqlalchemy
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from authctl.errors import Unavailable
from authctl.model import Generation, Grant, Permission, Resource
from authctl.store import tables
from authctl.store.sql_engine import connect
from authctl.store.upkeep.upgrade import upgrade
from tests.store.databases import Backend, auth_database, contents, execute, opened, with_driver
from tests.store.imagined import HASH, writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import Connection

    from authctl.store.sql import SqlStore

ROOT, ANN = "root", "ann"
SECRET = "s3cr3t-in-the-url"  # a password that no message may show
EXPERIMENT = Resource("experiment", "42")
PATIENCE_SECONDS = 30

# Those of other sessions of the same database.
SESSIONS = {
    "postgresql": "SELECT pid FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    "mysql": "SELECT id FROM information_schema.processlist"
    " WHERE db = DATABASE() AND id <> CONNECTION_ID()",
}
PARTS = {"username", "password", "database"}
END = {"postgresql": "SELECT pg_terminate_backend({})", "mysql": "KILL CONNECTION {}"}
LOCK = "SELECT version_num FROM alembic_version_auth FOR UPDATE"

WRITES: dict[str, Callable[[SqlStore], object]] = {
    "grant": lambda store: store.grant(ANN, EXPERIMENT, Permission.EDIT),
    "own": lambda store: store.own(ANN, EXPERIMENT),
    "delete_user": lambda store: store.delete_user(ANN),
    "create_role": lambda store: store.create_role("readers", "default", None),
}


@pytest.fixture(params=["postgresql", "mysql"])
def dialect(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def url(dialect: str, tmp_path: Path) -> Iterator[str]:
    """A database with the admin root and the user ann."""
    with auth_database(Backend(dialect), tmp_path) as url:
        with writer(url) as store:
            store.add_user(ROOT, is_admin=True)
            store.add_user(ANN)
        yield url


@pytest.fixture
def account(url: str, dialect: str) -> Iterator[Callable[[str], str]]:
    """The database's URL for an account that has just the rights it is called with."""
    name = f"authctl_{uuid.uuid4().hex[:12]}"
    kind, everything = {
        "postgresql": ("ROLE", "ALL TABLES IN SCHEMA public"),
        "mysql": ("USER", f"{sqlalchemy.make_url(url).database}.*"),
    }[dialect]
    word = {"postgresql": "LOGIN PASSWORD", "mysql": "IDENTIFIED BY"}[dialect]
    execute(url, f"CREATE {kind} {name} {word} '{SECRET}'")

    def account(rights: str) -> str:
        if rights:
            execute(url, f"GRANT {rights} ON {everything} TO {name}")
        return changed(url, username=name, password=SECRET)

    yield account
    if dialect == "postgresql":
        execute(url, f"DROP OWNED BY {name}")
    execute(url, f"DROP {kind} {name}")


@pytest.mark.parametrize(
    ("dialect", "options"),
    [("postgresql", "connect_timeout=2"), ("mysql", "read_timeout=1&connect_timeout=1")],
    indirect=["dialect"],
)
def test_a_server_that_never_answers_is_given_up(dialect: str, options: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with (
            unavailable("cannot be reached"),
            opened(f"{dialect}://root:{SECRET}@127.0.0.1:{port}/auth?{options}"),
        ):
            pass


def test_a_connection_that_ends_between_two_calls_is_made_again(url: str, dialect: str) -> None:
    with opened(url) as store:
        end_sessions(url, dialect)
        assert store.get_user(ANN).username == ANN
        end_sessions(url, dialect)
        store.grant(ANN, EXPERIMENT, Permission.EDIT)
        assert store.list_grants() == [Grant(ANN, EXPERIMENT, "EDIT")]


@pytest.mark.parametrize("moment", ["a statement", "the commit"])
def test_a_connection_that_ends_in_a_transaction_changes_nothing(
    url: str, dialect: str, moment: str
) -> None:
    before = contents(url)
    with opened(url) as store:
        users = store.schema.table("users")

        def work(connection: Connection) -> None:
            connection.execute(update(users).values(is_admin=True))
            end_sessions(url, dialect)
            if moment == "a statement":
                connection.execute(update(users).values(is_admin=True))

        with unavailable("was lost|cannot be reached"):
            store.database.write(work)
        assert not store.get_user(ANN).is_admin
    assert contents(url) == before


@pytest.mark.parametrize("step", ["reading", "writing", "comparing"])
def test_an_upgrade_whose_connection_ends_is_made_anew(
    dialect: str, step: str, tmp_path: Path
) -> None:
    def end(now: str, *_: int) -> None:
        if now == step:
            end_sessions(url, dialect)

    with auth_database(Backend(dialect, tables.WORKSPACES), tmp_path) as url:
        with writer(url) as store:
            store.add_user(ANN)
            store.grant(ANN, EXPERIMENT, Permission.NO_PERMISSIONS)
            with unavailable("was lost|cannot be reached"):
                upgrade(store.database, store.schema, store.resolve, progress=end)
        for after in (Generation.LEGACY, Generation.ROLES):
            with opened(url) as store:
                assert store.generation is after
                assert store.level(ANN, EXPERIMENT) is Permission.NO_PERMISSIONS
                if after is Generation.LEGACY:
                    upgrade(store.database, store.schema, store.resolve)


def test_a_lock_of_another_session_is_waited_for_and_then_told(url: str) -> None:
    before = contents(url)
    with opened(url) as store:
        with session(url) as other:
            other.exec_driver_sql(LOCK).all()
            with unavailable("is locked by another process"):
                store.grant(ANN, EXPERIMENT, Permission.EDIT)
            assert store.get_user(ANN).username == ANN
        assert contents(url) == before
        store.grant(ANN, EXPERIMENT, Permission.EDIT)


@pytest.mark.parametrize(
    ("dialect", "option"),
    [
        ("postgresql", {"options": "-c statement_timeout=300"}),
        ("mysql", {"read_timeout": "1"}),
    ],
    indirect=["dialect"],
)
def test_an_answer_that_takes_too_long_is_given_up(url: str, option: dict[str, str]) -> None:
    before = contents(url)
    with opened(changed(url, **option)) as store:
        with session(url) as other:
            other.exec_driver_sql(LOCK).all()
            with unavailable(None):
                store.grant(ANN, EXPERIMENT, Permission.EDIT)
        assert contents(url) == before
        store.grant(ANN, EXPERIMENT, Permission.EDIT)


@pytest.mark.parametrize(
    ("dialect", "option"),
    [
        ("postgresql", {}),
        ("postgresql", {"options": "-c default_transaction_read_only=on"}),
        ("mysql", {"init_command": "SET SESSION TRANSACTION READ ONLY"}),
    ],
    indirect=["dialect"],
    ids=["a PostgreSQL database", "a PostgreSQL session", "a MySQL session"],
)
def test_what_is_read_only_is_read(url: str, option: dict[str, str]) -> None:
    before = contents(url)
    if not option:
        name = sqlalchemy.make_url(url).database
        execute(url, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    with opened(changed(url, **option)) as store:
        assert [user.username for user in store.list_users()] == [ANN, ROOT]
        for write in WRITES.values():
            with unavailable("is read-only"):
                write(store)
    assert contents(url) == before


@pytest.mark.parametrize("rights", ["SELECT", "SELECT, UPDATE"])
def test_an_account_that_may_only_read_reads(
    url: str, account: Callable[[str], str], rights: str
) -> None:
    before = contents(url)
    with opened(account(rights)) as store:
        assert [user.username for user in store.list_users()] == [ANN, ROOT]
        for write in WRITES.values():
            with unavailable("does not let this account do that"):
                write(store)
    assert contents(url) == before


def test_an_account_without_rights_is_told_so(url: str, account: Callable[[str], str]) -> None:
    for create in (False, True):
        with (
            unavailable("does not let this account|Access denied"),
            opened(account(""), create=create),
        ):
            pass
    assert len(contents(url)["users"]) == 2


@pytest.mark.parametrize(
    ("difference", "told"),
    [
        ({"username": "nobody", "password": SECRET}, "not exist|Access denied|failed for user"),
        ({"database": "authctl_none"}, "not exist|Access denied|Unknown database"),
    ],
    ids=["an account", "a database"],
)
def test_what_a_server_does_not_know_is_told_in_its_words(
    url: str, difference: dict[str, str], told: str
) -> None:
    with unavailable(told), opened(changed(url, **difference)):
        pass


@pytest.mark.parametrize("dialect", ["mysql"], indirect=True)
def test_a_wrong_password_is_not_told(account: Callable[[str], str]) -> None:
    url = account("SELECT")
    for wrong in (f"{SECRET}x", f"x{SECRET}"):
        with unavailable("Access denied"), opened(changed(url, password=wrong)):
            pass


def test_writers_who_wait_for_each_other_both_get_through(url: str) -> None:
    both_began = Barrier(2)
    attempts: Counter[str] = Counter()
    database = connect(url)
    with opened(url) as store:
        users = store.schema.table("users")

    def append(letter: str, *names: str) -> None:
        def work(connection: Connection) -> None:
            attempts[letter] += 1
            for name in names:
                longer = users.c.password_hash + letter
                mine = update(users).where(users.c.username == name)
                connection.execute(mine.values(password_hash=longer))
                if name == names[0] and attempts[letter] == 1:
                    both_began.wait(PATIENCE_SECONDS)

        database.write(work)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(append, "xy", (ROOT, ANN), (ANN, ROOT)))
    database.close()
    assert attempts.total() > 2  # else neither stood in the other's way
    hashes = {row[2] for row in contents(url)["users"]}
    assert hashes in ({f"{HASH}xy"}, {f"{HASH}yx"})


@contextmanager
def unavailable(told: str | None) -> Iterator[None]:
    """What is done fails with one line that says what is wrong, and nothing else."""
    with pytest.raises(Unavailable, match=told) as caught:
        yield
    line = f"{caught.value.message} {caught.value.hint or ''}"
    assert caught.value.exit_code == 7
    assert "\n" not in line
    assert SECRET not in line
    for word in ("SQL:", "SELECT", "INSERT", "UPDATE", "sqlalche.me"):
        assert word not in line


@contextmanager
def session(url: str, **options: str) -> Iterator[Connection]:
    """Another program's transaction, which is rolled back at the end."""
    engine = sqlalchemy.create_engine(with_driver(url)).execution_options(**options)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def end_sessions(url: str, dialect: str) -> None:
    """End every other connection to the database, as its administrator may."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    # In a transaction PostgreSQL would tell of the same sessions again and again.
    with session(url, isolation_level="AUTOCOMMIT") as connection:
        while others := connection.exec_driver_sql(SESSIONS[dialect]).scalars().all():
            for number in others:
                with suppress(OperationalError):  # it has gone by itself
                    connection.exec_driver_sql(END[dialect].format(number))
            assert time.monotonic() < deadline


def changed(url: str, **differences: str) -> str:
    """The same URL but for its parts of these names; all others are options of the driver."""
    parts = {name: differences.pop(name) for name in PARTS & differences.keys()}
    parsed = sqlalchemy.make_url(url).set(**parts).update_query_dict(differences)
    return parsed.render_as_string(hide_password=False)
