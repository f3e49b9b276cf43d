"""A context's password or token in the system's keyring: put there, read on use, and taken out."""

from __future__ import annotations

import configparser
import json
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.cli.commands import Done, Shell
from tests.cli.logins import ALICE, config
from tests.cli.test_terminal import at_terminal, ended
from tests.servers import recording_server

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers import Recorder

SECRET = "open sesame 100%"
BASIC = "Basic YWxpY2U6b3BlbiBzZXNhbWUgMTAwJQ=="
KEYRING = "the system's keyring"
FILES = "Without --keyring, authctl login keeps it in a file that only you can read.\n"
NO_BACKEND = (
    "hint: Start a keyring service such as GNOME Keyring or KWallet, or name another with"
    f" PYTHON_KEYRING_BACKEND; keyring --list-backends shows them. {FILES}"
)
ASKING = """
import getpass
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

class Failing(KeyringBackend):
    priority = 1

    def get_password(self, service, username):
        raise OSError(5, "the sesame is broken")

    def set_password(self, service, username, password):
        raise OSError(5, "the sesame is broken")

class Locked(Failing):
    def get_password(self, service, username):
        raise KeyringLocked("sesame")

class Asking(Failing):
    # It asks for its own password, as those of keyrings.alt that encrypt.

    @property
    def keyring_key(self):
        return getpass.getpass("Please enter password for encrypted keyring: ")

    def get_password(self, service, username):
        return self.keyring_key
"""


@pytest.fixture
def alone(tmp_path: Path) -> Shell:
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    (tmp_path / "token").write_text("a-token\n")
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "own_keyrings.py").write_text(ASKING)
    return with_backend(Shell(tmp_path), "keyrings.alt.file.PlaintextKeyring")


def with_backend(shell: Shell, name: str) -> Shell:
    return replace(
        shell,
        settings={
            "PYTHON_KEYRING_BACKEND": name,
            "XDG_DATA_HOME": str(shell.folder / "data"),
            "PYTHONPATH": str(shell.folder / "lib"),
        },
    )


def kept(shell: Shell) -> set[str]:
    """The names of what is in the keyring."""
    found = configparser.RawConfigParser()
    found.read(shell.folder / "data" / "python_keyring" / "keyring_pass.cfg")
    return {f"{section}/{name}" for section in found.sections() for name in found[section]}


def log_in(shell: Shell, server: Recorder, *more: str, context: str = "prod") -> Done:
    command = ("login", "--server", server.url, "--username", "alice", "--password-file", "secret")
    return shell.run(*command, "--context", context, *more)


def separately(shell: Shell, *arguments: str) -> Done:
    """Run a command in a process of its own, where what PYTHONPATH names is found."""
    done = subprocess.run(
        [sys.executable, "-m", "authctl", *arguments],
        cwd=shell.folder,
        env=shell.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return Done(done.stdout, done.stderr, done.returncode)


def sent(server: Recorder) -> list[str]:
    return [request.headers.get("authorization", "") for request in server.requests]


def test_a_password_is_kept_in_the_keyring_and_read_on_use(alone: Shell, server: Recorder) -> None:
    assert log_in(alone, server, "--keyring", "-n").stdout.endswith("\twould be logged in\n")
    assert kept(alone) == set()
    assert log_in(alone, server, "--keyring") == Done(
        f"{server.url}\tprod\talice\tno\t{KEYRING}\tlogged in\n", "", 0
    )
    assert config(alone).read_text().splitlines()[1:] == [
        'current = "prod"',
        "",
        "[context.prod]",
        f'server = "{server.url}"',
        'username = "alice"',
        "keyring = true",
    ]
    assert len(kept(alone)) == 1
    alone.ok("whoami")
    assert sent(server)[-1] == BASIC
    assert log_in(alone, server, "--keyring").stdout.endswith("\tunchanged\n")


def test_a_token_is_kept_in_the_keyring_and_read_on_use(alone: Shell, server: Recorder) -> None:
    login = ("login", "--server", server.url, "--context", "prod", "--keyring")
    assert alone.run(*login, "--token-file", "token").code == 0
    assert {"token", "username", "password"}.isdisjoint(config(alone).read_text().split())
    alone.ok("whoami")
    assert sent(server)[-1] == "Bearer a-token"
    alone.run("logout")  # of what is in ~/.mlflow/credentials: nothing
    assert len(kept(alone)) == 1
    assert alone.ok("logout", "--context", "prod") == f"prod\t{KEYRING}\tlogged out\n"
    assert kept(alone) == set()


def test_the_keyring_is_read_only_where_what_is_in_it_is_sent(
    alone: Shell, server: Recorder
) -> None:
    log_in(alone, server, "--keyring")
    failing = with_backend(alone, "own_keyrings.Failing")
    told = json.loads(separately(failing, "context", "show", "-o", "json").stdout)
    shown = {row["setting"]: (row["value"], row["from"]) for row in told}
    assert shown["password"] == ("***", "the context 'prod'")
    assert separately(failing, "context", "list").code == 0
    own = {"MLFLOW_TRACKING_USERNAME": "bob", "MLFLOW_TRACKING_PASSWORD": "b"}
    other = replace(failing, settings={**failing.settings, **own})
    assert separately(other, "whoami").code == 0
    assert separately(failing, "whoami") == Done(
        "",
        "error: The system's keyring could not be read: OSError.\n"
        "hint: Unlock it, as by logging in to the desktop, and try again.\n",
        7,
    )


def test_logging_out_takes_the_entry_out(alone: Shell, server: Recorder) -> None:
    log_in(alone, server, "--keyring", "--timeout", "9")
    assert (
        alone.ok("logout", "--context", "prod", "-n") == f"prod\t{KEYRING}\twould be logged out\n"
    )
    assert len(kept(alone)) == 1
    assert alone.ok("logout", "--context", "prod") == f"prod\t{KEYRING}\tlogged out\n"
    assert kept(alone) == set()
    told = json.loads(alone.ok("context", "show", "prod", "-o", "json"))
    assert [row["setting"] for row in told] == ["server", "timeout"]


def test_what_the_keyring_does_not_give_up_is_not_forgotten(alone: Shell, server: Recorder) -> None:
    log_in(alone, server, "--keyring")
    before = config(alone).read_text()
    done = separately(with_backend(alone, "own_keyrings.Locked"), "logout", "--context", "prod")
    assert done == Done(
        "",
        "error: The system's keyring is locked.\n"
        "hint: Unlock it, as by logging in to the desktop, and try again.\n",
        7,
    )
    assert config(alone).read_text() == before


def test_an_entry_that_two_contexts_share_stays_until_the_last(
    alone: Shell, server: Recorder
) -> None:
    log_in(alone, server, "--keyring")
    log_in(alone, server, "--keyring", context="same")
    assert len(kept(alone)) == 1
    alone.ok("logout", "--context", "same")
    assert len(kept(alone)) == 1
    alone.ok("whoami", "--context", "prod")
    alone.ok("logout", "--context", "prod")
    assert kept(alone) == set()


@pytest.mark.parametrize(
    "command",
    [
        ("delete", "prod"),
        ("set", "prod", "--server", "https://other.example"),
        ("set", "prod", "--username", "bob"),
        ("set", "prod", "--unset", "keyring"),
        ("set", "prod", "--db", "sqlite:///auth.db"),
    ],
    ids=" ".join,
)
def test_a_context_that_needs_it_no_longer_leaves_nothing_in_the_keyring(
    command: tuple[str, ...], alone: Shell, server: Recorder
) -> None:
    log_in(alone, server, "--keyring")
    alone.run("context", *command, "--dry-run")
    assert len(kept(alone)) == 1
    done = alone.run("context", *command)
    assert done.code == 0
    assert kept(alone) == set()
    assert not config(alone).exists() or "keyring" not in config(alone).read_text()


def test_a_context_is_forgotten_though_the_keyring_is_gone(alone: Shell, server: Recorder) -> None:
    log_in(alone, server, "--keyring")
    gone = with_backend(alone, "keyring.backends.fail.Keyring")
    assert gone.run("context", "delete", "prod").stderr.startswith(
        f"warning: the password for {server.url} stays in the keyring: This system has no keyring."
    )
    assert "prod" not in gone.ok("context", "list")


def test_a_renamed_context_keeps_its_login(alone: Shell, server: Recorder) -> None:
    log_in(alone, server, "--keyring")
    alone.ok("context", "rename", "prod", "live")
    alone.ok("whoami", "--context", "live")
    assert sent(server)[-1] == BASIC


def test_a_context_whose_secret_is_in_the_keyring_keeps_it_there(
    alone: Shell, server: Recorder
) -> None:
    log_in(alone, server)
    assert SECRET in config(alone).read_text()
    log_in(alone, server, "--keyring")
    assert SECRET not in config(alone).read_text()
    (alone.folder / "secret").write_text("a new password")
    assert log_in(alone, server).stdout.endswith("\tlogged in\n")
    assert "a new password" not in config(alone).read_text()
    assert len(kept(alone)) == 1


def test_an_entry_is_never_found_for_another_server(alone: Shell, server: Recorder) -> None:
    log_in(alone, server, "--keyring")
    with recording_server() as other:
        other.will_answer(200, ALICE)
        config(alone).write_text(config(alone).read_text().replace(server.url, other.url))
        assert alone.run("whoami") == Done(
            "",
            f"error: The password of the context 'prod' is no longer in {KEYRING}.\n"
            "hint: authctl login puts it there again.\n",
            4,
        )
        assert other.requests == []


def test_the_keyring_is_for_contexts(alone: Shell, server: Recorder) -> None:
    login = ("login", "--server", server.url, "--username", "alice", "--password-file", "secret")
    assert alone.run(*login, "--keyring") == Done(
        "",
        "error: mlflow cannot read a login out of the keyring, so only a context can be kept"
        " there.\nhint: Name one: authctl login --keyring --context NAME\n",
        2,
    )
    assert server.requests == []


@pytest.mark.parametrize(
    ("backend", "told"),
    [
        ("keyring.backends.fail.Keyring", "This system has no keyring."),
        ("keyring.backends.null.Keyring", "This system has no keyring."),
        ("no_such.Keyring", "The keyring that was chosen cannot be used: ModuleNotFoundError."),
        ("own_keyrings.Nothing", "The keyring that was chosen cannot be used: AttributeError."),
    ],
)
def test_without_a_keyring_it_is_told_before_anything_is_sent(
    backend: str, told: str, alone: Shell, server: Recorder
) -> None:
    login = ("login", "--server", server.url, "--username", "alice", "--password-file", "secret")
    done = separately(with_backend(alone, backend), *login, "--context", "prod", "--keyring")
    assert done == Done("", f"error: {told}\n{NO_BACKEND}", 2)
    assert server.requests == []
    assert not config(alone).exists()


def test_without_the_library_it_is_told_how_to_get_it(alone: Shell, server: Recorder) -> None:
    (alone.folder / "lib" / "keyring.py").write_text("raise ModuleNotFoundError('keyring')")
    login = ("login", "--server", server.url, "--username", "alice", "--password-file", "secret")
    assert separately(alone, *login, "--context", "prod", "--keyring") == Done(
        "",
        "error: The library keyring is not installed.\n"
        f"hint: Install it: pip install 'authctl[keyring]'. {FILES}",
        2,
    )
    assert server.requests == []
    assert separately(alone, *login, "--context", "prod").code == 0


@pytest.mark.parametrize("option", ["--no-input", "--no-interactive"])
def test_a_keyring_that_asks_asks_nobody_who_does_not_want_to_be(
    option: str, alone: Shell, server: Recorder
) -> None:
    log_in(alone, server, "--keyring")
    asking = with_backend(alone, "own_keyrings.Asking")
    told = "error: This keyring asks for its own password, and nobody can be asked."
    for command in ("whoami --no-input", f"login --context prod {option}"):
        child = at_terminal(asking, command)
        child.expect_exact(told)
        assert ended(child) == 2
        assert "Please enter" not in (child.before or "")
    assert separately(asking, "whoami").stderr.startswith(told)
    child = at_terminal(asking, "whoami")
    child.expect_exact("Please enter password for encrypted keyring: ")
    child.sendline(SECRET)
    child.expect_exact("alice")
    assert ended(child) == 0
    assert sent(server)[-1] == BASIC


def test_no_output_has_what_is_in_the_keyring(alone: Shell, server: Recorder) -> None:
    shown = [
        log_in(alone, server, "--keyring", "--debug"),
        *(
            alone.run(*command, "-o", "json", "--debug")
            for command in (
                ("context", "show"),
                ("context", "show", "prod"),
                ("context", "list"),
                ("whoami", "-v"),
                ("logout", "--context", "prod"),
            )
        ),
    ]
    assert [done.code for done in shown] == [0] * len(shown)
    assert SECRET not in f"{shown}"
    assert BASIC not in f"{shown}"


def test_the_doctor_tells_what_is_wrong_with_the_keyring(alone: Shell, server: Recorder) -> None:
    log_in(alone, server, "--keyring")
    server.answers.clear()
    server.will_answer(401, headers={"WWW-Authenticate": 'Basic realm="mlflow"'})
    done = separately(with_backend(alone, "own_keyrings.Locked"), "doctor", "-o", "json")
    assert "The system's keyring is locked." in done.stdout
    assert "Traceback" not in done.stderr
