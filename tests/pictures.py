"""Pictures of what the command line shows at a terminal, for the documents.

Each is made by real commands at a real terminal, on an auth database of its own, and drawn as SVG;
`python -m tests.regenerate` writes them.
"""

from __future__ import annotations

import re
import sys
import tempfile
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pexpect
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

from tests.cli.commands import PASSWORD, Shell

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
_COLUMNS = 92
_SECONDS = 60

# Rich's own drawing of a terminal, but for the fonts, which it would load from the network.
_SHAPE = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL).replace(
    "Fira Code", "ui-monospace, SFMono-Regular, Menlo, Consolas"
)


@dataclass(frozen=True)
class Picture:
    """A file, what it shows, and the commands that are typed."""

    name: str
    title: str
    commands: tuple[str, ...]


PICTURES = (
    Picture(
        "matrix.svg",
        "Who may do what: users by resources",
        ("authctl perm list --matrix",),
    ),
    Picture(
        "explain.svg",
        "Why bob may not read the experiment 2, and carol may edit the model",
        (
            "authctl perm explain bob --experiment-id 2",
            "authctl perm explain carol --model churn",
        ),
    ),
    Picture(
        "plan.svg",
        "What a manifest would change",
        ("authctl plan -f access.toml --prune",),
    ),
)

_MANIFEST = """\
version = 1

[[user]]
name = "admin"

[[user]]
name = "alice"
admin = true

[[user]]
name = "bob"

[[user]]
name = "dana"
password = "generate"

[[role]]
name = "data-science"
members = ["carol", "dana"]
grants = [{ model = "churn", level = "EDIT" }]

[[user]]
name = "carol"

[[grant]]
user = "alice"
experiment_id = "1"
level = "MANAGE"

[[grant]]
user = "bob"
experiment_id = "1"
level = "READ"

[[grant]]
user = "dana"
experiment_id = "2"
level = "EDIT"
"""

_WORLD = (
    "perm grant alice --experiment-id 1 --model fraud --level MANAGE",
    "perm grant bob --experiment-id 1 --level EDIT",
    "perm grant bob --experiment-id 2 --level NO_PERMISSIONS",
    "perm grant bob --prompt greeting --level USE",
    "role create data-science",
    "role grant data-science --model churn --level EDIT",
    "role grant data-science --experiment-id 1 --level READ",
    "role assign data-science carol",
)


def drawn() -> dict[str, str]:
    """Every picture by the name of its file."""
    with tempfile.TemporaryDirectory() as folder:
        shell = _world(Path(folder))
        return {picture.name: _draw(picture, shell) for picture in PICTURES}


def write() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, svg in drawn().items():
        (FOLDER / name).write_text(svg, encoding="utf-8")


def _world(folder: Path) -> Shell:
    shell = Shell(folder, {"AUTHCTL_DB": f"sqlite:///{folder}/basic_auth.db"})
    (folder / "access.toml").write_text(_MANIFEST, encoding="utf-8")
    shell.ok("db", "init")
    shell.new_user("admin", "--admin")
    for name in ("alice", "bob", "carol"):
        shell.new_user(name)
    for line in _WORLD:
        shell.ok(*line.split())
    return shell


def _draw(picture: Picture, shell: Shell) -> str:
    console = Console(
        record=True, width=_COLUMNS, file=StringIO(), force_terminal=True, color_system="standard"
    )
    for command in picture.commands:
        console.print(Text.assemble(("$ ", "bold green"), (command, "bold")))
        console.print(Text.from_ansi(_typed(command, shell)), soft_wrap=True)
    svg = console.export_svg(
        title=picture.title, code_format=_SHAPE, unique_id=picture.name.partition(".")[0]
    )
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def _typed(command: str, shell: Shell) -> str:
    child = pexpect.spawn(
        sys.executable,
        ["-m", *command.split()],
        env={**shell.environment, "TERM": "xterm-256color", "COLUMNS": str(_COLUMNS)},
        cwd=str(shell.folder),
        encoding="utf-8",
        timeout=_SECONDS,
        dimensions=(40, _COLUMNS),
    )
    child.expect(pexpect.EOF)
    child.close()
    assert PASSWORD not in str(child.before)
    return str(child.before).replace("\r\n", "\n")
