from __future__ import annotations

import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from authctl.errors import InvalidRequest, Unavailable
from authctl.model import Permission, Resource
from authctl.store.sql import database_file
from authctl.store.sql_engine import connect
from tests.store.contract import PASSWORD
from tests.store.databases import contents, nothing_is_written, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


SECRET = "s3cr3t-in-the-url"  # a password that no message may show
EXPERIMENT = Resource("experiment", "42")

WITHOUT_DRIVER = """
import sys
sys.modules["{module}"] = None
from authctl.errors import InvalidRequest
from authctl.store.sql_engine import connect
try:
    connect("{url}")
except InvalidRequest as error:
    print(error.hint)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A SQLite auth database with the admin alice and a grant."""
    path = tmp_path / "auth.db"
    with opened(f"sqlite:///{path}", create=True) as store:
        store.create_user("alice", PASSWORD, is_admin=True)
        store.grant("alice", EXPERIMENT, Permission.EDIT)
    return path


@pytest.fixture
def lock(path: Path) -> Iterator[sqlite3.Connection]:
    """Another process's connection to that database."""
    connection = sqlite3.connect(path, isolation_level=None)
    yield connection
    connection.close()


def test_looking_for_a_database_makes_none(tmp_path: Path) -> None:
    for url in (
        f"sqlite:///{tmp_path}/none.db",
        f"sqlite:///file:{tmp_path}/none.db?uri=true",
        f"sqlite:///{tmp_path}/no/folder/none.db",
        f"sqlite:///{tmp_path}",
    ):
        with pytest.raises(Unavailable), opened(url):
            pass
    assert list(tmp_path.iterdir()) == []


def test_a_database_in_a_missing_folder_cannot_be_made(tmp_path: Path) -> None:
    with (
        pytest.raises(Unavailable, match="No such file or directory"),
        opened(f"sqlite:///{tmp_path}/no/auth.db", create=True),
    ):
        pass


def test_a_new_database_file_is_its_owners_alone(path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["with space.db", "häsh#mark.db", "a&b=c.db"])
def test_a_strange_file_name_is_taken_as_it_is(tmp_path: Path, name: str) -> None:
    with opened(f"sqlite:///{tmp_path}/{name}", create=True):
        pass
    assert [found.name for found in tmp_path.iterdir()] == [name]


def test_a_relative_path_stays_where_it_was_when_the_process_moves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with opened("sqlite:///auth.db", create=True) as store:
        monkeypatch.chdir("/")
        store.database.close()
        assert store.list_users() == []


@pytest.mark.parametrize("create", [False, True])
def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path, create: bool) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database" * 100)
    with (
        pytest.raises(Unavailable, match="not an SQLite database"),
        opened(f"sqlite:///{path}", create=create),
    ):
        pass
    assert path.read_text() == "not a database" * 100


def test_a_read_only_database_is_read_and_not_written(path: Path) -> None:
    before = contents(f"sqlite:///{path}")
    with opened(f"sqlite:///file:{path}?mode=ro&uri=true") as store:
        assert [user.username for user in store.list_users()] == ["alice"]
        nothing_is_written(store, "read-only")
    assert contents(f"sqlite:///{path}") == before


def test_a_locked_database_is_unavailable_and_unchanged(
    path: Path, lock: sqlite3.Connection
) -> None:
    before = contents(f"sqlite:///{path}")
    with opened(f"sqlite:///{path}?timeout=0.01") as store:
        lock.execute("BEGIN EXCLUSIVE")
        nothing_is_written(store, "locked")
        with pytest.raises(Unavailable, match="locked"):
            store.list_users()
        lock.execute("ROLLBACK")
        assert [user.username for user in store.list_users()] == ["alice"]
    assert contents(f"sqlite:///{path}") == before


def test_a_writer_does_not_keep_readers_out(path: Path, lock: sqlite3.Connection) -> None:
    with opened(f"sqlite:///{path}?timeout=0.01") as store:
        lock.execute("BEGIN IMMEDIATE")
        assert [user.username for user in store.list_users()] == ["alice"]


def test_foreign_keys_are_kept(path: Path) -> None:
    database = connect(f"sqlite:///{path}")
    assert database.read(lambda c: c.exec_driver_sql("PRAGMA foreign_keys").scalar()) == 1
    database.close()


@pytest.mark.parametrize(
    ("url", "error"),
    [
        (f"postgresql://u:{SECRET}@127.0.0.1:1/auth", Unavailable),
        (f"mysql://u:{SECRET}@127.0.0.1:1/auth", Unavailable),
        (f"postgresql://u:{SECRET}@127.0.0.1:1/auth?nonsense={SECRET}", Unavailable),
        (f"postgresql://u:{SECRET}/x@127.0.0.1:1/auth", Unavailable),
        (f"postgresql://u:p@{SECRET}@127.0.0.1:1/auth", InvalidRequest),
        (f"postgresql://u:p@s/{SECRET}@127.0.0.1:1/auth", InvalidRequest),
        (f"postgresql://u:p@s:{SECRET}@127.0.0.1:1/auth", InvalidRequest),
        (f"oddbase://u:{SECRET}@127.0.0.1/auth", InvalidRequest),
        (f"sqlite://u:{SECRET}@host/auth.db?mode=memory", InvalidRequest),
        (f"{SECRET}", InvalidRequest),
        ("", InvalidRequest),
        ("sqlite://", InvalidRequest),
        ("sqlite:///:memory:", InvalidRequest),
    ],
)
def test_a_url_that_leads_nowhere_is_told_in_a_line_without_its_password(
    url: str, error: type[Exception]
) -> None:
    with pytest.raises(error) as caught, opened(url):
        pass
    told = f"{caught.value.message} {caught.value.hint}"  # type: ignore[attr-defined] # ours have both
    assert SECRET not in told
    assert "\n" not in told


@pytest.mark.parametrize(
    ("url", "module", "extra"),
    [
        ("postgresql://host/auth", "psycopg", "postgres"),
        ("postgres://host/auth", "psycopg", "postgres"),
        ("mysql://host/auth", "pymysql", "mysql"),
        ("mariadb://host/auth", "pymysql", "mysql"),
    ],
)
def test_a_missing_driver_names_the_extra_to_install(url: str, module: str, extra: str) -> None:
    script = WITHOUT_DRIVER.format(module=module, url=url)
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert done.stdout == f"pip install 'authctl[{extra}]'\n"


def test_the_file_of_a_database_is_known_from_its_url(tmp_path: Path) -> None:
    path = tmp_path / "auth.db"
    assert database_file(f"sqlite:///{path}") == path
    assert database_file(f"sqlite:///file:{path}?mode=ro&uri=true") == path
    assert database_file("postgresql://host/auth") is None
