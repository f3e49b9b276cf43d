"""The documented ways to provision from CI, run as they are written, and twice."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.commands import PASSWORD, Shell
from tests.documents import files
from tests.live import ADMIN, authctl_server
from tests.store.databases import contents

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.live import Server

pytestmark = pytest.mark.mlflow

PAGE = Path(__file__).parents[2] / "docs" / "provisioning.md"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with authctl_server(tmp_path_factory.mktemp("server")) as server:
        for path, name in (("experiments", "fraud"), ("registered-models", "churn")):
            server.call("POST", f"/api/2.0/mlflow/{path}/create", {"name": name})
        yield server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A job's folder, with the files of the page, and authctl on the path."""
    for name, content in files(PAGE.read_text(encoding="utf-8")).items():
        (tmp_path / name).write_text(content)
    (tmp_path / "ci-bot-password.txt").write_text(PASSWORD)
    program = tmp_path / "bin" / "authctl"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m authctl "$@"\n')
    program.chmod(0o755)
    return tmp_path


def run(script: str, folder: Path, server: Server) -> str:
    settings = {
        "MLFLOW_TRACKING_URI": server.url,
        "MLFLOW_TRACKING_USERNAME": ADMIN[0],
        "MLFLOW_TRACKING_PASSWORD": ADMIN[1],
        "PATH": f"{folder / 'bin'}:/usr/bin:/bin",
    }
    done = subprocess.run(
        ["sh", "-eu", script],
        cwd=folder,
        env=Shell(folder, settings).environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


SECOND_RUN = {
    "provision.sh": """\
ci-bot\tno\tunchanged
alice\tno\tunchanged\t
bob\tno\tunchanged\t
alice\texperiment:1\tEDIT\tunchanged
bob\texperiment:1\tEDIT\tunchanged
ci-bot\tregistered_model:churn\tMANAGE\tunchanged
ci-bot\texperiment:1\tMANAGE\tunchanged
bob\tregistered_model:churn\tunchanged
yes
""",
    "gitops.sh": "",
}


@pytest.mark.parametrize("script", SECOND_RUN)
def test_a_second_run_changes_nothing_and_says_so(
    script: str, folder: Path, server: Server
) -> None:
    before = contents(server.database)
    run(script, folder, server)
    after = contents(server.database)
    assert after != before
    assert run(script, folder, server) == SECOND_RUN[script]
    assert contents(server.database) == after
