from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.cli.commands import AUTHCTL, Done, Shell

if TYPE_CHECKING:
    from pathlib import Path


def database(shell: Shell) -> bytes:
    return (shell.folder / "auth.db").read_bytes()


def test_piped_results_are_tab_separated_without_a_heading(shell: Shell) -> None:
    shell.new_user("alice")
    assert shell.ok("user", "list") == "admin\tyes\nalice\tno\n"


def test_options_are_accepted_before_and_after_the_command(shell: Shell) -> None:
    before = shell.ok("-o", "json", "--fields", "username", "user", "list")
    after = shell.ok("user", "list", "-o", "json", "--fields", "username")
    assert before == after
    assert json.loads(after) == [{"username": "admin"}]


def test_an_option_after_the_command_beats_the_same_before_it(shell: Shell) -> None:
    assert shell.ok("-o", "json", "user", "list", "-o", "csv") == "username,is_admin\nadmin,yes\n"


def test_jsonl_is_an_object_a_line(shell: Shell) -> None:
    shell.new_user("alice")
    lines = shell.ok("user", "list", "-o", "jsonl").splitlines()
    assert [json.loads(line)["username"] for line in lines] == ["admin", "alice"]


def test_fields_can_be_chosen_and_ordered(shell: Shell) -> None:
    assert shell.ok("user", "list", "--fields", "id,username") == "1\tadmin\n"


def test_a_wrong_field_is_found_before_anything_is_changed(shell: Shell) -> None:
    before = database(shell)
    done = shell.run("user", "create", "eve", "--generate", "--fields", "usrname")
    assert done == Done(
        "", "error: There is no field 'usrname'.\nhint: Did you mean 'username'?\n", 2
    )
    assert database(shell) == before


@pytest.mark.parametrize(
    "command",
    [
        ["user", "create", "eve", "--generate"],
        ["user", "passwd", "alice", "--generate"],
        ["user", "delete", "alice"],
        ["admin", "promote", "alice"],
        ["admin", "demote", "bob"],
        ["perm", "grant", "alice", "--experiment-id", "1", "--level", "EDIT"],
        ["perm", "grant", "alice", "--experiment-id", "2", "--level", "EDIT"],
        ["perm", "revoke", "alice", "--experiment-id", "1"],
    ],
    ids=" ".join,
)
def test_a_dry_run_says_what_would_be_and_changes_nothing(shell: Shell, command: list[str]) -> None:
    shell.new_user("alice")
    shell.new_user("bob", "--admin")
    shell.ok("perm", "grant", "alice", "--experiment-id", "1", "--level", "READ")
    before = database(shell)
    told = shell.ok(*command, "--dry-run", "-o", "jsonl")
    assert json.loads(told)["result"].startswith("would be ")
    assert json.loads(told)["changed"] is True
    assert database(shell) == before


def test_a_dry_run_sees_that_two_admins_cannot_both_go(shell: Shell) -> None:
    shell.new_user("bob", "--admin")
    done = shell.run("admin", "demote", "admin", "bob", "-n")
    assert done == Done(
        "admin\twould be demoted\nbob\tfailed: 'bob' is the last admin.\n",
        "error: 1 of 2 failed; the results say which and why.\n",
        9,
    )


def test_the_last_admin_goes_only_by_force(shell: Shell) -> None:
    assert shell.run("user", "delete", "admin", "--yes").code == 2
    assert shell.run("admin", "demote", "admin").code == 2
    assert shell.ok("user", "list") == "admin\tyes\n"
    assert shell.ok("admin", "demote", "admin", "--force") == "admin\tdemoted\n"


def test_a_generated_password_is_printed_and_long_enough(shell: Shell) -> None:
    password = shell.ok("user", "create", "ci", "--generate", "--fields", "password")
    assert len(password.strip()) >= 20


def test_quiet_refuses_to_swallow_a_generated_password(shell: Shell) -> None:
    done = shell.run("user", "create", "ci", "--generate", "-q")
    assert done.code == 2
    assert done.stderr == (
        "error: -q would hide the generated password.\n"
        "hint: Use --fields password to see just it.\n"
    )


@pytest.mark.parametrize("form", [["--password", "sesame"], ["--password=sesame"]])
def test_a_password_in_the_arguments_is_refused_with_the_safe_ways(
    shell: Shell, form: list[str]
) -> None:
    assert shell.run("user", "create", "eve", *form) == Done(
        "",
        "error: A password on the command line can be read by everyone on this machine.\n"
        "hint: Use --password-stdin, --password-file FILE or --generate;"
        " at a terminal you are asked.\n",
        2,
    )


@pytest.mark.parametrize(
    ("stdin", "message"),
    [
        ("short\n", "Password must be at least 12 characters."),
        ("", "Password must be at least 12 characters."),
        ("one line of it\nand another\n", "Password must not contain control characters."),
    ],
)
def test_an_unusable_password_makes_no_user(shell: Shell, stdin: str, message: str) -> None:
    done = shell.run("user", "create", "eve", "--password-stdin", stdin=stdin)
    assert done == Done("", f"error: {message}\n", 2)
    assert shell.ok("user", "list", "-q") == "admin\n"


def test_a_password_file_that_is_not_text_is_not_quoted(shell: Shell) -> None:
    (shell.folder / "secret").write_bytes(b"\xff\xfesecret-secret")
    done = shell.run("user", "create", "eve", "--password-file", "secret")
    assert done == Done("", "error: The password in secret is not UTF-8 text.\n", 2)


def test_without_a_terminal_nobody_is_asked(shell: Shell) -> None:
    done = shell.run("user", "create", "eve")
    assert done.code == 2
    assert "--password-stdin, --password-file FILE or --generate" in done.stderr
    assert shell.run("user", "delete", "admin").stderr == (
        "error: This needs confirmation: add --yes.\n"
    )


SLIPS = {
    "usr list": ("There is no command 'authctl usr'.", "Did you mean 'user'?"),
    "user lst": ("There is no command 'authctl user lst'.", "Did you mean 'list'?"),
    "user list --outptu": ("There is no option '--outptu'.", "Did you mean '--output'?"),
    "user list -o jsno": ("--output cannot be 'jsno'.", "Did you mean 'json'?"),
    "user list -q -o csv": ("-q prints names only.", "Leave out --output and --fields with it."),
    "user create": ("Missing argument 'NAME'.", "authctl user create --help shows how."),
    "perm list --resource experimnt:1": (
        "There is no resource type 'experimnt'.",
        "Did you mean 'experiment'?",
    ),
    "perm grant admin --level READ": (
        "No resource is named.",
        "Name it with --experiment, --experiment-id, --model, --prompt or --resource.",
    ),
    "perm grant admin --level READ --experiment fraud": (
        "The auth database knows experiments by their ids only, not 'fraud'.",
        "Use --experiment-id, or set MLFLOW_TRACKING_URI to the server that has it.",
    ),
    "perm check admin --level DENY --model m": (
        "DENY lets nobody do anything.",
        "Ask for READ, USE, EDIT or MANAGE.",
    ),
}


@pytest.mark.parametrize("command", SLIPS)
def test_a_slip_is_answered_with_what_to_type(shell: Shell, command: str) -> None:
    error, hint = SLIPS[command]
    assert shell.run(*command.split()) == Done("", f"error: {error}\nhint: {hint}\n", 2)


def test_an_error_has_a_json_twin_on_stderr(shell: Shell) -> None:
    done = shell.run("user", "show", "amdin", "-o", "json")
    assert (done.stdout, done.code) == ("", 3)
    assert json.loads(done.stderr) == {
        "error_code": "RESOURCE_DOES_NOT_EXIST",
        "message": "There is no user 'amdin'.",
        "hint": "Did you mean 'admin'?",
        "exit_code": 3,
    }


def test_a_group_alone_shows_its_help_and_fails(shell: Shell) -> None:
    done = shell.run("user")
    assert (done.stdout, done.code) == ("", 2)
    assert "Usage: authctl user COMMAND" in done.stderr


def test_a_closed_pipe_is_no_failure(shell: Shell) -> None:
    with subprocess.Popen(
        [*AUTHCTL, "user", "list"],
        cwd=shell.folder,
        env=shell.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0


def test_a_full_disk_is_a_failure(shell: Shell) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:  # noqa: PTH123 - a device, not a path
        done = subprocess.run(
            [*AUTHCTL, "user", "list"],
            cwd=shell.folder,
            env=shell.environment,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == "error: Reading or writing failed: No space left on device.\n"


def test_db_init_says_whether_there_was_a_database(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    command = ("db", "init", "--db", "sqlite:///new.db", "-o", "jsonl")
    told = [json.loads(shell.ok(*command, *more))["result"] for more in (["-n"], [], [])]
    assert told == ["would be created", "created", "unchanged"]


def test_a_missing_database_is_not_made_by_looking(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    done = shell.run("user", "list", "--db", "sqlite:///no.db")
    assert done.code == 7
    assert "There is no auth database at" in done.stderr
    assert not (tmp_path / "no.db").exists()
