from __future__ import annotations

import subprocess
import sys

import pytest

from authctl import __version__

HEAVY = ("sqlalchemy", "httpx", "passlib", "starlette", "mlflow")

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


def run(*arguments: str) -> tuple[str, set[str]]:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, *arguments], capture_output=True, text=True, check=True
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
