from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.cli.commands import Done, Shell
from tests.cli.conftest import on_database
from tests.store.databases import contents, execute

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def world(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database in which alice and bob have grants, and carol has none."""
    folder = tmp_path_factory.mktemp("world")
    shutil.copy(template, folder)
    shell = on_database(folder)
    for name in ("alice", "bob", "carol"):
        shell.new_user(name)
    shell.ok("perm", "grant", "alice", "--experiment-id", "7", "--level", "EDIT")
    shell.ok("perm", "grant", "alice", "--resource", "prompt:*", "--level", "DENY")
    shell.ok("perm", "grant", "alice", "bob", "--model", "churn", "--level", "READ")
    shell.ok("perm", "grant", "bob", "--experiment-id", "7", "--experiment-id", "8", "--level",
             "MANAGE")  # fmt: skip
    return folder / "auth.db"


@pytest.fixture
def shell(world: Path, tmp_path: Path) -> Shell:
    shutil.copy(world, tmp_path)
    return on_database(tmp_path)


COPIED = (
    "bob\texperiment:7\tEDIT\tlowered from MANAGE\n"
    "bob\tprompt:*\tDENY\tgranted\n"
    "bob\tregistered_model:churn\tREAD\tunchanged\n"
    "carol\texperiment:7\tEDIT\tgranted\n"
    "carol\tprompt:*\tDENY\tgranted\n"
    "carol\tregistered_model:churn\tREAD\tgranted\n"
)
TO_BOTH = ("perm", "copy", "--from", "alice", "--to", "bob", "--to", "carol", "--to", "bob")


def test_a_copy_gives_every_grant_and_leaves_what_the_other_has_besides(shell: Shell) -> None:
    before = shell.ok("perm", "list", "--user", "alice")
    assert shell.ok(*TO_BOTH) == COPIED
    assert shell.ok("perm", "list", "--user", "bob") == (
        "bob\texperiment:7\tEDIT\nbob\texperiment:8\tMANAGE\n"
        "bob\tprompt:*\tDENY\nbob\tregistered_model:churn\tREAD\n"
    )
    assert shell.ok("perm", "list", "--user", "carol") == before.replace("alice", "carol")
    assert shell.ok("perm", "list", "--user", "alice") == before


def test_a_second_copy_changes_nothing(shell: Shell) -> None:
    shell.ok(*TO_BOTH)
    told = [json.loads(line) for line in shell.ok(*TO_BOTH, "-o", "jsonl").splitlines()]
    assert {(row["result"], row["changed"]) for row in told} == {("unchanged", False)}
    assert len(told) == 6


def test_a_dry_run_says_the_same_and_changes_nothing(shell: Shell) -> None:
    url = f"sqlite:///{shell.folder}/auth.db"
    before = contents(url)
    told = shell.ok(*TO_BOTH, "--dry-run")
    assert told.replace("would be ", "") == COPIED
    assert contents(url) == before


def test_the_result_says_the_level_before(shell: Shell) -> None:
    told = shell.ok("perm", "copy", "--from", "alice", "--to", "bob", "-o", "jsonl").splitlines()
    assert json.loads(told[0]) == {
        "username": "bob",
        "resource": "experiment:7",
        "resource_type": "experiment",
        "resource_id": "7",
        "level": "EDIT",
        "before": "MANAGE",
        "result": "lowered from MANAGE",
        "changed": True,
        "dry_run": False,
        "error": None,
    }


def test_being_an_admin_and_roles_are_not_copied_and_that_is_said(shell: Shell) -> None:
    shell.ok("role", "create", "trainers")
    shell.ok("role", "assign", "trainers", "alice")
    shell.ok("admin", "promote", "alice")
    done = shell.run("perm", "copy", "--from", "alice", "--to", "carol")
    assert done.code == 0
    assert done.stderr == (
        "warning: 'alice' is an admin, which is not copied: authctl admin promote\n"
        "warning: 'alice' also holds roles, which are not copied (trainers): authctl role assign\n"
    )
    assert shell.ok("admin", "list", "-q") == "admin\nalice\n"
    assert shell.ok("role", "show", "trainers", "--fields", "members") == "alice\n"


def test_a_copy_of_nothing_changes_nothing(shell: Shell) -> None:
    assert shell.ok("perm", "copy", "--from", "carol", "--to", "bob", "-o", "json") == "[]\n"


@pytest.mark.parametrize(
    ("source", "target", "message", "code"),
    [
        ("alcie", "bob", "There is no user 'alcie'.\nhint: Did you mean 'alice'?", 3),
        ("alice", "alice", "'alice' cannot be both --from and --to.", 2),
    ],
)
def test_a_wrong_user_is_named(
    shell: Shell, source: str, target: str, message: str, code: int
) -> None:
    done = shell.run("perm", "copy", "--from", source, "--to", target)
    assert done == Done("", f"error: {message}\n", code)


def test_a_stranger_fails_and_the_others_get_theirs(shell: Shell) -> None:
    done = shell.run("perm", "copy", "--from", "bob", "--to", "zoe", "--to", "carol")
    assert done.code == 9
    assert shell.ok("perm", "list", "--user", "carol").count("\n") == 3


def test_a_level_that_is_none_is_not_copied(shell: Shell) -> None:
    url = f"sqlite:///{shell.folder}/auth.db"
    execute(url, "UPDATE role_permissions SET permission = 'ALL' WHERE resource_pattern = '8'")
    done = shell.run("perm", "copy", "--from", "bob", "--to", "carol")
    assert done.code == 9
    assert "carol\texperiment:8\tALL\tfailed: Invalid permission 'ALL'." in done.stdout
    assert "experiment:8" not in shell.ok("perm", "list", "--user", "carol")
