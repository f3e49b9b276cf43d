from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.live import clean_environment
from tests.oracle import oracle
from tests.store.databases import opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from authctl.store.sql import SqlStore
    from tests.oracle import Oracle

THEIRS = Path(__file__).with_name("their_answers.py")


@dataclass(frozen=True)
class Both:
    """One database, open in authctl and in the installed MLflow."""

    file: Path
    ours: SqlStore
    theirs: Oracle


@pytest.fixture(scope="session")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    folder = tmp_path_factory.mktemp("database")
    url = f"sqlite:///{folder / 'auth.db'}"
    env = clean_environment(MLFLOW_FLASK_SERVER_SECRET_KEY="a-key")
    with (
        opened(url, create=True) as store,
        oracle(THEIRS, url, log=folder / "log", env=env) as mlflow,
    ):
        yield Both(folder / "auth.db", store, mlflow)
