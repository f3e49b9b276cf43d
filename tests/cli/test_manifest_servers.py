"""Manifests through servers: `authctl serve` and MLflow's own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.cli.commands import PASSWORD, Done, Shell
from tests.cli.test_terminal import at_terminal, ended
from tests.live import ADMIN
from tests.servers import BOTH

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.live import Server

pytestmark = pytest.mark.mlflow

NOTHING = Done("", "No changes.\n", 0)
MANIFEST = """\
version = 1

[[user]]
name = "admin"
admin = true

[[user]]
name = "ann"
admin = true
password_file = "ann.txt"

[[user]]
name = "o'neil {0}"
password = "generate"

[[role]]
name = "readers"
description = "May read."
members = ["ann", "o'neil {0}"]
grants = [
    { resource = "prompt:*", level = "READ" },
    { model = "churn", level = "USE" },
]

[[grant]]
users = ["ann", "o'neil {0}"]
experiment = "fraud"
model = ["churn", "100% of/it"]
level = "EDIT"
"""
FEWER = """\
version = 1

[[user]]
name = "admin"

[[user]]
name = "ann"

[[role]]
name = "readers"
description = "May use."
members = ["ann"]
grants = [{ model = "churn", level = "EDIT" }]

[[grant]]
user = "ann"
model = "churn"
level = "READ"
"""
REFUSED = """\
version = 1

[[user]]
name = "bob"
password_file = "ann.txt"

[[grant]]
user = "bob"
model = "churn"
level = "READ"

[[grant]]
user = "bob"
resource = "workspace:*"
level = "USE"
"""


@pytest.fixture(scope="module", params=BOTH)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    with BOTH[request.param](tmp_path_factory.mktemp(request.param)) as server:
        server.call("POST", "/api/2.0/mlflow/experiments/create", {"name": "fraud"})
        yield server


@pytest.fixture
def shell(server: Server, tmp_path: Path) -> Shell:
    (tmp_path / "ann.txt").write_text(PASSWORD)
    settings = {
        "MLFLOW_TRACKING_URI": server.url,
        "MLFLOW_TRACKING_USERNAME": ADMIN[0],
        "MLFLOW_TRACKING_PASSWORD": ADMIN[1],
    }
    return Shell(tmp_path, settings)


def write(shell: Shell, text: str) -> None:
    (shell.folder / "access.toml").write_text(text)


def outcome(done: Done) -> tuple[str, int]:
    """What is said at last, after how far it had come now and then, and the exit code."""
    return done.stderr.splitlines()[-1], done.code


def only_admin(shell: Shell) -> None:
    write(shell, 'version = 1\n[[user]]\nname = "admin"')
    shell.run("apply", "-f", "access.toml", "--prune", "--yes", "--max-deletes", "1000")


def test_a_manifest_is_applied_exported_and_pruned(shell: Shell) -> None:
    write(shell, MANIFEST)
    done = shell.run("apply", "-f", "access.toml", "--prune", "--yes", "-o", "json")
    assert outcome(done) == ("Applied: 13 added, 0 changed, 1 removed.", 0)
    assert all(row["changed"] and row["error"] is None for row in json.loads(done.stdout))
    assert shell.run("apply", "-f", "access.toml", "--prune") == NOTHING
    shell.ok("export", "--out", "now.toml")
    assert shell.run("plan", "-f", "now.toml", "--prune", "--exit-code") == NOTHING
    write(shell, FEWER)
    done = shell.run("apply", "-f", "access.toml", "--prune", "--yes")
    assert outcome(done) == ("Applied: 0 added, 3 changed, 4 removed.", 0)
    assert shell.run("plan", "-f", "access.toml", "--prune", "--exit-code") == NOTHING
    only_admin(shell)


def test_what_fails_does_not_stop_the_rest_and_applying_again_does_what_is_left(
    shell: Shell,
) -> None:
    write(shell, REFUSED)
    done = shell.run("apply", "-f", "access.toml", "-o", "json")
    rows = json.loads(done.stdout)
    assert [row["result"].partition(":")[0] for row in rows] == ["created", "granted", "failed"]
    assert [row["error"] for row in rows] == [None, None, "INVALID_PARAMETER_VALUE"]
    assert done.code == 9
    assert json.loads(done.stderr.splitlines()[-1])["message"] == (
        "1 of 3 changes failed; the results say which and why."
    )
    write(shell, REFUSED.replace("workspace:*", "prompt:*"))
    done = shell.run("apply", "-f", "access.toml")
    assert done.stdout == "+\tgrant\tbob\tprompt:*\tUSE\tgranted\n"
    assert outcome(done) == ("Applied: 1 added, 0 changed, 0 removed.", 0)
    only_admin(shell)


def test_a_saved_plan_is_refused_once_what_it_rests_on_has_changed(shell: Shell) -> None:
    write(shell, REFUSED.replace("workspace:*", "prompt:*"))
    shell.run("plan", "-f", "access.toml", "--out", "access.plan")
    shell.new_user("bob")
    assert shell.run("apply", "access.plan").code == 6
    assert shell.ok("perm", "list", "--user", "bob") == ""
    only_admin(shell)


def test_who_applies_is_neither_demoted_nor_pruned_without_force(shell: Shell) -> None:
    for text, deed in (("admin = false", "demote"), ("", "delete")):
        name = "admin" if text else "bob"
        password = 'password = "generate"\nadmin = true\n'
        second = f'[[user]]\nname = "eve"\n{password}'
        write(shell, f'version = 1\n{second}[[user]]\nname = "{name}"\n{text or password}')
        done = shell.run("apply", "-f", "access.toml", "--prune", "--yes")
        assert (done.stdout, done.code) == ("", 2)
        assert done.stderr.startswith(f"error: The plan would {deed} 'admin', who is you.\n")
    assert shell.ok("admin", "list", "-q") == "admin\n"


def test_ctrl_c_in_the_middle_says_what_was_done_and_applying_again_does_the_rest(
    shell: Shell, request: pytest.FixtureRequest
) -> None:
    count = {"authctl": 300, "mlflow": 60}[request.node.callspec.params["server"]]
    grants = "".join(
        f'[[grant]]\nuser = "admin"\nexperiment_id = {number}\nlevel = "READ"\n'
        for number in range(1, count + 1)
    )
    write(shell, f"version = 1\n{grants}")
    child = at_terminal(shell, "apply -f access.toml --yes")
    child.expect(r"Applying .* [1-9]\d?%")
    child.sendintr()
    child.expect(r"Interrupted: (\d+) of \d+ changes were begun, and are listed\.")
    begun = int(child.match[1])
    assert ended(child) == 130
    assert 0 < begun < count
    assert child.before.count("granted") == begun
    done = shell.run("apply", "-f", "access.toml")
    assert (done.stdout.count("granted"), done.code) == (count - begun, 0)
    assert shell.run("plan", "-f", "access.toml") == NOTHING
    only_admin(shell)
