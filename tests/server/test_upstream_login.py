"""An MLflow elsewhere that does not let everybody in: what it is shown, and what callers see."""

from __future__ import annotations

import asyncio
import contextlib
import os
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest

from authctl.config import AuthConfig, ServeOptions, UpstreamLogin
from authctl.errors import InvalidRequest
from authctl.server import run
from authctl.upstream.proxy import Proxy
from tests.client.authority import Authority
from tests.exchanges import Caller, scope_of, shut_down
from tests.live import ADMIN, authctl_server, clean_environment, free_port
from tests.processes import command_lines
from tests.server.world import bare_mlflow
from tests.servers import mlflow_server, recording_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers import Recorder

GET = "/api/2.0/mlflow/experiments/get?experiment_id=1"
SECRET = "known-to-the-upstream-alone"
BASIC = f"Basic {b64encode(f'gate:{SECRET}'.encode()).decode()}"
IN_ENVIRONMENT = {"AUTHCTL_UPSTREAM_USERNAME": "gate", "AUTHCTL_UPSTREAM_PASSWORD": SECRET}
ASKS = {"WWW-Authenticate": 'Basic realm="upstream"'}


@pytest.fixture
def upstream() -> Iterator[Recorder]:
    with recording_server() as recorder:
        yield recorder


def ini(folder: Path, *lines: str) -> tuple[str, str]:
    folder.mkdir(exist_ok=True)
    (folder / "auth.ini").write_text("\n".join(["[mlflow]", *lines, ""]))
    return "--auth-config", str(folder / "auth.ini")


@pytest.mark.parametrize("way", ["a password in the environment", "a token in the file"])
def test_the_upstream_is_shown_the_servers_login_and_never_the_callers(
    way: str, upstream: Recorder, tmp_path: Path
) -> None:
    has_token = "token" in way
    options = ini(tmp_path / "ini", f"upstream_token = {SECRET}") if has_token else ()
    env = {} if has_token else IN_ENVIRONMENT
    with authctl_server(tmp_path, "--upstream", upstream.url, *options, env=env) as server:
        user = server.add_user("alice")
        upstream.requests.clear()
        run_of = {"run": {"info": {"run_id": "r1", "experiment_id": "7"}}}
        upstream.will_answer(200, run_of)
        path = "/api/2.0/mlflow/runs/get"
        assert server.call("GET", path, user=user, run_id="r1").status_code == 200
        shown = [request.headers["authorization"] for request in upstream.requests]
        assert shown == [f"Bearer {SECRET}" if has_token else BASIC] * 2  # a look-up, the request
        told = " ".join([*command_lines(server.process.pid), server.log.read_text()])
        assert SECRET not in told


def test_a_caller_is_not_asked_for_the_upstreams_password(
    upstream: Recorder, tmp_path: Path
) -> None:
    with authctl_server(tmp_path, "--upstream", upstream.url, env=IN_ENVIRONMENT) as server:
        upstream.will_answer(401, {"message": "who are you?"}, ASKS)
        answer = server.call("GET", GET)
        assert answer.status_code == 503
        assert "www-authenticate" not in answer.headers
        assert answer.json() == {
            "error_code": "TEMPORARILY_UNAVAILABLE",
            "message": "The MLflow behind this server does not let it in.",
        }
        assert "the upstream asks for a login" in server.log.read_text()
        # What a provider of the AI gateway answers is the caller's to know.
        upstream.answers.clear()
        upstream.will_answer(401, {"message": "no such key"})
        assert server.call("GET", GET).status_code == 401


def test_an_upstream_is_reached_by_tls_with_a_certificate(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    good = authority.certificate("good", "127.0.0.1")
    authority.certificate("caller")
    ca_cert, client_cert = (str(tmp_path / f"{name}.pem") for name in ("authority", "caller"))
    with recording_server(authority.server(good, asks=True)) as upstream:
        shown = {"AUTHCTL_UPSTREAM_CA_CERT": ca_cert, "AUTHCTL_UPSTREAM_CLIENT_CERT": client_cert}
        with authctl_server(tmp_path / "served", "--upstream", upstream.url, env=shown) as server:
            assert server.call("GET", GET).status_code == 200
        upstream.requests.clear()
        for login in (UpstreamLogin(ca_cert=ca_cert), UpstreamLogin(client_cert=client_cert)):
            assert status_through(Proxy(upstream.url, login)) == 502
        assert upstream.requests == []


def status_through(gateway: Proxy) -> int:
    """How one request is answered."""
    caller = Caller()

    async def ask() -> None:
        await gateway(scope_of("GET", "/"), caller.receive, caller.send)
        await shut_down(gateway)

    asyncio.run(ask())
    return int(caller.answer[0]["status"])


def front(monkeypatch: pytest.MonkeyPatch, folder: Path, url: str, **env: str) -> None:
    """Start in front of a server, up to where this process would become it."""
    for name in set(os.environ) - set(clean_environment()):
        monkeypatch.delenv(name)
    for name, value in {"MLFLOW_AUTH_ADMIN_PASSWORD": ADMIN[1], **env}.items():
        monkeypatch.setenv(name, value)
    folder.mkdir(exist_ok=True)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(os, "execve", _started)
    with contextlib.suppress(Started):
        run.serve(ServeOptions(upstream=url, port=free_port()))


class Started(Exception):
    """It would have started."""


def _started(*_: object) -> None:
    raise Started


@pytest.mark.mlflow
def test_an_mlflow_with_logins_is_no_upstream(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_admin = {"AUTHCTL_UPSTREAM_USERNAME": ADMIN[0], "AUTHCTL_UPSTREAM_PASSWORD": ADMIN[1]}
    for number, start in enumerate((mlflow_server, authctl_server)):
        with start(tmp_path / f"theirs-{number}") as server:
            folder = tmp_path / f"ours-{number}"
            with pytest.raises(InvalidRequest, match="asks for a login"):
                front(monkeypatch, folder, server.url)
            with pytest.raises(InvalidRequest, match="has users of its own"):
                front(monkeypatch, folder, server.url, **as_admin)
            assert list(folder.iterdir()) == []


@pytest.mark.mlflow
def test_an_mlflow_without_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with bare_mlflow(tmp_path / "theirs") as server:
        front(monkeypatch, tmp_path / "ours", server.url)
    assert "warning" not in capsys.readouterr().err


def test_an_upstream_that_is_not_there_yet_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    front(monkeypatch, tmp_path, f"http://127.0.0.1:{free_port()}")
    assert "warning: the MLflow at --upstream does not answer yet" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("url", "env", "warnings"),
    [
        ("http://127.0.0.1", {}, []),
        ("http://mlflow.internal", {}, ["answers whoever asks"]),
        ("http://mlflow.internal", IN_ENVIRONMENT, ["answers whoever asks", "without TLS"]),
        ("https://mlflow.internal", IN_ENVIRONMENT, ["answers whoever asks"]),
    ],
)
def test_what_others_can_reach_is_warned_of(
    url: str,
    env: dict[str, str],
    warnings: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # No name leads elsewhere from here.
    monkeypatch.setattr(run, "look_at", lambda *_: True)
    front(monkeypatch, tmp_path, url, **env)
    told = [line for line in capsys.readouterr().err.splitlines() if line.startswith("warning")]
    assert len(told) == len(warnings)
    assert all(text in line for text, line in zip(warnings, told, strict=True))


WRONG: dict[str, tuple[dict[str, str], str]] = {
    "a name without a password": ({"upstream_username": "gate"}, "belong together"),
    "a password without a name": ({"upstream_password": SECRET}, "belong together"),
    "a password and a token": (
        {"upstream_username": "gate", "upstream_password": SECRET, "upstream_token": SECRET},
        "a password and a token",
    ),
    "a name with a colon": (
        {"upstream_username": "ga:te", "upstream_password": SECRET},
        "must not contain a colon",
    ),
    "a token of two lines": ({"upstream_token": f"{SECRET}\nx"}, "cannot be sent"),
    "a token that is no ASCII": ({"upstream_token": f"{SECRET}é"}, "cannot be sent"),
}


@pytest.mark.parametrize("name", WRONG)
def test_half_a_login_is_refused_without_being_quoted(name: str) -> None:
    settings, said = WRONG[name]
    env: dict[str, Any] = {f"AUTHCTL_{key.upper()}": value for key, value in settings.items()}
    with pytest.raises(InvalidRequest, match=said) as told:
        AuthConfig.load(None, env)
    assert SECRET not in f"{told.value} {told.value.hint}"


def test_a_certificate_that_is_none_is_refused_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = {"AUTHCTL_UPSTREAM_CA_CERT": str(tmp_path / "missing.pem")}
    with pytest.raises(InvalidRequest, match=r"missing\.pem cannot be used"):
        front(monkeypatch, tmp_path / "ours", "https://127.0.0.1:5001", **env)
