from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from authctl.store import tables
from tests.cli.commands import PASSWORD, Done, Shell
from tests.cli.conftest import on_database
from tests.cli.old_mlflow import OldMlflow, serving
from tests.cli.test_terminal import at_terminal, ended
from tests.store.databases import Backend, auth_database, contents

if TYPE_CHECKING:
    from pathlib import Path

OWN = "__user_2__"


@pytest.fixture(scope="module")
def world(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with alice, who holds the role trainers and has her own grant, and with bob."""
    folder = tmp_path_factory.mktemp("world")
    shutil.copy(template, folder)
    shell = on_database(folder)
    shell.new_user("alice")
    shell.new_user("bob")
    shell.ok("role", "create", "trainers", "--description", "Train models")
    shell.ok("role", "grant", "trainers", "--experiment-id", "7", "--level", "EDIT")
    shell.ok("role", "assign", "trainers", "alice")
    shell.ok("perm", "grant", "alice", "--model", "churn", "--level", "READ")
    return folder / "auth.db"


@pytest.fixture
def shell(world: Path, tmp_path: Path) -> Shell:
    shutil.copy(world, tmp_path)
    return on_database(tmp_path)


def kept(shell: Shell) -> object:
    return contents(f"sqlite:///{shell.folder}/auth.db")


def test_a_role_says_what_it_allows_and_who_holds_it(shell: Shell) -> None:
    shell.ok("role", "assign", "trainers", "bob")
    assert json.loads(shell.ok("role", "show", "trainers", "-o", "json")) == {
        "role": "trainers",
        "description": "Train models",
        "id": 1,
        "grants": [{"resource": "experiment:7", "level": "EDIT"}],
        "members": ["alice", "bob"],
    }


def test_what_a_role_allows_counts_for_who_holds_it_and_for_nobody_else(shell: Shell) -> None:
    question = ("--experiment-id", "7", "--level", "EDIT")
    assert shell.ok("perm", "check", "alice", *question) == "yes\n"
    assert shell.run("perm", "check", "bob", *question).code == 8
    shell.ok("role", "unassign", "trainers", "alice")
    assert shell.run("perm", "check", "alice", *question).code == 8


def test_roles_are_listed_without_those_of_users_own_grants(shell: Shell) -> None:
    shell.ok("role", "create", "auditors")
    assert shell.ok("role", "list") == "auditors\t0\t\ntrainers\t1\tTrain models\n"
    assert shell.ok("role", "list", "--all", "-q") == f"auditors\ntrainers\n{OWN}\n"
    assert shell.ok("role", "list", "--user", "alice", "-q") == "trainers\n"
    assert shell.ok("role", "list", "--user", "bob") == ""
    assert shell.run("role", "list", "--user", "alcie") == Done(
        "", "error: There is no user 'alcie'.\nhint: Did you mean 'alice'?\n", 3
    )


def test_a_grant_says_what_became_of_the_level(shell: Shell) -> None:
    told = [
        shell.ok("role", "grant", "trainers", "--experiment-id", "7", "--level", level)
        for level in ("EDIT", "MANAGE", "READ", "DENY")
    ]
    told.append(shell.ok("role", "grant", "trainers", "--model", "m", "--level", "USE"))
    assert told == [
        "trainers\texperiment:7\tEDIT\tunchanged\n",
        "trainers\texperiment:7\tMANAGE\traised from EDIT\n",
        "trainers\texperiment:7\tREAD\tlowered from MANAGE\n",
        "trainers\texperiment:7\tDENY\tlowered from READ\n",
        "trainers\tregistered_model:m\tUSE\tgranted\n",
    ]


def test_one_grant_gives_several_roles_several_things(shell: Shell) -> None:
    shell.ok("role", "create", "auditors")
    targets = ("--experiment-id", "7", "--resource", "workspace:*", "--level", "USE")
    assert shell.ok("role", "grant", "trainers", "auditors", *targets) == (
        "trainers\tworkspace:*\tUSE\tgranted\n"
        "trainers\texperiment:7\tUSE\tlowered from EDIT\n"
        "auditors\tworkspace:*\tUSE\tgranted\n"
        "auditors\texperiment:7\tUSE\tgranted\n"
    )


def test_a_role_that_cannot_have_a_level_fails_and_the_other_gets_its_own(shell: Shell) -> None:
    done = shell.run("role", "grant", "trainers", "nobody", "--model", "m", "--level", "READ")
    assert done == Done(
        "trainers\tregistered_model:m\tREAD\tgranted\n"
        "nobody\tregistered_model:m\tREAD\tfailed: There is no role 'nobody'.\n",
        "error: 1 of 2 failed; the results say which and why.\n",
        9,
    )


def test_revoking_and_unassigning_twice_is_refused_or_let_pass(shell: Shell) -> None:
    revoke = ("role", "revoke", "trainers", "--experiment-id", "7")
    unassign = ("role", "unassign", "trainers", "alice")
    assert shell.ok(*revoke) == "trainers\texperiment:7\trevoked\n"
    assert shell.ok(*unassign) == "trainers\talice\tunassigned\n"
    assert shell.run(*revoke) == Done(
        "",
        "error: The role 'trainers' has no grant on experiment:7.\n"
        "hint: --ignore-missing lets that pass.\n",
        3,
    )
    assert shell.run(*unassign) == Done(
        "",
        "error: 'alice' does not hold the role 'trainers'.\n"
        "hint: --ignore-missing lets that pass.\n",
        3,
    )
    assert shell.ok(*revoke, "--ignore-missing") == "trainers\texperiment:7\tunchanged\n"
    assert shell.ok(*unassign, "--ignore-missing") == "trainers\talice\tunchanged\n"


def test_assigning_twice_changes_nothing_and_a_stranger_fails_alone(shell: Shell) -> None:
    assert shell.run("role", "assign", "trainers", "alice", "bob", "zoe") == Done(
        "trainers\talice\tunchanged\ntrainers\tbob\tassigned\n"
        "trainers\tzoe\tfailed: There is no user 'zoe'.\n",
        "error: 1 of 3 failed; the results say which and why.\n",
        9,
    )


def test_creating_twice_is_refused_or_let_pass(shell: Shell) -> None:
    assert shell.run("role", "create", "trainers") == Done(
        "",
        "error: The role 'trainers' exists already.\nhint: --if-not-exists makes that harmless.\n",
        6,
    )
    told = shell.ok("role", "create", "trainers", "--if-not-exists")
    assert told == "trainers\tTrain models\tunchanged\n"


def test_deleting_twice_is_refused_or_let_pass(shell: Shell) -> None:
    assert shell.ok("role", "delete", "trainers", "--yes") == "trainers\t1\tdeleted\n"
    assert shell.run("role", "delete", "trainers", "--yes").code == 3
    told = shell.ok("role", "delete", "trainers", "--yes", "--ignore-missing")
    assert told == "trainers\t\tunchanged\n"
    assert shell.ok("perm", "list", "--user", "alice") == "alice\tregistered_model:churn\tREAD\n"


def test_deleting_asks_and_says_how_many_lose_it(shell: Shell) -> None:
    shell.ok("role", "create", "auditors")
    child = at_terminal(shell, "role delete trainers auditors")
    child.expect_exact("Delete trainers (1 user loses it), auditors (nobody holds it)? [y/N] ")
    child.sendline("n")
    assert ended(child) == 2
    assert shell.run("role", "delete", "trainers").stderr == (
        "error: This needs confirmation: add --yes.\n"
    )
    assert shell.ok("role", "list", "-q") == "auditors\ntrainers\n"


@pytest.mark.parametrize(
    "command",
    [
        ["create", OWN],
        ["delete", OWN, "--yes"],
        ["grant", OWN, "--model", "m", "--level", "READ"],
        ["revoke", OWN, "--model", "churn"],
        ["assign", OWN, "bob"],
        ["unassign", OWN, "alice"],
    ],
    ids=" ".join,
)
def test_the_role_of_a_users_own_grants_is_shown_and_never_changed(
    shell: Shell, command: list[str]
) -> None:
    before = kept(shell)
    assert shell.run("role", *command) == Done(
        "",
        f"error: '{OWN}' holds a user's own grants and is no role to change.\n"
        "hint: Use authctl perm grant and perm revoke for what a user is to have alone.\n",
        2,
    )
    assert kept(shell) == before
    assert shell.ok("role", "show", OWN) == f"{OWN}\t\tregistered_model:churn READ\talice\n"


@pytest.mark.parametrize(
    "command",
    [
        ["create", "auditors"],
        ["delete", "trainers"],
        ["grant", "trainers", "--model", "m", "--level", "READ"],
        ["grant", "trainers", "--experiment-id", "7", "--level", "READ"],
        ["revoke", "trainers", "--experiment-id", "7"],
        ["assign", "trainers", "bob"],
        ["unassign", "trainers", "alice"],
    ],
    ids=" ".join,
)
def test_a_dry_run_says_what_would_be_and_changes_nothing(shell: Shell, command: list[str]) -> None:
    before = kept(shell)
    told = json.loads(shell.ok("role", *command, "-n", "-o", "jsonl"))
    assert told["result"].startswith("would be ")
    assert (told["changed"], told["dry_run"]) == (True, True)
    assert kept(shell) == before


@pytest.mark.parametrize(
    "command",
    [
        ["show", "traners"],
        ["delete", "traners", "--yes"],
        ["grant", "traners", "--model", "m", "--level", "READ"],
        ["revoke", "traners", "--model", "m"],
        ["assign", "traners", "bob"],
        ["unassign", "traners", "bob"],
    ],
    ids=" ".join,
)
def test_a_misspelt_role_is_answered_with_the_one_that_was_meant(
    shell: Shell, command: list[str]
) -> None:
    assert shell.run("role", *command) == Done(
        "", "error: There is no role 'traners'.\nhint: Did you mean 'trainers'?\n", 3
    )


def test_a_hostile_name_is_refused_or_made_visible(shell: Shell) -> None:
    assert shell.run("role", "create", "a\x1b[31m").stderr == (
        "error: Invalid role name: it contains a control character.\n"
    )
    name = "[red]\u202edrow"
    shell.ok("role", "create", name, "--description", "one\nline \x1b]0;title\x07")
    listed = shell.ok("role", "list", "-o", "csv")
    assert f"{name},0,one\\nline \\x1b]0;title\\x07\n" in listed
    child = at_terminal(shell, "role list")
    assert ended(child) == 0
    assert child.before is not None
    assert "[red]\\u202edrow" in child.before
    assert "\x1b]0;" not in child.before


COMMANDS = [
    ["list"],
    ["create", "r"],
    ["grant", "r", "--model", "m", "--level", "READ"],
    ["unassign", "r", "alice"],
]


def test_a_database_of_before_roles_says_what_to_do(tmp_path: Path) -> None:
    with auth_database(Backend("sqlite", tables.INITIAL), tmp_path) as url:
        shell = Shell(tmp_path, {"AUTHCTL_DB": url})
        shell.ok("user", "create", "alice", "--password-stdin", stdin=PASSWORD)
        before = contents(url)
        for command in COMMANDS:
            assert shell.run("role", *command) == Done(
                "",
                "error: This auth database has no roles: MLflow's has them since 3.13.\n"
                "hint: authctl db upgrade brings it up; until then, authctl perm grant gives users"
                " levels one by one.\n",
                2,
            )
        assert contents(url) == before


def test_a_server_of_before_roles_says_what_to_do(tmp_path: Path) -> None:
    with serving(OldMlflow({"admin": {}, "alice": {}}), tmp_path) as shell:
        for command in COMMANDS:
            assert shell.run("role", *command) == Done(
                "",
                "error: This server has no roles: MLflow has them since 3.12.\n"
                "hint: Upgrade MLflow; until then, authctl perm grant gives users levels one by"
                " one.\n",
                2,
            )


def test_a_server_of_mlflow_3_12_has_roles(tmp_path: Path) -> None:
    roles = {"trainers": ([("experiment", "7", "EDIT")], ["alice"])}
    with serving(OldMlflow({"admin": {}, "alice": {}}, roles), tmp_path) as shell:
        assert shell.ok("role", "list") == "trainers\t1\t\n"
        assert shell.ok("role", "show", "trainers") == "trainers\t\texperiment:7 EDIT\talice\n"
