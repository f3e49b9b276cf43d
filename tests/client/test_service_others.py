"""The Python client's methods for scorers, the gateway and service tokens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from authctl.client import AuthServiceClient
from authctl.errors import InvalidRequest, NotFound, PermissionDenied
from authctl.model import Limits, Resource
from tests.client.others import OTHERS, live_through
from tests.client.services import PASSWORD
from tests.live import ADMIN

if TYPE_CHECKING:
    from authctl.client import User
    from tests.live import Server

pytestmark = pytest.mark.mlflow


@pytest.mark.parametrize("kind", OTHERS)
def test_other_permissions_are_made_read_changed_and_deleted(
    kind: str, client: AuthServiceClient, alice: User
) -> None:
    live_through(kind, client, alice)


@pytest.mark.parametrize("server", ["authctl"], indirect=True)
def test_service_accounts_and_tokens_are_administered(
    server: Server, client: AuthServiceClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.create_user("robot", None)
    tomorrow = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    made = client.create_token(
        "nightly", "robot", read_only=True, resources=[("experiment", "0")], expires_at=tomorrow
    )
    assert made.secret not in repr(made)
    assert (made.token.limits, made.token.expires_at) == (
        Limits(read_only=True, resources=frozenset({Resource("experiment", "0")})),
        tomorrow,
    )
    assert client.list_tokens("robot") == client.list_tokens() == [made.token]
    with pytest.raises(InvalidRequest, match="for all resources, or for 1 to"):
        client.create_token("none", "robot", resources=[])
    for name in ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", made.secret)
    with AuthServiceClient(server.url) as robot, pytest.raises(PermissionDenied):
        robot.create_user("another", PASSWORD)
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", ADMIN[0])
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", ADMIN[1])
    client.revoke_token("robot", "nightly")
    with pytest.raises(NotFound):
        client.revoke_token("robot", "nightly")


@pytest.mark.parametrize("server", ["mlflow"], indirect=True)
def test_mlflows_own_server_has_neither(client: AuthServiceClient) -> None:
    for act in (
        lambda: client.create_user("robot", None),
        lambda: client.create_token("nightly", ADMIN[0]),
        client.list_tokens,
        lambda: client.revoke_token(ADMIN[0], "nightly"),
    ):
        with pytest.raises(InvalidRequest, match="This server has no service"):
            act()
