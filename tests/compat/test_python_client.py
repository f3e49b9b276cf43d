"""The Python client beside MLflow's of older releases, and on their servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from authctl.client import AuthServiceClient
from authctl.errors import InvalidRequest
from tests.client.others import OTHERS, live_through
from tests.client.their_methods import compare_methods
from tests.environments import python_with_mlflow
from tests.live import ADMIN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from authctl.client import User
    from tests.live import Server

pytestmark = [pytest.mark.compat, pytest.mark.timeout(900)]

PASSWORD = "a-long-password"


@pytest.mark.parametrize(
    ("version", "method"),
    [("3.4.0", "create_experiment_permission"), ("3.12.0", "create_scorer_permission")],
)
def test_it_has_every_method_of_their_client(version: str, method: str, tmp_path: Path) -> None:
    assert method in compare_methods(tmp_path, python_with_mlflow(version))


@pytest.fixture
def client(
    legacy: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[AuthServiceClient]:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", ADMIN[0])
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", ADMIN[1])
    with AuthServiceClient(legacy.url) as client:
        yield client


@pytest.fixture
def alice(client: AuthServiceClient) -> Iterator[User]:
    yield client.create_user("alice", PASSWORD)
    client.delete_user("alice")


@pytest.mark.parametrize("legacy", ["3.12.0"], indirect=True, scope="module")
@pytest.mark.parametrize("kind", OTHERS)
def test_other_permissions_are_made_read_changed_and_deleted(
    kind: str, client: AuthServiceClient, alice: User
) -> None:
    live_through(kind, client, alice)


@pytest.mark.parametrize("legacy", ["3.4.0"], indirect=True, scope="module")
def test_an_older_server_says_that_it_takes_none(client: AuthServiceClient, alice: User) -> None:
    for kind, (ids, _) in OTHERS.items():
        with pytest.raises(InvalidRequest, match="takes no grants on a"):
            getattr(client, f"create_{kind}_permission")(*ids, alice.username, "READ")
    with pytest.raises(InvalidRequest, match="has no service tokens"):
        client.list_tokens()
