"""The README's table of commands, written from the help of each."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from authctl.cli.command import Group
from authctl.cli.main import tree

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE = Path(__file__).parents[1] / "README.md"
_TABLE = re.compile(r"(<!-- commands: .*? -->\n).*?(<!-- end of commands -->)", re.DOTALL)


def with_commands(text: str) -> str:
    """The README with the table as the commands are now."""
    rows = "".join(f"| `{example}` | {summary} |\n" for summary, example in _rows(tree()))
    table = f"| for example | what it does |\n|---|---|\n{rows}"
    return _TABLE.sub(lambda found: f"{found[1]}{table}{found[2]}", text)


def _rows(found: Any) -> Iterator[tuple[str, str]]:
    """Each command's summary, and the first of its examples."""
    if isinstance(found, Group):
        for below in found.commands.values():
            yield from _rows(below)
    else:
        summary = found.help.strip().partition("\n")[0].removesuffix(".")
        yield summary, found.epilog.strip().partition("\n")[0].replace("|", r"\|")
