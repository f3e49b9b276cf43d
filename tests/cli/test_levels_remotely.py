"""Levels explained and shown in a matrix through servers: MLflow's own, and authctl's on 3.12."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from authctl.store.tables import ROLE_TABLES
from tests.cli.commands import Done, Shell, signed_in
from tests.cli.levels import PASSWORD, USERS, fill, on_tables_of
from tests.live import authctl_server
from tests.servers import mlflow_server
from tests.store.databases import execute, opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.live import Server

pytestmark = pytest.mark.mlflow

TARGETS = ("--experiment-id", "7", "--experiment-id", "12", "--model", "churn", "--model", "other")
ASKED = (
    ("alice", "--experiment-id", "7"),
    ("alice", "--model", "churn"),
    ("bob", "--experiment-id", "7"),
    ("carol", "--experiment-id", "99"),
    ("eve", "--prompt", "greeting"),
)
BY_SERVER = " The server answers it."
ASSUMED = " It is assumed: no auth configuration is named."


@pytest.fixture(scope="module")
def mlflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with mlflow_server(tmp_path_factory.mktemp("mlflow")) as server:
        with opened(server.database) as store:
            fill(store)
        yield server


@pytest.fixture(scope="module")
def authctl_on_3_12(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("3.12")
    database = on_tables_of(ROLE_TABLES, folder).settings["AUTHCTL_DB"]
    with authctl_server(folder, "--auth-db", database) as server:
        yield server


def explained(shell: Shell, *arguments: str) -> Any:
    return json.loads(shell.ok("perm", "explain", *arguments, "-o", "json"))


def database_of(server: Server) -> Shell:
    url = f"sqlite:///{server.folder / 'auth.db'}"
    known = url if (server.folder / "auth.db").exists() else server.database
    return Shell(server.folder, {"AUTHCTL_DB": known})


@pytest.mark.parametrize("server", ["mlflow", "authctl_on_3_12"])
def test_a_server_tells_the_same_chain_as_its_database(
    server: str, request: pytest.FixtureRequest
) -> None:
    running = request.getfixturevalue(server)
    for asked in ASKED:
        remote = explained(signed_in(running, running.folder), *asked)
        direct = explained(database_of(running), *asked)
        for told, origin in ((remote, BY_SERVER), (direct, ASSUMED)):
            told["steps"][-1]["reason"] = told["steps"][-1]["reason"].removesuffix(origin)
        assert remote == direct


@pytest.mark.parametrize("server", ["mlflow", "authctl_on_3_12"])
def test_a_server_shows_the_same_matrix_as_its_database(
    server: str, request: pytest.FixtureRequest
) -> None:
    running = request.getfixturevalue(server)
    command = ("perm", "list", "--matrix", *TARGETS)
    assert signed_in(running, running.folder).ok(*command) == database_of(running).ok(*command)


def test_mlflows_own_server_answers_as_told(mlflow: Server) -> None:
    shell = database_of(mlflow)
    for user in USERS:
        for flag, kind, name in (
            ("--experiment-id", "experiment", "7"),
            ("--experiment-id", "experiment", "12"),
            ("--model", "registered_model", "churn"),
            ("--resource", "run", "*"),
        ):
            target = f"{kind}:{name}" if flag == "--resource" else name
            told = explained(shell, user, flag, target)
            said = mlflow.call(
                "GET",
                "/api/3.0/mlflow/users/permissions/get",
                username=user,
                resource_type=kind,
                resource_id=name,
            )
            assert said.json()["permission"] == told["mlflow"]["answer"], (user, target)


def test_the_matrix_of_everybody_takes_four_requests(mlflow: Server) -> None:
    done = signed_in(mlflow, mlflow.folder).run("perm", "list", "--matrix", *TARGETS, "--debug")
    assert (len(done.stdout.splitlines()), done.code) == (1 + len(USERS), 0)
    assert done.stderr.count("GET http") == 4, done.stderr


def test_where_a_server_contradicts_the_grants_it_tells_it_has_the_last_word(
    mlflow: Server,
) -> None:
    shell = signed_in(mlflow, mlflow.folder)
    execute(
        mlflow.database,
        "INSERT INTO role_permissions (role_id, resource_type, resource_pattern, permission)"
        " SELECT id, 'gateway_endpoint', 'chat', 'OWNER' FROM roles WHERE name = 'ds-team'",
    )
    execute(
        mlflow.database,
        "INSERT INTO role_permissions (role_id, resource_type, resource_pattern, permission)"
        " SELECT id, 'gateway_endpoint', '*', 'USE' FROM roles WHERE name = 'ds-team'",
    )
    told = explained(shell, "alice", "--resource", "gateway_endpoint:chat")
    assert (told["level"], told["decided_by"]) == ("USE", "server")
    assert told["steps"][-1]["reason"] == told["mlflow"]["why"]
    direct = explained(database_of(mlflow), "alice", "--resource", "gateway_endpoint:chat")
    assert (direct["level"], direct["mlflow"]["answer"]) == ("DENY", "USE")
    execute(mlflow.database, "DELETE FROM role_permissions WHERE permission = 'USE'")
    alone = explained(shell, "alice", "--resource", "gateway_endpoint:chat")
    assert (alone["level"], alone["mlflow"]["answer"]) == ("DENY", None)


@pytest.mark.parametrize("server", ["mlflow", "authctl_on_3_12"])
def test_users_are_told_of_themselves_and_not_of_others(
    server: str, request: pytest.FixtureRequest
) -> None:
    running = request.getfixturevalue(server)
    shell = signed_in(running, running.folder, ("alice", PASSWORD))
    assert explained(shell, "alice", "--experiment-id", "7")["level"] == "READ"
    named = shell.ok("perm", "list", "--matrix", "--user", "alice", "--experiment-id", "7")
    assert named == "username\tis_admin\texperiment:7\nalice\tno\tREAD\n"
    for command in (("perm", "explain", "bob", "--model", "churn"), ("perm", "list", "--matrix")):
        done = shell.run(*command)
        assert (done.stdout, done.code) == ("", 5), done


def test_mlflow_blanks_the_roles_of_others_so_that_no_matrix_is_made_of_them(
    mlflow: Server,
) -> None:
    done = signed_in(mlflow, mlflow.folder, ("alice", PASSWORD)).run(
        "perm", "list", "--matrix", *TARGETS
    )
    assert done == Done(
        "",
        "error: The server tells everybody's grants to admins only.\n"
        "hint: Name yourself with --user.\n",
        5,
    )


def test_who_manages_the_workspace_sees_everybody(mlflow: Server) -> None:
    command = ("perm", "list", "--matrix", *TARGETS)
    assert signed_in(mlflow, mlflow.folder, ("dan", PASSWORD)).ok(*command) == signed_in(
        mlflow, mlflow.folder
    ).ok(*command)
