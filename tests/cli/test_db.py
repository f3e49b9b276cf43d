"""authctl db: the auth database itself, as an administrator works on it."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from authctl.cli.progress import progress
from authctl.store import tables
from tests.cli.commands import PASSWORD, Done, Shell
from tests.store.databases import DIALECTS, contents, execute
from tests.store.recordings import RECORDINGS, Recording, recorded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BY_RELEASE = {str(recording): recording for recording in RECORDINGS}
OLD, UPGRADED = BY_RELEASE["3.4.0"], BY_RELEASE["3.12.0-upgraded"]


@pytest.fixture
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shell]:
    """A shell on a database that MLflow 3.4 made, or another that the test asks for."""
    recording, dialect = getattr(request, "param", (OLD, "sqlite"))
    with recorded(recording, dialect, tmp_path) as url:
        yield Shell(tmp_path, {"AUTHCTL_DB": url})


def on(recording: Recording, *dialects: str) -> Any:
    return pytest.mark.parametrize(
        "old",
        [(recording, dialect) for dialect in dialects or DIALECTS],
        indirect=True,
        ids=lambda found: f"{found[0]} on {found[1]}",
    )


def in_json(shell: Shell, *arguments: str) -> Any:
    return json.loads(shell.ok(*arguments, "-o", "json"))


@on(OLD)
def test_the_status_tells_what_a_database_is(old: Shell) -> None:
    found = in_json(old, "db", "status")
    shown = found.pop("database")
    assert "authctl:authctl" not in shown
    assert shown.split(":")[0] == found["engine"]
    assert {key: value for key, value in found.items() if key != "engine"} == {
        "mlflow": "2.5 to 3.6",
        "generation": "legacy",
        "revision": tables.INITIAL,
        "version_table": "alembic_version",
        "writable": True,
        "users": 6,
        "admins": 2,
        "grants": found["grants"],
        "denials": 2,
        "lost_denials": 0,
        "roles": 0,
        "additions": None,
        "history": [],
    }


def test_the_status_of_a_database_that_authctl_made_says_so(shell: Shell) -> None:
    text = shell.ok("db", "status", "-o", "table")
    assert re.search(r"^of MLflow +3\.13 and later$", text, re.MULTILINE)
    assert re.search(rf"^history +\S+ created {tables.HEAD} \d", text, re.MULTILINE)
    assert shell.ok("db", "status", "-q") == f"sqlite:///{shell.folder}/auth.db\n"


@on(OLD, "sqlite", "postgresql")
def test_an_upgrade_backs_up_proves_and_can_be_undone(old: Shell) -> None:
    url = old.settings["AUTHCTL_DB"]
    before = contents(url)
    rehearsed = in_json(old, "db", "upgrade", "--dry-run")
    assert (rehearsed["result"], rehearsed["backup"]) == ("would be upgraded", None)
    assert contents(url) == before
    done = in_json(old, "db", "upgrade", "--yes")
    assert (done["before"], done["after"]) == (tables.INITIAL, tables.HEAD)
    assert (done["users"], done["result"], done["changed"]) == (6, "upgraded", True)
    assert done["compared"] == rehearsed["compared"] > 40
    denied = old.run("perm", "check", "o'brien", "--experiment-id", "2", "--level", "READ")
    assert denied.code == 8
    again = in_json(old, "db", "upgrade", "--yes")
    assert (again["result"], again["changed"]) == ("unchanged", False)
    backup = old.folder / done["backup"]
    assert backup.stat().st_mode & 0o777 == 0o600
    back = in_json(old, "db", "restore", str(backup), "--yes")
    assert (back["revision"], back["orphans"]) == (tables.INITIAL, 0)
    assert contents(url) == before


def test_an_upgrade_asks_first_where_nobody_can_be_asked_it_fails(old: Shell) -> None:
    before = contents(old.settings["AUTHCTL_DB"])
    assert old.run("db", "upgrade") == Done("", "error: This needs confirmation: add --yes.\n", 2)
    assert contents(old.settings["AUTHCTL_DB"]) == before
    assert [found.name for found in old.folder.iterdir()] == ["auth.db"]


def test_an_upgrade_that_would_change_levels_names_them_all(old: Shell) -> None:
    (old.folder / "auth.ini").write_text("[mlflow]\ndefault_permission = EDIT\n")
    before = contents(old.settings["AUTHCTL_DB"])
    url = old.settings["AUTHCTL_DB"]
    line = ("db", "upgrade", "--yes", "--no-backup", "--auth-config", "auth.ini", "--db", url)
    done = old.run(*line)
    assert done.stdout == "alice\texperiment:2\tREAD\tEDIT\n"
    assert done.stderr.startswith(
        "error: The upgrade would change levels, so nothing was changed: alice on experiment:2:"
        " READ before, EDIT after.\nhint: "
    )
    assert done.code == 8
    assert contents(url) == before


def test_prompts_are_told_from_models_by_mlflows_own_database(old: Shell) -> None:
    with closing(sqlite3.connect(old.folder / "mlflow.db")) as connection, connection:
        connection.execute("CREATE TABLE registered_model_tags (name TEXT, key TEXT, value TEXT)")
        connection.execute(
            "INSERT INTO registered_model_tags VALUES ('churn', 'mlflow.prompt.is_prompt', 'true')"
        )
    tracking = f"sqlite:///{old.folder}/mlflow.db"
    old.ok("db", "upgrade", "--yes", "--no-backup", "--tracking-db", tracking)
    resources = [row["resource"] for row in in_json(old, "perm", "list", "--user", "zoë")]
    assert resources == ["prompt:churn"]
    wrong = old.run("db", "upgrade", "--yes", "--tracking-db", old.settings["AUTHCTL_DB"])
    assert (wrong.code, wrong.stderr.partition("\n")[0]) == (
        2,
        "error: The database of --tracking-db has no registered models.",
    )


@on(UPGRADED, "sqlite")
def test_lost_denials_are_told_and_put_back(old: Shell) -> None:
    warned = old.run("db", "upgrade")
    assert (warned.code, warned.stdout.split("\t")[-1]) == (0, "unchanged\n")
    assert warned.stderr.startswith("warning: 5 denials were dropped when MLflow upgraded")
    found = json.loads(old.run("db", "check", "-o", "json").stdout)
    lost = {row["subject"] for row in found if row["check"] == "lost-denial"}
    assert "o'brien on experiment:2" in lost
    rehearsed = in_json(old, "db", "upgrade", "--denials", "restore", "--dry-run")
    assert {f"{row['username']} on {row['resource']}" for row in rehearsed} == lost
    assert old.run("db", "upgrade", "--denials", "restore").code == 2
    done = in_json(old, "db", "upgrade", "--denials", "restore", "--yes")
    assert {(row["level"], row["result"]) for row in done} == {("NO_PERMISSIONS", "restored")}
    check = ("perm", "check", "o'brien", "--experiment-id", "2", "--level", "READ")
    assert old.run(*check).code == 8
    assert old.ok("db", "upgrade", "--denials", "restore", "--yes") == ""
    assert old.run("db", "upgrade").stderr == ""


@on(UPGRADED, "sqlite")
def test_lost_denials_can_be_forgotten(old: Shell) -> None:
    grants = old.ok("perm", "list")
    assert "forgotten" in old.ok("db", "upgrade", "--denials", "forget", "--yes")
    assert old.run("db", "upgrade").stderr == ""
    assert old.ok("perm", "list") == grants
    wrong = old.run("db", "upgrade", "--denials", "restor")
    assert wrong == Done(
        "", "error: --denials cannot be 'restor'.\nhint: Did you mean 'restore'?\n", 2
    )


def test_a_check_lists_what_is_wrong_and_removes_orphans_on_request(shell: Shell) -> None:
    url = shell.settings["AUTHCTL_DB"]
    assert shell.ok("db", "check") == ""
    assert shell.ok("db", "check", "-o", "json") == "[]\n"
    execute(url, "INSERT INTO experiment_permissions VALUES (1, '1', 99, 'READ')")
    execute(url, "UPDATE users SET is_admin = 0")
    told = shell.run("db", "check")
    assert told.code == 8
    assert [line.split("\t")[:3] for line in told.stdout.splitlines()] == [
        ["error", "no-admin", "users"],
        ["error", "orphans", "experiment_permissions"],
    ]
    told = shell.run("db", "check", "--remove-orphans", "-q")
    assert (told.stdout, told.code) == ("no-admin\n", 8)
    assert execute(url, "SELECT count(*) FROM experiment_permissions") == [(0,)]


def test_reset_admin_lets_somebody_in_again(shell: Shell) -> None:
    url = shell.settings["AUTHCTL_DB"]
    execute(url, "UPDATE users SET is_admin = 0, password_hash = NULL")
    line = ("db", "reset-admin", "--password-stdin")
    assert shell.ok(*line, stdin=PASSWORD) == "admin\treset\n"
    assert shell.ok("admin", "list") == "admin\n"
    assert shell.ok("db", "check") == ""
    assert shell.ok(*line, "rescuer", "--dry-run", stdin=PASSWORD) == "rescuer\twould be reset\n"
    assert shell.ok(*line, "rescuer", stdin=PASSWORD) == "rescuer\tcreated\n"
    (shell.folder / "auth.ini").write_text("[mlflow]\nadmin_username = chief\n")
    configured = (*line, "--auth-config", "auth.ini", "--db", url)
    assert shell.ok(*configured, stdin=PASSWORD) == "chief\tcreated\n"
    made = in_json(shell, "db", "reset-admin", "--generate")
    assert len(made["password"]) == 24
    short = shell.run(*line, stdin="short")
    assert (short.code, short.stdout) == (2, "")


def test_leaving_takes_authctls_own_tables_and_nothing_else(shell: Shell) -> None:
    url = shell.settings["AUTHCTL_DB"]
    before = contents(url)
    assert shell.run("db", "leave").code == 2
    assert shell.ok("db", "leave", "--dry-run").endswith("\twould be removed\n")
    assert in_json(shell, "db", "status")["additions"] == "authctl_a4"
    assert shell.ok("db", "leave", "--yes").endswith("\tremoved\n")
    assert in_json(shell, "db", "status")["additions"] is None
    assert shell.ok("db", "leave", "--yes").endswith("\tunchanged\n")
    assert contents(url) == before


@on(OLD, "sqlite", "postgresql")
def test_a_backup_is_not_written_over_and_says_what_it_holds(old: Shell) -> None:
    done = in_json(old, "db", "backup", "copy")
    assert (done["backup"], done["revision"]) == ("copy", tables.INITIAL)
    assert done["rows"] == sum(map(len, contents(old.settings["AUTHCTL_DB"]).values())) - 1
    again = old.run("db", "backup", "copy")
    assert (again.code, again.stderr.splitlines()[0]) == (
        6,
        "error: The file copy exists already.",
    )
    old.ok("db", "backup", "copy", "--force")


def test_a_backup_makes_a_database_where_there_is_none(old: Shell) -> None:
    old.ok("db", "backup", "copy")
    new = f"sqlite:///{old.folder}/new.db"
    tried = in_json(old, "db", "restore", "copy", "--db", new, "--dry-run")
    assert (tried["revision"], tried["result"]) == (tables.INITIAL, "would be restored")
    assert not (old.folder / "new.db").exists()
    old.ok("db", "restore", "copy", "--db", new, "--yes")
    assert contents(new) == contents(old.settings["AUTHCTL_DB"])


BAD = {
    ("db", "restore", "missing", "--yes"): "The backup missing cannot be read: No such file",
    ("db", "restore", "notes.txt", "--yes"): "notes.txt is no backup of an auth database.",
    ("db", "restore", "auth.db"): "This needs confirmation: add --yes.",
    ("db", "upgrade", "--backup", "x", "--no-backup"): "--backup and --no-backup cannot both",
    ("db", "upgrade", "--denials", "restore"): None,
    ("db", "upgrade", "--denials", "restore", "--no-backup"): "--denials goes with --yes and",
    ("db", "status", "--server", "http://127.0.0.1:1"): "This works on an auth database",
    ("db", "backup", "x", "--server", "http://127.0.0.1:1"): "This works on an auth database",
    ("db", "restore", "x", "--server", "http://127.0.0.1:1"): "This works on an auth database",
}


@pytest.mark.parametrize("line", BAD, ids=" ".join)
def test_bad_input_changes_nothing(line: tuple[str, ...], old: Shell) -> None:
    (old.folder / "notes.txt").write_text("hello\n")
    before = contents(old.settings["AUTHCTL_DB"])
    environment = dict(old.settings)
    if "--server" in line:
        environment.pop("AUTHCTL_DB")
    done = Shell(old.folder, environment).run(*line)
    words = BAD[line]
    if words is None:
        assert (done.code, done.stdout) == (0, "")  # a legacy database has lost no denials
    else:
        assert done.code == 2
        assert done.stderr.startswith(f"error: {words}")
    assert contents(old.settings["AUTHCTL_DB"]) == before
    assert {found.name for found in old.folder.iterdir()} == {"auth.db", "notes.txt"}


def test_a_database_of_a_later_mlflow_is_read_with_a_warning_and_not_written(
    shell: Shell,
) -> None:
    execute(
        shell.settings["AUTHCTL_DB"],
        "UPDATE alembic_version_auth SET version_num = 'fedcba987654'",
    )
    warning = (
        "warning: the auth database is of an unknown revision, fedcba987654, so it is only read.\n"
    )
    assert shell.run("user", "list") == Done("admin\tyes\n", warning, 0)
    refused = shell.run("user", "create", "alice", "--generate")
    assert (refused.stdout, refused.code) == ("", 7)
    assert refused.stderr.startswith(f"{warning}error: The auth database is of an unknown")


def test_long_work_says_now_and_then_how_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    now = iter([0.0, 1.0, 6.0, 7.0, 12.0])
    with progress(clock=lambda: next(now)) as report:
        for done in range(4):
            report("writing", done, 4)
    assert capsys.readouterr().err == "writing: 1 of 4\nwriting: 3 of 4\n"
