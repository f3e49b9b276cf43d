"""The list of files in ARCHITECTURE.md, from the line that each file says of itself."""

from __future__ import annotations

import ast
from pathlib import Path

FILE = Path(__file__).parent.parent / "ARCHITECTURE.md"

_PACKAGE = FILE.parent / "authctl"
_BEGIN = "<!-- files: written by `python -m tests.regenerate` -->\n"
_END = "<!-- end of files -->\n"


def with_files(text: str) -> str:
    before, _, rest = text.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return before + _BEGIN + _table() + _END + after


def _table() -> str:
    lines = ["| file | what it is for |", "|---|---|"]
    for path in sorted(_PACKAGE.rglob("*.py")):
        line = first_line(path)
        if line:
            lines.append(f"| `{path.relative_to(_PACKAGE)}` | {line} |")
    return "\n".join(lines) + "\n"


def first_line(path: Path) -> str:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    return docstring.split("\n")[0].replace("|", "\\|") if docstring else ""
