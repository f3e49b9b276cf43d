"""What a help topic is made of, so that a terminal and a man page can show the same text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text, in one line however long."""

    text: str


@dataclass(frozen=True, slots=True)
class Definition:
    """A term, such as a variable or an exit code, and what it means."""

    term: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Definitions:
    """A list of them."""

    items: tuple[Definition, ...]


@dataclass(frozen=True, slots=True)
class Code:
    """Lines to be typed or to stand in a file, as they are."""

    text: str


Block: TypeAlias = Paragraph | Definitions | Code


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands below it."""

    heading: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic by the name that `authctl help` knows; `summary` is one line for lists."""

    name: str
    title: str
    summary: str
    sections: tuple[Section, ...]
