"""MLFLOW_TRACKING_AUTH: plugins, and a header as it is."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from authctl.client.transport import connect
from authctl.errors import InvalidRequest
from tests.client.plugins import install_plugins, write_broken_plugin
from tests.client.told import told

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers import Recorder, Request

PATH = "/2.0/mlflow/users/get"
AUTH = "MLFLOW_TRACKING_AUTH"
LOGIN = {"MLFLOW_TRACKING_USERNAME": "u", "MLFLOW_TRACKING_PASSWORD": "p"}


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install_plugins(tmp_path / "plugins", monkeypatch)


def send(recorder: Recorder, home: Path, env: dict[str, str], method: str = "GET") -> Request:
    transport = connect(recorder.url, env, home)
    try:
        transport.send(
            method,
            PATH,
            query={"username": "a b"} if method == "GET" else None,
            body=None if method == "GET" else {"username": "ü"},
        )
    finally:
        transport.close()
    return recorder.requests[-1]


@pytest.mark.usefixtures("plugins")
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_plugin_changes_its_headers_and_nothing_else(
    method: str, recorder: Recorder, tmp_path: Path
) -> None:
    without = send(recorder, tmp_path, LOGIN, method)
    signed = send(recorder, tmp_path, LOGIN | {AUTH: "overwriting"}, method)
    assert signed.headers == without.headers | {"authorization": "Corporate badge-7"}
    assert (signed.path, signed.content) == (without.path, without.content)
    added = send(recorder, tmp_path, LOGIN | {AUTH: "adding"}, method)
    assert added.headers == without.headers | {"x-badge": "badge-8"}


@pytest.mark.usefixtures("plugins")
@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("nothing", "gave nothing"),
        ("elsewhere", "changes more of a request than its headers"),
        ("answering", "waits for the server's answer"),
        ("failing", r"failed \(RuntimeError\)"),
        ("unsendable", "character that cannot be sent"),
    ],
)
def test_a_plugin_that_cannot_be_obeyed_is_refused_without_quoting_it(
    name: str, says: str, recorder: Recorder, tmp_path: Path
) -> None:
    with pytest.raises(InvalidRequest, match=says) as raised:
        send(recorder, tmp_path, LOGIN | {AUTH: name})
    assert "sesame" not in told(raised.value)
    assert recorder.requests == []


def test_a_plugin_that_cannot_be_loaded_is_named(
    recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(write_broken_plugin(tmp_path / "broken")))
    with pytest.raises(InvalidRequest, match=r"'overwriting' \(ModuleNotFoundError\)"):
        send(recorder, tmp_path, LOGIN | {AUTH: "overwriting"})
    # It may call itself anything, so a header would be a guess.
    with pytest.raises(InvalidRequest, match="cannot be loaded") as raised:
        send(recorder, tmp_path, LOGIN | {AUTH: "opensesame"})
    assert "opensesame" not in told(raised.value)
    assert recorder.requests == []


@pytest.mark.usefixtures("plugins")
def test_a_plugin_that_can_be_loaded_is_used_beside_one_that_cannot(
    recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(write_broken_plugin(tmp_path / "broken")))
    request = send(recorder, tmp_path, {AUTH: "overwriting"})
    assert request.headers["authorization"] == "Corporate badge-7"


@pytest.mark.usefixtures("plugins")
def test_a_plugin_without_requests_is_told_what_to_install(
    recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "requests", None)
    with pytest.raises(InvalidRequest) as raised:
        send(recorder, tmp_path, {AUTH: "overwriting"})
    assert raised.value.hint == "pip install requests"


def test_mlflows_own_plugins_want_mlflow(
    recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "mlflow"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(InvalidRequest, match="'kubernetes'") as raised:
        send(recorder, tmp_path, {AUTH: "kubernetes"})
    assert "pip install 'authctl[mlflow]' kubernetes" in str(raised.value.hint)
    with pytest.raises(InvalidRequest, match="assistant"):
        send(recorder, tmp_path, {AUTH: "assistant-delegation"})


@pytest.mark.parametrize("value", ["opensesame", "Custom opensesame", "Negotiate YII="])
def test_a_value_that_names_no_plugin_is_the_header(
    value: str, recorder: Recorder, tmp_path: Path
) -> None:
    token = {"MLFLOW_TRACKING_TOKEN": "tok"}
    request = send(recorder, tmp_path, LOGIN | token | {AUTH: value})
    assert request.headers["authorization"] == value


@pytest.mark.parametrize("value", ["a\nb", "a\r\nX-Other: b", " a", "a ", "a\x00b", "ж", "a\x7fb"])
def test_a_header_that_cannot_be_sent_is_refused_without_quoting_it(
    value: str, recorder: Recorder, tmp_path: Path
) -> None:
    with pytest.raises(InvalidRequest, match=f"{AUTH} gives contains a character") as raised:
        send(recorder, tmp_path, {AUTH: value})
    assert raised.value.__suppress_context__ or raised.value.__context__ is None
    assert recorder.requests == []


def test_a_header_of_ones_own_is_never_told_while_it_is_watched(
    recorder: Recorder, tmp_path: Path
) -> None:
    seen: list[str | None] = []
    for value in ("opensesame", "open sesame", "Bearer opensesame"):
        transport = connect(
            recorder.url, {AUTH: value}, tmp_path, trace=lambda *told: seen.append(told[4])
        )
        transport.send("GET", PATH)
        transport.close()
    assert seen == ["", "", "Bearer"]
