"""No credential of any kind crosses a network where everybody can read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from authctl.client.transport import connect
from authctl.errors import InvalidRequest
from tests.client import aws
from tests.client.plugins import install_plugins

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers import Recorder

PATH = "/2.0/mlflow/users/get"
FILE = "[mlflow]\nmlflow_tracking_username = u\nmlflow_tracking_password = p\n"
NETRC = "machine mlflow.invalid login u password p\n"
AWAY = "http://mlflow.invalid"

WAYS: dict[str, tuple[dict[str, str], str, str, str]] = {
    "login": (
        {"MLFLOW_TRACKING_USERNAME": "u", "MLFLOW_TRACKING_PASSWORD": "p"},
        "",
        "",
        AWAY,
    ),
    "token": ({"MLFLOW_TRACKING_TOKEN": "t"}, "", "", AWAY),
    "file": ({}, FILE, "", AWAY),
    "netrc": ({}, "", NETRC, AWAY),
    "address": ({}, "", "", AWAY.replace("//", "//u:p@")),
    "sigv4": ({"MLFLOW_TRACKING_AWS_SIGV4": "true"}, "", "", AWAY),
    "plugin": ({"MLFLOW_TRACKING_AUTH": "overwriting"}, "", "", AWAY),
    "header": ({"MLFLOW_TRACKING_AUTH": "opensesame"}, "", "", AWAY),
}


@pytest.fixture
def proxied(recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """A proxy that would see whatever is sent to another machine."""
    for name in ("HTTP_PROXY", "NO_PROXY", "no_proxy", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", recorder.url)
    for name, value in aws.ENV.items():
        monkeypatch.setenv(name, value)
    install_plugins(tmp_path / "plugins", monkeypatch)
    return recorder


@pytest.mark.parametrize("name", WAYS)
def test_nothing_is_signed_in_over_plain_http_to_another_machine_unless_that_is_allowed(
    name: str, proxied: Recorder, tmp_path: Path
) -> None:
    env, file, netrc, address = WAYS[name]
    (tmp_path / ".mlflow").mkdir()
    (tmp_path / ".mlflow" / "credentials").write_text(file)
    (tmp_path / ".netrc").write_text(netrc)
    transport = connect(address, env, tmp_path)
    with pytest.raises(InvalidRequest, match="not encrypted"):
        transport.send("GET", PATH)
    transport.close()
    assert proxied.requests == []

    allowed = connect(address, env, tmp_path, allow_http=True)
    allowed.send("GET", PATH)
    allowed.close()
    assert "authorization" in proxied.requests[0].headers


def test_who_has_no_credential_may_ask_over_plain_http(proxied: Recorder, tmp_path: Path) -> None:
    transport = connect(AWAY, {}, tmp_path)
    assert transport.send("GET", PATH).status == 200
    transport.close()
    assert "authorization" not in proxied.requests[0].headers
