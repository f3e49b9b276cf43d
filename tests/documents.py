"""The commands that the documents show: in blocks, to be typed as they are, and within a line."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCUMENTS = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))

_BLOCK = re.compile(r"^```(?:sh|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINE = re.compile(r"^(?:\$ )?(authctl [^#\n]+)", re.MULTILINE)
_INLINE = re.compile(r"`(authctl [^`]+)`")
_FILE = re.compile(r"^<!-- test: (\S+) -->\n```\w+\n(.*?)^```", re.MULTILINE | re.DOTALL)
_SESSION = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)


def typed_commands(document: str) -> list[str]:
    """Those of blocks, without remarks."""
    return [text.strip() for text in _LINE.findall("".join(_BLOCK.findall(document)))]


def written_commands(document: str) -> list[str]:
    """Those of blocks and those within a line."""
    within = [text.replace(r"\|", "|").strip() for text in _INLINE.findall(document)]
    return [*typed_commands(document), *within]


def files(document: str) -> dict[str, str]:
    """The files that are shown for tests to use: their names and what is in them."""
    return dict(_FILE.findall(document))


def sessions(document: str) -> list[list[tuple[str, str]]]:
    """Each session shown: the commands with what each answers."""
    return [
        [
            (command, answer.strip())
            for command, _, answer in (
                shown.partition("\n") for shown in session.split("$ ") if shown
            )
        ]
        for session in _SESSION.findall(document)
    ]
