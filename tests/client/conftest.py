from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from authctl.client.transport import connect
from tests.live import ADMIN
from tests.servers import mlflow_server, recording_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from authctl.client.transport import Transport
    from tests.live import Server
    from tests.servers import Recorder


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    with recording_server() as recorder:
        yield recorder


@pytest.fixture(scope="module")
def mlflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with mlflow_server(tmp_path_factory.mktemp("mlflow")) as server:
        yield server


@pytest.fixture
def admin(mlflow: Server, tmp_path: Path) -> Iterator[Transport]:
    env = {"MLFLOW_TRACKING_USERNAME": ADMIN[0], "MLFLOW_TRACKING_PASSWORD": ADMIN[1]}
    transport = connect(mlflow.url, env, tmp_path)
    yield transport
    transport.close()
