"""A topic as plain text of at most 80 columns."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from authctl.cli.help.topic import Code, Definitions, Paragraph

if TYPE_CHECKING:
    from collections.abc import Iterator

    from authctl.cli.help.topic import Block, Topic

_WIDTH = 80
_MARGIN = "  "
_WIDEST_TERM = 12
_GAP = 2
_DEEP = 8


def render(topic: Topic) -> str:
    """Write a topic's title, then each section below its heading."""
    lines = [topic.title, ""]
    for section in topic.sections:
        lines += [section.heading.upper()]
        for number, block in enumerate(section.blocks):
            lines += [""] if number else []
            lines += [f"{_MARGIN}{line}".rstrip() for line in _lines(block)]
        lines += [""]
    return "\n".join(lines).rstrip() + "\n"


def _lines(block: Block) -> Iterator[str]:
    if isinstance(block, Code):
        yield from (f"{_MARGIN}{line}" for line in block.text.splitlines())
    elif isinstance(block, Paragraph):
        yield from _wrapped(block.text, _WIDTH - len(_MARGIN))
    else:
        yield from _definitions(block)


def _definitions(block: Definitions) -> Iterator[str]:
    """Short terms have their meaning beside them, long ones below."""
    longest = max(len(item.term) for item in block.items)
    beside = longest <= _WIDEST_TERM
    indent = longest + _GAP if beside else _DEEP
    for item in block.items:
        lines = _wrapped(item.meaning, _WIDTH - len(_MARGIN) - indent)
        if beside:
            yield f"{item.term:<{indent}}{lines.pop(0)}"
        else:
            yield item.term
        yield from (f"{' ' * indent}{line}" for line in lines)


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)
