"""authctl perm list --matrix: everybody's levels at a glance."""

from __future__ import annotations

import csv
import io
import json
import sys
from typing import TYPE_CHECKING, Any

import pexpect
import pytest

from authctl.model import Permission, Resource
from authctl.store.tables import HEAD, INITIAL, ROLE_TABLES
from tests.cli.commands import Shell
from tests.cli.levels import CHURN, E7, E12, EVERY, GREETING, MODELS, USERS, on_tables_of
from tests.cli.old_mlflow import OldMlflow, serving
from tests.store.databases import execute, opened

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = [EVERY, E7, E12, MODELS, CHURN]
ALL = ("--experiment-id", "7", "--experiment-id", "12", "--model", "churn", "--prompt", "greeting")


@pytest.fixture(scope="module")
def roles(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    return on_tables_of(HEAD, tmp_path_factory.mktemp("roles"))


@pytest.fixture(scope="module")
def mlflow_3_12(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    return on_tables_of(ROLE_TABLES, tmp_path_factory.mktemp("3.12"))


@pytest.fixture(scope="module")
def mlflow_2(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    return on_tables_of(INITIAL, tmp_path_factory.mktemp("2"))


def at_terminal(shell: Shell, *arguments: str, width: int = 80, color: str = "never") -> str:
    screen, status = pexpect.run(
        f"{sys.executable} -m authctl perm list --matrix {' '.join(arguments)} --color {color}",
        env={**shell.environment, "TERM": "xterm", "COLUMNS": str(width)},
        cwd=str(shell.folder),
        encoding="utf-8",
        withexitstatus=True,
        dimensions=(60, width),
    )
    assert status == 0, screen
    return screen.replace("\r\n", "\n")


def matrix(shell: Shell, *arguments: str) -> Any:
    rows = json.loads(shell.ok("perm", "list", "--matrix", *arguments, "-o", "json"))
    return {row["username"]: row["levels"] for row in rows}


def test_where_words_do_not_fit_there_are_letters_below_stairs(roles: Shell) -> None:
    assert at_terminal(roles) == (
        "                experiment:*\n"
        "                │ experiment:7\n"
        "                │ │ experiment:12\n"
        "                │ │ │ registered_model:*\n"
        "                │ │ │ │ registered_model:churn\n"
        "                │ │ │ │ │\n"
        "admin (admin)   m m m m m\n"
        "alice           r R e e e\n"
        "bob             r X M e e\n"
        "carol           r r r r r\n"
        "dan             m m m m m\n"
        "eve             x x E r x\n"
        "\n"
        "M MANAGE   E EDIT   R READ   X denied\n"
        "UPPER CASE: by a grant of the user's own.\n"
        "lower case: by a role, the default or being an admin.\n"
    )


def test_where_words_fit_there_are_words(roles: Shell) -> None:
    assert at_terminal(roles, width=140) == (
        "USER    ADMIN   experiment:*     experiment:7     experiment:12   registered_model:*"
        "   registered_model:churn\n"
        "admin   yes     manage           manage           manage          manage"
        "               manage\n"
        "alice   no      read             READ             edit            edit"
        "                 edit\n"
        "bob     no      read             NO_PERMISSIONS   MANAGE          edit"
        "                 edit\n"
        "carol   no      read             read             read            read"
        "                 read\n"
        "dan     no      manage           manage           manage          manage"
        "               manage\n"
        "eve     no      no_permissions   no_permissions   EDIT            read"
        "                 no_permissions\n"
        "\n"
        "UPPER CASE: by a grant of the user's own.\n"
        "lower case: by a role, the default or being an admin.\n"
    )


def test_colours_only_repeat_what_the_letters_say(roles: Shell) -> None:
    screen = at_terminal(roles, "--user", "bob", *ALL, color="always")
    green, red, orange = "\x1b[1;38;5;28m", "\x1b[1;38;5;160m", "\x1b[38;5;130m"
    assert screen.splitlines()[:6] == [
        "\x1b[2m      \x1b[0m\x1b[1mexperiment:7\x1b[0m",
        "\x1b[2m      │ \x1b[0m\x1b[1mexperiment:12\x1b[0m",
        "\x1b[2m      │ │ \x1b[0m\x1b[1mregistered_model:churn\x1b[0m",
        "\x1b[2m      │ │ │ \x1b[0m\x1b[1mprompt:greeting\x1b[0m",
        "\x1b[2m      │ │ │ │ \x1b[0m",
        f"bob   {red}X\x1b[0m {green}M\x1b[0m {orange}e\x1b[0m \x1b[2mr\x1b[0m",
    ]


def test_in_json_it_is_a_list_of_users_with_their_levels(roles: Shell) -> None:
    told = roles.ok("perm", "list", "--matrix", "--user", "admin", "--user", "eve", "-o", "json")
    assert json.loads(told) == [
        {
            "username": "admin",
            "is_admin": True,
            "levels": dict.fromkeys(
                ["experiment:*", "experiment:12", "registered_model:churn"], "MANAGE"
            ),
        },
        {
            "username": "eve",
            "is_admin": False,
            "levels": {
                "experiment:*": "NO_PERMISSIONS",
                "experiment:12": "EDIT",
                "registered_model:churn": "NO_PERMISSIONS",
            },
        },
    ]


def test_piped_and_in_csv_it_is_a_matrix_with_a_heading(roles: Shell) -> None:
    command = ("perm", "list", "--matrix", "--user", "bob", "--user", "carol", *ALL[:6])
    assert roles.ok(*command) == (
        "username\tis_admin\texperiment:7\texperiment:12\tregistered_model:churn\n"
        "bob\tno\tNO_PERMISSIONS\tMANAGE\tEDIT\n"
        "carol\tno\tREAD\tREAD\tREAD\n"
    )
    assert list(csv.reader(io.StringIO(roles.ok(*command, "-o", "csv")))) == [
        ["username", "is_admin", "experiment:7", "experiment:12", "registered_model:churn"],
        ["bob", "no", "NO_PERMISSIONS", "MANAGE", "EDIT"],
        ["carol", "no", "READ", "READ", "READ"],
    ]
    assert roles.ok(*command, "-q") == "bob\ncarol\n"
    assert roles.ok(*command, "--fields", "username") == "bob\ncarol\n"


@pytest.mark.parametrize("tables_of", ["roles", "mlflow_3_12", "mlflow_2"])
def test_every_cell_is_the_level_that_counts(
    tables_of: str, request: pytest.FixtureRequest
) -> None:
    shell = request.getfixturevalue(tables_of)
    told = matrix(shell, *ALL, "--resource", "experiment:*")
    asked = [E7, E12, CHURN, GREETING, EVERY]
    with opened(shell.settings["AUTHCTL_DB"]) as store:
        assert told == {
            name: {
                str(on): "MANAGE" if name == "admin" else str(store.level(name, on)) for on in asked
            }
            for name in USERS
        }


def test_effective_levels_of_several_users_are_those_of_the_matrix(roles: Shell) -> None:
    cells = matrix(roles, *ALL[:6])
    listed = roles.ok(
        "perm", "list", "--effective", "--user", "bob", "--user", "eve", *ALL[:6], "-o", "json"
    )
    assert [(row["username"], row["resource"], row["level"]) for row in json.loads(listed)] == [
        (name, resource, level)
        for name in ("bob", "eve")
        for resource, level in cells[name].items()
    ]


def test_grants_of_several_users_can_be_listed(roles: Shell) -> None:
    assert roles.ok("perm", "list", "--user", "eve", "--user", "bob") == (
        "eve\texperiment:12\tEDIT\nbob\texperiment:12\tMANAGE\nbob\texperiment:7\tNO_PERMISSIONS\n"
    )


def test_what_nobody_is_granted_by_default_is_a_dash(tmp_path: Path) -> None:
    shell = on_tables_of(HEAD, tmp_path)
    ini = tmp_path / "basic_auth.ini"
    ini.write_text(
        "[mlflow]\ndefault_permission = NO_PERMISSIONS\n"
        f"database_uri = {shell.settings['AUTHCTL_DB']}\n"
    )
    screen = at_terminal(shell, "--user", "carol", *ALL, "--auth-config", str(ini))
    assert "carol   - - - -\n\n- nothing\n" in screen


def test_without_grants_there_is_nothing_to_show(tmp_path: Path) -> None:
    shell = Shell(tmp_path, {"AUTHCTL_DB": f"sqlite:///{tmp_path}/auth.db"})
    shell.ok("db", "init")
    assert shell.ok("perm", "list", "--matrix") == "username\tis_admin\n"
    assert shell.ok("perm", "list", "--matrix", "-o", "json") == "[]\n"
    assert at_terminal(shell) == (
        "There are no grants: name resources to see everybody's level on them.\n"
    )


def test_names_that_a_terminal_would_obey_are_spelled_out(tmp_path: Path) -> None:
    shell = on_tables_of(HEAD, tmp_path)
    database = shell.settings["AUTHCTL_DB"]
    execute(database, "UPDATE users SET username = '$(touch x)\x1b[31m' WHERE username = 'alice'")
    execute(
        database,
        "UPDATE role_permissions SET resource_pattern = '\u202e[bold]\tx' WHERE resource_pattern ="
        " 'churn'",
    )
    for width in (80, 160):
        screen = at_terminal(shell, width=width)
        assert "$(touch x)\\x1b[31m " in screen
        assert "registered_model:\\u202e[bold]\\tx" in screen
        assert not [char for char in screen if not char.isprintable() and char != "\n"]
    heading, *lines = shell.ok("perm", "list", "--matrix").splitlines()
    assert {line.count("\t") for line in lines} == {heading.count("\t")}
    assert not (tmp_path / "x").exists()


def test_long_names_are_folded_and_columns_that_do_not_fit_come_below(tmp_path: Path) -> None:
    shell = on_tables_of(HEAD, tmp_path)
    name, model = "a-user-of-" + "x" * 30, "a-model-of-" + "y" * 60
    with opened(shell.settings["AUTHCTL_DB"]) as store:
        store.create_user(name, "a-long-password")
        for number in range(20):
            store.grant(name, Resource("registered_model", f"{number}"), Permission.EDIT)
        store.grant(name, Resource("registered_model", model), Permission.EDIT)
    screen = at_terminal(shell, "--user", name, width=60)
    lines = screen.splitlines()
    assert max(map(len, lines)) <= 60
    assert sum(line.startswith("a-user-of-") for line in lines) == 3
    bars = str.maketrans("", "", "│ \n")
    assert f"registered_model:{model}" in screen.translate(bars)
    assert sum(line.count("E") for line in lines if line.startswith("a-user")) == 21


def test_a_terminal_that_cannot_draw_lines_has_them_in_ascii(roles: Shell) -> None:
    shell = Shell(roles.folder, {**roles.settings, "PYTHONIOENCODING": "ascii:replace"})
    screen = at_terminal(shell, "--user", "alice", *ALL)
    assert "\n        | | registered_model:churn\n" in screen


# MLflow before 3.13

LEVELS = {"alice": {"7": "EDIT"}, "admin": {}, "bob": {}}
UNTOLD = (
    "warning: The server does not tell every level: it keeps its default permission to itself."
    " --db tells them.\n"
)


def test_what_a_server_does_not_tell_is_left_open_in_few_requests(tmp_path: Path) -> None:
    mlflow = OldMlflow(LEVELS)
    with serving(mlflow, tmp_path) as shell:
        done = shell.run("perm", "list", "--matrix", "-o", "csv")
    assert (done.stdout, done.stderr, done.code) == (
        "username,is_admin,experiment:7\nadmin,yes,MANAGE\nalice,no,EDIT\nbob,no,\n",
        UNTOLD,
        0,
    )
    assert len(mlflow.asked) <= 1 + len(LEVELS) + 4


def test_the_roles_of_mlflow_3_12_take_a_request_each(tmp_path: Path) -> None:
    roles = {
        "ds-team": ([("experiment", "*", "MANAGE")], ["alice", "bob"]),
        "empty": ([], ["bob"]),
    }
    mlflow = OldMlflow(LEVELS, roles)
    with serving(mlflow, tmp_path) as shell:
        told = matrix(shell)
    assert told == {
        "admin": {"experiment:*": "MANAGE", "experiment:7": "MANAGE"},
        "alice": {"experiment:*": "MANAGE", "experiment:7": "MANAGE"},
        "bob": {"experiment:*": "MANAGE", "experiment:7": "MANAGE"},
    }
    assert mlflow.asked.count("roles/users/list") == 1


def test_a_server_that_cannot_list_users_shows_those_that_are_named(tmp_path: Path) -> None:
    with serving(OldMlflow(LEVELS, lists_users=False), tmp_path) as shell:
        done = shell.run("perm", "list", "--matrix")
        named = matrix(shell, "--user", "alice")
    assert (done.stdout, done.code) == ("", 2)
    assert "This server cannot list users" in done.stderr
    assert "use --db" in done.stderr
    assert named == {"alice": {"experiment:7": "EDIT"}}
