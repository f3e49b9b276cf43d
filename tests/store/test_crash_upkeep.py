"""Upgrades, restores and backups that are killed at any moment are made whole or not at all."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert

from authctl.errors import Unavailable
from authctl.model import Generation, Permission, Resource, synthetic_role
from authctl.store import history, tables
from authctl.store.sql_engine import connect
from authctl.store.upkeep.archive import Archive
from authctl.store.upkeep.backup import backup
from authctl.store.upkeep.check import check
from authctl.store.upkeep.denials import lost_denials, put_back
from authctl.store.upkeep.restore import restore
from authctl.store.upkeep.upgrade import upgrade
from tests.store.databases import DIALECTS, Backend, auth_database, contents, execute, opened
from tests.store.imagined import HASH
from tests.store.killer import Killer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import Connection

USERS = ("ann", "ben", "cat", "dan", "eve")
LEVELS = ("READ", "EDIT", "MANAGE", "NO_PERMISSIONS")
HELD = {  # by whom, on the experiment and the model of that number
    (user, number): LEVELS[(user + number) % len(LEVELS)]
    for user in range(len(USERS))
    for number in range(3)
    if (user + number) % 5
}
EXPECTED = {
    (USERS[user], Resource(kind, str(number))): Permission(HELD.get((user, number), "READ"))
    for user in range(len(USERS))
    for number in range(4)
    for kind in ("experiment", "registered_model", "prompt")
}
DENIALS = [(name, Resource("experiment", "1")) for name in USERS]

EVERYWHERE = pytest.mark.parametrize("dialect", DIALECTS)
LONG = [pytest.mark.long, pytest.mark.timeout(3600)]
KILLS = pytest.mark.parametrize(
    "kills",
    [
        pytest.param(1, id="once"),
        pytest.param(20, id="much", marks=LONG),
        pytest.param(None, id="at each change", marks=LONG),
    ],
)


@pytest.fixture
def killer(
    tmp_path: Path, kills: int | None, capsys: pytest.CaptureFixture[str]
) -> Iterator[Killer]:
    folder = tmp_path / "killed"
    folder.mkdir()
    killer = Killer(folder, kills)
    yield killer
    with capsys.disabled():
        sys.stdout.write(killer.account)


@KILLS
@EVERYWHERE
@pytest.mark.parametrize("revision", [tables.WORKSPACES, pytest.param(tables.INITIAL, marks=LONG)])
def test_a_killed_upgrade_changes_nobodys_level_and_can_be_done_again(
    killer: Killer, dialect: str, revision: str
) -> None:
    def look(url: str, folder: Path) -> None:
        write_at_once(url)
        assert levels(url) == EXPECTED, killer.seed
        _backup(url, folder)
        with opened(url) as store:
            generation = store.generation
        if generation is Generation.LEGACY:
            _upgrade(url, folder)
            assert levels(url) == EXPECTED, killer.seed
        with opened(url) as store:
            assert store.generation is Generation.ROLES
            assert check(store.database, store.schema) == []

    killer(Backend(dialect, revision), fill_legacy, _upgrade, look)


@KILLS
@EVERYWHERE
def test_a_killed_restore_leaves_what_was_there_or_the_backup(
    killer: Killer, dialect: str, tmp_path: Path
) -> None:
    saved, after = backup_of(Backend(dialect), fill_roles, tmp_path)
    before: dict[str, list[tuple[object, ...]]] = {}

    def prepare(url: str) -> None:
        fill_few(url)
        before.update(contents(url))

    def look(url: str, _: Path) -> None:
        write_at_once(url)
        found = contents(url)
        assert found in (before, after), killer.seed
        with opened(url) as store:
            events = store.database.read(history.entries)
        assert len(events) == (found == after)

    killer(Backend(dialect), prepare, partial(_restore, saved), look)


@KILLS
@EVERYWHERE
def test_a_killed_restore_of_another_revision_can_be_done_again(
    killer: Killer, dialect: str, tmp_path: Path
) -> None:
    saved, after = backup_of(Backend(dialect), fill_roles, tmp_path)
    before: dict[str, list[tuple[object, ...]]] = {}

    def prepare(url: str) -> None:
        fill_legacy(url)
        before.update(contents(url))

    def look(url: str, folder: Path) -> None:
        try:
            write_at_once(url)
            assert contents(url) in (before, after), killer.seed
        except Unavailable:
            # MySQL makes tables outside of transactions: there it is no database until the end.
            assert dialect == "mysql"
        _restore(saved, url, folder, force=dialect == "mysql")
        assert contents(url) == after, killer.seed

    legacy = Backend(dialect, tables.WORKSPACES)
    killer(legacy, prepare, partial(_restore, saved), look)


@KILLS
@EVERYWHERE
def test_denials_are_put_back_all_or_none_by_what_is_killed(killer: Killer, dialect: str) -> None:
    def look(url: str, _: Path) -> None:
        write_at_once(url)
        with opened(url) as store:
            lost = store.database.read(lambda c: lost_denials(c, store.schema))
            denied = [(g.username, g.resource) for g in store.list_grants()]
            assert ([(d.user.username, d.resource) for d in lost], denied) in (
                (DENIALS, []),
                ([], DENIALS),
            ), killer.seed
            assert len(put_back(store.database, store.schema, store.resolve)) == len(lost)
            assert [(g.username, g.resource) for g in store.list_grants()] == DENIALS

    killer(Backend(dialect), fill_lost_denials, _put_back, look)


@KILLS
@EVERYWHERE
def test_a_killed_backup_leaves_no_half_file_under_its_name(killer: Killer, dialect: str) -> None:
    def look(url: str, folder: Path) -> None:
        write_at_once(url)
        path = folder / "saved"
        left = {found for found in folder.iterdir() if "saved" in found.name} - {path}
        assert all(found.name.startswith(".saved.") for found in left)
        assert all(found.stat().st_mode & 0o077 == 0 for found in left)
        if path.exists() and dialect == "sqlite":
            assert contents(f"sqlite:///{path}") == contents(url), killer.seed
            assert execute(f"sqlite:///{path}", "PRAGMA integrity_check") == [("ok",)]
        elif path.exists():
            rows = sum(len(rows) for rows in contents(url).values())
            assert len(list(Archive.open(path).rows())) == rows - 1  # that of the version

    killer(Backend(dialect), fill_roles, _backup, look)


def write_at_once(url: str) -> None:
    """Write as a new program would, which begins anew when the dead one was just through."""
    for last in (False, True):
        with opened(url) as store:
            try:
                store.set_admin(USERS[0], is_admin=False, force=True)
                store.set_admin(USERS[0], is_admin=True)
            except Unavailable as error:
                if last or "upgraded" not in error.message:
                    raise
            else:
                return


def levels(url: str) -> dict[tuple[str, Resource], Permission]:
    with opened(url) as store:
        return {(name, asked): store.level(name, asked) for name, asked in EXPECTED}


def fill_legacy(url: str) -> None:
    """Users with grants on most things before MLflow 3.13, denials among them."""
    insert_rows(
        url,
        users=users(len(USERS)),
        experiment_permissions=[
            {"user_id": user + 1, "experiment_id": str(number), "permission": level}
            for (user, number), level in HELD.items()
        ],
        registered_model_permissions=[
            {"user_id": user + 1, "name": str(number), "permission": level}
            for (user, number), level in HELD.items()
        ],
    )


def fill_roles(url: str) -> None:
    """Users with so many grants since MLflow 3.13 that it takes a while to write them."""
    ids = range(1, len(USERS) + 1)
    insert_rows(
        url,
        users=users(len(USERS)),
        roles=[{"id": i, "name": synthetic_role(i), "workspace": "default"} for i in ids],
        user_role_assignments=[{"user_id": i, "role_id": i} for i in ids],
        role_permissions=[
            {
                "role_id": i,
                "resource_type": "experiment",
                "resource_pattern": str(number),
                "permission": LEVELS[number % len(LEVELS)],
            }
            for i in ids
            for number in range(300)
        ],
    )


def fill_few(url: str) -> None:
    """Two users of other ids than a backup has."""
    insert_rows(url, users=[{**user, "id": 100 + user["id"]} for user in users(2)])


def fill_lost_denials(url: str) -> None:
    """What MLflow's own upgrade leaves of denials: they are in the old tables alone."""
    insert_rows(
        url,
        users=users(len(USERS)),
        experiment_permissions=[
            {"user_id": number, "experiment_id": "1", "permission": "NO_PERMISSIONS"}
            for number in range(1, len(USERS) + 1)
        ],
    )


def users(count: int) -> list[dict[str, Any]]:
    return [
        {"id": i + 1, "username": USERS[i], "password_hash": HASH, "is_admin": i == 0}
        for i in range(count)
    ]


def insert_rows(url: str, **rows: list[dict[str, Any]]) -> None:
    with opened(url) as store:

        def work(connection: Connection) -> None:
            for table, some in rows.items():
                connection.execute(insert(store.schema.table(table)), some)

        store.database.write(work)


def backup_of(
    backend: Backend, fill: Callable[[str], None], folder: Path
) -> tuple[Path, dict[str, list[tuple[object, ...]]]]:
    """A backup of a database, and what it holds."""
    with auth_database(backend, folder) as url:
        fill(url)
        _backup(url, folder)
        return folder / "saved", contents(url)


def _upgrade(url: str, _: Path) -> None:
    with opened(url) as store:
        upgrade(store.database, store.schema, store.resolve)


def _put_back(url: str, _: Path) -> None:
    with opened(url) as store:
        put_back(store.database, store.schema, store.resolve)


def _restore(saved: Path, url: str, _: Path, *, force: bool = False) -> None:
    database = connect(url)
    restore(database, saved, force=force)
    database.close()


def _backup(url: str, folder: Path) -> None:
    with opened(url) as store:
        for _ in range(2):
            backup(store.database, store.schema, folder / "saved", overwrite=True)
