"""authctl doctor on real servers: authctl serve, and MLflow's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.checkups import checkup
from tests.cli.commands import Shell, signed_in
from tests.live import authctl_server
from tests.servers import mlflow_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.live import Server

pytestmark = pytest.mark.mlflow

PASSED = ["tcp", "http", "clock", "login", "signed-in", "server", "default-password"]


@pytest.fixture(scope="module")
def authctl(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with authctl_server(tmp_path_factory.mktemp("authctl")) as server:
        yield server


@pytest.fixture(scope="module")
def mlflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with mlflow_server(tmp_path_factory.mktemp("mlflow")) as server:
        yield server


def test_authctl_serve_passes_and_is_told_apart(authctl: Server, tmp_path: Path) -> None:
    found = checkup(signed_in(authctl, tmp_path))
    assert found.bad == []
    assert [found.one(check)[0] for check in PASSED] == ["ok"] * len(PASSED)
    assert found.one("signed-in")[1:3] == ("admin", "The server knows you, as an admin.")
    assert found.one("server")[2].startswith("It is authctl serve, with MLflow ")
    assert found.one("server")[2].endswith(", of the roles generation.")


def test_mlflows_own_server_passes_and_is_told_apart(mlflow: Server, tmp_path: Path) -> None:
    found = checkup(signed_in(mlflow, tmp_path))
    assert found.bad == []
    assert [found.one(check)[0] for check in PASSED] == ["ok"] * len(PASSED)
    assert found.one("server")[2].startswith("It is the basic-auth of MLflow ")


def test_who_is_no_admin_is_told_so(authctl: Server, mlflow: Server, tmp_path: Path) -> None:
    for server in (authctl, mlflow):
        user = server.add_user("doctored")
        found = checkup(signed_in(server, tmp_path, user))
        assert found.one("signed-in")[:2] == ("info", "doctored")
        assert found.bad == []


def test_a_wrong_password_is_an_error(authctl: Server, mlflow: Server, tmp_path: Path) -> None:
    for server in (authctl, mlflow):
        found = checkup(signed_in(server, tmp_path, ("admin", "wrong")))
        assert found.bad == ["signed-in"]
        assert found.one("default-password")[0] == "ok"


def test_the_default_password_is_found_out(tmp_path: Path) -> None:
    with authctl_server(tmp_path / "server", first_password=None) as server:
        known = checkup(signed_in(server, tmp_path, ("admin", "password1234")))
        unknown = checkup(signed_in(server, tmp_path, ("eve", "wrong")))
    assert known.bad == ["default-password"]
    assert unknown.bad == ["signed-in", "default-password"]
    assert unknown.one("default-password")[3] == "authctl user passwd admin"


def test_the_database_of_a_running_server_passes_too(authctl: Server, tmp_path: Path) -> None:
    found = checkup(Shell(tmp_path), "--db", authctl.database)
    assert found.one("database")[0] == "ok"
    assert found.one("secret-key")[0] == "ok"
    assert "error" not in {each["severity"] for each in found.findings}
