from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.cli.commands import PASSWORD, Done, Shell
from tests.cli.test_terminal import at_terminal, ended
from tests.servers import recording_server
from tests.store.databases import contents, execute, quick_hash

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers import Recorder

YES = Done("yes\n", "", 0)
NO = Done("no - 'admin' does not sign in with this password\n", "", 8)
VERIFY = ("user", "verify", "admin", "--password-stdin")


def url(shell: Shell) -> str:
    return f"sqlite:///{shell.folder}/auth.db"


def test_the_password_is_the_users_or_it_is_not(shell: Shell) -> None:
    before = contents(url(shell))
    assert shell.run(*VERIFY, stdin=PASSWORD) == YES
    assert shell.run(*VERIFY, stdin=f"{PASSWORD}\n") == YES
    assert shell.run(*VERIFY, stdin=f"{PASSWORD} ") == NO
    (shell.folder / "secret").write_text(f"{PASSWORD}\r\n")
    assert shell.run("user", "verify", "admin", "--password-file", "secret") == YES
    assert contents(url(shell)) == before


def test_json_says_whose_and_whether(shell: Shell) -> None:
    done = shell.run(*VERIFY, "-o", "json", stdin="x")
    assert (json.loads(done.stdout), done.stderr, done.code) == (
        {
            "answer": "no - 'admin' does not sign in with this password",
            "verified": False,
            "username": "admin",
        },
        "",
        8,
    )


@pytest.mark.parametrize("password", ["short", "a password of MLflow's other hash"])
def test_passwords_are_verified_that_no_new_one_could_be(shell: Shell, password: str) -> None:
    execute(url(shell), f"UPDATE users SET password_hash = '{quick_hash(password)}'")
    assert shell.run(*VERIFY, stdin=password) == YES
    assert shell.run(*VERIFY, stdin=PASSWORD) == NO


@pytest.mark.parametrize("stored", ["''", "'disabled'", "'scrypt:1:1:1$a$b'"])
def test_an_account_that_is_shut_off_has_no_password(shell: Shell, stored: str) -> None:
    execute(url(shell), f"UPDATE users SET password_hash = {stored}")
    assert shell.run(*VERIFY, stdin=PASSWORD) == NO


def test_a_database_knows_who_is_a_stranger(shell: Shell) -> None:
    done = shell.run("user", "verify", "amdin", "--password-stdin", stdin=PASSWORD)
    assert done == Done("", "error: There is no user 'amdin'.\nhint: Did you mean 'admin'?\n", 3)


WAYS = "hint: Use --password-stdin or --password-file FILE; at a terminal you are asked.\n"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "A password is needed, and nobody can be asked."),
        (
            ("--password", PASSWORD),
            "A password on the command line can be read by everyone on this machine.",
        ),
        (
            ("--password-stdin", "--password-file", "x"),
            "The password can come from one place only.",
        ),
    ],
    ids=["none", "argument", "two"],
)
def test_the_password_comes_from_one_safe_place(
    shell: Shell, options: tuple[str, ...], message: str
) -> None:
    done = shell.run("user", "verify", "admin", *options)
    assert done == Done("", f"error: {message}\n{WAYS}", 2)


def test_nothing_is_no_password(shell: Shell) -> None:
    assert shell.run(*VERIFY, stdin="\n") == Done("", "error: No password was given.\n", 2)


def test_it_is_asked_for_once_and_never_shown(shell: Shell) -> None:
    child = at_terminal(shell, "user verify admin")
    child.expect_exact("Password of admin: ")
    child.sendline(PASSWORD)
    assert ended(child) == 0
    assert child.before is not None
    assert child.before.split() == ["yes"]


@pytest.fixture
def server() -> Iterator[Recorder]:
    with recording_server() as recorder:
        yield recorder


def on(server: Recorder, folder: Path) -> Shell:
    settings = {
        "MLFLOW_TRACKING_URI": server.url,
        "MLFLOW_TRACKING_USERNAME": "root",
        "MLFLOW_TRACKING_PASSWORD": "the password of root",
    }
    (folder / ".netrc").write_text("machine 127.0.0.1 login root password other\n")
    return Shell(folder, settings)


@pytest.mark.parametrize(
    ("status", "body", "done"),
    [
        (200, {"user": {"id": 1, "username": "admin", "is_admin": True}}, YES),
        (401, b"You are not authenticated.", NO),
        (404, b"<!doctype html>", 2),
        (403, b"Permission denied", 5),
        (500, {"message": "oh"}, 1),
        (200, {}, 7),
    ],
)
def test_a_server_is_signed_in_to_as_that_user_and_nobody_else(
    server: Recorder, tmp_path: Path, status: int, body: object, done: Done | int
) -> None:
    server.will_answer(status, body)
    told = on(server, tmp_path).run(*VERIFY, "--debug", stdin="ünïcode: password")
    [request] = server.requests
    assert (request.method, request.path) == ("GET", "/api/2.0/mlflow/users/get?username=admin")
    assert request.headers["authorization"] == "Basic YWRtaW46w7xuw69jb2RlOiBwYXNzd29yZA=="
    assert "password" not in told.stderr.replace("this password", "")
    if isinstance(done, int):
        assert (told.stdout, told.code) == ("", done)
    else:
        assert (told.stdout, told.code) == (done.stdout, done.code)


def test_a_name_that_cannot_be_sent_does_not_sign_in(server: Recorder, tmp_path: Path) -> None:
    done = on(server, tmp_path).run("user", "verify", "a:b", "--password-stdin", stdin=PASSWORD)
    assert done == Done("no - 'a:b' does not sign in with this password\n", "", 8)
    assert server.requests == []


def test_a_server_that_is_down_says_neither_yes_nor_no(tmp_path: Path) -> None:
    shell = Shell(tmp_path, {"MLFLOW_TRACKING_URI": "http://127.0.0.1:1"})
    done = shell.run(*VERIFY, "--retries", "0", stdin=PASSWORD)
    assert (done.stdout, done.code) == ("", 7)
