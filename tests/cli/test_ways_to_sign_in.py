"""What the command line tells of the ways to sign in that are no password and no token."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.cli.checkups import checkup
from tests.cli.commands import AUTHCTL, Shell
from tests.client import aws
from tests.client.plugins import write_broken_plugin, write_plugins
from tests.servers import recording_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers import Recorder

ALICE = {"user": {"id": 2, "username": "alice", "is_admin": False}, "is_basic_auth": True}
AWS, AUTH = "MLFLOW_TRACKING_AWS_SIGV4", "MLFLOW_TRACKING_AUTH"
TOKEN = {"MLFLOW_TRACKING_TOKEN": "t0ken"}
LOGIN = {"MLFLOW_TRACKING_USERNAME": "u", "MLFLOW_TRACKING_PASSWORD": "opensesame"}
LOGIN_ORIGIN = "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"
SIGV4 = {AWS: "true", **aws.ENV}

Row = tuple[str, str, str]


@pytest.fixture
def server() -> Iterator[Recorder]:
    """A server that accepts everybody, as alice."""
    with recording_server() as recorder:
        recorder.will_answer(200, ALICE)
        yield recorder


def shell(folder: Path, server: Recorder, **settings: str) -> Shell:
    return Shell(folder, {"MLFLOW_TRACKING_URI": server.url, **settings})


def in_a_process(alone: Shell, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command with plugins to import, which the shell's own processes have not."""
    return subprocess.run(
        [*AUTHCTL, *arguments],
        env={**alone.environment, "PYTHONPATH": str(alone.folder / "plugins")},
        capture_output=True,
        text=True,
        check=False,
    )


def ways(told: str) -> list[Row]:
    """The rows of `whoami -v -o json` about who signs in and how."""
    wanted = ("authentication", "given_to_plugin", "passed_over")
    rows = json.loads(told)["settings"]
    return [(row["setting"], row["value"], row["from"]) for row in rows if row["setting"] in wanted]


def write_files(home: Path) -> tuple[str, str]:
    netrc, file = home / ".netrc", home / ".mlflow" / "credentials"
    netrc.write_text("machine 127.0.0.1 login n password opensesame\n")
    file.parent.mkdir()
    file.write_text("[mlflow]\nmlflow_tracking_username = f\nmlflow_tracking_password = sesame\n")
    for each in (netrc, file):
        each.chmod(0o600)
    return str(netrc), str(file)


def test_a_signature_for_aws_wins_and_all_that_is_passed_over_is_told(
    tmp_path: Path, server: Recorder
) -> None:
    netrc, file = write_files(tmp_path)
    alone = shell(tmp_path, server, **SIGV4, **{AUTH: "opensesame"}, **LOGIN, **TOKEN)
    told = alone.ok("whoami", "-v", "-o", "json")
    assert json.loads(told)["username"] == "alice"
    assert ways(told) == [
        ("authentication", "aws-sigv4", AWS),
        ("passed_over", "plugin", AUTH),
        ("passed_over", "basic", netrc),
        ("passed_over", "basic", LOGIN_ORIGIN),
        ("passed_over", "basic", file),
        ("passed_over", "bearer", "MLFLOW_TRACKING_TOKEN"),
    ]
    assert aws.signed(server.requests[0]).holds
    assert "sesame" not in told


def test_a_header_wins_and_is_not_shown(tmp_path: Path, server: Recorder) -> None:
    alone = shell(tmp_path, server, **{AUTH: "opensesame"}, **TOKEN)
    told = alone.ok("whoami", "-v", "-o", "json")
    assert ways(told) == [
        ("authentication", "header", AUTH),
        ("passed_over", "bearer", "MLFLOW_TRACKING_TOKEN"),
    ]
    done = alone.run("whoami", "-v", "--debug")
    assert "debug: > Authorization: ***\n" in done.stderr
    assert "sesame" not in told + done.stdout + done.stderr
    assert server.requests[-1].headers["authorization"] == "opensesame"


def test_a_plugin_wins_and_is_given_what_would_be_sent_without_it(
    tmp_path: Path, server: Recorder
) -> None:
    write_plugins(tmp_path / "plugins")
    alone = shell(tmp_path, server, **{AUTH: "overwriting"}, **LOGIN, **TOKEN)
    done = in_a_process(alone, "whoami", "-v", "-o", "json", "--debug")
    assert done.returncode == 0, done.stderr
    assert ways(done.stdout) == [
        ("authentication", "plugin overwriting", AUTH),
        ("given_to_plugin", "basic", LOGIN_ORIGIN),
        ("passed_over", "bearer", "MLFLOW_TRACKING_TOKEN"),
    ]
    assert "Authorization: ***" in done.stderr
    assert "badge-7" not in done.stderr


@pytest.mark.parametrize(
    ("settings", "rows"),
    [
        ({}, [("authentication", "none", "default")]),
        (TOKEN, [("authentication", "bearer", "MLFLOW_TRACKING_TOKEN")]),
        (
            LOGIN | TOKEN,
            [
                ("authentication", "basic", LOGIN_ORIGIN),
                ("passed_over", "bearer", "MLFLOW_TRACKING_TOKEN"),
            ],
        ),
        (SIGV4, [("authentication", "aws-sigv4", AWS)]),
        ({AWS: "false", AUTH: ""} | TOKEN, [("authentication", "bearer", "MLFLOW_TRACKING_TOKEN")]),
    ],
)
def test_how_the_caller_signs_in_is_told(
    settings: dict[str, str], rows: list[Row], tmp_path: Path, server: Recorder
) -> None:
    assert ways(shell(tmp_path, server, **settings).ok("whoami", "-v", "-o", "json")) == rows


def test_a_login_in_the_address_or_in_netrc_is_told(tmp_path: Path, server: Recorder) -> None:
    netrc, file = write_files(tmp_path)
    address = server.url.replace("//", "//a:b@")
    alone = Shell(tmp_path, {"MLFLOW_TRACKING_URI": address})
    assert ways(alone.ok("whoami", "-v", "-o", "json")) == [
        ("authentication", "basic", netrc),
        ("passed_over", "basic", "the server's address"),
        ("passed_over", "basic", file),
    ]


def test_a_login_of_a_context_that_is_named_beats_what_the_environment_asks_for(
    tmp_path: Path, server: Recorder
) -> None:
    alone = Shell(tmp_path, SIGV4 | TOKEN)
    (tmp_path / "secret").write_text("opensesame\n")
    saved = ("--server", server.url, "--context", "prod", "--username", "alice")
    done = alone.run("login", *saved, "--password-file", "secret")
    assert done.code == 0, done
    told = alone.ok("whoami", "-v", "-o", "json", "--context", "prod")
    assert ways(told) == [
        ("authentication", "basic", "the context 'prod'"),
        ("passed_over", "aws-sigv4", AWS),
        ("passed_over", "bearer", "MLFLOW_TRACKING_TOKEN"),
    ]
    alone.ok("context", "use", "prod")
    assert ways(alone.ok("whoami", "-v", "-o", "json")) == [
        ("authentication", "aws-sigv4", AWS),
        ("passed_over", "basic", "the context 'prod'"),
        ("passed_over", "bearer", "MLFLOW_TRACKING_TOKEN"),
    ]


def test_what_is_passed_over_need_not_be_right(tmp_path: Path, server: Recorder) -> None:
    (tmp_path / "secret").write_text("opensesame\n")
    saved = ("--server", server.url, "--context", "prod", "--username", "alice")
    assert Shell(tmp_path).run("login", *saved, "--password-file", "secret").code == 0
    (tmp_path / ".mlflow").mkdir()
    (tmp_path / ".mlflow" / "credentials").write_text("[mlflow]\nopensesame\n")
    alone = Shell(tmp_path, {AWS: "yes"} | LOGIN)
    assert ways(alone.ok("whoami", "-v", "-o", "json", "--context", "prod")) == [
        ("authentication", "basic", "the context 'prod'"),
        ("passed_over", "basic", LOGIN_ORIGIN),
    ]


@pytest.mark.parametrize(
    ("settings", "error", "hint"),
    [
        (
            SIGV4,
            "The server does not accept the AWS signature.",
            (
                f"{AWS} is set: look at the AWS credentials and the region, and at the clock of"
                " this machine."
            ),
        ),
        (
            {AUTH: "opensesame"},
            "The server does not accept the Authorization header.",
            f"It is the value of {AUTH}, since no plugin of that name is installed.",
        ),
    ],
)
def test_what_a_server_does_not_accept_is_told(
    settings: dict[str, str], error: str, hint: str, tmp_path: Path
) -> None:
    with recording_server() as server:
        server.will_answer(401, b"You are not authenticated.")
        done = shell(tmp_path, server, **settings, **LOGIN).run("whoami")
    assert (done.code, done.stderr) == (4, f"error: {error}\nhint: {hint}\n")


def test_a_plugin_that_a_server_does_not_accept_is_named(tmp_path: Path) -> None:
    write_plugins(tmp_path / "plugins")
    with recording_server() as server:
        server.will_answer(401, b"You are not authenticated.")
        done = in_a_process(shell(tmp_path, server, **{AUTH: "adding"}), "whoami")
    assert (done.returncode, done.stderr) == (
        4,
        (
            "error: The server does not accept what the plugin 'adding' signs in with.\n"
            f"hint: {AUTH} names the plugin.\n"
        ),
    )


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({AWS: "yes"}, f"{AWS} is 'yes', but must be true or false."),
        (SIGV4 | {"AWS_DEFAULT_REGION": ""}, "no AWS region is known"),
        (
            SIGV4 | {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""},
            "no AWS credentials are found",
        ),
        ({AUTH: "open\nsesame"}, "contains a character that cannot be sent"),
        ({AUTH: "assistant-delegation"}, "MLflow's own assistant"),
    ],
)
def test_what_cannot_be_signed_with_is_a_mistake_and_nothing_is_sent(
    settings: dict[str, str], says: str, tmp_path: Path, server: Recorder
) -> None:
    done = shell(tmp_path, server, **settings).run("whoami")
    assert done.code == 2
    assert says in done.stderr
    assert "sesame" not in done.stderr
    assert server.requests == []


def test_without_the_extra_it_is_told_what_to_install(tmp_path: Path, server: Recorder) -> None:
    missing = tmp_path / "plugins" / "botocore"
    missing.mkdir(parents=True)
    (missing / "__init__.py").write_text("raise ImportError\n")
    done = in_a_process(shell(tmp_path, server, **SIGV4), "whoami")
    assert (done.returncode, done.stderr) == (
        2,
        (
            f"error: {AWS} is set, but what signs requests for AWS is not installed.\n"
            "hint: pip install 'authctl[aws]'\n"
        ),
    )


def test_a_plugin_that_cannot_be_loaded_is_a_mistake(tmp_path: Path, server: Recorder) -> None:
    write_broken_plugin(tmp_path / "plugins")
    done = in_a_process(shell(tmp_path, server, **{AUTH: "overwriting"}), "whoami")
    assert done.returncode == 2
    assert "'overwriting' (ModuleNotFoundError)" in done.stderr


def test_doctor_signs_in_as_other_commands_do(tmp_path: Path) -> None:
    with recording_server() as server:
        server.will_answer(200, b"OK")
        server.will_answer(401)
        server.will_answer(200, ALICE)
        found = checkup(shell(tmp_path, server, **SIGV4, **LOGIN))
    assert found.one("signed-in")[1] == "alice"
    assert found.one("credential") == ("ok", AWS, "Sent is the AWS signature.", None)
    assert [each[1] for each in found.of("credential-unused")] == [LOGIN_ORIGIN]
    headers = [each.headers.get("authorization", "") for each in server.requests]
    ours = [
        request
        for request, header in zip(server.requests, headers, strict=True)
        if header.startswith("AWS4")
    ]
    assert [each.path for each in ours] == ["/api/2.0/mlflow/users/current", "/version"]
    assert all(aws.signed(each).holds for each in ours)


def test_doctor_sees_a_gateway_that_answers_who_is_signed_in_alone(tmp_path: Path) -> None:
    with recording_server() as server:
        server.will_answer(403, {"message": "Missing Authentication Token"})
        server.will_answer(403, {"message": "Missing Authentication Token"})
        server.will_answer(200, ALICE)
        found = checkup(shell(tmp_path, server, **SIGV4))
    message = "It does not answer /health to who is not signed in."
    assert found.one("http") == ("info", server.url, message, None)
    assert found.one("login")[0] == "ok"
    assert found.one("signed-in")[1] == "alice"
    with recording_server() as server:
        server.will_answer(403)
        found = checkup(shell(tmp_path, server, **LOGIN))
    assert (found.one("http")[0], found.one("login")[0]) == ("warning", "error")


def test_doctor_tells_what_is_not_accepted(tmp_path: Path) -> None:
    with recording_server() as server:
        server.will_answer(200, b"OK")
        server.will_answer(401)
        found = checkup(shell(tmp_path, server, **{AUTH: "opensesame"}))
    assert found.one("signed-in") == (
        "error",
        server.url,
        "The server does not accept the Authorization header.",
        f"It is the value of {AUTH}, since no plugin of that name is installed.",
    )


def test_a_login_is_not_saved_where_another_way_signs_in(tmp_path: Path, server: Recorder) -> None:
    done = shell(tmp_path, server, **SIGV4).run("login", "--no-interactive")
    assert (done.code, done.stderr) == (0, "")
    assert done.stdout.endswith("\talice\tno\t\tunchanged\n")
    assert not (tmp_path / ".mlflow").exists()


def test_whoever_saves_a_login_is_told_what_beats_it(tmp_path: Path, server: Recorder) -> None:
    alone = shell(tmp_path, server, **SIGV4)
    (tmp_path / "secret").write_text("opensesame\n")
    done = alone.run("login", "--username", "alice", "--password-file", "secret")
    assert f"{AWS} beats what was saved." in done.stderr
    assert f"{AWS} still signs you in." in alone.run("logout").stderr
