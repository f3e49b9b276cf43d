"""Wrong passwords in a database: counted once each, by however many, and gone in time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from authctl.errors import Unavailable
from authctl.store import additions
from authctl.store.failed_login_rows import Count, Found, Place
from authctl.store.sql_failed_logins import SqlFailedLogins
from tests.store.databases import ROLES_BACKENDS, Backend, auth_database, execute, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from authctl.store.sql import SqlStore

MINUTE = 30_000_000
NOW = MINUTE * 60
DAY = 24 * 60 * 60
ALICE, BOB, OFFICE = "a" * 64, "b" * 64, "c" * 64
AT_WORK, AT_HOME = Place(ALICE, "d" * 64), Place(ALICE, "e" * 64)


@pytest.fixture(params=ROLES_BACKENDS, ids=str)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with auth_database(request.param, tmp_path) as url:
        yield url


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    with opened(url) as store:
        store.database.write(additions.install)
        yield store


def find(store: SqlStore, minute: int = MINUTE, place: Place = AT_WORK, now: int = NOW) -> Found:
    found = store.failed_logins((ALICE, BOB, OFFICE), minute, place, now)
    assert found is not None
    return found


def test_what_was_counted_is_found_by_its_minute(store: SqlStore) -> None:
    assert find(store) == Found()
    assert store.note_logins({Count(ALICE, MINUTE): 2, Count(OFFICE, MINUTE): 1}, {}, MINUTE)
    assert store.note_logins({Count(ALICE, MINUTE): 3, Count(BOB, MINUTE - 1): 1}, {}, MINUTE)
    assert find(store) == Found({ALICE: 5, OFFICE: 1})
    assert find(store, MINUTE - 1) == Found({BOB: 1})
    assert find(store, MINUTE + 1) == Found()


def test_a_place_is_known_until_its_time_is_over(store: SqlStore) -> None:
    assert store.note_logins({}, {AT_WORK: NOW + 10}, MINUTE)
    assert find(store).is_known
    assert find(store, now=NOW + 9).is_known
    assert not find(store, now=NOW + 10).is_known
    assert not find(store, place=AT_HOME).is_known
    assert not find(store, place=Place(BOB, AT_WORK.place)).is_known
    assert store.note_logins({}, {AT_WORK: NOW + 20}, MINUTE)
    assert find(store, now=NOW + 19).is_known


def test_none_of_many_at_once_is_lost(url: str, store: SqlStore) -> None:
    """The first of them all make the same rows at the same moment."""
    with opened(url) as other, ThreadPoolExecutor(8) as pool:
        failures = {Count(digest, MINUTE): 1 for digest in (ALICE, BOB, OFFICE)}
        done = [
            pool.submit(one.note_logins, failures, {AT_WORK: NOW + DAY}, MINUTE)
            for _ in range(20)
            for one in (store, other)
        ]
        assert all(one.result() for one in done)
    assert find(store) == Found({ALICE: 40, BOB: 40, OFFICE: 40}, is_known=True)


def test_what_counts_no_longer_goes(url: str, store: SqlStore) -> None:
    store.note_logins({Count(ALICE, MINUTE): 1}, {AT_WORK: NOW + 60, AT_HOME: NOW + DAY}, MINUTE)
    store.note_logins({Count(BOB, MINUTE + 2): 1}, {}, MINUTE + 2)
    assert execute(url, "SELECT digest FROM authctl_failed_logins ORDER BY digest") == [
        (ALICE,),  # another machine's clock may be behind
        (BOB,),
    ]
    assert execute(url, "SELECT place_digest FROM authctl_known_places") == [(AT_HOME.place,)]
    store.note_logins({}, {}, MINUTE + 3)
    assert execute(url, "SELECT digest FROM authctl_failed_logins") == [(BOB,)]
    store.note_logins({}, {}, MINUTE + DAY)
    assert execute(url, "SELECT digest FROM authctl_failed_logins") == []
    assert execute(url, "SELECT place_digest FROM authctl_known_places") == []


def test_of_a_user_the_newest_fifty_places_are_known(url: str, store: SqlStore) -> None:
    places = {Place(ALICE, f"{number:064}"): NOW + DAY + number for number in range(60)}
    store.note_logins({}, {**places, Place(BOB, "0" * 64): NOW + 1}, MINUTE)
    kept = execute(url, "SELECT user_digest, place_digest FROM authctl_known_places")
    assert sorted(kept) == [
        *((ALICE, f"{number:064}") for number in range(10, 60)),
        (BOB, "0" * 64),
    ]
    assert find(store, place=Place(BOB, "0" * 64)).is_known


def test_a_flood_does_not_fill_the_database(tmp_path: Path) -> None:
    with auth_database(Backend("sqlite"), tmp_path) as url, opened(url) as plain:
        plain.database.write(additions.install)
        store = SqlFailedLogins(plain.database, plain.schema, most_counts=150)
        noted = [
            store.note_logins({Count(f"{number:064}", MINUTE): 1}, {}, MINUTE)
            for number in range(400)
        ]
        [(size,)] = execute(url, "SELECT COUNT(*) FROM authctl_failed_logins")
        assert size == sum(noted)
        assert 150 <= int(str(size)) < 300
        assert store.note_logins({}, {AT_WORK: NOW + DAY}, MINUTE)
        assert store.note_logins({Count(ALICE, MINUTE + 3): 1}, {}, MINUTE + 3)


def test_a_database_without_the_tables_counts_nothing(url: str) -> None:
    with opened(url) as store:
        failures = {Count(ALICE, MINUTE): 1}
        assert store.failed_logins((ALICE,), MINUTE, AT_WORK, NOW) is None
        assert not store.note_logins(failures, {AT_WORK: NOW + DAY}, MINUTE)
        store.database.write(additions.install)
        assert store.note_logins(failures, {AT_WORK: NOW + DAY}, MINUTE)
        assert find(store) == Found({ALICE: 1}, is_known=True)


def test_a_database_of_an_unknown_revision_is_not_written(tmp_path: Path) -> None:
    with auth_database(Backend("sqlite"), tmp_path) as url:
        with opened(url) as store:
            store.database.write(additions.install)
        execute(url, "UPDATE alembic_version_auth SET version_num = 'fedcba987654'")
        with opened(url) as store:
            assert not store.note_logins({Count(ALICE, MINUTE): 1}, {}, MINUTE)
            assert find(store) == Found()


def test_a_database_that_lost_the_tables_says_so(url: str, store: SqlStore) -> None:
    store.note_logins({Count(ALICE, MINUTE): 1}, {}, MINUTE)
    for table in ("authctl_failed_logins", "authctl_known_places"):
        execute(url, f"DROP TABLE {table}")
    with pytest.raises(Unavailable):
        store.failed_logins((ALICE,), MINUTE, AT_WORK, NOW)
    with pytest.raises(Unavailable):
        store.note_logins({Count(ALICE, MINUTE): 1}, {}, MINUTE)


def test_a_long_change_by_others_keeps_nobody_from_counting(tmp_path: Path) -> None:
    """On a server; SQLite has one writer at a time, whatever it writes."""
    with auth_database(Backend("postgresql"), tmp_path) as url, opened(url) as store:
        store.database.write(additions.install)

        def change(inside: SqlStore) -> bool:
            inside.create_user("alice", "a-long-password")
            return store.note_logins({Count(ALICE, MINUTE): 1}, {}, MINUTE)

        assert store.together(change)
        assert find(store) == Found({ALICE: 1})
