"""Logging in as a person does: asked at a terminal, on real servers."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.cli.commands import Done, Shell
from tests.cli.test_terminal import at_terminal, ended
from tests.live import ADMIN
from tests.processes import wait_until_asleep
from tests.servers import BOTH

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pexpect

    from tests.live import Server

pytestmark = pytest.mark.mlflow


@pytest.fixture(scope="module", params=BOTH)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """`authctl serve` or MLflow's own server, with an admin and a user alice."""
    with BOTH[request.param](tmp_path_factory.mktemp(request.param)) as server:
        server.add_user("alice")
        yield server


@pytest.fixture
def alone(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    return Shell(tmp_path_factory.mktemp("home"))


def ask(child: pexpect.spawn[str], question: str, answer: str) -> None:
    child.expect_exact(question)
    child.sendline(answer)


def test_what_is_missing_is_asked_for_and_the_password_never_shown(
    alone: Shell, server: Server
) -> None:
    child = at_terminal(alone, "login")
    ask(child, "Server: ", server.url)
    ask(child, f"Username for {server.url}: ", "alice")
    ask(child, "Password for alice: ", "alice-password-1")
    assert ended(child) == 0
    shown = child.before or ""
    assert "alice-password-1" not in shown
    assert "result     logged in" in shown
    assert "mlflow uses it too." in shown
    assert "set MLFLOW_TRACKING_URI, which mlflow reads too." in shown
    told = json.loads(alone.ok("whoami", "--server", server.url, "-o", "json"))
    assert told == {
        "server": server.url,
        "database": None,
        "context": None,
        "username": "alice",
        "is_admin": False,
    }


def test_a_wrong_password_is_refused_and_leaves_nothing(alone: Shell, server: Server) -> None:
    child = at_terminal(alone, f"login --server {server.url}")
    ask(child, "Username for", ADMIN[0])
    ask(child, "Password for admin: ", "not the password")
    child.expect_exact("error: The server does not accept 'admin' with this password.")
    assert ended(child) == 4
    assert list(alone.folder.iterdir()) == []


@pytest.mark.parametrize("question", ["Username for", "Password for"])
def test_ctrl_c_at_a_prompt_leaves_nothing(alone: Shell, server: Server, question: str) -> None:
    child = at_terminal(alone, f"login --server {server.url} --context prod")
    if question == "Password for":
        ask(child, "Username for", "alice")
    child.expect_exact(question)
    child.expect_exact(": ")
    wait_until_asleep(child.pid)
    child.sendintr()
    assert ended(child) == 130
    assert (child.before or "").strip() in ("", "^C")
    assert list(alone.folder.iterdir()) == []


def test_the_username_known_already_is_offered(alone: Shell, server: Server) -> None:
    login = f"login --server {server.url}"
    child = at_terminal(alone, f"{login} --context prod --username admin")
    ask(child, "Password for admin: ", ADMIN[1])
    assert ended(child) == 0
    assert "which only you can read." in (child.before or "")
    child = at_terminal(alone, "login --context prod")
    ask(child, f"Username for {server.url} [admin]: ", "")
    ask(child, "Password for admin: ", ADMIN[1])
    child.expect_exact("unchanged")
    assert ended(child) == 0


def test_ctrl_d_is_no_answer(alone: Shell, server: Server) -> None:
    child = at_terminal(alone, f"login --server {server.url}")
    child.expect_exact("Username for")
    child.expect_exact(": ")
    child.sendeof()
    child.expect_exact(f"error: Username for {server.url}: nothing was given.")
    assert ended(child) == 2


@pytest.mark.parametrize("option", ["--no-interactive", "--no-input"])
def test_nobody_is_asked_who_does_not_want_to_be(alone: Shell, server: Server, option: str) -> None:
    child = at_terminal(alone, f"login --server {server.url} {option}")
    child.expect_exact(f"error: No login is known for {server.url}.")
    assert ended(child) == 2


def test_what_the_server_no_longer_accepts_is_not_signed_in(alone: Shell, server: Server) -> None:
    user = server.add_user(f"user{id(alone)}")
    login = ("login", "--server", server.url, "--context", "prod", "--username", user[0])
    assert alone.run(*login, "--password-stdin", stdin=user[1]).code == 0
    server.call("DELETE", "/api/2.0/mlflow/users/delete", {"username": user[0]})
    assert alone.run("whoami") == Done(
        "",
        f"error: The server does not accept '{user[0]}' with this password.\n"
        "hint: The username is from the context 'prod', the password from the context 'prod'.\n",
        4,
    )
    alone.ok("logout", "--context", "prod")
    assert alone.run("whoami") == Done(
        "",
        "error: The server asks who you are.\nhint: authctl login --context prod asks you; or set"
        " MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD.\n",
        4,
    )


_MLFLOW = """
import mlflow
print([found.name for found in mlflow.search_experiments()])
"""


def test_mlflow_itself_is_logged_in_after_it(alone: Shell, server: Server) -> None:
    login = ("login", "--server", server.url, "--username", ADMIN[0], "--password-stdin")
    assert alone.run(*login, stdin=ADMIN[1]).code == 0
    done = subprocess.run(
        [sys.executable, "-c", _MLFLOW],
        cwd=alone.folder,
        env={**alone.environment, "MLFLOW_TRACKING_URI": server.url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("['Default']\n", 0), done.stderr
