"""authctl perm explain on databases of every generation."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pexpect
import pytest

from authctl.store.tables import HEAD, INITIAL, ROLE_TABLES
from tests.cli.commands import Done, Shell
from tests.cli.levels import on_tables_of
from tests.cli.old_mlflow import OldMlflow, serving
from tests.store.databases import execute
from tests.store.recordings import RECORDINGS, recorded

if TYPE_CHECKING:
    from pathlib import Path

ASSUMED = "It is assumed: no auth configuration is named."
ASKED = (
    ("alice", "--experiment-id", "7"),
    ("alice", "--experiment-id", "12"),
    ("bob", "--experiment-id", "7"),
    ("eve", "--model", "churn"),
    ("dan", "--prompt", "greeting"),
    ("eve", "--resource", "run:*"),
)
[UPGRADED_BY_MLFLOW] = [recording for recording in RECORDINGS if recording.upgraded_by]


@pytest.fixture(scope="module")
def roles(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    return on_tables_of(HEAD, tmp_path_factory.mktemp("roles"))


@pytest.fixture(scope="module")
def mlflow_3_12(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    return on_tables_of(ROLE_TABLES, tmp_path_factory.mktemp("3.12"))


@pytest.fixture(scope="module")
def mlflow_2(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    return on_tables_of(INITIAL, tmp_path_factory.mktemp("2"))


def explained(shell: Shell, *arguments: str) -> Any:
    return json.loads(shell.ok("perm", "explain", *arguments, "-o", "json"))


def at_terminal(shell: Shell, *arguments: str, color: str = "never") -> str:
    screen, status = pexpect.run(
        f"{sys.executable} -m authctl perm explain {' '.join(arguments)} --color {color}",
        env={**shell.environment, "TERM": "xterm"},
        cwd=str(shell.folder),
        encoding="utf-8",
        withexitstatus=True,
        dimensions=(50, 80),
    )
    assert status == 0, screen
    return screen.replace("\r\n", "\n")


def test_the_whole_chain_is_told_in_json(roles: Shell) -> None:
    assert explained(roles, "alice", "--model", "churn") == {
        "username": "alice",
        "resource": "registered_model:churn",
        "resource_type": "registered_model",
        "resource_id": "churn",
        "is_admin": False,
        "level": "EDIT",
        "allows": ["read", "use", "update"],
        "decided_by": "role",
        "steps": [
            {
                "source": "admin",
                "role": None,
                "resource": None,
                "level": None,
                "effect": "says nothing",
                "reason": "The user is no admin.",
            },
            {
                "source": "workspace",
                "role": None,
                "resource": "workspace:*",
                "level": None,
                "effect": "says nothing",
                "reason": "No role of the user's manages the workspace.",
            },
            {
                "source": "own",
                "role": None,
                "resource": "registered_model:churn",
                "level": "READ",
                "effect": "overruled",
                "reason": "EDIT of the role 'ds-team' is higher.",
            },
            {
                "source": "own_wildcard",
                "role": None,
                "resource": "registered_model:*",
                "level": None,
                "effect": "says nothing",
                "reason": "The user has no grant of their own on everything of its type.",
            },
            {
                "source": "role",
                "role": "ds-team",
                "resource": "registered_model:*",
                "level": "EDIT",
                "effect": "decides",
                "reason": "It is the highest of the 2 grants that speak of it.",
            },
            {
                "source": "default",
                "role": None,
                "resource": None,
                "level": "READ",
                "effect": "overruled",
                "reason": f"A grant speaks of it. {ASSUMED}",
            },
        ],
        "mlflow": {"answer": "EDIT", "differs": False, "why": None},
    }


def test_piped_it_is_a_step_a_line_and_then_the_result(roles: Shell) -> None:
    assert roles.ok("perm", "explain", "bob", "--experiment-id", "7") == (
        "admin\t\t\t\tsays nothing\tThe user is no admin.\n"
        "workspace\t\tworkspace:*\t\tsays nothing"
        "\tNo role of the user's manages the workspace.\n"
        "own\t\texperiment:7\tNO_PERMISSIONS\tdecides"
        "\tIt denies, and no other grant gives more.\n"
        "own_wildcard\t\texperiment:*\t\tsays nothing"
        "\tThe user has no grant of their own on everything of its type.\n"
        "role\t\texperiment:7\t\tsays nothing\tNo role of the user's speaks of it.\n"
        f"default\t\t\tREAD\toverruled\tA denial is not raised to the default. {ASSUMED}\n"
        "result\t\texperiment:7\tNO_PERMISSIONS\t"
        "\tbecause of a grant of their own (experiment:7 NO_PERMISSIONS)\n"
        "mlflow\t\texperiment:7\tNO_PERMISSIONS\tdiffers"
        "\tMLflow 3.13 to 3.16 deny it, but still show it in searches.\n"
    )


def test_at_a_terminal_it_is_a_ladder_that_ends_in_the_level(roles: Shell) -> None:
    assert at_terminal(roles, "alice", "--model", "churn") == (
        "alice on registered_model:churn\n"
        "\n"
        "admin          The user is no admin.\n"
        "workspace      No role of the user's manages the workspace.\n"
        "own grant      READ, overruled: EDIT of the role 'ds-team' is higher.\n"
        "own wildcard   The user has no grant of their own on everything of its type.\n"
        "role ds-team   EDIT on registered_model:*, decides: It is the highest of the 2\n"
        "               grants that speak of it.\n"
        "default        READ, overruled: A grant speaks of it. It is assumed: no auth\n"
        "               configuration is named.\n"
        "\n"
        "EDIT           because of the role 'ds-team' (registered_model:* EDIT)\n"
        "               may read, use and update, not delete or manage\n"
    )


def test_what_decides_is_bold_and_what_says_nothing_is_dim(roles: Shell) -> None:
    screen = at_terminal(roles, "bob", "--experiment-id", "7", color="always")
    assert "\x1b[1mown grant\x1b[0m" in screen
    assert "\x1b[1;38;5;160mNO_PERMISSIONS\x1b[0m\x1b[1m, \x1b[0m\x1b[1mdecides: " in screen
    assert "\x1b[2mThe user is no admin.\x1b[0m" in screen


def test_an_admin_may_everything_and_the_rest_is_still_shown(roles: Shell) -> None:
    told = explained(roles, "admin", "--experiment-id", "7")
    assert (told["level"], told["decided_by"], told["is_admin"]) == ("MANAGE", "admin", True)
    assert [step["source"] for step in told["steps"]] == [
        "admin",
        "workspace",
        "own",
        "own_wildcard",
        "role",
        "default",
    ]
    assert told["mlflow"] == {
        "answer": "READ",
        "differs": True,
        "why": "MLflow's permission API leaves it aside that a user is an admin; its server does"
        " not.",
    }


def test_managing_the_workspace_beats_everything(roles: Shell) -> None:
    told = explained(roles, "dan", "--model", "churn")
    assert (told["level"], told["decided_by"]) == ("MANAGE", "workspace")
    [decisive] = [step for step in told["steps"] if step["effect"] == "decides"]
    assert (decisive["role"], decisive["resource"]) == ("managers", "workspace:*")


@pytest.mark.parametrize("tables_of", ["roles", "mlflow_3_12", "mlflow_2"])
def test_it_ends_in_the_level_that_perm_show_tells(
    tables_of: str, request: pytest.FixtureRequest
) -> None:
    shell = request.getfixturevalue(tables_of)
    for user, *target in ASKED:
        told = explained(shell, user, *target)
        shown = json.loads(shell.ok("perm", "show", user, *target, "-o", "json"))
        assert told["level"] == shown["level"], (user, target)


def test_in_mlflow_3_12_roles_count_beside_own_grants_and_their_denials_do_not(
    mlflow_3_12: Shell,
) -> None:
    told = explained(mlflow_3_12, "eve", "--experiment-id", "12")
    assert [(step["source"], step["level"], step["effect"]) for step in told["steps"]] == [
        ("admin", None, "says nothing"),
        ("own", "EDIT", "decides"),
        ("role", "NO_PERMISSIONS", "says nothing"),
        ("default", "READ", "overruled"),
    ]
    assert told["mlflow"] == {
        "answer": "EDIT",
        "differs": False,
        "why": "Since MLflow 3.13 NO_PERMISSIONS in a role denies; authctl db upgrade takes it"
        " out.",
    }


def test_before_3_13_a_prompt_has_the_grants_of_the_model_of_its_name(mlflow_2: Shell) -> None:
    told = explained(mlflow_2, "alice", "--prompt", "churn")
    assert (told["resource"], told["level"], told["decided_by"]) == ("prompt:churn", "READ", "own")
    assert told["steps"][1]["resource"] == "registered_model:churn"
    assert "a prompt is a registered model" in told["mlflow"]["why"]


def test_a_word_that_nobody_knows_denies_here_and_makes_mlflow_fail(tmp_path: Path) -> None:
    shell = on_tables_of(HEAD, tmp_path)
    execute(shell.settings["AUTHCTL_DB"], "UPDATE role_permissions SET permission = 'OWNER'")
    told = explained(shell, "bob", "--experiment-id", "7")
    assert (told["level"], told["allows"]) == ("DENY", [])
    assert told["mlflow"]["answer"] is None
    assert told["mlflow"]["differs"] is True


def test_use_is_told_where_the_mlflow_of_the_database_does_not_know_it(tmp_path: Path) -> None:
    shell = on_tables_of(INITIAL, tmp_path)
    execute(shell.settings["AUTHCTL_DB"], "UPDATE experiment_permissions SET permission = 'USE'")
    assert explained(shell, "alice", "--experiment-id", "7")["mlflow"] == {
        "answer": None,
        "differs": True,
        "why": "MLflow before 3.9 does not know USE and answers 500.",
    }


def test_the_default_is_told_with_the_file_it_is_from_and_raises_grants_below_it(
    tmp_path: Path,
) -> None:
    shell = on_tables_of(HEAD, tmp_path)
    ini, database = tmp_path / "basic_auth.ini", shell.settings["AUTHCTL_DB"]
    ini.write_text(f"[mlflow]\ndefault_permission = EDIT\ndatabase_uri = {database}\n")
    told = explained(shell, "alice", "--experiment-id", "7", "--auth-config", str(ini))
    assert (told["level"], told["decided_by"]) == ("EDIT", "default")
    assert told["steps"][-1] == {
        "source": "default",
        "role": None,
        "resource": None,
        "level": "EDIT",
        "effect": "decides",
        "reason": f"Since MLflow 3.13 a grant gives no less than the default. It is from {ini}.",
    }


def test_a_denial_that_mlflows_upgrade_dropped_is_told(tmp_path: Path) -> None:
    with recorded(UPGRADED_BY_MLFLOW, "sqlite", tmp_path) as url:
        shell = Shell(tmp_path, {"AUTHCTL_DB": url})
        told = explained(shell, "o'brien", "--experiment-id", "2")
        kept = explained(shell, "o'brien", "--experiment-id", "99")
    assert told["level"] == "READ"
    assert told["steps"][-2] == {
        "source": "lost_denial",
        "role": None,
        "resource": "experiment:2",
        "level": "NO_PERMISSIONS",
        "effect": "says nothing",
        "reason": "MLflow's own upgrade to 3.13 dropped it; authctl db upgrade --denials restore"
        " puts it back.",
    }
    assert "lost_denial" not in [step["source"] for step in kept["steps"]]


def test_quiet_prints_the_level_and_fields_choose(roles: Shell) -> None:
    command = ("perm", "explain", "alice", "--model", "churn")
    assert roles.ok(*command, "-q") == "EDIT\n"
    assert roles.ok(*command, "--fields", "level,decided_by") == "EDIT\trole\n"
    assert json.loads(roles.ok(*command, "-o", "jsonl"))["level"] == "EDIT"
    assert roles.ok(*command, "-o", "csv").startswith("source,role,resource,level,effect,reason\n")


def test_a_user_who_is_not_there_and_several_targets_are_refused(roles: Shell) -> None:
    assert roles.run("perm", "explain", "alcie", "--model", "m") == Done(
        "", "error: There is no user 'alcie'.\nhint: Did you mean 'alice'?\n", 3
    )
    assert roles.run("perm", "explain", "alice", "--model", "m", "--model", "n") == Done(
        "", "error: This takes one target at a time.\n", 2
    )


def test_names_that_a_terminal_would_obey_are_spelled_out(tmp_path: Path) -> None:
    shell = on_tables_of(HEAD, tmp_path)
    database = shell.settings["AUTHCTL_DB"]
    execute(database, "UPDATE users SET username = '$(touch x)\x1b[31m' WHERE username = 'alice'")
    execute(database, "UPDATE roles SET name = '\u202e[bold]' WHERE name = 'ds-team'")
    screen = at_terminal(shell, "'$(touch x)\x1b[31m'", "--model", "churn")
    assert screen.startswith("$(touch x)\\x1b[31m on registered_model:churn\n")
    assert "role \\u202e[bold]" in screen
    assert not [char for char in screen if not char.isprintable() and char != "\n"]
    assert not (tmp_path / "x").exists()


# A server of MLflow before 3.13

LEVELS = {"admin": {}, "alice": {"7": "EDIT"}}


@pytest.mark.parametrize(
    ("target", "done"),
    [
        (("--experiment-id", "7"), Done("EDIT\n", "", 0)),
        (
            ("--experiment-id", "8"),
            Done(
                "",
                "error: This server does not tell which level 'alice' has on experiment:8: it"
                " keeps its default permission to itself.\n"
                "hint: Use --db to work on the server's auth database itself.\n",
                2,
            ),
        ),
        (
            ("--resource", "scorer:7/x"),
            Done(
                "",
                "error: This server does not tell which level 'alice' has on scorer:7/x: it tells"
                " no grants on its type.\n"
                "hint: Use --db to work on the server's auth database itself.\n",
                2,
            ),
        ),
    ],
)
def test_a_server_that_does_not_tell_enough_is_not_guessed_at(
    target: tuple[str, str], done: Done, tmp_path: Path
) -> None:
    with serving(OldMlflow(LEVELS), tmp_path) as shell:
        assert shell.run("perm", "explain", "alice", *target, "-q") == done


def test_an_admin_of_such_a_server_is_explained_all_the_same(tmp_path: Path) -> None:
    with serving(OldMlflow(LEVELS), tmp_path) as shell:
        told = explained(shell, "admin", "--experiment-id", "8")
    assert (told["level"], told["decided_by"]) == ("MANAGE", "admin")


def test_the_roles_of_a_server_of_mlflow_3_12_count(tmp_path: Path) -> None:
    roles = {"ds-team": ([("experiment", "*", "MANAGE")], ["alice"])}
    with serving(OldMlflow(LEVELS, roles), tmp_path) as shell:
        told = explained(shell, "alice", "--experiment-id", "7")
    assert (told["level"], told["decided_by"]) == ("MANAGE", "role")
