"""The completion scripts in completions/, as `authctl completion` prints them."""

from __future__ import annotations

from pathlib import Path

from authctl.cli.completion.scripts import script
from authctl.cli.main import tree

FOLDER = Path(__file__).parents[1] / "completions"
FILES = {"bash": "authctl.bash", "zsh": "_authctl", "fish": "authctl.fish"}


def text(shell: str) -> str:
    """The script as it is to be."""
    return script(shell, tree())


def write() -> None:
    """Write all of them."""
    FOLDER.mkdir(exist_ok=True)
    for shell, name in FILES.items():
        (FOLDER / name).write_text(text(shell), encoding="utf-8")
