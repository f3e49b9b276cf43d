"""Bad input: one clear error, the documented exit code, and nothing changed."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from tests.cli.commands import PASSWORD, Done, Shell
from tests.live import ADMIN, authctl_server, free_port

if TYPE_CHECKING:
    from pathlib import Path

GRANT = ("perm", "grant", "admin", "--experiment-id", "7", "--level", "EDIT")


@pytest.mark.parametrize(
    ("arguments", "error", "code"),
    [
        (("user", "create", "", "--password-stdin"), "Invalid username: it cannot be empty.", 2),
        (
            ("user", "create", "x" * 256, "--password-stdin"),
            "Invalid username: it has 256 characters, at most 255 are allowed.",
            2,
        ),
        (
            ("user", "create", "a\x1b[2Jb", "--password-stdin"),
            "Invalid username: it contains a control character.",
            2,
        ),
        (
            ("user", "create", "__user_1__", "--password-stdin"),
            "Invalid username: '__user_1__' is reserved.",
            2,
        ),
        (("user", "show", "nobody"), "There is no user 'nobody'.", 3),
        (
            ("perm", "grant", "nobody", "--model", "m", "--level", "EDIT"),
            "There is no user 'nobody'.",
            3,
        ),
        (
            ("perm", "grant", "admin", "--model", "m", "--level", "OWNER"),
            "There is no level 'OWNER'.",
            2,
        ),
        (
            ("perm", "grant", "admin", "--experiment-id", "1_0", "--level", "EDIT"),
            "Invalid experiment id '1_0'. An experiment id is a whole number such as 42.",
            2,
        ),
        (
            ("perm", "grant", "admin", "--experiment", "fraud", "--level", "EDIT"),
            "The auth database knows experiments by their ids only, not 'fraud'.",
            2,
        ),
        (
            ("perm", "grant", "admin", "--resource", "widget:1", "--level", "EDIT"),
            "There is no resource type 'widget'.",
            2,
        ),
    ],
)
def test_input_that_cannot_be_right_is_refused(
    shell: Shell, arguments: tuple[str, ...], error: str, code: int
) -> None:
    done = shell.run(*arguments, stdin=PASSWORD)
    assert (done.stdout, done.code) == ("", code)
    assert done.stderr.startswith(f"error: {error}"), done.stderr
    assert shell.ok("user", "list", "-q") == "admin\n"
    assert shell.ok("perm", "list") == ""


def test_a_database_of_an_unknown_schema_is_left_alone(shell: Shell) -> None:
    file = shell.folder / "auth.db"
    with sqlite3.connect(file) as database:
        database.execute("UPDATE alembic_version_auth SET version_num = 'ffffffffffff'")
    database.close()
    before = file.read_bytes()
    done = shell.run(*GRANT)
    assert (done.stdout, done.code) == ("", 7)
    assert "ffffffffffff" in done.stderr
    assert file.read_bytes() == before


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("not a database, but long enough to look into " * 30)
    done = Shell(tmp_path).run(*GRANT, "--db", f"sqlite:///{file}")
    assert done == Done("", f"error: {file} is not an SQLite database.\n", 7)
    assert file.read_text().startswith("not a database")


def test_a_server_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    done = Shell(tmp_path).run("user", "list", "--server", url, "--retries", "0")
    assert done == Done(
        "",
        f"error: {url} cannot be reached: connection refused.\n"
        "hint: Check the address, and that the server runs.\n",
        7,
    )


@pytest.mark.mlflow
def test_an_experiment_that_is_not_there_is_not_found_and_a_near_name_is_told(
    tmp_path: Path,
) -> None:
    with authctl_server(tmp_path / "server") as server:
        server.call("POST", "/api/2.0/mlflow/experiments/create", {"name": "fraud-detection"})
        settings = {
            "MLFLOW_TRACKING_URI": server.url,
            "MLFLOW_TRACKING_USERNAME": ADMIN[0],
            "MLFLOW_TRACKING_PASSWORD": ADMIN[1],
        }
        shell = Shell(tmp_path, settings)
        shell.new_user("alice")
        grant = ("perm", "grant", "alice", "--level", "EDIT", "--experiment")
        assert shell.run(*grant, "fraud-detektion") == Done(
            "",
            "error: Experiment 'fraud-detektion' does not exist.\n"
            "hint: Did you mean 'fraud-detection'?\n",
            3,
        )
        assert shell.ok("perm", "list", "--user", "alice") == ""
        assert shell.ok(*grant, "fraud-detection") == "alice\texperiment:1\tEDIT\tgranted\n"
        check = ("perm", "check", "alice", "--level", "READ", "--experiment", "fraud-detection")
        assert shell.ok(*check) == "yes\n"
