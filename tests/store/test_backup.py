"""A backup holds one moment of a database, and any database can be made of it again."""

from __future__ import annotations

import json
import sqlite3
import stat
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from authctl.errors import AlreadyExists, AuthctlError, InvalidRequest, Unavailable
from authctl.model import Permission, Resource
from authctl.store import history, tables
from authctl.store.passwords import verify_password
from authctl.store.sql_engine import connect
from authctl.store.upkeep.backup import backup
from authctl.store.upkeep.restore import restore
from authctl.store.upkeep.upgrade import upgrade
from tests.store.contract import EXPERIMENT, PASSWORD
from tests.store.databases import (
    DIALECTS,
    Backend,
    auth_database,
    contents,
    empty_database,
    execute,
    opened,
)
from tests.store.recordings import PASSWORD as RECORDED_PASSWORD
from tests.store.recordings import RECORDINGS, Recording, recorded

if TYPE_CHECKING:
    from pathlib import Path

    from authctl.store.upkeep.backup import Backup

OLD, NEW = RECORDINGS[1], RECORDINGS[-1]
FORMS = {"sqlite": "sqlite", "postgresql": "archive", "mysql": "archive"}


def backed_up(url: str, path: Path) -> Backup:
    with opened(url) as store:
        return backup(store.database, store.schema, path)


def restored(url: str, path: Path, *, force: bool = False) -> None:
    database = connect(url, create=True)
    try:
        restore(database, path, force=force)
    finally:
        database.close()


@pytest.mark.parametrize(
    ("recording", "of", "to"),
    [
        *((NEW, of, to) for of in DIALECTS for to in DIALECTS),
        *((OLD, of, to) for of, to in zip(DIALECTS, DIALECTS[1:] + DIALECTS[:1], strict=True)),
    ],
    ids=str,
)
def test_a_backup_of_any_database_makes_any_other_the_same(
    recording: Recording, of: str, to: str, tmp_path: Path
) -> None:
    (tmp_path / "to").mkdir()
    with (
        recorded(recording, of, tmp_path) as source,
        empty_database(to, tmp_path / "to") as target,
    ):
        made = backed_up(source, tmp_path / "backup")
        assert (made.form, made.revision) == (FORMS[of], recording.revision)
        restored(target, made.path)
        before = contents(source)
        version = made.revision
        assert contents(target) == before
        assert made.rows == sum(map(len, before.values())) - 1  # the row of the version
        with opened(target) as store:
            assert store.schema.revision == version
            account = store.account("alice")
            assert account is not None
            if to == "sqlite":
                assert verify_password(RECORDED_PASSWORD, account.password_hash)
            # Ids are given out anew, none twice.
            highest = max(user.id for user in store.list_users())
            assert store.create_user("new", PASSWORD).id > highest
            store.grant("new", EXPERIMENT, Permission.EDIT)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_restored_backup_undoes_all_that_came_after_it(dialect: str, tmp_path: Path) -> None:
    with recorded(NEW, dialect, tmp_path) as url:
        before = contents(url)
        backed_up(url, tmp_path / "backup")
        with opened(url) as store:
            store.delete_user("alice")
            store.create_user("intruder", PASSWORD, is_admin=True)
            store.delete_role(store.list_roles()[0].id)
        restored(url, tmp_path / "backup")
        assert contents(url) == before
        with opened(url) as store:
            assert [entry.event for entry in store.database.read(history.entries)] == ["restored"]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("recording", [OLD, RECORDINGS[3]], ids=str)
def test_a_backup_from_before_an_upgrade_undoes_the_upgrade(
    recording: Recording, dialect: str, tmp_path: Path
) -> None:
    with recorded(recording, dialect, tmp_path) as url:
        before = contents(url)
        backed_up(url, tmp_path / "backup")
        with opened(url) as store:
            upgrade(store.database, store.schema, store.resolve, without_workspaces=True)
        restored(url, tmp_path / "backup")
        assert contents(url) == before
        with opened(url) as store:
            assert store.schema.revision == recording.revision
            # and it can go up again
            upgrade(store.database, store.schema, store.resolve, without_workspaces=True)


def test_what_authctl_wrote_down_is_kept_too(tmp_path: Path) -> None:
    source, target = (f"sqlite:///{tmp_path}/{name}.db" for name in ("source", "target"))
    with opened(source, create=True):
        pass
    backed_up(source, tmp_path / "backup")
    restored(target, tmp_path / "backup")
    with opened(target) as store:
        assert [entry.event for entry in store.database.read(history.entries)] == [
            "created",
            "restored",
        ]


def test_own_tables_of_which_a_kill_left_some_are_no_hindrance(tmp_path: Path) -> None:
    """As on MySQL, where tables are made outside of transactions."""
    with recorded(NEW, "mysql", tmp_path) as url:
        execute(url, "CREATE TABLE authctl_version (version_num varchar(32) PRIMARY KEY)")
        made = backed_up(url, tmp_path / "backup")
        assert made.rows == sum(map(len, contents(url).values())) - 1
        restored(url, tmp_path / "backup")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_only_its_owner_can_read_a_backup_and_none_is_written_over(
    dialect: str, tmp_path: Path
) -> None:
    path = tmp_path / "backup"
    with auth_database(Backend(dialect), tmp_path) as url, opened(url) as store:
        backup(store.database, store.schema, path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        first = path.read_bytes()
        store.create_user("alice", PASSWORD)
        with pytest.raises(AlreadyExists, match="exists already"):
            backup(store.database, store.schema, path)
        assert path.read_bytes() == first
        backup(store.database, store.schema, path, overwrite=True)
        assert path.read_bytes() != first
        assert {found.name for found in tmp_path.iterdir()} <= {"backup", "auth.db"}


def test_a_backup_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    with auth_database(Backend("sqlite"), tmp_path) as url, opened(url) as store:
        with pytest.raises(Unavailable, match="No such file or directory"):
            backup(store.database, store.schema, tmp_path / "no" / "backup")
        (tmp_path / "folder").mkdir()
        with pytest.raises(Unavailable, match="cannot be written"):
            backup(store.database, store.schema, tmp_path / "folder", overwrite=True)
    assert {found.name for found in tmp_path.iterdir()} == {"auth.db", "folder"}


def test_a_server_s_database_of_an_unknown_revision_is_left_to_its_own_tools(
    tmp_path: Path,
) -> None:
    with auth_database(Backend("postgresql"), tmp_path) as url:
        execute(url, "UPDATE alembic_version_auth SET version_num = 'fedcba987654'")
        with pytest.raises(Unavailable, match="unknown revision") as caught:
            backed_up(url, tmp_path / "backup")
    assert "pg_dump" in str(caught.value.hint)
    assert list(tmp_path.iterdir()) == []


def _archive(*lines: object) -> str:
    return "".join(json.dumps(line) + "\n" for line in lines)


HEAD = {"authctl_backup": 1, "revision": tables.HEAD, "version_table": "alembic_version_auth"}
SPOILT = {
    "an empty file": ("", "no backup"),
    "a text": ("hello\n", "no backup"),
    "some other JSON": (_archive({"users": []}), "no backup"),
    "a list": (_archive([1, 2]), "no backup"),
    "a newer form": (_archive({**HEAD, "authctl_backup": 2}), "newer authctl"),
    "a table of nobody's": (
        _archive(HEAD, {"table": "galaxies", "columns": ["id"]}, [1], {"end": True, "rows": 1}),
        "no backup",
    ),
    "a column of nobody's": (
        _archive(HEAD, {"table": "users", "columns": ["email"]}, ["x"], {"end": True, "rows": 1}),
        "no backup",
    ),
    "a value too many": (
        _archive(HEAD, {"table": "users", "columns": ["id"]}, [1, 2], {"end": True, "rows": 1}),
        "no backup",
    ),
    "a row before any table": (_archive(HEAD, [1], {"end": True, "rows": 1}), "no backup"),
    "no end": (_archive(HEAD, {"table": "users", "columns": ["id"]}, [1]), "cut off"),
    "a row too few": (_archive(HEAD, {"end": True, "rows": 1}), "cut off"),
    "half a line": (_archive(HEAD, {"end": True, "rows": 0})[:-5], "cut off"),
    "an unknown revision": (
        _archive({**HEAD, "revision": "fedcba987654"}, {"end": True, "rows": 0}),
        "revision fedcba987654",
    ),
}


@pytest.mark.parametrize(("text", "words"), SPOILT.values(), ids=list(SPOILT))
def test_what_is_no_whole_backup_changes_nothing(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "spoilt").write_text(text, encoding="utf-8")
    with recorded(NEW, "sqlite", tmp_path) as url:
        before = contents(url)
        with pytest.raises(InvalidRequest, match=words):
            restored(url, tmp_path / "spoilt")
        assert contents(url) == before


def test_a_missing_file_and_a_foreign_database_are_no_backups(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "foreign.db")) as connection:
        connection.execute("CREATE TABLE users (email TEXT)")
    for name in ("missing", "foreign.db"):
        with pytest.raises(InvalidRequest):
            restored(f"sqlite:///{tmp_path}/auth.db", tmp_path / name)
    assert not contents_exist(tmp_path / "auth.db")


def contents_exist(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def test_another_programs_tables_are_dropped_only_with_force(tmp_path: Path) -> None:
    with recorded(NEW, "sqlite", tmp_path) as source:
        backed_up(source, tmp_path / "backup")
        expected = contents(source)
    other = f"sqlite:///{tmp_path}/other.db"
    (tmp_path / "other.db").touch()
    execute(other, "CREATE TABLE users (email TEXT)")
    with pytest.raises(Unavailable) as caught:
        restored(other, tmp_path / "backup")
    assert "--force" in str(caught.value.hint)
    assert execute(other, "SELECT name FROM sqlite_master") == [("users",)]
    restored(other, tmp_path / "backup", force=True)
    assert contents(other) == expected


def test_a_failure_in_the_middle_leaves_everything_as_it_was(tmp_path: Path) -> None:
    spoilt = _archive(
        HEAD,
        {"table": "users", "columns": ["id", "username"]},
        [1, "alice"],
        [2, "alice"],
        {"end": True, "rows": 2},
    )
    (tmp_path / "spoilt").write_text(spoilt, encoding="utf-8")
    for dialect in DIALECTS:
        (tmp_path / dialect).mkdir()
        with recorded(NEW, dialect, tmp_path / dialect) as url:
            before = contents(url)
            with pytest.raises(AuthctlError):
                restored(url, tmp_path / "spoilt")
            assert contents(url) == before


@pytest.mark.parametrize("to", DIALECTS)
def test_rows_of_users_and_roles_that_are_gone_are_left_out(to: str, tmp_path: Path) -> None:
    (tmp_path / "to").mkdir()
    with (
        auth_database(Backend("sqlite"), tmp_path) as source,
        empty_database(to, tmp_path / "to") as target,
    ):
        with opened(source) as store:
            store.create_user("alice", PASSWORD)
            store.grant("alice", Resource("experiment", "1"), Permission.EDIT)
        execute(source, "INSERT INTO role_permissions VALUES (7, 9, 'experiment', '2', 'READ')")
        execute(source, "INSERT INTO user_role_assignments VALUES (7, 9, 1)")
        backed_up(source, tmp_path / "backup")
        database = connect(target)
        done = restore(database, tmp_path / "backup")
        database.close()
        assert (done.rows, done.orphans) == (4, 2)
        assert len(contents(target)["role_permissions"]) == 1
