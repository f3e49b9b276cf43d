"""The house keeps its shape: arrows go down only, and every file can be held in view."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "authctl"
FILES = sorted(PACKAGE.rglob("*.py"))
NAMES = [str(path.relative_to(ROOT)) for path in FILES]

MOST_LINES = 350
_LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"


def test_arrows_between_layers_go_down_only() -> None:
    linter = subprocess.run(
        [sys.executable, "-c", _LINT, "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert linter.returncode == 0, linter.stdout + linter.stderr


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_a_file_is_short_and_says_what_it_is_for(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MOST_LINES
    tree = ast.parse(text)
    docstring = ast.get_docstring(tree)
    assert not tree.body or docstring
    assert not docstring or len(docstring.splitlines()[0]) < 100


def test_mlflow_is_imported_in_one_file() -> None:
    found = {
        str(path.relative_to(PACKAGE))
        for path in FILES
        if {"mlflow", "flask", "werkzeug", "fastapi"} & imported(path)
    }
    assert found == {"upstream/embedded.py"}


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names
