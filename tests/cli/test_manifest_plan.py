from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.commands import PASSWORD, Done
from tests.cli.test_manifest import database, mode, write

if TYPE_CHECKING:
    from tests.cli.commands import Shell


def test_a_saved_plan_is_applied_as_it_was_shown(shell: Shell) -> None:
    write(shell)
    shell.run("plan", "-f", "access.toml", "--out", "access.plan")
    saved = (shell.folder / "access.plan").read_text()
    assert mode(shell.folder / "access.plan") == 0o600
    assert PASSWORD not in saved
    assert str(shell.folder / "alice.txt") in saved
    (shell.folder / "access.toml").unlink()
    done = shell.run("apply", "access.plan")
    assert (done.stderr, done.code) == ("Applied: 6 added, 0 changed, 0 removed.\n", 0)


def test_a_saved_plan_is_refused_once_what_it_rests_on_has_changed(shell: Shell) -> None:
    write(shell)
    shell.run("plan", "-f", "access.toml", "--out", "access.plan")
    shell.new_user("bob")  # of whom the plan says nothing
    assert shell.run("apply", "access.plan", "-n").code == 0
    shell.new_user("alice")
    before = database(shell)
    assert shell.run("apply", "access.plan") == Done(
        "",
        "error: The users, roles or grants have changed since the plan was made: the user 'alice'"
        " is not what it was.\n"
        "hint: Make a new one with authctl plan, and look at it.\n",
        6,
    )
    assert database(shell) == before


WRONG_PLANS = {
    "apply": "Say what to apply: a manifest, or a saved plan.",
    "apply access.plan -f access.toml": "Say what to apply: a manifest, or a saved plan.",
    "apply access.plan --prune": "A saved plan says itself what it removes.",
    "apply access.toml": "access.toml is not a plan that authctl saved.",
    "apply alice.txt": "alice.txt is not a plan that authctl saved.",
    "apply no.plan": "no.plan cannot be read: No such file or directory.",
    "apply access.plan --db sqlite:///other.db": (
        "The plan access.plan was made for sqlite:///{folder}/auth.db, not for sqlite:///other.db."
    ),
    "plan -f .": ". cannot be read: Is a directory.",
}


@pytest.mark.parametrize("command", WRONG_PLANS)
def test_what_cannot_be_applied_is_said(shell: Shell, command: str) -> None:
    write(shell)
    shell.run("plan", "-f", "access.toml", "--out", "access.plan")
    (shell.folder / "other.db").write_bytes(database(shell))
    done = shell.run(*command.split())
    message = WRONG_PLANS[command].format(folder=shell.folder)
    assert (done.stdout, done.stderr.partition("\n")[0], done.code) == (
        "",
        f"error: {message}",
        2,
    )
