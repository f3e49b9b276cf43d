"""Every example in the help and in the documents does what it says it does, as it is written."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from authctl.cli.main import tree
from tests.cli.examples import ROOT, ZOE, World, at_terminal, examples, make_world
from tests.cli.workspaces import workspace
from tests.documents import DOCUMENTS, sessions, typed_commands
from tests.live import authctl_server, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.mlflow

_SECONDS = 90

EXAMPLES = sorted(set(examples(tree())))

# They run until they are stopped.
SERVERS = [line for line in EXAMPLES if line.startswith("authctl serve") and "--check" not in line]

# Those of the documents, but for the servers, which are on machines that are not here.
DOCUMENTED = sorted(
    {
        line
        for document in DOCUMENTS
        for line in typed_commands(document.read_text(encoding="utf-8"))
        if not line.startswith("authctl serve")
    }
    - set(EXAMPLES)
)

# What must be done first where an example makes something anew.
BEFORE = {
    "user create alice": "authctl user delete alice --yes",
    "role create trainers": "authctl role delete trainers --yes",
    "user create root": "authctl user delete root --yes",
    "token create ci ": "authctl token revoke ci --user ci-bot",
    "--user ci-admin": "authctl user create ci-admin --admin --no-password",
    "--token-file ci-token.txt": (
        "authctl token create login --server https://here --fields token > ci-token.txt"
    ),
    "logout --backend databricks": "authctl login --backend databricks --profile prod",
    "db backup auth-backup": "rm auth-backup.db auth-backup.jsonl",
}

# Examples that only make sense on a server.
REMOTE = {"authctl user passwd": ZOE}

# Examples whose answer is no, here.
CODES = {
    "authctl perm check alice --experiment fraud --level MANAGE": 8,
    "authctl plan -f access.toml --exit-code": 8,
    "authctl plan -f access.toml --prune --exit-code": 8,
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("server")
    with (
        authctl_server(folder, first_password=ROOT[1]) as server,
        workspace(tmp_path_factory.mktemp("workspace")) as databricks,
    ):
        yield make_world(tmp_path_factory.mktemp("world") / "template", server, databricks)


@pytest.mark.parametrize("line", [*(line for line in EXAMPLES if line not in SERVERS), *DOCUMENTED])
def test_an_example_does_what_it_says(line: str, world: World, tmp_path: Path) -> None:
    shell = world.shell(tmp_path, REMOTE.get(line))
    for words, first in BEFORE.items():
        if words in line:
            assert world.run(first, shell).code == 0
    done = world.run(line, shell)
    assert done.code == CODES.get(line, 0), done


def test_a_session_in_the_documents_goes_as_shown(world: World, tmp_path: Path) -> None:
    told = [session for document in DOCUMENTS for session in sessions(document.read_text("utf-8"))]
    assert told
    for number, session in enumerate(told):
        shell = world.shell(tmp_path / str(number))
        world.run("authctl user delete alice --yes", shell)
        for command, answer in session:
            said = at_terminal(f"NO_COLOR=1 {command}", shell).stdout
            assert _masked(said) == _masked(answer)


def _masked(text: str) -> str:
    """Without the one thing that is never the same."""
    return re.sub(r"(?<=password   )\S{24}", "...", text.replace("\r", "").strip())


@pytest.mark.long
def test_the_servers_of_the_examples_start(world: World, tmp_path: Path) -> None:
    """All at once: they are started by the same program, and each takes its time."""
    ports = {line: free_port() for line in SERVERS}
    started = {}
    for number, line in enumerate(SERVERS):
        shell = world.shell(tmp_path / str(number))
        own, dashes, extra = world.here(line).partition(" -- ")
        words = f"{own} --port {ports[line]} --workers 1 {dashes}{extra}"
        settings = {**shell.environment, "MLFLOW_AUTH_ADMIN_PASSWORD": ROOT[1], "AUTHCTL_DB": ""}
        started[line] = subprocess.Popen(
            ["bash", "-c", f"exec {words}"],
            cwd=shell.folder,
            env=settings,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        healthy = {line: _wait_until_healthy(port) for line, port in ports.items()}
    finally:
        for process in started.values():
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(_SECONDS)
    assert healthy == dict.fromkeys(SERVERS, 200)


def _wait_until_healthy(port: int) -> int:
    deadline = time.monotonic() + _SECONDS
    while True:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False).status_code
        except httpx.TransportError:
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.2)
