"""authctl's way up beside MLflow's own: the same tables, which MLflow opens, and no level lost."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from authctl.model import Generation
from authctl.store.upkeep.upgrade import upgrade
from tests.store.databases import contents, opened, with_driver
from tests.store.installed_mlflow import let_mlflow_upgrade, run_with_mlflow
from tests.store.recordings import PASSWORD, RECORDINGS, Recording, recorded
from tests.store.reflection import reflected, statements

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.mlflow

LEGACY = [recording for recording in RECORDINGS if recording.generation is Generation.LEGACY]

MLFLOW_STORE = """
import json, sys
from mlflow.server.auth.sqlalchemy_store import SqlAlchemyStore
store = SqlAlchemyStore()
store.init_db(sys.argv[1])
print(json.dumps({
    "logs in": store.authenticate_user("alice", sys.argv[2]),
    "users": sorted(user.username for user in store.list_users()),
}))
store.engine.dispose()
"""


@pytest.mark.parametrize("recording", [LEGACY[1], LEGACY[-1]], ids=str)
def test_the_tables_are_word_for_word_those_that_mlflow_makes(
    recording: Recording, tmp_path: Path
) -> None:
    for name in ("ours", "theirs"):
        (tmp_path / name).mkdir()
    with (
        recorded(recording, "sqlite", tmp_path / "ours") as ours,
        recorded(recording, "sqlite", tmp_path / "theirs") as theirs,
    ):
        let_mlflow_upgrade(theirs)
        _upgrade(ours)
        assert statements(ours) == statements(theirs)
        assert _levels_kept(ours) - {"NO_PERMISSIONS"} == _levels_kept(theirs)
        assert "NO_PERMISSIONS" in _levels_kept(ours)


@pytest.mark.parametrize("recording", [LEGACY[1]], ids=str)
def test_on_postgresql_they_are_mlflows_too(recording: Recording, tmp_path: Path) -> None:
    with (
        recorded(recording, "postgresql", tmp_path) as ours,
        recorded(recording, "postgresql", tmp_path) as theirs,
    ):
        let_mlflow_upgrade(theirs)
        _upgrade(ours)
        assert reflected(ours) == reflected(theirs)


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql", "mysql"])
def test_mlflow_opens_what_authctl_has_upgraded_and_changes_nothing(
    dialect: str, tmp_path: Path
) -> None:
    with recorded(LEGACY[0], dialect, tmp_path) as url:
        _upgrade(url)
        before = contents(url)
        told = json.loads(run_with_mlflow("-c", MLFLOW_STORE, with_driver(url), PASSWORD))
        with opened(url) as store:
            names = [user.username for user in store.list_users()]
        assert told == {"logs in": True, "users": names}
        assert contents(url) == before


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_mlflow_upgrades_a_database_that_is_served_and_is_noticed(
    dialect: str, tmp_path: Path
) -> None:
    with recorded(LEGACY[-1], dialect, tmp_path) as url:
        with opened(url) as store:
            store.watch()
            freshness = store.freshness()
            before = freshness.token()
            let_mlflow_upgrade(url)
            assert freshness.token() not in (before, None)
            freshness.close()
        with opened(url) as store:  # as a server that is started again
            assert store.schema.generation is Generation.ROLES
            store.watch()
            freshness = store.freshness()
            upgraded = freshness.token()
            store.create_user("zoe", "a-password-of-zoe")
            assert freshness.token() not in (before, upgraded, None)
            freshness.close()


def _upgrade(url: str) -> None:
    with opened(url) as store:
        upgrade(store.database, store.schema, store.resolve, without_workspaces=True)


def _levels_kept(url: str) -> set[str]:
    with opened(url) as store:
        return {grant.permission for grant in store.list_grants()}
