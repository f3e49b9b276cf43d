"""An administrator's first minutes: one shell at a terminal, on a real server."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pexpect
import pytest

from tests.cli.commands import PASSWORD, Shell
from tests.live import ADMIN, authctl_server
from tests.processes import notice_ctrl_c

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.live import Server

pytestmark = pytest.mark.mlflow

_READY = "ready> "


class Terminal:
    """A shell that is typed into, and what it shows after each line."""

    def __init__(self, folder: Path) -> None:
        program = folder / "bin" / "authctl"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -m authctl "$@"\n')
        program.chmod(0o755)
        shell = Shell(folder, {"PATH": f"{program.parent}:/usr/bin:/bin", "NO_COLOR": "1"})
        self._child = pexpect.spawn(
            "bash",
            ["--norc", "--noprofile", "--noediting"],
            env={**shell.environment, "PS1": _READY, "TERM": "xterm"},
            cwd=str(folder),
            encoding="utf-8",
            timeout=60,
            dimensions=(24, 80),
            preexec_fn=notice_ctrl_c,
        )
        self._child.expect_exact(_READY)

    def does(self, line: str, **answers: str) -> tuple[str, int]:
        """Type a line, and an answer at each prompt that begins so; what is shown, and the code.

        The answer ^C interrupts.
        """
        shown = self._type(line)
        for prompt, answer in answers.items():
            self._child.expect_exact(prompt.replace("_", " "))
            shown += self._shown()
            self._child.expect_exact("[y/N] " if prompt == "Delete" else ": ")
            shown += self._shown()
            if answer == "^C":
                self._child.sendintr()
            else:
                self._child.sendline(answer)
        self._child.expect_exact(_READY)
        shown += str(self._child.before)
        self._child.sendline("echo $?")
        self._child.expect_exact(_READY)
        return "\n".join(shown.replace("\r", "").splitlines()), int(
            str(self._child.before).splitlines()[1]
        )

    def _type(self, line: str) -> str:
        self._child.sendline(line)
        self._child.expect_exact(f"{line}\r\n")
        return ""

    def _shown(self) -> str:
        return f"{self._child.before}{self._child.after}"

    def close(self) -> None:
        self._child.sendeof()
        self._child.expect(pexpect.EOF)
        self._child.wait()
        self._child.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with authctl_server(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path)
    yield terminal
    terminal.close()


def test_an_administrator_logs_in_and_makes_users(
    server: Server, terminal: Terminal, tmp_path: Path
) -> None:
    login = f"authctl login --server {server.url} --context prod"
    shown, code = terminal.does(login, Username=ADMIN[0], Password="not the password")
    assert "error: The server does not accept 'admin' with this password." in shown
    assert code == 4
    assert not (tmp_path / ".config").exists()

    shown, code = terminal.does(login, Username=ADMIN[0], Password=ADMIN[1])
    assert "result     logged in" in shown
    assert ADMIN[1] not in shown
    assert code == 0

    create = "authctl user create alice"
    shown, code = terminal.does(create, New_password=PASSWORD, Once_more=f"{PASSWORD}?")
    assert shown.endswith("error: The two passwords differ; nothing was changed.")
    assert code == 2

    shown, code = terminal.does(create, New_password="^C")
    assert shown.replace("^C", "").strip() == "New password for alice:"
    assert code == 130

    shown, code = terminal.does(create, New_password=PASSWORD, Once_more=PASSWORD)
    assert shown.endswith("user     alice\nadmin    no\nresult   created")
    assert PASSWORD not in shown
    assert code == 0

    shown, code = terminal.does("authctl user delete admin", Delete="y")
    assert "error: 'admin' is the last admin." in shown
    assert code == 2

    assert terminal.does("authctl user list") == ("USER    ADMIN\nadmin   yes\nalice   no", 0)

    assert terminal.does("authctl logout --context prod")[1] == 0
    shown, code = terminal.does("authctl user list")
    assert shown.startswith("error: The server asks who you are.")
    assert code == 4
