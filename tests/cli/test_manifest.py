from __future__ import annotations

import json
import re
import sqlite3
import stat
from typing import TYPE_CHECKING

import pytest

from tests.cli.commands import PASSWORD, Done
from tests.store.databases import contents

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.commands import Shell

MANIFEST = """\
version = 1

[[user]]
name = "admin"
admin = true

[[user]]
name = "alice"
password_file = "alice.txt"

[[role]]
name = "readers"
members = ["alice"]
grants = [{ resource = "prompt:*", level = "READ" }]

[[grant]]
user = "alice"
experiment_id = 7
model = "churn"
level = "EDIT"
"""
LINES = """\
+\tuser\talice\t
+\trole\treaders\t
+\tgrant\talice\texperiment:7\tEDIT
+\tgrant\talice\tregistered_model:churn\tEDIT
+\trole grant\treaders\tprompt:*\tREAD
+\tmember\talice\tof role readers
"""
PLAN = "Plan: 6 to add, 0 to change, 0 to remove.\n"
NOTHING = Done("", "No changes.\n", 0)


def write(shell: Shell, text: str = MANIFEST, name: str = "access.toml") -> None:
    (shell.folder / name).write_text(text, encoding="utf-8")
    (shell.folder / "alice.txt").write_text(f"{PASSWORD}\n")


def database(shell: Shell) -> bytes:
    return (shell.folder / "auth.db").read_bytes()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def said(text: str) -> str:
    """What is said with the ends of cells that are empty taken away."""
    return re.sub(r"\t+$", "", text, flags=re.MULTILINE)


def test_a_plan_says_what_would_change_and_changes_nothing(shell: Shell) -> None:
    write(shell)
    before = database(shell)
    assert shell.run("plan", "-f", "access.toml") == Done(said(LINES), PLAN, 0)
    assert shell.run("plan", "-f", "access.toml", "--exit-code").code == 8
    assert database(shell) == before


def test_applied_twice_a_manifest_changes_nothing_more(shell: Shell) -> None:
    write(shell)
    done = shell.run("apply", "-f", "access.toml")
    assert (done.stderr, done.code) == ("Applied: 6 added, 0 changed, 0 removed.\n", 0)
    assert done.stdout.splitlines()[:3] == [
        "+\tuser\talice\t\tcreated",
        "+\trole\treaders\t\tcreated",
        "+\tgrant\talice\texperiment:7\tEDIT\tgranted",
    ]
    before = database(shell)
    assert shell.run("apply", "-f", "access.toml") == NOTHING
    assert shell.run("plan", "-f", "access.toml", "--exit-code", "--prune") == NOTHING
    assert shell.run("apply", "-f", "access.toml", "--prune", "-o", "json").stdout == "[]\n"
    assert database(shell) == before


def test_a_manifest_can_come_from_standard_input(shell: Shell) -> None:
    write(shell)
    assert shell.run("plan", "-f", "-", stdin=MANIFEST).stdout == said(LINES)
    shell.run("apply", "-f", "-", stdin=MANIFEST)
    assert shell.run("plan", "-f", "-", stdin=MANIFEST) == NOTHING


def test_changes_have_stable_keys_in_json(shell: Shell) -> None:
    write(shell, '[[grant]]\nuser = "admin"\nmodel = "churn"\nlevel = "READ"\nversion = 1')
    assert shell.run("plan", "-f", "access.toml").code == 2  # the version stands in the table
    write(shell, 'version = 1\n[[grant]]\nuser = "admin"\nmodel = "churn"\nlevel = "READ"')
    shell.ok("perm", "grant", "admin", "--model", "churn", "--level", "EDIT")
    change = {
        "action": "change",
        "kind": "grant",
        "username": "admin",
        "role": None,
        "resource": "registered_model:churn",
        "resource_type": "registered_model",
        "resource_id": "churn",
        "level": "READ",
        "before": "EDIT",
        "is_admin": None,
        "description": None,
        "password_from": None,
        "password_file": None,
    }
    planned = shell.run("plan", "-f", "access.toml", "-o", "json")
    assert json.loads(planned.stdout) == [change]
    tried = shell.run("apply", "-f", "access.toml", "-n", "-o", "json")
    word = "would be lowered from EDIT"
    became = {"result": word, "changed": True, "dry_run": True, "error": None}
    assert json.loads(tried.stdout) == [{**change, **became}]
    done = shell.run("apply", "-f", "access.toml", "-o", "jsonl")
    became = {"result": "lowered from EDIT", "changed": True, "dry_run": False, "error": None}
    assert json.loads(done.stdout) == {**change, **became}


def test_a_dry_run_changes_nothing(shell: Shell) -> None:
    write(shell)
    before = database(shell)
    done = shell.run("apply", "-f", "access.toml", "--dry-run")
    assert done.stdout.splitlines()[0] == "+\tuser\talice\t\twould be created"
    assert (done.stderr, done.code) == (PLAN, 0)
    assert database(shell) == before


@pytest.mark.parametrize("way", ["file", "saved plan"])
def test_a_service_account_is_made_without_a_password(shell: Shell, way: str) -> None:
    write(shell, 'version = 1\n[[user]]\nname = "ci-bot"\npassword = "none"\n')
    if way == "file":
        done = shell.run("apply", "-f", "access.toml", "--yes")
    else:
        shell.run("plan", "-f", "access.toml", "--out", "access.plan")
        done = shell.run("apply", "access.plan", "--yes")
    assert (done.stdout, done.code) == ("+\tuser\tci-bot\t\tcreated\n", 0)
    kept = contents(f"sqlite:///{shell.folder}/auth.db")["users"]
    assert [row[2] for row in kept if row[1] == "ci-bot"] == ["!"]
    assert shell.run("apply", "-f", "access.toml", "--yes") == NOTHING


def test_generated_passwords_are_printed_once_and_work(shell: Shell) -> None:
    write(shell, 'version = 1\n[[user]]\nname = "ci"\npassword = "generate"')
    done = shell.run("apply", "-f", "access.toml", "--fields", "username,password")
    name, password = done.stdout.split()
    assert (name, len(password), done.code) == ("ci", 24, 0)
    assert shell.run("apply", "-f", "access.toml") == NOTHING


@pytest.mark.parametrize("form", [["-q"], ["--fields", "username"]], ids=lambda form: form[0])
def test_generated_passwords_are_not_swallowed(shell: Shell, form: list[str]) -> None:
    write(shell, 'version = 1\n[[user]]\nname = "ci"\npassword = "generate"')
    before = database(shell)
    assert shell.run("apply", "-f", "access.toml", *form) == Done(
        "",
        f"error: {form[0]} would hide the generated passwords.\n"
        "hint: Use --fields username,password to see just them.\n",
        2,
    )
    assert database(shell) == before


def test_an_export_plans_to_nothing_and_is_for_its_owner_alone(shell: Shell) -> None:
    write(shell)
    shell.run("apply", "-f", "access.toml")
    row = shell.ok("export", "--out", "now.toml")
    assert row == "now.toml\t2\t1\t3\twritten\n"
    assert mode(shell.folder / "now.toml") == 0o600
    assert shell.ok("export") == (shell.folder / "now.toml").read_text()
    assert shell.run("plan", "-f", "now.toml", "--prune", "--exit-code") == NOTHING
    assert shell.ok("export", "--out", "now.toml", "-o", "jsonl").endswith('"dry_run": false}\n')
    assert json.loads(shell.ok("export", "-o", "json"))["user"] == [
        {"name": "admin", "admin": True},
        {"name": "alice", "admin": False},
    ]
    assert shell.run("export", "-o", "csv").code == 2


def test_an_export_says_what_it_cannot_say(shell: Shell) -> None:
    write(shell)
    shell.run("apply", "-f", "access.toml")
    sql = "UPDATE role_permissions SET permission = 'SUPERVISE' WHERE resource_pattern = '7'"
    execute(shell, sql)
    done = shell.run("export", "--out", "now.toml")
    assert (done.stderr, done.code) == (
        (
            "warning: SUPERVISE of 'alice' on experiment:7 is left out: a manifest has no words for"
            " it.\n"
        ),
        0,
    )
    assert shell.run("plan", "-f", "now.toml", "--prune", "--exit-code") == NOTHING


def test_removing_needs_prune_and_where_nobody_can_be_asked_yes(shell: Shell) -> None:
    write(shell)
    shell.run("apply", "-f", "access.toml")
    write(shell, 'version = 1\n[[user]]\nname = "admin"')
    assert shell.run("apply", "-f", "access.toml") == NOTHING
    before = database(shell)
    assert shell.run("apply", "-f", "access.toml", "--prune") == Done(
        "", "error: This needs confirmation: add --yes.\n", 2
    )
    assert database(shell) == before
    assert shell.run("apply", "-f", "access.toml", "--prune", "--yes") == Done(
        "-\trole\treaders\t\tdeleted\n-\tuser\talice\t\tdeleted\n",
        "Applied: 0 added, 0 changed, 2 removed.\n",
        0,
    )
    assert shell.ok("perm", "list") == ""


def test_more_removals_than_allowed_are_refused_before_anything_is_done(shell: Shell) -> None:
    write(shell)
    shell.run("apply", "-f", "access.toml")
    write(shell, 'version = 1\n[[user]]\nname = "bob"\npassword = "generate"', "bob.toml")
    before = database(shell)
    arguments = ("apply", "-f", "bob.toml", "--prune", "--yes", "--force", "--max-deletes")
    assert shell.run(*arguments, "2") == Done(
        "",
        "error: This would remove 3 things, and --max-deletes allows 2.\n"
        "hint: Look at them with authctl plan; if all are meant, add --max-deletes 3.\n",
        2,
    )
    assert database(shell) == before
    assert shell.run(*arguments, "3").code == 0


def test_the_last_admin_is_neither_demoted_nor_pruned_without_force(shell: Shell) -> None:
    demoting = 'version = 1\n[[user]]\nname = "admin"\nadmin = false'
    pruning = 'version = 1\n[[user]]\nname = "bob"\npassword = "generate"'
    before = database(shell)
    for text in (demoting, pruning):
        write(shell, text)
        assert shell.run("apply", "-f", "access.toml", "--prune", "--yes") == Done(
            "",
            "error: The plan would leave no admin.\n"
            "hint: Name one in the manifest, with admin = true, or insist with --force.\n",
            2,
        )
        assert database(shell) == before
    write(shell, demoting)
    assert shell.run("apply", "-f", "access.toml", "--force").code == 0
    assert shell.ok("user", "list") == "admin\tno\n"


@pytest.mark.parametrize(
    ("text", "error", "hint"),
    [
        (
            f'[[user]]\nname = "eve"\npassword = "{PASSWORD}"',
            "access.toml, user 1: a password must not be written out in this file.",
            (
                'Use password_file = "FILE", password = "generate" to have one made up and printed,'
                ' or password = "none" for a service account, which has tokens only.'
            ),
        ),
        (
            '[[user]]\nname = "eve"\npassword_file = "eve.txt"',
            (
                "The user 'eve': The password file {folder}/eve.txt cannot be read: No such file or"
                " directory."
            ),
            None,
        ),
        (
            '[[grant]]\nuser = "admin"\nexperiment = "fraud"\nlevel = "READ"',
            (
                "access.toml, grant 1: The auth database knows experiments by their ids only, not"
                " 'fraud'."
            ),
            'Write experiment_id = "ID", or set MLFLOW_TRACKING_URI to the server that has it.',
        ),
        (
            '[[grant]]\nuser = "admin"\nresource = "workspace:*"\nlevel = "USE"',
            (
                "access.toml, grant 1: resource_type 'workspace' is not supported for a user's own"
                " grants."
            ),
            "Give it to a role, and the role to the user.",
        ),
        (
            '[[grant]]\nuser = "amdin"\nmodel = "churn"\nlevel = "READ"',
            "access.toml, grant 1: there is no user 'amdin'.",
            "Did you mean 'admin'?",
        ),
    ],
    ids=["literal password", "no password file", "experiment by name", "workspace", "typo"],
)
def test_what_is_wrong_changes_nothing(
    shell: Shell, text: str, error: str, hint: str | None
) -> None:
    fine = '[[grant]]\nuser = "admin"\nmodel = "other"\nlevel = "READ"\n'
    write(shell, f"version = 1\n{text}\n{fine}")
    before = database(shell)
    done = shell.run("apply", "-f", "access.toml", "--yes", "-o", "json")
    message = error.format(folder=shell.folder)
    told = {"message": message, "hint": hint, "exit_code": 2}
    assert {key: json.loads(done.stderr)[key] for key in told} == told
    assert (done.stdout, done.code) == ("", 2)
    assert PASSWORD not in done.stderr
    assert database(shell) == before


HOSTILE = "x\u001b[31m\u202e\ty"


def test_hostile_names_are_shown_harmless_and_kept_exactly(shell: Shell) -> None:
    named = ["role readers", "a  b", '"quoted"', "[bold]red[/bold]", "$(touch x)"]
    tables = [f"[[user]]\nname = {json.dumps(name)}\npassword = 'generate'" for name in named]
    thing = json.dumps(HOSTILE.replace("\u001b", "").replace("\t", ""))
    grants = [
        f"[[grant]]\nuser = {json.dumps(name)}\nmodel = {thing}\nlevel = 'READ'" for name in named
    ]
    write(shell, "\n".join(["version = 1", *tables, *grants]))
    lines = shell.run("plan", "-f", "access.toml").stdout.splitlines()
    assert [line.split("\t")[2] for line in lines if line.startswith("+\tuser")] == [
        '"\\"quoted\\""',
        '"$(touch x)"',
        "[bold]red[/bold]",
        '"a  b"',
        '"role readers"',
    ]
    assert shell.run("apply", "-f", "access.toml").code == 0
    assert shell.run("plan", "-f", "access.toml", "--exit-code") == NOTHING
    shell.ok("export", "--out", "now.toml")
    assert "\\u202e" in (shell.folder / "now.toml").read_text()
    assert shell.run("plan", "-f", "now.toml", "--prune", "--exit-code") == NOTHING


def test_a_name_with_controls_in_it_is_refused_and_not_obeyed(shell: Shell) -> None:
    write(shell, f"version = 1\n[[user]]\nname = {json.dumps(HOSTILE)}\npassword = 'generate'")
    done = shell.run("apply", "-f", "access.toml")
    assert done.code == 2
    assert done.stderr == (
        "error: access.toml, user 1: Invalid username: it contains a control character.\n"
    )


def execute(shell: Shell, statement: str) -> None:
    connection = sqlite3.connect(shell.folder / "auth.db")
    with connection:
        connection.execute(statement)
    connection.close()
