from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from authctl import __version__
from authctl.cli.command import Group, summaries
from authctl.cli.main import tree
from tests.live import clean_environment
from tests.servers import recording_server

if TYPE_CHECKING:
    from tests.cli.commands import Shell

HEAVY = ("sqlalchemy", "httpx", "passlib", "starlette", "mlflow", "pydantic", "alembic", "keyring")

_PROGRAM = """
import sys
from authctl.__main__ import main
sys.argv = ["authctl", *sys.argv[1:]]
try:
    main()
except SystemExit as stop:
    assert not stop.code, stop.code
sys.stdout.flush()
print(*sys.modules, file=sys.stderr)
"""


def run(*arguments: str, env: dict[str, str] | None = None) -> tuple[str, set[str]]:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, *arguments],
        capture_output=True,
        text=True,
        check=True,
        env=env or clean_environment(),
    )
    return done.stdout, {name.partition(".")[0] for name in done.stderr.split()}


def test_version_is_answered_before_typer_is_loaded() -> None:
    stdout, loaded = run("--version")
    assert stdout == f"authctl {__version__}\n"
    assert not loaded & {*HEAVY, "typer", "rich"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["-o", "json", "--version"],
        ["user", "--help"],
        ["user", "create", "--help"],
        ["serve", "-h"],
    ],
    ids=" ".join,
)
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    _, loaded = run(*arguments)
    assert not loaded & {*HEAVY, "rich"}


def test_a_command_on_a_server_loads_only_what_speaks_http() -> None:
    with recording_server() as server:
        server.will_answer(200, {"users": [{"id": 1, "username": "admin", "is_admin": True}]})
        env = clean_environment(MLFLOW_TRACKING_URI=server.url)
        stdout, loaded = run("user", "list", env=env)
    assert stdout == "admin\tyes\n"
    assert loaded & set(HEAVY) == {"httpx"}
    assert not loaded & {"rich", "pygments", "click"}


def test_a_command_on_a_database_loads_only_what_speaks_sql(shell: Shell) -> None:
    stdout, loaded = run("user", "list", env=shell.environment | {"PWD": str(shell.folder)})
    assert stdout == "admin\tyes\n"
    assert loaded & set(HEAVY) == {"sqlalchemy", "passlib"}
    assert "rich" not in loaded


def test_httpx_is_whole_for_who_uses_it_besides() -> None:
    code = "import authctl.client.http, httpx, sys; httpx.Client().close(); import httpx._main"
    subprocess.run([sys.executable, "-c", code], check=True, env=clean_environment())


def test_the_list_of_commands_says_what_each_says_of_itself() -> None:
    root = tree()
    told = dict(summaries(root))
    for name, found in root.commands.items():
        assert isinstance(found, Group) or found.callback
        assert told[name] == found.help.strip().partition("\n")[0]
