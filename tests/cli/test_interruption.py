"""Whoever interrupts several changes is told what was done until then."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from tests.cli.commands import AUTHCTL, Done
from tests.processes import notice_ctrl_c
from tests.store.databases import execute

if TYPE_CHECKING:
    from tests.cli.commands import Shell

_PATIENCE_SECONDS = 60


def interrupted(shell: Shell, *command: str, table: str, beyond: int, by: signal.Signals) -> Done:
    """Run a command until it has made more rows of a table than so many, then send it a signal."""
    url = f"sqlite:///{shell.folder}/auth.db"
    with subprocess.Popen(
        [*AUTHCTL, *command],
        cwd=shell.folder,
        env=shell.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=notice_ctrl_c,  # noqa: PLW1509 - there are no threads here
    ) as process:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while execute(url, f"SELECT count(*) FROM {table}")[0][0] <= beyond:
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(by)
        stdout, stderr = process.communicate(timeout=_PATIENCE_SECONDS)
    return Done(stdout, stderr, process.returncode)


BOTH = pytest.mark.parametrize(("by", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])


@BOTH
def test_grants_that_were_made_are_among_the_results(
    shell: Shell, by: signal.Signals, code: int
) -> None:
    shell.new_user("alice")
    targets = [f"--experiment-id={number}" for number in range(4000)]
    command = ("perm", "grant", "alice", *targets, "--level", "READ", "-o", "json")
    done = interrupted(shell, *command, table="role_permissions", beyond=3, by=by)
    told = [(row["resource"], row["result"]) for row in json.loads(done.stdout)]
    kept = [f"experiment:{row['resource_id']}" for row in grants(shell)]
    sure = [resource for resource, result in told if result == "granted"]
    unsure = [resource for resource, result in told if result == "unknown: it was cut off"]
    assert done.code == code
    assert len(unsure) <= 1
    assert set(sure) <= set(kept) <= {*sure, *unsure}
    assert (
        f"warning: stopped after {len(told)} of 4000; what is not among the results was not"
        " begun.\n"
    ) in done.stderr


def grants(shell: Shell) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(shell.ok("perm", "list", "-o", "json"))
    return found


def test_users_that_were_made_are_told_with_their_passwords_and_the_rest_is_kept(
    shell: Shell,
) -> None:
    names = [f"user{number}" for number in range(500)]
    (shell.folder / "users.csv").write_text("username\n" + "\n".join(names) + "\n")
    command = ("user", "import", "users.csv", "--generate", "--failed", "rest.csv", "-o", "json")
    done = interrupted(shell, *command, table="users", beyond=4, by=signal.SIGINT)
    made = {row["username"]: row["password"] for row in json.loads(done.stdout)}
    kept = set(shell.ok("user", "list", "-q").split()) - {"admin"}
    rest = (shell.folder / "rest.csv").read_text().splitlines()[1:]
    assert done.code == 130
    assert set(made) == kept
    assert [row.partition(",")[0] for row in rest] == [name for name in names if name not in made]
    assert f"stopped after {len(made)} of 500" in done.stderr
    assert "Traceback" not in done.stderr
    some = names[0]
    assert shell.ok("user", "verify", some, "--password-stdin", stdin=made[some]) == "yes\n"
