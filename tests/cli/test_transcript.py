from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import pytest

from authctl.cli.command import Group
from authctl.cli.main import tree
from tests.cli.commands import Done, Shell, signed_in
from tests.cli.transcript import ANYWHERE, DATABASE, OURS, SERVER, commands, transcript
from tests.live import ADMIN, authctl_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.live import Server


# It runs until it is stopped; what it says is told elsewhere.
UNTOLD = {("serve",)}

# What they write is a script, not results.
ONLY_FOR_PEOPLE = {("completion",)}


def words(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of every command."""
    if isinstance(command, Group):
        for name, below in command.commands.items():
            yield from words(below, (*path, name))
    else:
        yield path


def test_every_command_is_told_for_people_and_for_programs() -> None:
    told: dict[tuple[str, ...], set[bool]] = {path: set() for path in words(tree())}
    for line in (line for file in (ANYWHERE, DATABASE, SERVER, OURS) for line in commands(file)):
        typed = shlex.split(line)
        path = max(path for path in told if tuple(typed[: len(path)]) == path)
        told[path].add(bool({"json", "jsonl"} & set(typed)))
    people_only = {path for path, forms in told.items() if forms == {False}}
    assert {path for path, forms in told.items() if not forms} == UNTOLD
    assert people_only == ONLY_FOR_PEOPLE


def test_a_session_on_a_database_goes_as_told(shell: Shell) -> None:
    assert transcript(shell) == ANYWHERE.read_text(encoding="utf-8")


def test_what_only_a_database_can_goes_as_told(tmp_path: Path) -> None:
    shell = Shell(tmp_path, {"AUTHCTL_DB": f"sqlite:///{tmp_path}/auth.db"})
    assert transcript(shell, DATABASE) == DATABASE.read_text(encoding="utf-8")


def test_what_mlflows_servers_have_not_goes_as_told_on_a_database(shell: Shell) -> None:
    assert transcript(shell, OURS) == OURS.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with authctl_server(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.mark.mlflow
def test_the_same_session_through_a_server_goes_the_same(server: Server, tmp_path: Path) -> None:
    assert transcript(signed_in(server, tmp_path)) == ANYWHERE.read_text(encoding="utf-8")


@pytest.mark.mlflow
def test_what_mlflows_servers_have_not_goes_the_same_through_ours(
    server: Server, tmp_path: Path
) -> None:
    shell = signed_in(server, tmp_path)
    assert transcript(shell, OURS) == OURS.read_text(encoding="utf-8")


@pytest.mark.mlflow
def test_what_only_a_server_can_goes_as_told(server: Server, tmp_path: Path) -> None:
    server.call("POST", "/api/2.0/mlflow/experiments/create", {"name": "fraud"})
    (tmp_path / "admin.txt").write_text(ADMIN[1], encoding="utf-8")
    (tmp_path / "admin.txt").chmod(0o600)
    told = transcript(Shell(tmp_path), SERVER, url=server.url)
    assert told == SERVER.read_text(encoding="utf-8")


@pytest.mark.mlflow
def test_a_refused_sign_in_names_where_its_parts_are_from(server: Server, tmp_path: Path) -> None:
    nobody = Shell(tmp_path).run("user", "list", "--server", server.url)
    somebody = signed_in(server, tmp_path, ("admin", "wrong")).run("user", "list")
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
