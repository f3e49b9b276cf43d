from __future__ import annotations

from typing import TYPE_CHECKING

from tests.cli.test_terminal import at_terminal, ended
from tests.processes import wait_until_asleep

if TYPE_CHECKING:
    import pexpect

    from tests.cli.commands import Shell

MANIFEST = """\
version = 1
[[user]]
name = "admin"
[[user]]
name = "alice"
password = "generate"
[[grant]]
user = "admin"
model = "churn"
level = "EDIT"
"""
LINES = [
    "+  user   alice",
    "~  grant  admin  registered_model:churn  READ -> EDIT",
    "-  role   old",
    "Plan: 1 to add, 1 to change, 1 to remove.",
]


def prepare(shell: Shell, text: str = MANIFEST) -> None:
    (shell.folder / "access.toml").write_text(text)
    shell.ok("perm", "grant", "admin", "--model", "churn", "--level", "READ")
    shell.ok("role", "create", "old")


def shown(child: pexpect.spawn[str]) -> list[str]:
    assert child.before is not None
    return [line.rstrip() for line in child.before.splitlines() if line.strip()]


def test_a_plan_stands_in_columns_below_each_other(shell: Shell) -> None:
    prepare(shell)
    child = at_terminal(shell, "plan -f access.toml --prune")
    assert ended(child) == 0
    assert shown(child) == LINES


def test_a_plan_is_coloured_by_what_is_done(shell: Shell) -> None:
    prepare(shell)
    child = at_terminal(shell, "plan -f access.toml --prune --color always")
    assert ended(child) == 0
    assert [line[:7] for line in shown(child)] == [
        "\x1b[32m+ ",
        "\x1b[33m~ ",
        "\x1b[31m- ",
        "Plan: 1",
    ]


def test_applying_shows_the_plan_and_asks(shell: Shell) -> None:
    prepare(shell)
    child = at_terminal(shell, "apply -f access.toml --prune")
    child.expect_exact("Apply this? [y/N] ")
    assert shown(child) == LINES
    child.sendline("n")
    child.expect_exact("error: Not confirmed: nothing was changed.")
    assert ended(child) == 2
    assert shell.ok("user", "list", "-q") == "admin\n"
    child = at_terminal(shell, "apply -f access.toml --prune")
    child.expect_exact("Apply this? [y/N] ")
    child.sendline("y")
    assert ended(child) == 0
    told = shown(child)
    assert told[-1] == "Applied: 1 added, 1 changed, 1 removed."
    assert [line for line in told if "created" in line]  # with the password, which is news
    assert not [line for line in told if "revoked" in line]
    assert shell.run("plan", "-f", "access.toml", "--prune").stderr == "No changes.\n"


def test_a_saved_plan_was_looked_at_and_is_not_asked_about(shell: Shell) -> None:
    prepare(shell)
    shell.run("plan", "-f", "access.toml", "--prune", "--out", "access.plan")
    assert ended(at_terminal(shell, "apply access.plan")) == 0
    assert shell.ok("user", "list", "-q") == "admin\nalice\n"


def test_ctrl_c_at_the_question_changes_nothing(shell: Shell) -> None:
    prepare(shell)
    child = at_terminal(shell, "apply -f access.toml")
    child.expect_exact("[y/N] ")
    wait_until_asleep(child.pid)
    child.sendintr()
    assert ended(child) == 130
    assert shell.ok("user", "list", "-q") == "admin\n"


def test_ctrl_c_in_the_middle_says_that_nothing_was_changed(shell: Shell) -> None:
    many = "".join(f'[[user]]\nname = "u{n}"\npassword = "generate"\n' for n in range(200))
    prepare(shell, MANIFEST + many)
    child = at_terminal(shell, "apply -f access.toml --yes")
    child.expect_exact("Hashing passwords")
    child.sendintr()
    child.expect_exact("Interrupted: nothing was changed.")
    assert ended(child) == 130
    assert shell.ok("user", "list", "-q") == "admin\n"
