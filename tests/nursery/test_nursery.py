"""Servers from the nursery are what they would be otherwise, and never outlive the tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.live import authctl_server, clean_environment, running
from tests.nursery.imports import Imports
from tests.processes import command_lines
from tests.servers import mlflow_server

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from tests.live import Server

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there is none but on Linux")

ROOT = Path(__file__).parents[2]
IMPORTS = Imports(
    {"HOME": "/home/somebody", "PYTHONPATH": "here"},
    {"uvicorn": frozenset({"HOME", "_MLFLOW_STATIC_PREFIX", "MLFLOW_SERVER_X_FRAME_OPTIONS"})},
)
_PATIENCE_SECONDS = 60

# A process of tests, which says which server it has started, and waits.
OWNER = """
import sys
from pathlib import Path
from tests.live import authctl_server

with authctl_server(Path(sys.argv[1])) as server:
    print(server.process.pid, flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize(
    ("changed", "fits"),
    [
        ({}, True),
        ({"MLFLOW_AUTH_CONFIG_PATH": "auth.ini"}, True),
        ({"MLFLOW_SERVER_X_FRAME_OPTIONS": "SAMEORIGIN"}, True),
        ({"MLFLOW_SERVER_X_FRAME_OPTIONS": "NONE"}, False),
        ({"HOME": "/home/nobody"}, False),
        ({"_MLFLOW_STATIC_PREFIX": "/mlflow"}, False),
        ({"_MLFLOW_STATIC_PREFIX": ""}, False),
        ({"PYTHONPATH": "there"}, False),
        ({"PYTHONWARNINGS": "error"}, False),
    ],
)
def test_imports_are_shared_where_the_environment_had_no_say_in_them(
    changed: dict[str, str], fits: bool
) -> None:
    assert IMPORTS.fit("uvicorn", {**IMPORTS.environment, **changed}) is fits


def test_imports_are_not_shared_with_who_lacks_what_was_read() -> None:
    assert not IMPORTS.fit("uvicorn", {"PYTHONPATH": "here"})


@pytest.mark.mlflow
@pytest.mark.parametrize("start", [authctl_server, mlflow_server])
def test_all_programs_of_a_server_are_forks(
    tmp_path: Path, start: Callable[[Path], AbstractContextManager[Server]]
) -> None:
    with start(tmp_path) as server:
        started = command_lines(server.process.pid)
    assert len(started) == 2
    assert all("tests.nursery" in line for line in started), started
    assert server.process.poll() == 0
    assert command_lines(server.process.pid) == []


@pytest.mark.mlflow
def test_a_program_that_would_import_something_else_is_started_as_ever(tmp_path: Path) -> None:
    with authctl_server(tmp_path, prefix="/below") as server:
        served = [line for line in command_lines(server.process.pid) if "uvicorn" in line]
    assert len(served) == 1


@pytest.mark.mlflow
def test_a_server_finds_empty_tables_of_mlflows_or_those_that_it_had(tmp_path: Path) -> None:
    answers, logs = [], ""
    for _ in range(2):
        with authctl_server(tmp_path) as server:
            path = "/api/2.0/mlflow/experiments/create"
            answers.append(server.call("POST", path, {"name": "fraud"}).status_code)
            logs += server.log.read_text()
    assert answers == [200, 400]
    assert "MLflow database tables" not in logs


def test_what_is_no_server_is_run_as_ever(tmp_path: Path) -> None:
    with (
        pytest.raises(AssertionError, match=f"(?s)did not start.*{tmp_path}"),
        running([sys.executable, "-c", "import os; print(os.getcwd())"], tmp_path, 1),
    ):
        raise AssertionError("it is no server")


def test_a_server_that_does_not_start_shows_its_error_and_code(tmp_path: Path) -> None:
    options = ("--auth-config", "missing.ini")
    with (
        pytest.raises(AssertionError, match=r"(?s)did not start.*missing\.ini cannot be read"),
        authctl_server(tmp_path, *options),
    ):
        raise AssertionError("it was started")


@pytest.mark.mlflow
def test_a_server_ends_with_the_process_of_its_tests(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path)],
        cwd=ROOT,
        env=clean_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as owner:
        assert owner.stdout
        session = int(owner.stdout.readline())
        nursery = parent_of(session)
        assert command_lines(session)
        owner.kill()
    wait_until_none_is_left(session, nursery)


@pytest.mark.mlflow
def test_a_server_ends_with_its_nursery(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path)],
        cwd=ROOT,
        env=clean_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as owner:
        assert owner.stdout
        session = int(owner.stdout.readline())
        os.kill(parent_of(session), signal.SIGKILL)
        wait_until_none_is_left(session)
        owner.kill()


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def wait_until_none_is_left(*sessions: int) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while left := [line for session in sessions for line in command_lines(session)]:
        assert time.monotonic() < deadline, left
        time.sleep(0.05)
