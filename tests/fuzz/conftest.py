from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from authctl.config import AuthConfig
from authctl.server.app import build_app
from tests.fuzz.our_reading import Gate
from tests.fuzz.world import USER, World
from tests.live import clean_environment
from tests.oracle import oracle
from tests.store.databases import opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from authctl.model import Grant, Permission
    from tests.oracle import Oracle

    GateTo = Callable[[World, Permission, list[Grant]], Gate]


@pytest.fixture(scope="session")
def prefix(request: pytest.FixtureRequest) -> str:
    """The static prefix of MLflow; a test says which."""
    return str(request.param)


@pytest.fixture(scope="session")
def mlflow(prefix: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Oracle]:
    """The installed MLflow, below a static prefix or not, asked what it reads."""
    folder = tmp_path_factory.mktemp("mlflow")
    env = clean_environment(
        MLFLOW_DISABLE_TELEMETRY="true",
        MLFLOW_MODEL_CATALOG_URI="",
        MLFLOW_TRACKING_URI=f"sqlite:///{folder / 'unused.db'}",
        _MLFLOW_SERVER_FILE_STORE=f"sqlite:///{folder / 'unused.db'}",
        _MLFLOW_SERVER_ARTIFACT_DESTINATION=str(folder),
        _MLFLOW_SERVER_SERVE_ARTIFACTS="true",
        _MLFLOW_STATIC_PREFIX=prefix,
    )
    program = Path(__file__).with_name("their_reading.py")
    with oracle(program, log=folder / "log", env=env) as asked:
        yield asked


@pytest.fixture
def gate_to(tmp_path: Path, prefix: str) -> Iterator[GateTo]:
    """A door in front of a world, for one user with these grants and this default."""
    with opened(f"sqlite:///{tmp_path / 'auth.db'}", create=True) as store, asyncio.Runner() as run:
        user = store.create_user(*USER)

        def make(world: World, default: Permission, grants: list[Grant]) -> Gate:
            for grant in grants:
                store.grant(user.username, grant.resource, grant.permission)
            door = build_app(
                AuthConfig(default_permission=default),
                upstream=world,
                store=store,
                secret_key="a-key",
                env={},
                static_prefix=prefix,
            )
            return Gate(door, world, run)

        yield make
