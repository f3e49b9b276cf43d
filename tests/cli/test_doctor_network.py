"""authctl doctor on the way to a server: each way to fail is told apart, with its remedy."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest

from tests.cli.checkups import answering, asking, checkup, mlflow, saying
from tests.cli.commands import PASSWORD, Shell
from tests.live import free_port

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.checkups import Answer, Checkup

# A proxy of the machine that the tests run on must not come in between.
DIRECT = {"NO_PROXY": "*", "no_proxy": "*"}
LOGIN = {"MLFLOW_TRACKING_USERNAME": "alice", "MLFLOW_TRACKING_PASSWORD": PASSWORD}


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path, {**DIRECT, **LOGIN})


def at(shell: Shell, url: str, *options: str) -> Checkup:
    return checkup(shell, "--server", url, *options)


def test_nothing_that_listens_is_told(shell: Shell) -> None:
    port = free_port()
    found = at(shell, f"http://127.0.0.1:{port}")
    assert found.one("tcp") == (
        "error",
        f"127.0.0.1 port {port}",
        "Nothing listens on this port.",
        "Start the server, or check the port in the address.",
    )
    assert not found.has("http")


def test_a_name_that_is_not_known_is_told(shell: Shell) -> None:
    found = at(shell, "https://mlflow.invalid", "--timeout", "5")
    severity, subject, message, _ = found.one("dns")
    assert (severity, subject) == ("error", "mlflow.invalid")
    assert message.startswith(("The name cannot be looked up", "This took longer than 5 seconds"))
    assert not found.has("tcp")


def test_what_speaks_no_http_is_told(shell: Shell) -> None:
    with saying(b"SSH-2.0-OpenSSH_9.2\r\n") as url:
        found = at(shell, url)
    assert found.one("http")[:3] == ("error", url, "What answers there is no HTTP server.")


def test_what_never_answers_is_given_up(shell: Shell) -> None:
    begun = time.monotonic()
    with saying(b"") as url:
        found = at(shell, url, "--timeout", "0.3")
    assert found.one("http")[:3] == ("error", url, "It gave no answer in time.")
    assert time.monotonic() - begun < 20


def test_an_answer_that_drips_is_given_up_too(shell: Shell) -> None:
    drips = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nO"
    with saying(drips) as url:
        found = at(shell, url, "--timeout", "0.3")
    assert found.one("http")[0] == "error"


def test_a_server_that_asks_for_a_login_passes(shell: Shell) -> None:
    with answering(asking) as url:
        found = at(shell, url)
    assert found.bad == []
    assert found.one("login") == ("ok", url, "It asks for a login.", None)
    assert (
        found.one("server")[2] == "It is the basic-auth of MLflow 3.17.2, of the roles generation."
    )
    assert found.one("signed-in")[:2] == ("info", "alice")
    assert not found.has("server-limit")


def test_an_mlflow_without_authentication_is_an_error(shell: Shell) -> None:
    def answer(path: str, _: str) -> Answer:
        return 200, {}, "OK" if path == "/health" else '{"experiments": []}'

    with answering(answer) as url:
        found = at(shell, url)
    assert found.one("login")[:3] == (
        "error",
        url,
        "It shows experiments to everybody: it runs without authentication.",
    )
    assert not found.has("signed-in")


@pytest.mark.parametrize(
    ("status", "headers", "body", "check", "message"),
    [
        (302, {"Location": "https://login.example.com/start"}, "", "redirect", "login.example.com"),
        (502, {}, "Bad gateway", "http", "the server behind it is not"),
        (404, {}, "Not here", "http", "It answers 404 for /health."),
    ],
)
def test_what_is_no_mlflow_is_told(
    shell: Shell, status: int, headers: dict[str, str], body: str, check: str, message: str
) -> None:
    with answering(lambda _path, _login: (status, headers, body)) as url:
        found = at(shell, url)
    assert message in found.one(check)[2]
    assert not found.has("signed-in")


def test_a_host_name_that_the_server_does_not_go_by_is_told(shell: Shell) -> None:
    def answer(path: str, _: str) -> Answer:
        if path == "/health":
            return 200, {}, "OK"
        return 403, {}, "Invalid Host header - possible DNS rebinding attack detected"

    with answering(answer) as url:
        found = at(shell, url)
    assert found.one("login")[2] == "It does not answer to this host name."


def test_clocks_that_agree_pass(shell: Shell) -> None:
    with answering(asking) as url:
        found = at(shell, url)
    assert found.one("clock") == (
        "ok",
        url,
        "This machine and the server agree on the time.",
        None,
    )


@pytest.mark.parametrize(("ahead", "where"), [(-3600, "ahead of"), (90, "behind")])
def test_clocks_that_differ_are_a_warning(shell: Shell, ahead: float, where: str) -> None:
    with answering(asking, clock=lambda: time.time() + ahead) as url:
        severity, _, message, remedy = at(shell, url).one("clock")
    told = re.match(r"This machine's clock is (\d+) seconds (.+) the server's: ", message)
    assert (severity, remedy) == (
        "warning",
        "Set both by NTP, for example: timedatectl set-ntp true",
    )
    assert told is not None
    assert told[2] == where
    assert abs(int(told[1]) - abs(ahead)) <= 2  # the header tells whole seconds


@pytest.mark.parametrize(
    ("release", "limits"),
    [
        ("3.8.1", ["It cannot list users", "It has no roles"]),
        ("3.11.1", ["It has no roles"]),
        ("3.12.0", []),
    ],
)
def test_what_an_older_mlflow_cannot_do_is_told(
    shell: Shell, release: str, limits: list[str]
) -> None:
    with answering(mlflow(release, current=False)) as url:
        found = at(shell, url)
    assert found.one("server")[2] == (
        f"It is the basic-auth of MLflow {release}, of the legacy generation."
    )
    assert [message.partition(";")[0] for _, _, message, _ in found.of("server-limit")] == limits
    assert found.bad == []


def test_mlflow_3_13_to_3_16_lack_deny(shell: Shell) -> None:
    with answering(mlflow("3.15.0", current=True)) as url:
        found = at(shell, url)
    assert found.one("server-limit")[2:] == (
        "It does not know DENY; MLflow does since 3.17.",
        "Use NO_PERMISSIONS.",
    )


@pytest.mark.parametrize(
    ("release", "password", "guessed"),
    [
        ("3.4.0", "password1234", True),
        ("3.4.0", "password", False),
        ("2.20.4", "password", True),
        ("3.4.0", "something else entirely", False),
    ],
)
def test_the_default_password_of_that_release_is_tried_once(
    shell: Shell, release: str, password: str, guessed: bool
) -> None:
    logins: list[str] = []
    answer = mlflow(release, current=False, password=password)

    def counting(path: str, authorization: str) -> Answer:
        if path.endswith("username=admin"):
            logins.append(authorization)
        return answer(path, authorization)

    with answering(counting) as url:
        severity, _, _, remedy = at(shell, url).one("default-password")
    assert severity == ("error" if guessed else "ok")
    assert remedy == ("authctl user passwd admin" if guessed else None)
    assert len(logins) == 1


def test_who_signs_in_with_a_default_password_is_told_so(shell: Shell) -> None:
    settings = {**shell.settings, "MLFLOW_TRACKING_PASSWORD": "password1234"}
    own = Shell(shell.folder, settings | {"MLFLOW_TRACKING_USERNAME": "admin"})
    with answering(mlflow("3.4.0", current=True, password="password1234")) as url:
        found = checkup(own, "--server", url)
    assert found.one("default-password")[2] == (
        "You sign in with a password that everybody tries first."
    )


def test_a_login_that_is_not_accepted_says_where_it_is_from(shell: Shell) -> None:
    wrong = Shell(shell.folder, {**shell.settings, "MLFLOW_TRACKING_PASSWORD": "wrong"})
    with answering(asking) as url:
        severity, subject, message, remedy = at(wrong, url).one("signed-in")
    assert (severity, subject) == ("error", url)
    assert message == "The server does not accept 'alice' with this password."
    assert remedy is not None
    assert "MLFLOW_TRACKING_PASSWORD" in remedy


def test_a_login_over_plain_http_to_another_machine_is_told(shell: Shell) -> None:
    address = "http://mlflow.invalid"
    refused = at(shell, address, "--offline").one("encryption")
    allowed = at(shell, address, "--offline", "--allow-http").one("encryption")
    assert (refused[0], allowed[0]) == ("error", "warning")
    assert not at(shell, "https://mlflow.invalid", "--offline").has("encryption")
    assert not at(shell, "http://127.0.0.1:1", "--offline").has("encryption")


def test_the_proxy_is_told_and_is_what_is_looked_for(shell: Shell) -> None:
    port = free_port()
    settings = {
        **LOGIN,
        "HTTPS_PROXY": f"http://eve:sesame@127.0.0.1:{port}",
        "NO_PROXY": "",
        "no_proxy": "",
    }
    found = at(Shell(shell.folder, settings), "https://mlflow.invalid")
    assert found.one("proxy")[2] == (
        f"It is asked through the proxy http://eve:***@127.0.0.1:{port}."
    )
    assert found.one("tcp")[1] == f"127.0.0.1 port {port}"


@pytest.mark.parametrize("is_admin", [True, False])
def test_on_another_machine_only_an_admin_tries_the_default_password(
    shell: Shell, is_admin: bool
) -> None:
    tried: list[str] = []
    answer = mlflow("3.17.2", current=True, is_admin=is_admin)

    def through_proxy(url: str, authorization: str) -> Answer:
        path = url.removeprefix("http://mlflow.invalid")
        tried.extend(["admin"] if path.endswith("username=admin") else [])
        return answer(path, authorization)

    with answering(through_proxy) as proxy:
        settings = {**LOGIN, "http_proxy": proxy, "NO_PROXY": "", "no_proxy": ""}
        found = at(Shell(shell.folder, settings), "http://mlflow.invalid", "--allow-http")
    assert found.one("default-password")[0] == ("ok" if is_admin else "info")
    assert tried == (["admin"] if is_admin else [])
