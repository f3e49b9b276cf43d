"""A token as a login: checked, kept in a context only, sent to its server only, shown nowhere."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import pytest

from tests.cli.commands import Done, Shell
from tests.cli.logins import ALICE, config, with_settings
from tests.servers import recording_server

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers import Recorder

TOKEN = "open.sesame-1"
PAIR = {"MLFLOW_TRACKING_USERNAME": "bob", "MLFLOW_TRACKING_PASSWORD": "b"}


@pytest.fixture
def alone(tmp_path: Path) -> Shell:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    (tmp_path / "password").write_text("a password\n")
    return Shell(tmp_path)


def log_in(shell: Shell, server: Recorder, *more: str) -> Done:
    command = ("login", "--server", server.url, "--context", "prod", "--token-file", "token")
    return shell.run(*command, *more)


def sent(server: Recorder) -> list[str]:
    return [request.headers.get("authorization", "") for request in server.requests]


def test_a_token_that_the_server_accepts_is_kept_in_the_context(
    alone: Shell, server: Recorder
) -> None:
    assert log_in(alone, server, "--dry-run").stdout.endswith("\twould be logged in\n")
    assert not config(alone).exists()
    assert log_in(alone, server) == Done(
        f"{server.url}\tprod\talice\tno\t{config(alone)}\tlogged in\n", "", 0
    )
    assert config(alone).read_text().splitlines()[1:] == [
        'current = "prod"',
        "",
        "[context.prod]",
        f'server = "{server.url}"',
        f'token = "{TOKEN}"',
    ]
    assert stat.S_IMODE(config(alone).stat().st_mode) == 0o600
    assert not (alone.folder / ".mlflow").exists()
    assert log_in(alone, server).stdout.endswith("\tunchanged\n")
    assert sent(server) == [f"Bearer {TOKEN}"] * 3


def test_whoami_asks_the_server_whose_token_it_is(alone: Shell, server: Recorder) -> None:
    log_in(alone, server)
    told = json.loads(alone.ok("whoami", "-v", "-o", "json"))
    assert told["username"] == "alice"
    settings = {row["setting"]: (row["value"], row["from"]) for row in told["settings"]}
    assert settings["token"] == ("***", "the context 'prod'")
    assert settings["authentication"] == ("bearer", "the context 'prod'")
    assert {request.path.partition("?")[0] for request in server.requests} == {
        "/api/2.0/mlflow/users/current",
        "/api/2.0/mlflow/users/get",
    }
    assert set(sent(server)) == {f"Bearer {TOKEN}"}


def test_a_token_comes_from_standard_input_too(alone: Shell, server: Recorder) -> None:
    command = ("login", "--server", server.url, "--context", "prod", "--token-stdin")
    assert alone.run(*command, stdin="from-stdin\n").code == 0
    assert sent(server) == ["Bearer from-stdin"]


def test_without_a_context_there_is_no_place_for_a_token(alone: Shell, server: Recorder) -> None:
    assert alone.run("login", "--server", server.url, "--token-file", "token") == Done(
        "",
        "error: mlflow's ~/.mlflow/credentials has no place for a token.\n"
        "hint: Set MLFLOW_TRACKING_TOKEN, or keep it in a context: authctl login --context NAME.\n",
        2,
    )
    assert server.requests == []
    named = with_settings(alone, AUTHCTL_CONTEXT="prod")
    assert named.run("login", "--server", server.url, "--token-file", "token").code == 0


def test_a_token_that_the_server_does_not_accept_is_saved_nowhere(
    alone: Shell, server: Recorder
) -> None:
    server.answers.clear()
    server.will_answer(401)
    before = sorted(alone.folder.iterdir())
    assert log_in(alone, server) == Done(
        "", "error: The server does not accept the token.\nhint: Nothing was saved.\n", 4
    )
    assert sorted(alone.folder.iterdir()) == before


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "No token was given."),
        (b"\n", "No token was given."),
        (b"se same", "The token in token contains a character that cannot be sent."),
        (b"se\r\nX-Evil: same", "The token in token contains a character that cannot be sent."),
        (b"se\0same", "The token in token contains a character that cannot be sent."),
        (b"same\xff", "The token in token is not UTF-8 text."),
    ],
)
def test_a_token_that_cannot_be_sent_is_not(
    content: bytes, told: str, alone: Shell, server: Recorder
) -> None:
    (alone.folder / "token").write_bytes(content)
    done = log_in(alone, server)
    assert (done.stdout, done.stderr.splitlines()[0], done.code) == ("", f"error: {told}", 2)
    assert "same" not in done.stderr
    assert server.requests == []
    assert not config(alone).exists()


def test_a_token_and_a_password_take_each_others_place(alone: Shell, server: Recorder) -> None:
    by_password = ("--username", "alice", "--password-file", "password")
    login = ("login", "--server", server.url, "--context", "prod")
    alone.run(*login, *by_password)
    log_in(alone, server, "--timeout", "9")
    assert 'token = "open' in config(alone).read_text()
    assert not {"password", "username"} & set(config(alone).read_text().split())
    alone.run(*login, *by_password)
    told = json.loads(alone.ok("context", "show", "prod", "-o", "json"))
    assert [row["setting"] for row in told] == ["server", "username", "password", "timeout"]


def test_logging_out_takes_the_token_and_nothing_else(alone: Shell, server: Recorder) -> None:
    log_in(alone, server, "--timeout", "9")
    assert alone.ok("logout", "--context", "prod") == f"prod\t{config(alone)}\tlogged out\n"
    told = json.loads(alone.ok("context", "show", "prod", "-o", "json"))
    assert [row["setting"] for row in told] == ["server", "timeout"]
    assert alone.ok("logout", "--context", "prod") == "prod\t\tunchanged\n"


def test_a_token_is_never_sent_to_another_server(alone: Shell, server: Recorder) -> None:
    log_in(alone, server)
    with recording_server() as other:
        other.will_answer(200, ALICE)
        alone.run("whoami", "--server", other.url)
        with_settings(alone, MLFLOW_TRACKING_URI=other.url).run("whoami")
        with_settings(alone, AUTHCTL_SERVER=other.url).run("whoami")
        alone.run("login", "--server", other.url, "--context", "prod", "--no-interactive")
        done = alone.run("context", "set", "prod", "--server", other.url)
        assert done.stderr == (
            f"warning: the saved token was for somebody at {server.url}, and is removed.\n"
        )
        alone.run("whoami")
        assert set(sent(other)) == {""}
    assert len(server.requests) == 1
    assert TOKEN not in config(alone).read_text()


def test_the_token_is_forgotten_where_somebody_else_is_named(
    alone: Shell, server: Recorder
) -> None:
    log_in(alone, server)
    alone.run("context", "set", "prod", "--username", "bob")
    assert TOKEN not in config(alone).read_text()
    log_in(alone, server)
    assert alone.run("context", "set", "prod", "--unset", "token").code == 0
    assert TOKEN not in config(alone).read_text()


@pytest.mark.parametrize(
    ("settings", "options", "header"),
    [
        ({}, (), f"Bearer {TOKEN}"),
        ({}, ("--context", "prod"), f"Bearer {TOKEN}"),
        (PAIR, (), "Basic Ym9iOmI="),
        (PAIR, ("--context", "prod"), f"Bearer {TOKEN}"),
        ({"MLFLOW_TRACKING_TOKEN": "another"}, (), "Bearer another"),
        ({"MLFLOW_TRACKING_TOKEN": "another"}, ("--context", "prod"), f"Bearer {TOKEN}"),
        ({"MLFLOW_TRACKING_USERNAME": "bob"}, (), f"Bearer {TOKEN}"),
    ],
)
def test_a_token_comes_where_a_password_of_the_context_would(
    settings: dict[str, str],
    options: tuple[str, ...],
    header: str,
    alone: Shell,
    server: Recorder,
) -> None:
    log_in(alone, server)
    # A login in the file gives way to what a context keeps.
    (alone.folder / ".mlflow").mkdir()
    (alone.folder / ".mlflow" / "credentials").write_text(
        "[mlflow]\nmlflow_tracking_username = eve\nmlflow_tracking_password = e\n"
    )
    with_settings(alone, **settings).ok("whoami", *options)
    assert sent(server)[-1] == header


def test_an_entry_in_netrc_beats_the_current_context_and_not_a_named_one(
    alone: Shell, server: Recorder
) -> None:
    log_in(alone, server)
    (alone.folder / ".netrc").write_text("machine 127.0.0.1 login bob password b\n")
    alone.ok("whoami")
    alone.ok("whoami", "--context", "prod")
    assert sent(server)[1].startswith("Basic ")
    assert sent(server)[-1] == f"Bearer {TOKEN}"


def test_what_beats_a_saved_token_or_still_signs_in_is_told(alone: Shell, server: Recorder) -> None:
    pair = "MLFLOW_TRACKING_USERNAME with MLFLOW_TRACKING_PASSWORD"
    assert log_in(with_settings(alone, **PAIR), server).stderr == (
        f"warning: {pair} beats what was saved: use --context prod.\n"
    )
    token = with_settings(alone, MLFLOW_TRACKING_TOKEN="another")
    assert log_in(token, server).stderr == (
        "warning: MLFLOW_TRACKING_TOKEN beats what was saved: use --context prod.\n"
    )
    assert alone.run("logout").stderr == (
        "warning: the context 'prod' still signs you in: authctl logout --context prod\n"
    )


def test_what_the_server_no_longer_accepts_is_told_with_where_it_is_from(
    alone: Shell, server: Recorder
) -> None:
    log_in(alone, server)
    server.answers.clear()
    server.will_answer(401)
    for command in (("whoami",), ("login", "--no-interactive", "--context", "prod")):
        assert alone.run(*command) == Done(
            "",
            "error: The server does not accept the token.\nhint: It is from the context 'prod'.\n",
            4,
        )


def test_no_output_has_the_token(alone: Shell, server: Recorder) -> None:
    shown = [
        log_in(alone, server, "--debug"),
        *(
            alone.run(*command, "-o", "json", "--debug")
            for command in (
                ("context", "show"),
                ("context", "show", "prod"),
                ("context", "list"),
                ("context", "set", "prod", "--timeout", "5"),
                ("whoami", "-v"),
                ("logout",),
                ("context", "delete", "prod"),
            )
        ),
    ]
    assert [done.code for done in shown] == [0] * len(shown)
    assert TOKEN not in f"{shown}"
    assert "Bearer ***" in shown[0].stderr
