"""Tokens from the command line; what goes the same everywhere is in transcripts/ours.txt."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from authctl.service_token import is_well_formed
from tests.cli.commands import PASSWORD, Done, Shell, signed_in
from tests.cli.test_terminal import at_terminal, ended
from tests.live import ADMIN, authctl_server
from tests.servers import mlflow_server
from tests.store.databases import execute

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.live import Server

ALICE = ("alice", PASSWORD)


def database(shell: Shell) -> str:
    return shell.settings["AUTHCTL_DB"]


def test_on_a_database_a_user_has_to_be_named(shell: Shell) -> None:
    for command in (("create", "ci"), ("revoke", "ci")):
        assert shell.run("token", *command) == Done(
            "",
            "error: On a database nobody is asking, so nobody is meant.\n"
            "hint: Name the user with --user.\n",
            2,
        )


def test_only_the_secret_is_printed_for_a_script(shell: Shell) -> None:
    secret = shell.ok("token", "create", "ci", "--user", "admin", "--fields", "token").strip()
    assert is_well_formed(secret)
    assert execute(database(shell), "SELECT start FROM authctl_tokens") == [(secret[:12],)]


def test_at_a_terminal_it_says_that_the_token_is_shown_once(shell: Shell) -> None:
    child = at_terminal(shell, "token create ci --user admin")
    child.expect("authctl_[0-9A-Za-z]{38}")
    child.expect_exact("The token cannot be shown again")
    assert ended(child) == 0


def test_a_dry_run_makes_not_even_the_table(shell: Shell) -> None:
    before = execute(database(shell), "SELECT COUNT(*) FROM authctl_tokens")
    shell.ok("token", "create", "ci", "--user", "admin", "--dry-run")
    assert execute(database(shell), "SELECT COUNT(*) FROM authctl_tokens") == before == [(0,)]


def test_an_expired_token_is_listed_as_such(shell: Shell) -> None:
    shell.ok("token", "create", "ci", "--user", "admin")
    execute(database(shell), "UPDATE authctl_tokens SET expires_at = '2020-01-01T00:00:00+00:00'")
    [listed] = json.loads(shell.ok("token", "list", "-o", "json"))
    assert (listed["expired"], listed["expires_at"]) == (True, "2020-01-01T00:00:00Z")
    colored = shell.ok("token", "list", "-o", "table", "--color", "always")
    assert "\x1b[31m2020-01-01T00:00:00Z" in colored


def test_a_user_is_deleted_with_their_tokens(shell: Shell) -> None:
    shell.new_user("alice")
    shell.ok("token", "create", "ci", "--user", "alice")
    shell.ok("user", "delete", "alice", "--yes")
    assert shell.ok("token", "list") == ""


def test_whoever_takes_authctls_tables_out_is_told_of_the_tokens_in_them(shell: Shell) -> None:
    shell.ok("token", "create", "ci", "--user", "admin")
    asked = shell.run("db", "leave", "--no-input")
    done = shell.run("db", "leave", "--yes")
    told = "warning: service tokens that stop working: 1.\n"
    assert (asked.code, asked.stderr.startswith(told)) == (2, True)
    assert (done.code, done.stderr) == (0, told)
    assert shell.ok("token", "list") == ""


def test_a_database_tells_of_a_service_account_that_is_the_only_admin(shell: Shell) -> None:
    shell.ok("user", "create", "robot", "--no-password", "--admin")
    shell.ok("user", "delete", "admin", "--yes")
    found = shell.run("db", "check", "-o", "json")
    assert found.code == 8
    assert [row["check"] for row in json.loads(found.stdout)] == ["no-admin"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with authctl_server(tmp_path_factory.mktemp("server")) as server:
        body = {"username": "alice", "password": PASSWORD}
        assert server.call("POST", "/api/2.0/mlflow/users/create", body).status_code == 200
        assert (
            server.call("POST", "/api/2.0/mlflow/experiments/create", {"name": "fraud"}).status_code
            == 200
        )
        yield server


def with_token(server: Server, folder: Path, secret: str) -> Shell:
    return Shell(folder, {"MLFLOW_TRACKING_URI": server.url, "MLFLOW_TRACKING_TOKEN": secret})


@pytest.mark.mlflow
def test_users_make_and_end_their_own_tokens_and_work_with_them(
    server: Server, tmp_path: Path
) -> None:
    shell = signed_in(server, tmp_path, ALICE)
    made = json.loads(shell.ok("token", "create", "laptop", "-o", "json"))
    assert (made["username"], made["scope"]) == ("alice", "all")
    program = with_token(server, tmp_path, made["token"])
    assert json.loads(program.ok("whoami", "-o", "json"))["username"] == "alice"
    assert program.ok("token", "list", "--fields", "name,username,created_by") == (
        "laptop\talice\talice\n"
    )
    refused = program.run("token", "create", "another")
    assert (refused.code, refused.stdout) == (5, "")
    shell.ok("token", "revoke", "laptop")
    done = program.run("whoami")
    assert done == Done(
        "",
        "error: The server does not accept the token.\nhint: It is from MLFLOW_TRACKING_TOKEN.\n",
        4,
    )


@pytest.mark.mlflow
def test_whoever_has_an_expired_token_is_told_so(server: Server, tmp_path: Path) -> None:
    secret = signed_in(server, tmp_path, ALICE).ok("token", "create", "old", "--fields", "token")
    execute(server.database, "UPDATE authctl_tokens SET expires_at = '2020-01-01T00:00:00+00:00'")
    assert with_token(server, tmp_path, secret.strip()).run("whoami") == Done(
        "",
        "error: The server does not accept the token: it has expired.\n"
        "hint: It is from MLFLOW_TRACKING_TOKEN.\n",
        4,
    )
    signed_in(server, tmp_path, ALICE).ok("token", "revoke", "old")


@pytest.mark.mlflow
def test_the_tokens_of_others_are_none_of_ones_business(server: Server, tmp_path: Path) -> None:
    shell = signed_in(server, tmp_path, ALICE)
    for command in (("create", "x"), ("list",), ("revoke", "x")):
        done = shell.run("token", *command, "--user", "admin")
        assert (done.code, done.stdout) == (5, ""), command


@pytest.mark.mlflow
def test_an_administrator_sees_everybodys(server: Server, tmp_path: Path) -> None:
    admin, alice = (signed_in(server, tmp_path, user) for user in (ADMIN, ALICE))
    admin.ok("token", "create", "one", "--experiment", "fraud")
    alice.ok("token", "create", "two", "--scope", "read")
    listed = admin.ok("token", "list", "--fields", "name,username,scope,resources")
    assert listed == "one\tadmin\tall\texperiment:1\ntwo\talice\tread\t*\n"
    assert alice.ok("token", "list", "-q") == "two\n"
    admin.ok("token", "revoke", "two", "--user", "alice")
    admin.ok("token", "revoke", "one")
    assert admin.ok("token", "list") == ""


@pytest.mark.mlflow
def test_a_limited_token_is_told_what_it_may_not(server: Server, tmp_path: Path) -> None:
    admin = signed_in(server, tmp_path, ADMIN)
    made = json.loads(admin.ok("token", "create", "auditor", "--scope", "read", "-o", "json"))
    auditor = with_token(server, tmp_path, made["token"])
    assert "alice" in auditor.ok("user", "list", "-q").splitlines()
    assert "experiment" in auditor.ok("export")
    done = auditor.run("perm", "grant", "alice", "--experiment-id", "1", "--level", "EDIT")
    assert (done.code, done.stdout) == (5, "")
    admin.ok("token", "revoke", "auditor")


@pytest.mark.mlflow
def test_service_accounts_are_made_through_the_server_too(server: Server, tmp_path: Path) -> None:
    admin = signed_in(server, tmp_path, ADMIN)
    (tmp_path / "access.toml").write_text(
        'version = 1\n[[user]]\nname = "ci-1"\npassword = "none"\n'
    )
    (tmp_path / "users.csv").write_text("username,password\nci-2,none\n")
    assert admin.run("apply", "-f", "access.toml", "--yes").code == 0
    admin.ok("user", "import", "users.csv")
    admin.ok("user", "create", "ci-3", "--no-password")
    for name in ("ci-1", "ci-2", "ci-3"):
        secret = admin.ok("token", "create", "t", "--user", name, "--fields", "token").strip()
        whoami = with_token(server, tmp_path, secret).ok("whoami", "-q")
        assert whoami == f"{name}\n"
    kept = execute(server.database, "SELECT password_hash FROM users WHERE username LIKE 'ci-%'")
    assert kept == [("!",)] * 3
    admin.ok("user", "delete", "ci-1", "ci-2", "ci-3", "--yes")


@pytest.mark.mlflow
def test_nothing_that_is_printed_beside_it_has_the_token_in_it(
    server: Server, tmp_path: Path
) -> None:
    admin = signed_in(server, tmp_path, ADMIN)
    made = admin.run("token", "create", "ci", "-o", "json", "--debug")
    secret = json.loads(made.stdout)["token"]
    assert secret[12:] not in made.stderr
    shell = with_token(server, tmp_path, secret)
    for command in (
        ("whoami", "-v"),
        ("whoami", "-v", "-o", "json"),
        ("doctor", "-o", "json"),
        ("user", "list", "--debug"),
        ("token", "list", "-o", "json", "--debug"),
        ("user", "show", "nobody", "--debug"),
        ("context", "show", "-o", "json"),
    ):
        done = shell.run(*command)
        assert secret[12:] not in done.stdout + done.stderr, command
    admin.ok("token", "revoke", "ci")


@pytest.mark.mlflow
def test_mlflows_own_server_has_no_tokens_and_says_so(tmp_path: Path) -> None:
    with mlflow_server(tmp_path / "mlflow") as server:
        shell = signed_in(server, tmp_path, ADMIN)
        for command in (("list",), ("create", "ci"), ("revoke", "ci")):
            assert shell.run("token", *command) == Done(
                "",
                "error: This server has no service tokens: MLflow's own has none.\n"
                "hint: authctl serve has; there MLFLOW_TRACKING_TOKEN works.\n",
                2,
            )
        assert shell.run("user", "create", "ci", "--no-password") == Done(
            "",
            "error: This server has no service accounts: every user of MLflow's own has a"
            " password.\nhint: Give a password, or run authctl serve.\n",
            2,
        )
        assert shell.ok("user", "list", "-q") == "admin\n"
