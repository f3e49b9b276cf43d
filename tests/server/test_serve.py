"""Servers as they are really started and stopped: with one error, or without leftovers."""

from __future__ import annotations

import base64
import contextlib
import os
import signal
import socket
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.live import ADMIN, authctl_server, clean_environment, free_port, running
from tests.processes import command_lines

if TYPE_CHECKING:
    from pathlib import Path

    from tests.live import Server

pytestmark = [
    pytest.mark.mlflow,
    pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc"),
]

CURRENT = "/api/2.0/mlflow/users/current"
KEY_FILE = "basic_auth.db.secret_key"

WITHOUT_MLFLOW = "import sys\n\nsys.modules['mlflow'] = None\n"


def ended(folder: Path, *command: str, **env: str) -> tuple[int, str]:
    """The exit code and the errors of a program that is to end by itself, leaving nothing."""
    folder.mkdir(exist_ok=True)
    before = sorted(folder.iterdir())
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=folder,
        env=clean_environment(**env),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        text=True,
    )
    try:
        output, _ = process.communicate(timeout=90)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert command_lines(process.pid) == []
    assert sorted(folder.iterdir()) == before
    return process.returncode, output


def errors(output: str) -> list[str]:
    assert "Traceback" not in output, output
    return [line for line in output.splitlines() if line.startswith("error: ")]


def test_a_port_that_is_taken_is_told_with_advice(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, output = ended(tmp_path, "authctl", "serve", "--port", str(port))
    assert (code, output) == (
        7,
        f"error: Port {port} on 127.0.0.1 is in use.\nhint: Choose another one with --port.\n",
    )


def test_without_mlflow_its_installation_is_advised(tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.mkdir()
    (blocked / "sitecustomize.py").write_text(WITHOUT_MLFLOW)
    command = ("authctl", "serve", "--port", str(free_port()))
    code, output = ended(tmp_path / "start", *command, PYTHONPATH=str(blocked))
    assert code == 2
    assert len(errors(output)) == 1
    assert "pip install 'authctl[mlflow]'" in output


@pytest.mark.parametrize(
    ("options", "env"),
    [
        (("--", "--host", "0.0.0.0"), {}),
        (("--host", "0.0.0.0"), {}),
        (("--host", "0.0.0.0"), {"MLFLOW_AUTH_ADMIN_PASSWORD": "password1234"}),
        ((), {"MLFLOW_AUTH_ADMIN_PASSWORD": "short-secret"[:7]}),
    ],
)
def test_what_must_not_be_served_ends_with_one_error(
    tmp_path: Path, options: tuple[str, ...], env: dict[str, str]
) -> None:
    command = ("authctl", "serve", "--port", str(free_port()), *options)
    code, output = ended(tmp_path, *command, **env)
    assert code == 2
    assert len(errors(output)) == 1
    assert not any(secret in output for secret in env.values())


@pytest.mark.parametrize("line", ["default_permission = OWNER", "authorization_function = os:none"])
def test_workers_that_cannot_start_end_the_whole_server(tmp_path: Path, line: str) -> None:
    (tmp_path / "basic_auth.ini").write_text(f"[mlflow]\n{line}\nadmin_password = a-secret-pass\n")
    _, output = ended(
        tmp_path,
        *("mlflow", "server", "--app-name", "authctl", "--workers", "2"),
        *("--port", str(free_port()), "--backend-store-uri", f"sqlite:///{tmp_path}/../mlflow.db"),
        MLFLOW_AUTH_CONFIG_PATH=str(tmp_path / "basic_auth.ini"),
    )
    assert len(set(errors(output))) == 1, output
    assert "a-secret-pass" not in output


def test_a_server_keeps_its_secrets_and_stops_without_leftovers(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/kept-secret.db"
    options = ("--workers", "2", "--backend-store-uri", database)
    with authctl_server(tmp_path, *options, forked=False) as server:
        key = (tmp_path / KEY_FILE).read_text().strip()
        assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
        assert server.call("GET", CURRENT).status_code == 200
        wrong = server.call("GET", CURRENT, user=("admin", "a-wrong-password"))
        assert wrong.status_code == 401
        lines = command_lines(server.process.pid)
        assert len(lines) >= 3, "the server and its workers"
        stop(server)
        told = " ".join([*lines, server.log.read_text()])
        encoded = base64.b64encode(":".join(ADMIN).encode()).decode()
        for secret in (ADMIN[1], key, encoded, "a-wrong-password"):
            assert secret not in told
        assert "kept-secret" not in " ".join(lines)
    with authctl_server(tmp_path, *options[2:], first_password=None) as server:
        assert (tmp_path / KEY_FILE).read_text().strip() == key
        assert server.call("GET", CURRENT).json()["user"]["username"] == "admin"
        assert "WELL-KNOWN" not in server.log.read_text()


def stop(server: Server) -> None:
    os.kill(server.process.pid, signal.SIGTERM)
    assert server.process.wait(30) in (0, 143, -signal.SIGTERM)
    assert command_lines(server.process.pid) == []


def test_mlflow_starts_it_by_name_and_the_well_known_password_is_warned_of(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--app-name", "authctl"]
    command += ["--port", str(port), "--workers", "1"]
    with running(command, tmp_path, port, forked=False) as server:
        assert "'admin' HAS A WELL-KNOWN PASSWORD" in server.log.read_text()
        assert server.call("GET", CURRENT, user=None).status_code == 401
        known = server.call("GET", CURRENT, user=("admin", "password1234"))
        assert known.json()["user"]["is_admin"] is True
        stop(server)
