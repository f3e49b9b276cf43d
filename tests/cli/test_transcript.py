from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.commands import Done, Shell
from tests.cli.transcript import FILE, transcript
from tests.live import ADMIN, authctl_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.live import Server


def test_a_session_on_a_database_goes_as_told(shell: Shell) -> None:
    assert transcript(shell) == FILE.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with authctl_server(tmp_path_factory.mktemp("server")) as server:
        yield server


def remote(server: Server, folder: Path, username: str, password: str) -> Shell:
    settings = {
        "MLFLOW_TRACKING_URI": server.url,
        "MLFLOW_TRACKING_USERNAME": username,
        "MLFLOW_TRACKING_PASSWORD": password,
    }
    return Shell(folder, settings)


@pytest.mark.mlflow
def test_the_same_session_through_a_server_goes_the_same(server: Server, tmp_path: Path) -> None:
    assert transcript(remote(server, tmp_path, *ADMIN)) == FILE.read_text(encoding="utf-8")


@pytest.mark.mlflow
def test_a_refused_sign_in_names_where_its_parts_are_from(server: Server, tmp_path: Path) -> None:
    nobody = Shell(tmp_path).run("user", "list", "--server", server.url)
    somebody = remote(server, tmp_path, "admin", "wrong").run("user", "list")
    assert nobody == Done(
        "",
        "error: The server asks who you are.\nhint: authctl login asks you; or set"
        " MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD.\n",
        4,
    )
    assert somebody == Done(
        "",
        "error: The server does not accept 'admin' with this password.\nhint: The username is"
        " from MLFLOW_TRACKING_USERNAME, the password from MLFLOW_TRACKING_PASSWORD.\n",
        4,
    )
