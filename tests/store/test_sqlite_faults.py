"""A SQLite file that is full, read-only or being written to: what is told, and what is kept."""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import tempfile
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from authctl.errors import Unavailable
from authctl.model import Grant, Permission, Resource
from authctl.store.sql_engine import connect
from authctl.store.upkeep.backup import backup
from authctl.store.upkeep.check import check
from authctl.store.upkeep.restore import restore
from authctl.store.upkeep.status import status
from tests.store.databases import contents, execute, opened
from tests.store.forked import forked
from tests.store.imagined import writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.store.imagined import Writer

ANN, ROOT = "ann", "root"
MANY = 2000
"""More grants than there is ever room for here."""

WRITES: dict[str, Callable[[Writer], object]] = {
    "grant": lambda store: store.grant(ANN, experiment(1), Permission.EDIT),
    "own": lambda store: store.own(ANN, experiment(1)),
    "delete_user": lambda store: store.delete_user(ANN),
    "add_user": lambda store: store.add_user("new"),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with the admin root, and the user ann who has a grant."""
    path = tmp_path / "auth.db"
    make(path)
    return path


def make(path: Path) -> None:
    with opened(f"sqlite:///{path}", create=True):
        pass
    with writer(f"sqlite:///{path}") as store:
        store.add_user(ROOT, is_admin=True)
        store.add_user(ANN)
        store.grant(ANN, experiment(0), Permission.EDIT)


# Write-ahead logging


@pytest.fixture
def logged(path: Path) -> Iterator[sqlite3.Connection]:
    """Another program's connection, which keeps the last writes in a file beside the database."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL").close()
        connection.execute("SELECT * FROM users").close()  # from here on it keeps the log open
        with writer(f"sqlite:///{path}") as store:
            store.grant(ANN, experiment(1), Permission.MANAGE)
            store.add_user("ben")
        yield connection


def test_what_is_only_in_the_log_yet_is_seen_and_saved_while_others_write(
    path: Path, logged: sqlite3.Connection, tmp_path: Path
) -> None:
    bare = tmp_path / "bare.db"
    shutil.copyfile(path, bare)
    assert len(contents(f"sqlite:///{bare}")["users"]) == 2  # the rest is in the log alone
    logged.execute("BEGIN IMMEDIATE")
    logged.execute("UPDATE users SET is_admin = 1")
    with writer(f"sqlite:///{path}") as store:
        found = status(store.database, store.schema)
        assert (found.users, found.admins, found.grants) == (3, 1, 2)
        saved = backup(store.database, store.schema, tmp_path / "saved").path
        before = store.seen()
    logged.execute("COMMIT")
    with writer(f"sqlite:///{saved}") as store:
        assert store.seen() == before
        assert before.users == {ROOT: True, ANN: False, "ben": False}
    assert {found.name for found in tmp_path.iterdir() if "saved" in found.name} == {"saved"}


# Read-only files


@pytest.mark.parametrize("how", ["mode=ro", "immutable=1"])
def test_what_is_opened_for_reading_alone_is_read_and_saved(
    path: Path, how: str, tmp_path: Path
) -> None:
    before = contents(f"sqlite:///{path}")
    with writer(f"sqlite:///file:{path}?{how}&uri=true") as store:
        assert tried(store) == dict.fromkeys(WRITES, f"The auth database file:{path} is read-only.")
        assert status(store.database, store.schema).users == 2
        saved = backup(store.database, store.schema, tmp_path / "saved").path
    assert contents(f"sqlite:///{path}") == contents(f"sqlite:///{saved}") == before


@pytest.mark.parametrize(
    ("of_file", "of_folder"), [(0o444, 0o777), (0o666, 0o555)], ids=["a file", "a folder"]
)
def test_what_nobody_may_write_to_is_read(of_file: int, of_folder: int) -> None:
    with tempfile.TemporaryDirectory() as folder:  # pytest's own lets nobody in
        path = Path(folder) / "auth.db"
        make(path)
        before = contents(f"sqlite:///{path}")
        path.chmod(of_file)
        Path(folder).chmod(of_folder)
        with forked(partial(as_nobody, f"sqlite:///{path}")) as child:
            users, told = child.result()
        Path(folder).chmod(0o700)
        assert users == [ANN, ROOT]
        assert told == dict.fromkeys(WRITES, f"The auth database {path} is read-only.")
        assert contents(f"sqlite:///{path}") == before


def as_nobody(url: str, _: Callable[[], None]) -> tuple[list[str], dict[str, str]]:
    """Read and write as an account that may do no more than all may, unlike root."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    with writer(url) as store:
        told = tried(store)
        return [user.username for user in store.list_users()], told


def tried(store: Writer) -> dict[str, str]:
    """What each kind of write is refused with."""
    told: dict[str, str] = {}
    for name, write in WRITES.items():
        with pytest.raises(Unavailable) as caught:
            write(store)
        told[name] = caught.value.message
    return told


# Full disks


def test_a_full_disk_keeps_what_was_written_before(path: Path) -> None:
    url = f"sqlite:///{path}"
    with forked(partial(in_no_more_than, path.stat().st_size, grant_much, url)) as child:
        number, told = child.result()
    assert told.startswith(f"The auth database {path} ")
    with writer(url) as store:
        grants = sorted(Grant(ANN, experiment(i), "EDIT") for i in range(number))
        assert store.list_grants() == grants
        assert check(store.database, store.schema) == []
        store.grant(ANN, experiment(number), Permission.EDIT)  # there is room again
    assert execute(url, "PRAGMA integrity_check") == [("ok",)]


def test_a_database_without_room_says_so(path: Path) -> None:
    with writer(f"sqlite:///{path}") as store:
        store.database.read(lambda c: c.exec_driver_sql("PRAGMA max_page_count = 1").scalar())
        number, told = grant_until_refused(store)
        assert told == f"There is no space left for the auth database {path}."
        assert len(store.list_grants()) == number


def test_a_backup_that_finds_no_room_leaves_no_file(path: Path, tmp_path: Path) -> None:
    def save(url: str) -> str:
        with writer(url) as store, pytest.raises(Unavailable) as caught:
            backup(store.database, store.schema, tmp_path / "saved")
        return caught.value.message

    before = contents(f"sqlite:///{path}")
    room = path.stat().st_size // 2
    with forked(partial(in_no_more_than, room, save, f"sqlite:///{path}")) as child:
        assert child.result().startswith(f"The backup {tmp_path / 'saved'} cannot be written: ")
    assert [found.name for found in tmp_path.iterdir()] == [path.name]
    assert contents(f"sqlite:///{path}") == before


def test_a_restore_that_finds_no_room_changes_nothing(path: Path, tmp_path: Path) -> None:
    def put_back(url: str) -> str:
        database = connect(url)
        with pytest.raises(Unavailable) as caught:
            restore(database, tmp_path / "saved")
        database.close()
        return caught.value.message

    url, larger = f"sqlite:///{path}", tmp_path / "larger.db"
    shutil.copyfile(path, larger)
    with writer(f"sqlite:///{larger}") as store:
        for number in range(1, 300):
            store.grant(ANN, experiment(number), Permission.EDIT)
        backup(store.database, store.schema, tmp_path / "saved")
    before = contents(url)
    with forked(partial(in_no_more_than, path.stat().st_size, put_back, url)) as child:
        assert child.result().startswith(f"The auth database {path} ")
    assert contents(url) == before
    assert execute(url, "PRAGMA integrity_check") == [("ok",)]


def grant_much(url: str) -> tuple[int, str]:
    with writer(url) as store:
        number, told = grant_until_refused(store)
        assert len(store.list_grants()) == number
        return number, told


def grant_until_refused(store: Writer) -> tuple[int, str]:
    """How many grants there are then, and what is told."""
    for number in range(1, MANY):
        try:
            store.grant(ANN, experiment(number), Permission.EDIT)
        except Unavailable as error:
            return number, error.message
    raise AssertionError("there is always room")


def in_no_more_than(room: int, work: Callable[[str], Any], url: str, _: Callable[[], None]) -> Any:
    """Work where no file can get larger, as on a disk without space."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
    return work(url)


def experiment(number: int) -> Resource:
    return Resource("experiment", str(number))
