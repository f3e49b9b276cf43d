"""The command line on MLflow's own servers before 3.13."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.commands import Done, Shell
from tests.live import ADMIN

if TYPE_CHECKING:
    from pathlib import Path

    from tests.live import Server

pytestmark = [
    pytest.mark.compat,
    pytest.mark.timeout(900),
    pytest.mark.parametrize("legacy", ["3.4.0", "3.12.0"], indirect=True, scope="module"),
]

SESSION = (
    ("user create alice --password-file alice.txt", "alice\tno\tcreated\n", 0),
    ("user create alice --password-file alice.txt --if-not-exists", "alice\tno\tunchanged\n", 0),
    ("admin promote alice", "alice\tpromoted\n", 0),
    ("admin demote alice", "alice\tdemoted\n", 0),
    ("perm grant alice --experiment-id 7 --level READ", "alice\texperiment:7\tREAD\tgranted\n", 0),
    (
        "perm grant alice --experiment-id 7 --level EDIT",
        "alice\texperiment:7\tEDIT\traised from READ\n",
        0,
    ),
    (
        "perm grant alice --model churn --level NO_PERMISSIONS",
        "alice\tregistered_model:churn\tNO_PERMISSIONS\tgranted\n",
        0,
    ),
    (
        "perm list --user alice",
        "alice\texperiment:7\tEDIT\nalice\tregistered_model:churn\tNO_PERMISSIONS\n",
        0,
    ),
    ("perm check alice --experiment-id 7 --level EDIT", "yes\n", 0),
    (
        "perm check alice --model churn --level READ",
        "no - 'alice' has NO_PERMISSIONS on registered_model:churn, not READ\n",
        8,
    ),
    ("perm revoke alice --experiment-id 7", "alice\texperiment:7\trevoked\n", 0),
    (
        "perm revoke alice --experiment-id 7 --ignore-missing",
        "alice\texperiment:7\tunchanged\n",
        0,
    ),
    ("user delete alice --yes", "alice\tdeleted\n", 0),
    ("user show alice", "", 3),
)


def test_a_session_goes_as_it_does_on_newer_servers(legacy: Server, tmp_path: Path) -> None:
    (tmp_path / "alice.txt").write_text("a long enough password\n")
    shell = remote(legacy, tmp_path)
    for line, stdout, code in SESSION:
        done = shell.run(*line.split())
        assert (line, done.stdout, done.code) == (line, stdout, code), done.stderr


def test_what_the_server_cannot_do_is_said_with_what_can(legacy: Server, tmp_path: Path) -> None:
    shell = remote(legacy, tmp_path)
    listed = shell.run("user", "list")
    if listed.code == 0:  # from 3.10 on
        assert listed.stdout == "admin\tyes\n"
        return
    assert listed == Done(
        "",
        "error: This server cannot list users (it has no users/list).\n"
        "hint: MLflow lists users since 3.10; use --db to work on its auth database.\n",
        2,
    )


def remote(legacy: Server, folder: Path) -> Shell:
    settings = {
        "MLFLOW_TRACKING_URI": legacy.url,
        "MLFLOW_TRACKING_USERNAME": ADMIN[0],
        "MLFLOW_TRACKING_PASSWORD": ADMIN[1],
    }
    return Shell(folder, settings)
