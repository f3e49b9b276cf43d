from __future__ import annotations

import base64
import configparser
import json
import stat
from typing import TYPE_CHECKING

import pytest

from tests.cli.commands import Done, Shell
from tests.cli.logins import ALICE, config, with_settings
from tests.live import free_port
from tests.servers import recording_server

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers import Recorder

SECRET = "open sesame 100%"
WAYS = (
    "hint: Give --username with --password-stdin or --password-file FILE, or set"
    " MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD; at a terminal you are asked.\n"
)


@pytest.fixture
def alone(tmp_path: Path) -> Shell:
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    return Shell(tmp_path)


def credentials(shell: Shell) -> Path:
    return shell.folder / ".mlflow" / "credentials"


def log_in(shell: Shell, server: Recorder, *more: str) -> Done:
    return shell.run(
        *("login", "--server", server.url, "--username", "alice", "--password-file", "secret"),
        *more,
    )


def sent(server: Recorder) -> list[str]:
    """The logins of the requests so far."""
    headers = [request.headers.get("authorization", "") for request in server.requests]
    return [base64.b64decode(header.removeprefix("Basic ")).decode() for header in headers]


def test_what_the_server_accepts_is_saved_for_mlflow_and_its_owner_alone(
    alone: Shell, server: Recorder
) -> None:
    assert log_in(alone, server) == Done(
        f"{server.url}\t\talice\tno\t{credentials(alone)}\tlogged in\n", "", 0
    )
    assert sent(server) == [f"alice:{SECRET}"]
    assert stat.S_IMODE(credentials(alone).stat().st_mode) == 0o600
    parser = configparser.ConfigParser()
    parser.read(credentials(alone))
    assert dict(parser["mlflow"]) == {
        "mlflow_tracking_username": "alice",
        "mlflow_tracking_password": SECRET,
    }
    assert not config(alone).exists()
    alone.ok("whoami", "--server", server.url)
    assert sent(server)[-1] == f"alice:{SECRET}"


def test_logging_in_twice_changes_nothing(alone: Shell, server: Recorder) -> None:
    for options, result, changed in (
        (["-n"], "would be logged in", True),
        ([], "logged in", True),
        ([], "unchanged", False),
        (["-n"], "unchanged", False),
    ):
        told = json.loads(log_in(alone, server, "-o", "json", *options).stdout)
        assert told == {
            "server": server.url,
            "context": None,
            "username": "alice",
            "is_admin": False,
            "saved_in": str(credentials(alone)),
            "result": result,
            "changed": changed,
            "dry_run": bool(options),
        }
        assert credentials(alone).exists() is (options == [] or result == "unchanged")


def test_a_password_comes_from_standard_input_too(alone: Shell, server: Recorder) -> None:
    command = ("login", "--server", server.url, "--username", "alice", "--password-stdin")
    assert alone.run(*command, stdin="from stdin\n").code == 0
    assert sent(server) == ["alice:from stdin"]


@pytest.mark.parametrize("place", [(), ("--context", "prod")])
def test_what_the_server_does_not_accept_is_not_saved(
    place: tuple[str, ...], alone: Shell, server: Recorder
) -> None:
    server.answers.clear()
    server.will_answer(401)
    before = sorted(alone.folder.iterdir())
    assert log_in(alone, server, *place) == Done(
        "",
        "error: The server does not accept 'alice' with this password.\nhint: Nothing was saved.\n",
        4,
    )
    assert sorted(alone.folder.iterdir()) == before


def test_nothing_is_saved_where_no_server_answers(alone: Shell) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    command = ("login", "--server", nobody, "--username", "alice", "--password-file", "secret")
    done = alone.run(*command, "--retries", "0")
    assert (done.code, done.stderr.splitlines()[0]) == (
        7,
        f"error: {nobody} cannot be reached: connection refused.",
    )
    assert not credentials(alone).exists()


def test_a_server_without_authentication_is_no_place_to_log_in(
    alone: Shell, server: Recorder
) -> None:
    server.answers.clear()
    server.will_answer(404, b"<!doctype html>")
    done = log_in(alone, server)
    assert (done.stdout, done.code) == ("", 2)
    assert "Is it 'mlflow server --app-name basic-auth'" in done.stderr
    assert not credentials(alone).exists()


def test_before_mlflow_3_13_one_looks_oneself_up(alone: Shell, server: Recorder) -> None:
    server.answers.insert(0, (404, {}, b"<!doctype html>"))
    assert log_in(alone, server).code == 0
    assert [request.path for request in server.requests] == [
        "/api/2.0/mlflow/users/current",
        "/api/2.0/mlflow/users/get?username=alice",
    ]


def test_a_password_is_not_sent_unencrypted_to_another_machine(alone: Shell) -> None:
    command = ("login", "--server", "http://mlflow.example.com", "--username", "alice")
    done = alone.run(*command, "--password-file", "no-such-file")
    assert (done.stdout, done.code) == ("", 2)
    assert done.stderr.startswith("error: http://mlflow.example.com is not encrypted:")


SLIPS = {
    "login --no-interactive": (
        "error: No server is known.\n"
        "hint: Name it with --server, AUTHCTL_SERVER or MLFLOW_TRACKING_URI.\n"
    ),
    "login --server {url} --no-interactive": f"error: No login is known for {{url}}.\n{WAYS}",
    "login --server {url} --no-input": f"error: No login is known for {{url}}.\n{WAYS}",
    "login --server {url}": f"error: No login is known for {{url}}.\n{WAYS}",
    "login --server {url} --username bob": f"error: No password is known for 'bob'.\n{WAYS}",
    "login --server {url} --password-file secret": (
        f"error: The password is given, but not whose it is.\n{WAYS}"
    ),
    "login --server {url} --password-file secret --password-stdin": (
        f"error: The password can come from one place only.\n{WAYS}"
    ),
    "login --server {url} --username bob --password-file none": (
        "error: The password file none cannot be read: No such file or directory.\n"
    ),
    "login --server {url} --username bob --password-stdin": "error: No password was given.\n",
    "login --server {url} --password sesame": (
        "error: A password on the command line can be read by everyone on this machine.\n"
        "hint: Use --password-stdin or --password-file FILE; at a terminal you are asked.\n"
    ),
    "login --db sqlite:///auth.db": (
        "error: A database asks nobody to log in.\n"
        "hint: Name a server with --server or MLFLOW_TRACKING_URI.\n"
    ),
    "login --server {url} --username bob --password-file secret --context a/b": (
        "error: A context's name has letters, digits and . _ - in it, unlike 'a/b'.\n"
        "hint: For example: prod, or team-a.staging.\n"
    ),
}


@pytest.mark.parametrize("command", SLIPS)
def test_what_is_missing_is_told_with_the_ways_to_give_it(
    command: str, alone: Shell, server: Recorder
) -> None:
    done = alone.run(*command.format(url=server.url).split())
    assert done == Done("", SLIPS[command].format(url=server.url), 2)
    assert server.requests == []
    assert not credentials(alone).exists()


def test_a_login_that_is_there_is_checked_and_not_copied(alone: Shell, server: Recorder) -> None:
    env = with_settings(
        alone,
        MLFLOW_TRACKING_URI=server.url,
        MLFLOW_TRACKING_USERNAME="alice",
        MLFLOW_TRACKING_PASSWORD="in the environment",
    )
    for options in ([], ["--no-interactive"], ["--username", "alice"]):
        assert env.run("login", *options) == Done(
            f"{server.url}\t\talice\tno\t\tunchanged\n", "", 0
        )
    assert sent(server) == ["alice:in the environment"] * 3
    assert not credentials(alone).exists()
    server.answers.clear()
    server.will_answer(401)
    assert env.run("login", "--no-interactive") == Done(
        "",
        "error: The server does not accept 'alice' with this password.\nhint: The username is"
        " from MLFLOW_TRACKING_USERNAME, the password from MLFLOW_TRACKING_PASSWORD.\n",
        4,
    )


def test_a_token_that_is_there_is_checked_too(alone: Shell, server: Recorder) -> None:
    env = with_settings(alone, MLFLOW_TRACKING_URI=server.url, MLFLOW_TRACKING_TOKEN="opensesame")
    assert env.ok("login", "--no-interactive") == f"{server.url}\t\talice\tno\t\tunchanged\n"
    assert server.requests[0].headers["authorization"] == "Bearer opensesame"


def test_a_broken_credentials_file_is_refused_before_anything_is_sent_and_left(
    alone: Shell, server: Recorder
) -> None:
    credentials(alone).parent.mkdir()
    credentials(alone).write_text("[mlflow]\nsesame\n")
    done = log_in(alone, server)
    assert (done.stdout, done.code) == ("", 2)
    assert done.stderr.startswith(f"error: The credentials file {credentials(alone)} cannot be")
    assert "sesame" not in done.stderr
    assert server.requests == []
    assert credentials(alone).read_text() == "[mlflow]\nsesame\n"
    # A context needs none of it.
    assert log_in(alone, server, "--context", "prod").code == 0
    alone.ok("whoami")


def test_a_password_that_the_file_cannot_hold_is_refused_before_it_is_sent(
    alone: Shell, server: Recorder
) -> None:
    (alone.folder / "secret").write_text(" sesame ")
    assert log_in(alone, server) == Done(
        "",
        "error: The password begins or ends with white space, which"
        f" {credentials(alone)} cannot hold.\n"
        "hint: A context can: authctl login --context NAME.\n",
        2,
    )
    assert server.requests == []
    assert log_in(alone, server, "--context", "prod").code == 0
    alone.ok("whoami")
    assert sent(server) == ["alice: sesame ", "alice: sesame "]


def test_a_login_in_a_context_is_kept_there_with_its_connection(
    alone: Shell, server: Recorder
) -> None:
    done = log_in(alone, server, "--context", "prod", "--timeout", "9", "--ca-cert", "ca.pem")
    assert done == Done(f"{server.url}\tprod\talice\tno\t{config(alone)}\tlogged in\n", "", 0)
    assert config(alone).read_text().splitlines()[1:] == [
        'current = "prod"',
        "",
        "[context.prod]",
        f'server = "{server.url}"',
        'username = "alice"',
        f'password = "{SECRET}"',
        f'ca_cert = "{alone.folder}/ca.pem"',
        "timeout = 9.0",
    ]
    assert stat.S_IMODE(config(alone).stat().st_mode) == 0o600
    assert not credentials(alone).exists()
    told = json.loads(alone.ok("whoami", "-v", "-o", "json"))
    assert told["context"] == "prod"
    assert {row["setting"]: row["from"] for row in told["settings"]}["password"] == (
        "the context 'prod'"
    )
    assert SECRET not in json.dumps(told)
    assert sent(server) == [f"alice:{SECRET}"] * 2


def test_a_context_named_by_the_environment_is_logged_in_to_and_out_of(
    alone: Shell, server: Recorder
) -> None:
    alone.ok("context", "set", "prod", "--server", server.url)
    env = with_settings(alone, AUTHCTL_CONTEXT="prod")
    command = ("login", "--username", "alice", "--password-file", "secret", "-o", "json")
    assert json.loads(env.ok(*command))["context"] == "prod"
    assert "password" in config(alone).read_text()
    assert env.ok("logout") == f"prod\t{config(alone)}\tlogged out\n"
    assert "password" not in config(alone).read_text()


@pytest.mark.parametrize("variable", ["MLFLOW_TRACKING_URI", "AUTHCTL_SERVER"])
def test_a_login_counts_too_where_the_environment_names_the_same_server(
    variable: str, alone: Shell, server: Recorder
) -> None:
    log_in(alone, server, "--context", "prod")
    place = {variable: f"{server.url}/"}
    told = with_settings(alone, **place).ok("whoami", "-o", "json")
    assert json.loads(told)["context"] == "prod"
    others = {"MLFLOW_TRACKING_USERNAME": "bob", "MLFLOW_TRACKING_PASSWORD": "his own"}
    with_settings(alone, **place, **others).ok("whoami")
    assert sent(server)[1:] == ["alice:open sesame 100%", "bob:his own"]


def test_a_broken_file_of_contexts_hinders_nobody_whom_the_environment_sends_elsewhere(
    alone: Shell, server: Recorder
) -> None:
    log_in(alone, server, "--context", "prod")
    (alone.folder / ".config" / "authctl" / "config.toml").write_text("no TOML")
    with_settings(alone, MLFLOW_TRACKING_URI=server.url).ok("whoami")
    assert set(sent(server)[1:]) == {""}


def test_a_password_saved_for_one_server_is_never_sent_to_another(
    alone: Shell, server: Recorder
) -> None:
    log_in(alone, server, "--context", "prod")
    with recording_server() as other:
        other.will_answer(200, ALICE)
        alone.run("whoami", "--server", other.url)
        with_settings(alone, MLFLOW_TRACKING_URI=other.url).run("whoami")
        with_settings(alone, AUTHCTL_SERVER=other.url).run("whoami")
        alone.run("login", "--server", other.url, "--context", "prod", "--no-interactive")
        alone.run("context", "set", "prod", "--db", "sqlite:///no.db")
        with_settings(alone, MLFLOW_TRACKING_URI=other.url).run(
            *("perm", "check", "a", "--experiment", "x", "--level", "READ", "--context", "prod")
        )
        assert "authorization" not in {name for each in other.requests for name in each.headers}
    assert sent(server)[1:] == []


def test_a_context_that_becomes_another_servers_loses_what_was_for_the_first(
    alone: Shell, server: Recorder
) -> None:
    alone.ok("context", "set", "prod", "--server", "https://old.example", "--insecure")
    log_in(alone, server, "--context", "prod")
    told = json.loads(alone.ok("context", "show", "prod", "-o", "json"))
    assert [row["setting"] for row in told] == ["server", "username", "password"]


OTHER = "https://other.example"
PAIR = "MLFLOW_TRACKING_USERNAME with MLFLOW_TRACKING_PASSWORD"
NETRC = "machine 127.0.0.1 login netrc password netrc-password\n"
OTHERS_FILE = "[mlflow]\nmlflow_tracking_username = bob\nmlflow_tracking_password = b\n"


@pytest.mark.parametrize(
    ("settings", "netrc", "context", "warning"),
    [
        (
            {"MLFLOW_TRACKING_USERNAME": "bob", "MLFLOW_TRACKING_PASSWORD": "b"},
            False,
            False,
            f"{PAIR} beats what was saved, and signs in 'bob'.",
        ),
        (
            {"MLFLOW_TRACKING_PASSWORD": "b"},
            False,
            False,
            "{file} with MLFLOW_TRACKING_PASSWORD beats what was saved, and signs in 'alice'.",
        ),
        ({}, True, False, "{home}/.netrc beats what was saved, and signs in 'netrc'."),
        ({"MLFLOW_TRACKING_USERNAME": "alice"}, False, False, None),
        (
            {"AUTHCTL_DB": "sqlite:///x.db"},
            False,
            False,
            "AUTHCTL_DB still sends commands to a database: name the server with --server.",
        ),
        (
            {"AUTHCTL_SERVER": OTHER},
            False,
            False,
            f"AUTHCTL_SERVER still sends commands to {OTHER}: name this server with --server.",
        ),
        (
            {"AUTHCTL_SERVER": OTHER},
            False,
            True,
            "AUTHCTL_SERVER beats the current context: use --context prod.",
        ),
        (
            {"MLFLOW_TRACKING_USERNAME": "bob", "MLFLOW_TRACKING_PASSWORD": "b"},
            False,
            True,
            f"{PAIR} beats what was saved, and signs in 'bob': use --context prod.",
        ),
        (
            {},
            True,
            True,
            "{home}/.netrc beats what was saved, and signs in 'netrc': use --context prod.",
        ),
    ],
)
def test_what_beats_a_saved_login_is_told(
    settings: dict[str, str],
    netrc: bool,
    context: bool,
    warning: str | None,
    alone: Shell,
    server: Recorder,
) -> None:
    if netrc:
        (alone.folder / ".netrc").write_text(NETRC)
    if "AUTHCTL_DB" not in settings and "AUTHCTL_SERVER" not in settings and not context:
        settings = {**settings, "MLFLOW_TRACKING_URI": server.url}
    shell = with_settings(alone, **settings)
    done = log_in(shell, server, *(["--context", "prod"] if context else []))
    told = f"warning: {warning}\n" if warning else ""
    assert done.stderr == told.format(file=credentials(alone), home=alone.folder)
    if context:
        shell.ok("whoami", "--context", "prod")
        assert sent(server)[-1] == f"alice:{SECRET}"


@pytest.mark.parametrize("password", ["password", "password1234"])
def test_a_password_that_mlflow_was_shipped_with_is_warned_of(
    password: str, alone: Shell, server: Recorder
) -> None:
    (alone.folder / "secret").write_text(password)
    assert log_in(alone, server).stderr == (
        "warning: this is the password MLflow was shipped with, which everybody knows: change it"
        " with authctl user passwd alice.\n"
    )


def test_logging_out_removes_what_logging_in_wrote_and_nothing_else(
    alone: Shell, server: Recorder
) -> None:
    credentials(alone).parent.mkdir()
    others = "# mine\n[aws]\nkey = 1\n"
    credentials(alone).write_text(others)
    log_in(alone, server)
    assert alone.ok("logout", "-n") == f"\t{credentials(alone)}\twould be logged out\n"
    assert credentials(alone).read_text() != others
    assert alone.ok("logout") == f"\t{credentials(alone)}\tlogged out\n"
    assert credentials(alone).read_text() == others
    told = json.loads(alone.ok("logout", "-o", "json"))
    assert told == {
        "context": None,
        "removed_from": None,
        "result": "unchanged",
        "changed": False,
        "dry_run": False,
    }
    log_in(alone, server, "--context", "prod", "--timeout", "9")
    assert alone.ok("logout", "--context", "prod") == f"prod\t{config(alone)}\tlogged out\n"
    assert alone.ok("logout", "--context", "prod") == "prod\t\tunchanged\n"
    assert [row["setting"] for row in json.loads(alone.ok("context", "show", "-o", "json"))][
        :4
    ] == [
        "context",
        "server",
        "authentication",
        "timeout",
    ]
    assert alone.run("logout", "--context", "prdo").code == 3


def test_what_still_signs_in_is_told(alone: Shell, server: Recorder) -> None:
    env = with_settings(alone, MLFLOW_TRACKING_USERNAME="bob", MLFLOW_TRACKING_PASSWORD="b")
    told = f"warning: {PAIR} still signs in 'bob'.\n"
    assert env.run("logout") == Done("\t\tunchanged\n", told, 0)
    token = with_settings(alone, MLFLOW_TRACKING_TOKEN="t", AUTHCTL_DB="sqlite:///x.db")
    assert token.run("logout").stderr == "warning: MLFLOW_TRACKING_TOKEN still signs you in.\n"
    log_in(alone, server, "--context", "prod")
    assert alone.run("logout").stderr == (
        "warning: the context 'prod' still signs in 'alice': authctl logout --context prod\n"
    )
    credentials(alone).parent.mkdir()
    credentials(alone).write_text(OTHERS_FILE)
    assert alone.run("logout", "--context", "prod").stderr == (
        f"warning: {credentials(alone)} still signs in 'bob': authctl logout\n"
    )


def test_debug_shows_requests_and_no_secret(alone: Shell, server: Recorder) -> None:
    lines = log_in(alone, server, "--debug").stderr.splitlines()
    assert lines[:2] == [
        f"debug: > GET {server.url}/api/2.0/mlflow/users/current",
        "debug: > Authorization: Basic ***",
    ]
    assert lines[2].startswith("debug: < 200 after ")
    url = server.url.replace("http://", "http://alice:opensesame@")
    done = alone.run("whoami", "-v", "--server", url, "--debug", "-o", "json")
    assert done.code == 0
    for secret in ("opensesame", SECRET, base64.b64encode(b"alice:opensesame").decode()):
        assert secret not in f"{done}"
