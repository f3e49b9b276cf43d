from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from authctl.client import AuthServiceClient
from authctl.client.transport import connect
from tests.client.services import PASSWORD
from tests.live import ADMIN
from tests.servers import BOTH, mlflow_server, recording_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from authctl.client import User
    from authctl.client.transport import Transport
    from tests.client.services import SignIn
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


@pytest.fixture(scope="module", params=BOTH)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    with BOTH[request.param](tmp_path_factory.mktemp(request.param)) as server:
        yield server


@pytest.fixture
def sign_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> SignIn:
    monkeypatch.setenv("HOME", str(tmp_path))

    def sign_in(username: str, password: str) -> None:
        monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", username)
        monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", password)

    return sign_in


@pytest.fixture
def client(server: Server, sign_in: SignIn) -> Iterator[AuthServiceClient]:
    """The admin's client, who leaves the server as it was."""
    sign_in(*ADMIN)
    client = AuthServiceClient(server.url)
    yield client
    sign_in(*ADMIN)
    for user in client.list_users():
        if user.username != ADMIN[0]:
            client.delete_user(user.username)
    client.close()


@pytest.fixture
def alice(client: AuthServiceClient) -> User:
    return client.create_user("alice", PASSWORD)
