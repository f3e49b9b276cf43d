"""The completion scripts: a template a shell, with the command line's own lines in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from authctl.cli.completion import bash, fish, zsh
from authctl.cli.completion.grammar import grammar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from authctl.cli.completion.grammar import Grammar

_PARTS: dict[str, Callable[[Grammar], dict[str, Iterable[str]]]] = {
    "bash": bash.parts,
    "zsh": zsh.parts,
    "fish": fish.parts,
}


def script(shell: str, root: Any) -> str:
    """Write the script of a shell for the command tree below this root."""
    text = Path(__file__).with_name(f"template.{shell}").read_text(encoding="utf-8")
    for place, lines in _PARTS[shell](grammar(root)).items():
        text = text.replace(f"@{place}@\n", "".join(f"{line}\n" for line in lines))
    return text
