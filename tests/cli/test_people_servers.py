"""Roles, copies, pruning and imports on servers go as they do on a database."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.commands import PASSWORD, Done, Shell, signed_in
from tests.live import ADMIN
from tests.servers import BOTH

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.live import Server

pytestmark = pytest.mark.mlflow


@pytest.fixture(scope="module", params=BOTH)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    with BOTH[request.param](tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def shell(server: Server, tmp_path: Path) -> Iterator[Shell]:
    """The admin's, on a server with alice and bob; what a test makes is deleted after it."""
    shell = signed_in(server, tmp_path)
    for name in ("alice", "bob"):
        shell.new_user(name)
    yield shell
    names = [
        name for name in shell.ok("user", "list", "-q").split("\n") if name not in ("admin", "")
    ]
    shell.ok("user", "delete", *names, "--yes", "--force")
    if roles := shell.ok("role", "list", "-q").split():
        shell.ok("role", "delete", *roles, "--yes")


def made(server: Server, path: str, body: dict[str, Any]) -> Any:
    reply = server.call("POST", f"/api/2.0/mlflow/{path}", body)
    assert reply.status_code == 200, reply.text
    return reply.json()


def test_a_roles_life(shell: Shell) -> None:
    grant = ("role", "grant", "trainers", "--experiment-id", "7")
    told = [
        shell.ok("role", "create", "trainers", "--description", "Train models"),
        shell.ok("role", "create", "trainers", "--if-not-exists"),
        shell.ok(*grant, "--level", "EDIT"),
        shell.ok(*grant, "--level", "EDIT"),
        shell.ok(*grant, "--level", "READ", "-n"),
        shell.ok(*grant, "--level", "READ"),
        shell.ok("role", "assign", "trainers", "alice", "bob"),
        shell.ok("role", "assign", "trainers", "alice"),
        shell.ok("role", "list", "--user", "alice"),
        shell.ok("role", "show", "trainers"),
        shell.ok("role", "unassign", "trainers", "bob"),
        shell.ok("role", "unassign", "trainers", "bob", "--ignore-missing"),
        shell.ok("role", "revoke", "trainers", "--experiment-id", "7"),
        shell.ok("role", "delete", "trainers", "--yes"),
        shell.ok("role", "delete", "trainers", "--yes", "--ignore-missing"),
    ]
    assert told == [
        "trainers\tTrain models\tcreated\n",
        "trainers\tTrain models\tunchanged\n",
        "trainers\texperiment:7\tEDIT\tgranted\n",
        "trainers\texperiment:7\tEDIT\tunchanged\n",
        "trainers\texperiment:7\tREAD\twould be lowered from EDIT\n",
        "trainers\texperiment:7\tREAD\tlowered from EDIT\n",
        "trainers\talice\tassigned\ntrainers\tbob\tassigned\n",
        "trainers\talice\tunchanged\n",
        "trainers\t1\tTrain models\n",
        "trainers\tTrain models\texperiment:7 READ\talice, bob\n",
        "trainers\tbob\tunassigned\n",
        "trainers\tbob\tunchanged\n",
        "trainers\texperiment:7\trevoked\n",
        "trainers\t1\tdeleted\n",
        "trainers\t\tunchanged\n",
    ]


def test_mistakes_about_roles_are_answered_as_on_a_database(shell: Shell) -> None:
    shell.ok("role", "create", "trainers")
    told = [
        shell.run(*command.split())
        for command in (
            "role create trainers",
            "role show traners",
            "role assign trainers zoe",
            "role unassign trainers alice",
            "role revoke trainers --model m",
            "role delete __user_1__ --yes",
        )
    ]
    assert [(done.stderr.splitlines()[0], done.code) for done in told] == [
        ("error: The role 'trainers' exists already.", 6),
        ("error: There is no role 'traners'.", 3),
        ("error: There is no user 'zoe'.", 3),
        ("error: 'alice' does not hold the role 'trainers'.", 3),
        ("error: The role 'trainers' has no grant on registered_model:m.", 3),
        ("error: '__user_1__' holds a user's own grants and is no role to change.", 2),
    ]


def test_members_are_named_without_a_request_each(shell: Shell) -> None:
    def requests() -> int:
        return shell.run("role", "show", "trainers", "--debug").stderr.count("debug: GET ")

    shell.ok("role", "create", "trainers")
    shell.ok("role", "assign", "trainers", "alice")
    one = requests()
    shell.ok("role", "assign", "trainers", "bob", "admin")
    assert requests() == one


def test_who_is_no_admin_changes_no_role(shell: Shell, server: Server) -> None:
    shell.ok("role", "create", "trainers")
    alice = signed_in(server, shell.folder, ("alice", PASSWORD))
    for command in ("role create mine", "role assign trainers alice", "role delete trainers --yes"):
        assert alice.run(*command.split()).code == 5
    assert shell.ok("role", "list", "-q") == "trainers\n"


def test_a_copy_gives_every_grant(shell: Shell) -> None:
    shell.ok(
        "perm", "grant", "alice", "--experiment-id", "7", "--model", "churn", "--level", "EDIT"
    )
    shell.ok("perm", "grant", "alice", "--resource", "prompt:*", "--level", "DENY")
    shell.ok("perm", "grant", "bob", "--experiment-id", "7", "--level", "MANAGE")
    copy = ("perm", "copy", "--from", "alice", "--to", "bob")
    told = (
        "bob\texperiment:7\tEDIT\tlowered from MANAGE\nbob\tprompt:*\tDENY\tgranted\n"
        "bob\tregistered_model:churn\tEDIT\tgranted\n"
    )
    assert shell.ok(*copy, "-n").replace("would be ", "") == told
    assert shell.ok(*copy) == told
    assert shell.ok(*copy).count("\tunchanged\n") == 3


def test_only_what_is_gone_is_pruned(shell: Shell, server: Server) -> None:
    kept = made(server, "experiments/create", {"name": "kept"})["experiment_id"]
    binned = made(server, "experiments/create", {"name": "binned"})["experiment_id"]
    made(server, "experiments/delete", {"experiment_id": binned})
    made(server, "registered-models/create", {"name": "churn"})
    tags = [{"key": "mlflow.prompt.is_prompt", "value": "true"}]
    made(server, "registered-models/create", {"name": "greet", "tags": tags})
    there = (
        "--experiment-id",
        kept,
        "--experiment-id",
        binned,
        "--model",
        "churn",
        "--prompt",
        "greet",
    )
    gone = ("--experiment-id", "999", "--model", "old", "--prompt", "bye")
    shell.ok("perm", "grant", "alice", *there, *gone, "--level", "EDIT")
    pruned = (
        "alice\texperiment:999\tEDIT\tresource\tremoved\n"
        "alice\tprompt:bye\tEDIT\tresource\tremoved\n"
        "alice\tregistered_model:old\tEDIT\tresource\tremoved\n"
    )
    direct = Shell(shell.folder, {**shell.settings, "AUTHCTL_DB": server.database})
    for place in (shell, direct):
        assert place.ok("perm", "prune", "-n") == pruned.replace("removed", "would be removed")
    alice = signed_in(server, shell.folder, ("alice", PASSWORD))
    assert alice.run("perm", "prune", "--yes").code == 5
    assert shell.ok("perm", "prune", "--yes") == pruned
    assert shell.ok("perm", "prune", "--yes") == ""
    assert shell.ok("perm", "list", "--user", "alice", "--fields", "resource").split() == sorted(
        [f"experiment:{kept}", f"experiment:{binned}", "prompt:greet", "registered_model:churn"]
    )


def test_the_role_of_a_user_who_is_gone_is_pruned(shell: Shell, server: Server) -> None:
    with sqlite3.connect(server.database.removeprefix("sqlite:///")) as database:
        role = database.execute(
            "INSERT INTO roles (name, workspace) VALUES ('__user_99__', 'default') RETURNING id"
        ).fetchone()[0]
        database.execute(
            "INSERT INTO role_permissions (role_id, resource_type, resource_pattern, permission)"
            " VALUES (?, 'experiment', '0', 'MANAGE')",
            [role],
        )
    database.close()
    assert shell.ok("perm", "prune", "--yes") == (
        "__user_99__\texperiment:0\tMANAGE\tuser\tremoved\n"
    )
    assert "__user_99__" not in shell.ok("role", "list", "--all", "-q")


def test_a_password_is_the_users_or_it_is_not(shell: Shell, server: Server) -> None:
    nobody = Shell(shell.folder, {"MLFLOW_TRACKING_URI": server.url})
    for name, password, code in [
        ("alice", PASSWORD, 0),
        ("alice", "wrong", 8),
        ("admin", ADMIN[1], 0),
        ("admin", PASSWORD, 8),
        ("zoe", PASSWORD, 8),
    ]:
        told = nobody.run("user", "verify", name, "--password-stdin", stdin=password)
        no = f"no - '{name}' does not sign in with this password\n"
        assert told == Done(no if code else "yes\n", "", code)


def test_an_import_makes_users_side_by_side_and_twice_is_harmless(shell: Shell) -> None:
    rows = "".join(f"user{number:02},{'yes' if number == 3 else ''}\n" for number in range(12))
    (shell.folder / "users.csv").write_text(f"username,is_admin\nalice,\n{rows}")
    command = ("user", "import", "users.csv", "--generate", "-o", "json")
    told = json.loads(shell.run(*command).stdout)
    assert [row["username"] for row in told] == ["alice", *(f"user{n:02}" for n in range(12))]
    assert [row["result"] for row in told] == ["unchanged", *["created"] * 12]
    assert shell.ok("admin", "list", "-q") == "admin\nuser03\n"
    last = told[-1]
    verify = ("user", "verify", last["username"], "--password-stdin")
    assert shell.ok(*verify, stdin=last["password"]) == "yes\n"
    assert {row["result"] for row in json.loads(shell.ok(*command))} == {"unchanged"}
    exported = shell.ok("user", "export")
    assert shell.ok("user", "import", "-", stdin=exported).count("\tunchanged\n") == 15


def test_who_is_no_admin_imports_nobody(shell: Shell, server: Server) -> None:
    (shell.folder / "users.csv").write_text("username\nuser1\nuser2\n")
    alice = signed_in(server, shell.folder, ("alice", PASSWORD))
    done = alice.run("user", "import", "users.csv", "--generate", "-o", "json")
    assert done.code == 5
    assert [row["password"] for row in json.loads(done.stdout or "[]")] in ([], [None, None])
    assert shell.ok("user", "list", "-q") == "admin\nalice\nbob\n"
