"""Manifests through MLflow's own servers before 3.13."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.commands import PASSWORD, Done
from tests.cli.test_manifest_servers import outcome
from tests.compat.test_command_line import remote

if TYPE_CHECKING:
    from pathlib import Path

    from tests.live import Server

pytestmark = [
    pytest.mark.compat,
    pytest.mark.timeout(900),
    pytest.mark.parametrize("legacy", ["3.4.0", "3.12.0"], indirect=True, scope="module"),
]

NOTHING = Done("", "No changes.\n", 0)
MANIFEST = """\
version = 1

[[user]]
name = "ann"
admin = true
password_file = "ann.txt"

[[grant]]
user = "ann"
experiment_id = [1, 2]
model = "churn"
prompt = "greeting"
level = "EDIT"
"""
CANNOT_LIST = Done(
    "",
    "error: This server cannot list users (it has no users/list).\n"
    "hint: MLflow lists users since 3.10; use --db to work on its auth database.\n",
    2,
)
ONLY = "warning: this server lists no grants but on experiments and models: use --db.\n"


def test_a_manifest_is_applied_and_then_is_so(legacy: Server, tmp_path: Path) -> None:
    shell = remote(legacy, tmp_path)
    (tmp_path / "ann.txt").write_text(PASSWORD)
    (tmp_path / "access.toml").write_text(MANIFEST)
    lists_users = shell.run("user", "list").code == 0
    done = shell.run("apply", "-f", "access.toml")
    assert outcome(done) == ("Applied: 5 added, 0 changed, 0 removed.", 0)
    assert shell.run("apply", "-f", "access.toml") == NOTHING
    (tmp_path / "access.toml").write_text(MANIFEST.replace("EDIT", "READ"))
    shell.run("plan", "-f", "access.toml", "--out", "access.plan")
    done = shell.run("apply", "access.plan")
    assert outcome(done) == ("Applied: 0 added, 4 changed, 0 removed.", 0)
    if not lists_users:
        assert shell.run("export") == CANNOT_LIST
        assert shell.run("plan", "-f", "access.toml", "--prune") == CANNOT_LIST
        return
    exported = shell.run("export", "--out", "now.toml")
    assert (exported.stdout, exported.stderr) == ("now.toml\t2\t0\t4\twritten\n", ONLY)
    assert shell.run("plan", "-f", "now.toml", "--prune", "--exit-code") == NOTHING
    (tmp_path / "access.toml").write_text('version = 1\n[[user]]\nname = "admin"')
    done = shell.run("apply", "-f", "access.toml", "--prune", "--yes")
    assert outcome(done) == ("Applied: 0 added, 0 changed, 1 removed.", 0)
    assert shell.run("user", "list", "-q").stdout == "admin\n"


def test_a_wrong_table_is_named_before_anything_is_done(legacy: Server, tmp_path: Path) -> None:
    shell = remote(legacy, tmp_path)
    both = '[[grant]]\nuser = "admin"\nmodel = "x"\nprompt = "x"\nlevel = "READ"'
    (tmp_path / "access.toml").write_text(f"version = 1\n{both}")
    done = shell.run("plan", "-f", "access.toml")
    assert (done.stdout, done.code) == ("", 2)
    assert "grant 1: 'admin' on registered_model:x stands already in the same" in done.stderr
    scorer = '[[grant]]\nuser = "admin"\nresource = "scorer:1/x"\nlevel = "READ"'
    (tmp_path / "access.toml").write_text(f"version = 1\n{scorer}")
    done = shell.run("plan", "-f", "access.toml")
    assert done == Done(
        "",
        "error: access.toml, grant 1: This server takes no grants on a scorer, only on"
        " experiments and registered models.\n"
        "hint: MLflow takes grants on more since 3.13.\n",
        2,
    )
