"""What MLflow's own releases made, on every database: read as it is, then emptied and used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from authctl.model import SYNTHETIC_ROLE_PREFIX, Generation, Grant, Resource, User
from authctl.store.passwords import verify_password
from authctl.store.tables import ROLE_TABLES
from tests.store import contract, recordings
from tests.store.contract import ROOT, GrantsContract, UsersContract
from tests.store.databases import DIALECTS, contents_of, empty_database, make_tables, opened
from tests.store.door_contract import DoorContract
from tests.store.recordings import RECORDINGS, Recording, recorded, restore
from tests.store.reflection import statements
from tests.store.roles_contract import RolesContract

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from authctl.store.sql import SqlStore

USERS = [
    User(1, "admin", True),
    User(2, "alice", False),
    User(5, "bob", False),
    User(6, "eve", False),
    User(3, "o'brien", False),
    User(4, "zoë", True),
]

# A column a recording, in their order; NO is short for NO_PERMISSIONS, and - for nothing.
OWN = """
    alice    experiment:1                      MANAGE MANAGE MANAGE MANAGE MANAGE MANAGE MANAGE
    alice    experiment:2                      READ   READ   READ   READ   READ   READ   READ
    alice    experiment:3                      -      -      USE    USE    USE    USE    USE
    alice    experiment:*                      -      -      -      -      -      READ   READ
    alice    registered_model:churn            EDIT   EDIT   EDIT   EDIT   EDIT   EDIT   EDIT
    alice    registered_model:größer/大きい 100% MANAGE MANAGE MANAGE MANAGE MANAGE MANAGE MANAGE
    alice    prompt:greeting                   -      -      -      -      -      EDIT   EDIT
    alice    scorer:1/is%20it%2Fgood           -      -      EDIT   EDIT   EDIT   EDIT   EDIT
    alice    gateway_secret:s-1                -      -      USE    USE    USE    USE    USE
    alice    gateway_endpoint:e-1              -      -      MANAGE MANAGE MANAGE MANAGE MANAGE
    alice    gateway_model_definition:d-1      -      -      READ   READ   READ   READ   READ
    alice    run:*                             -      -      -      -      -      -      READ
    alice    workspace:*                       -      -      -      -      USE    USE    USE
    o'brien  experiment:1                      EDIT   EDIT   EDIT   EDIT   EDIT   EDIT   EDIT
    o'brien  experiment:2                      NO     NO     NO     NO     -      -      -
    o'brien  experiment:3                      -      -      -      -      -      -      DENY
    o'brien  registered_model:churn            NO     NO     NO     NO     -      -      -
    o'brien  registered_model:fraud            -      -      -      -      -      -      DENY
    o'brien  scorer:1/plain                    -      -      NO     NO     -      -      -
    o'brien  gateway_secret:s-1                -      -      NO     NO     -      -      -
    o'brien  workspace:*                       -      -      -      -      USE    -      -
    zoë      experiment:*                      -      -      -      -      EDIT   -      -
    zoë      registered_model:*                -      -      -      -      EDIT   -      -
    zoë      registered_model:churn            MANAGE MANAGE MANAGE MANAGE MANAGE MANAGE MANAGE
    zoë      scorer:*                          -      -      -      -      EDIT   -      -
    zoë      gateway_secret:*                  -      -      -      -      EDIT   -      -
    zoë      gateway_endpoint:*                -      -      -      -      EDIT   -      -
    zoë      gateway_model_definition:*        -      -      -      -      EDIT   -      -
    zoë      workspace:*                       -      -      -      -      USE    -      -
"""
# In 3.12 a role's scorers are not quoted, and have effect; what that left has none in 3.13.
THROUGH_ROLES = {
    "readers": """
    alice    experiment:*                      -      -      -      READ   READ   READ   READ
    alice    registered_model:größer/大きい 100% -      -      -      EDIT   EDIT   EDIT   EDIT
    alice    scorer:1/is%20it%2Fgood           -      -      -      MANAGE -      -      -
    alice    scorer:1/is it/good               -      -      -      -      MANAGE MANAGE MANAGE
    bob      experiment:*                      -      -      -      READ   READ   READ   READ
    bob      registered_model:größer/大きい 100% -      -      -      EDIT   EDIT   EDIT   EDIT
    bob      scorer:1/is%20it%2Fgood           -      -      -      MANAGE -      -      -
    bob      scorer:1/is it/good               -      -      -      -      MANAGE MANAGE MANAGE
    """,
    "outcasts": """
    bob      experiment:2                      -      -      -      NO     NO     -      -
    bob      experiment:3                      -      -      -      -      -      -      DENY
    bob      registered_model:churn            -      -      -      NO     NO     -      -
    bob      trace:*                           -      -      -      -      -      -      DENY
    """,
    "stewards": """
    zoë      workspace:*                       -      -      -      MANAGE MANAGE MANAGE MANAGE
    """,
}
# An upgrade loses users' denials, and wakes those in roles, which say nothing in 3.12.
IN_EFFECT = """
    admin    experiment:1                      READ   READ   READ   READ   READ   READ   READ
    alice    experiment:1                      MANAGE MANAGE MANAGE MANAGE MANAGE MANAGE MANAGE
    alice    experiment:2                      READ   READ   READ   READ   READ   READ   READ
    alice    experiment:3                      READ   READ   USE    USE    USE    USE    USE
    alice    registered_model:größer/大きい 100% MANAGE MANAGE MANAGE MANAGE MANAGE MANAGE MANAGE
    alice    registered_model:greeting         READ   READ   READ   READ   READ   READ   READ
    alice    prompt:greeting                   READ   READ   READ   READ   READ   EDIT   EDIT
    alice    prompt:churn                      EDIT   EDIT   EDIT   EDIT   READ   READ   READ
    alice    scorer:1/is%20it%2Fgood           READ   READ   EDIT   MANAGE EDIT   EDIT   EDIT
    alice    scorer:1/is it/good               READ   READ   READ   READ   MANAGE MANAGE MANAGE
    alice    gateway_secret:s-1                READ   READ   USE    USE    USE    USE    USE
    bob      experiment:1                      READ   READ   READ   READ   READ   READ   READ
    bob      experiment:2                      READ   READ   READ   READ   READ   READ   READ
    bob      experiment:3                      READ   READ   READ   READ   READ   READ   DENY
    bob      registered_model:churn            READ   READ   READ   READ   NO     READ   READ
    bob      registered_model:größer/大きい 100% READ   READ   READ   EDIT   EDIT   EDIT   EDIT
    eve      experiment:1                      READ   READ   READ   READ   READ   READ   READ
    o'brien  experiment:1                      EDIT   EDIT   EDIT   EDIT   EDIT   EDIT   EDIT
    o'brien  experiment:2                      NO     NO     NO     NO     READ   READ   READ
    o'brien  experiment:3                      READ   READ   READ   READ   READ   READ   DENY
    o'brien  registered_model:churn            NO     NO     NO     NO     READ   READ   READ
    o'brien  registered_model:fraud            READ   READ   READ   READ   READ   READ   DENY
    o'brien  scorer:1/plain                    READ   READ   NO     NO     READ   READ   READ
    zoë      experiment:3                      READ   READ   READ   MANAGE MANAGE MANAGE MANAGE
    zoë      registered_model:churn            MANAGE MANAGE MANAGE MANAGE MANAGE MANAGE MANAGE
"""

PLACES = [(recording, dialect) for recording in RECORDINGS for dialect in DIALECTS]
# Emptied, recordings of one revision are alike, and on servers one a generation tells most: the
# others are for the long run.
LAST_OF_REVISION = {recording.revision: recording for recording in RECORDINGS}.values()
LAST_OF_GENERATION = {recording.generation: recording for recording in RECORDINGS}.values()


def told(table: str, recording: Recording) -> list[tuple[str, Resource, str]]:
    """Users, resources and levels of one column."""
    found = []
    for line in table.strip().splitlines():
        username, rest = line.split(maxsplit=1)
        thing, *levels = rest.rsplit(maxsplit=len(RECORDINGS))
        level = levels[RECORDINGS.index(recording)].replace("NO", "NO_PERMISSIONS")
        if level != "-":
            found.append((username, Resource(*thing.split(":", 1)), level))
    return found


def empty(store: SqlStore) -> None:
    if store.generation is Generation.ROLES:
        for role in store.list_roles():
            if not role.name.startswith(SYNTHETIC_ROLE_PREFIX):
                store.delete_role(role.id)
    for user in store.list_users():
        store.delete_user(user.username, force=True)


def rows_left(store: SqlStore) -> dict[str, list[tuple[object, ...]]]:
    return {name: rows for name, rows in contents_of(store).items() if rows}


@dataclass(frozen=True)
class Place:
    """A recording, a store that is open on a database of it, and the rows that stay there.

    These are the revision's number, and MLflow 3.12's roles, which authctl does not administer.
    """

    recording: Recording
    store: SqlStore
    kept: dict[str, list[tuple[object, ...]]]


@pytest.fixture(scope="module")
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    recording, dialect = request.param
    folder = tmp_path_factory.mktemp("recorded")
    with recorded(recording, dialect, folder) as url, opened(url) as store:
        rows = contents_of(store)
        roles = ("roles", "role_permissions") if recording.revision == ROLE_TABLES else ()
        kept = {name: rows[name] for name in (store.schema.version_table.name, *roles)}
        yield Place(recording, store, kept)


def in_each(places: list[Any]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "place", places, ids=lambda place: "-".join(map(str, place)), indirect=True, scope="module"
    )


def in_each_emptied(*generations: Generation) -> pytest.MarkDecorator:
    return in_each(
        [
            (recording, dialect)
            if recording in (LAST_OF_REVISION if dialect == "sqlite" else LAST_OF_GENERATION)
            else pytest.param((recording, dialect), marks=pytest.mark.long)
            for recording, dialect in PLACES
            if recording.generation in generations
        ]
    )


@in_each(PLACES)
class TestWhatMlflowMade:
    @pytest.fixture
    def store(self, place: Place) -> SqlStore:
        restore(place.recording, place.store.database)
        return place.store

    def test_it_is_recognised(self, place: Place, store: SqlStore) -> None:
        assert store.schema.revision == place.recording.revision
        assert store.generation is place.recording.generation

    def test_users_and_admins_are_read(self, store: SqlStore) -> None:
        assert store.list_users() == USERS
        assert [store.get_user(user.username) for user in USERS] == USERS

    def test_grants_are_read(self, place: Place, store: SqlStore) -> None:
        own = sorted(Grant(*row) for row in told(OWN, place.recording))
        assert store.list_grants() == own
        for user in USERS:
            assert store.list_grants(username=user.username) == [
                grant for grant in own if grant.username == user.username
            ]
        for resource in {grant.resource for grant in own}:
            assert store.list_grants(resource=resource) == [
                grant for grant in own if grant.resource == resource
            ]

    def test_grants_through_roles_count_too(self, place: Place, store: SqlStore) -> None:
        expected = {Grant(*row) for row in told(OWN, place.recording)}
        for role, table in THROUGH_ROLES.items():
            expected |= {Grant(*row, role) for row in told(table, place.recording)}
        counting = [grant for user in USERS for grant in store.grants_of(user)]
        assert len(counting) == len(expected)
        assert set(counting) == expected

    def test_levels_are_resolved(self, place: Place, store: SqlStore) -> None:
        expected = told(IN_EFFECT, place.recording)
        assert [
            (username, resource, store.level(username, resource))
            for username, resource, _ in expected
        ] == expected

    def test_the_store_can_remove_all_of_it(self, place: Place, store: SqlStore) -> None:
        empty(store)
        assert rows_left(store) == place.kept


@pytest.mark.parametrize("recording", RECORDINGS, ids=str)
def test_our_tables_of_its_revision_are_word_for_word_mlflows(
    recording: Recording, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with (
        recorded(recording, "sqlite", tmp_path_factory.mktemp("theirs")) as theirs,
        empty_database("sqlite", tmp_path_factory.mktemp("ours")) as ours,
    ):
        make_tables(ours, recording.revision)
        assert statements(ours) == statements(theirs)


@pytest.mark.parametrize("recording", RECORDINGS, ids=str)
def test_every_users_password_verifies(recording: Recording, tmp_path: Path) -> None:
    with recorded(recording, "sqlite", tmp_path) as url, opened(url) as store:
        hashes = [store.account(user.username).password_hash for user in USERS]
    assert all(verify_password(recordings.PASSWORD, stored) for stored in hashes)
    assert not verify_password(contract.PASSWORD, hashes[0])


class _Emptied:
    @pytest.fixture
    def store(self, place: Place) -> SqlStore:
        """The recording, or what the test before this one left, removed by the store itself."""
        empty(place.store)
        assert rows_left(place.store) == place.kept
        place.store.create_user(ROOT, contract.PASSWORD, is_admin=True)
        return place.store


@in_each_emptied(*Generation)
class TestUsersOfARecording(_Emptied, UsersContract):
    pass


@in_each_emptied(*Generation)
class TestGrantsOfARecording(_Emptied, GrantsContract):
    pass


@in_each_emptied(*Generation)
class TestTheDoorOnARecording(_Emptied, DoorContract):
    pass


@in_each_emptied(Generation.ROLES)
class TestRolesOfARecording(_Emptied, RolesContract):
    pass
