"""The help topics that are not commands: their texts, and how a terminal shows them."""

from __future__ import annotations

from authctl.cli.help.plain import render
from authctl.cli.help.texts import TOPICS
from authctl.cli.help.topic import (
    Block,
    Code,
    Definition,
    Definitions,
    Paragraph,
    Section,
    Topic,
)

__all__ = [
    "TOPICS",
    "Block",
    "Code",
    "Definition",
    "Definitions",
    "Paragraph",
    "Section",
    "Topic",
    "render",
]
