"""MLflow of any release opens a database in which authctl has tables of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from authctl.store import additions, history
from tests.store.databases import contents, opened
from tests.store.installed_mlflow import run_with_mlflow
from tests.store.recorder import python_of
from tests.store.recordings import PASSWORD, RECORDINGS, Recording, recorded

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.compat, pytest.mark.timeout(900)]

MLFLOW_STORE = """
import json, sys
from mlflow.server.auth.sqlalchemy_store import SqlAlchemyStore
store = SqlAlchemyStore()
store.init_db(sys.argv[1])
print(json.dumps([store.authenticate_user("alice", word) for word in (sys.argv[2], "wrong")]))
store.engine.dispose()
"""


@pytest.mark.parametrize(
    "recording", [found for found in RECORDINGS if found.upgraded_by is None], ids=str
)
def test_mlflow_does_not_trip_over_them(recording: Recording, tmp_path: Path) -> None:
    with recorded(recording, "sqlite", tmp_path) as url:
        with opened(url) as store:
            store.database.write(additions.install)
        before = contents(url)
        told = run_with_mlflow(
            "-c", MLFLOW_STORE, url, PASSWORD, python=python_of(recording.release)
        )
        assert json.loads(told.splitlines()[-1]) == [True, False]
        assert contents(url) == before
        with opened(url) as store:
            assert store.database.read(additions.version) is not None
            assert store.database.read(history.entries) == []
