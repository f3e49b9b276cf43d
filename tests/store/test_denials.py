"""Denials that MLflow's own upgrade dropped are found, and put back or forgotten on request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from authctl.errors import InvalidRequest
from authctl.model import Permission, Resource, User
from authctl.store import tables
from authctl.store.upkeep.denials import Denial, forget, lost_denials, put_back
from authctl.store.upkeep.upgrade import upgrade
from tests.store.contract import EXPERIMENT, MODEL, PASSWORD, ROOT
from tests.store.databases import (
    DIALECTS,
    Backend,
    auth_database,
    contents,
    execute,
    opened,
)
from tests.store.recordings import RECORDINGS, recorded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from authctl.store.sql import SqlStore

[UPGRADED_BY_MLFLOW] = [recording for recording in RECORDINGS if recording.upgraded_by]
OBRIEN = User(3, "o'brien", is_admin=False)
LOST = {
    Denial(OBRIEN, Resource(*name.split(":")))
    for name in (
        "experiment:2",
        "registered_model:churn",
        "prompt:churn",  # in a database without a registry nobody can tell
        "scorer:1/plain",
        "gateway_secret:s-1",
    )
}


@pytest.fixture(params=DIALECTS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    """What MLflow 3.12 made and 3.17 has upgraded."""
    with recorded(UPGRADED_BY_MLFLOW, request.param, tmp_path) as url, opened(url) as store:
        yield store


def lost(store: SqlStore) -> list[Denial]:
    return store.database.read(lambda connection: lost_denials(connection, store.schema))


def test_every_denial_that_mlflow_dropped_is_found(store: SqlStore) -> None:
    assert set(lost(store)) == LOST
    assert store.level("o'brien", Resource("experiment", "2")) is Permission.READ


def test_putting_them_back_shuts_out_whom_they_shut_out_and_nobody_else(store: SqlStore) -> None:
    others = [grant for grant in store.list_grants() if grant.username != "o'brien"]
    done = put_back(store.database, store.schema, store.resolve)
    assert {found.denial for found in done} == LOST
    assert {found.level for found in done} == {Permission.NO_PERMISSIONS}
    for denial in LOST:
        assert store.level("o'brien", denial.resource) is Permission.NO_PERMISSIONS
    assert [grant for grant in store.list_grants() if grant.username != "o'brien"] == others
    assert lost(store) == []
    store.revoke("o'brien", Resource("experiment", "2"))
    assert lost(store) == []
    assert put_back(store.database, store.schema, store.resolve) == []


def test_what_is_forgotten_is_not_told_again(store: SqlStore) -> None:
    before = store.list_grants()
    assert set(forget(store.database, store.schema)) == LOST
    assert lost(store) == []
    assert store.list_grants() == before
    assert forget(store.database, store.schema) == []


def test_who_was_given_something_else_since_is_not_shut_out(store: SqlStore) -> None:
    store.grant("o'brien", Resource("experiment", "2"), Permission.EDIT)
    put_back(store.database, store.schema, store.resolve)
    assert store.level("o'brien", Resource("experiment", "2")) is Permission.EDIT
    assert store.level("o'brien", Resource("registered_model", "churn")).denies


def test_a_denial_that_a_role_outweighs_is_told_with_the_level_that_counts(
    store: SqlStore,
) -> None:
    role = store.create_role("editors", "default", None)
    store.add_role_permission(role.id, Resource("experiment", "*"), Permission.EDIT)
    store.assign_role("o'brien", role.id)
    done = put_back(store.database, store.schema, store.resolve)
    told = {str(found.denial.resource): found.level for found in done}
    assert told["experiment:2"] is Permission.EDIT
    assert told["registered_model:churn"] is Permission.NO_PERMISSIONS


def test_an_upgrade_by_authctl_leaves_none_to_put_back(tmp_path: Path) -> None:
    with auth_database(Backend("sqlite", tables.INITIAL), tmp_path) as url:
        with opened(url) as legacy:
            legacy.create_user("alice", PASSWORD)
            legacy.grant("alice", EXPERIMENT, Permission.NO_PERMISSIONS)
            upgrade(legacy.database, legacy.schema, legacy.resolve)
        with opened(url) as store:
            assert lost(store) == []
            store.revoke("alice", EXPERIMENT)
            assert lost(store) == []


def test_a_database_that_authctl_made_has_lost_none(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/auth.db"
    with opened(url, create=True) as store:
        store.create_user("alice", PASSWORD)
        execute(url, "INSERT INTO experiment_permissions VALUES (1, '42', 1, 'NO_PERMISSIONS')")
        assert lost(store) == []


def test_a_legacy_database_has_lost_none(tmp_path: Path) -> None:
    with auth_database(Backend("sqlite", tables.INITIAL), tmp_path) as url:
        with opened(url) as store:
            store.create_user("alice", PASSWORD)
            store.grant("alice", EXPERIMENT, Permission.NO_PERMISSIONS)
            before = contents(url)
            assert lost(store) == []
            for settle in (
                lambda: put_back(store.database, store.schema, store.resolve),
                lambda: forget(store.database, store.schema),
            ):
                with pytest.raises(InvalidRequest, match="lost no denials"):
                    settle()
        assert contents(url) == before


def test_a_users_own_role_that_others_hold_stops_all(tmp_path: Path) -> None:
    with auth_database(Backend("sqlite"), tmp_path) as url, opened(url) as store:
        for name in (ROOT, "alice"):
            store.create_user(name, PASSWORD)
        store.grant("alice", MODEL, Permission.READ)
        [own] = store.roles_of("alice")
        execute(url, f"INSERT INTO user_role_assignments (user_id, role_id) VALUES (1, {own.id})")
        for number in (1, 2):
            execute(
                url,
                "INSERT INTO experiment_permissions (experiment_id, user_id, permission)"
                f" VALUES ('42', {number}, 'NO_PERMISSIONS')",
            )
        before = contents(url)
        with pytest.raises(InvalidRequest, match="assigned to others"):
            put_back(store.database, store.schema, store.resolve)
        assert contents(url) == before
