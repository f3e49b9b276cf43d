from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

import pexpect

from tests.cli.commands import PASSWORD
from tests.processes import notice_ctrl_c, wait_until_asleep

if TYPE_CHECKING:
    from tests.cli.commands import Shell


def at_terminal(shell: Shell, command: str) -> pexpect.spawn[str]:
    return pexpect.spawn(
        f"{sys.executable} -m authctl {command}",
        env={**shell.environment, "TERM": "xterm", "NO_COLOR": "1"},
        cwd=str(shell.folder),
        encoding="utf-8",
        timeout=30,
        dimensions=(24, 80),
        preexec_fn=notice_ctrl_c,
    )


def ended(child: pexpect.spawn[str]) -> int | None:
    child.expect(pexpect.EOF)
    child.wait()
    child.close()
    return child.exitstatus


def test_a_password_is_asked_for_twice_and_never_shown(shell: Shell) -> None:
    child = at_terminal(shell, "user create alice")
    child.expect_exact("New password for alice: ")
    child.sendline(PASSWORD)
    child.expect_exact("Once more: ")
    child.sendline(PASSWORD)
    assert ended(child) == 0
    assert child.before is not None
    assert PASSWORD not in child.before
    assert "result   created" in child.before
    assert shell.ok("user", "list", "-q") == "admin\nalice\n"


def test_a_slip_in_the_confirmation_changes_nothing(shell: Shell) -> None:
    child = at_terminal(shell, "user create alice")
    child.expect_exact("New password for alice: ")
    child.sendline(PASSWORD)
    child.expect_exact("Once more: ")
    child.sendline(PASSWORD + "!")
    child.expect_exact("error: The two passwords differ; nothing was changed.")
    assert ended(child) == 2
    assert shell.ok("user", "list", "-q") == "admin\n"


def test_ctrl_c_at_a_prompt_ends_it_with_130_and_no_traceback(shell: Shell) -> None:
    child = at_terminal(shell, "user create alice")
    child.expect_exact("New password for alice: ")
    wait_until_asleep(child.pid)
    child.sendintr()
    assert ended(child) == 130
    assert child.before is not None
    assert child.before.strip() in ("", "^C")


def test_sigterm_ends_it_with_143(shell: Shell) -> None:
    child = at_terminal(shell, "user create alice")
    child.expect_exact("New password for alice: ")
    wait_until_asleep(child.pid)
    child.kill(signal.SIGTERM)
    assert ended(child) == 143


def test_ctrl_d_at_a_prompt_is_no_password(shell: Shell) -> None:
    child = at_terminal(shell, "user passwd admin")
    child.expect_exact("New password for admin: ")
    child.sendeof()
    child.expect_exact("error: No password was given.")
    assert ended(child) == 2


def test_deleting_asks_first(shell: Shell) -> None:
    shell.new_user("alice")
    child = at_terminal(shell, "user delete alice")
    child.expect_exact("Delete alice and all their grants? [y/N] ")
    child.sendline("n")
    child.expect_exact("error: Not confirmed: nothing was changed.")
    assert ended(child) == 2
    child = at_terminal(shell, "user delete alice")
    child.expect_exact("[y/N] ")
    child.sendline("y")
    assert ended(child) == 0
    assert shell.ok("user", "list", "-q") == "admin\n"


def test_no_input_asks_nothing_even_at_a_terminal(shell: Shell) -> None:
    child = at_terminal(shell, "user delete admin --no-input")
    child.expect_exact("error: This needs confirmation: add --yes.")
    assert ended(child) == 2


def test_a_table_fits_eighty_columns_and_folds_long_names(shell: Shell) -> None:
    name = "x" * 120
    shell.new_user(name)
    child = at_terminal(shell, "user list")
    assert ended(child) == 0
    assert child.before is not None
    lines = child.before.splitlines()
    assert lines[0].split() == ["USER", "ADMIN"]
    assert max(len(line) for line in lines) <= 80
    assert "".join(line.split()[0] for line in lines[2:]) == name
