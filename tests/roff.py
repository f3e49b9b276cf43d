"""Text written in the man(7) macros, which mandoc and groff both read."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

from authctl.cli.help import Code, Definitions, Paragraph

if TYPE_CHECKING:
    from collections.abc import Iterator

    from authctl.cli.help import Block

_WIDTH = 78
_CODE_WIDTH = 73  # a terminal of 80 less the margin
_GLYPHS = {"\\": r"\e", "-": r"\-", "'": r"\(aq", "`": r"\(ga", "^": r"\(ha", "~": r"\(ti"}
_OPTION = re.compile(r"(?<![^\s(])--?[a-z][a-z-]*")
_UNBROKEN = r"\%"
_SENTENCE = re.compile(r"(?<=[a-z0-9)][.:;?]) (?=[A-Z])")
_PLAIN_WORD = re.compile(r"[(\"]*[A-Za-z]+(?:['-][A-Za-z]+)*[^\w-]*")


def phrase(text: str, start: str) -> list[str]:
    """Text that goes on behind a start, on lines of their own."""
    return _wrapped(f"{start}{exact(text)}")


def exact(text: str) -> str:
    """Text that is to be copied: every character is the one that is typed."""
    return _guarded(glyphs(text))


def glyphs(text: str) -> str:
    """The same for text that is not the beginning of a line."""
    return "".join(_GLYPHS.get(char, char) for char in text)


def bold(text: str) -> str:
    return rf"\fB{glyphs(text)}\fR"


def italic(text: str) -> str:
    return rf"\fI{glyphs(text)}\fR"


def running(text: str) -> list[str]:
    """A paragraph, a line a sentence or less; options are bold."""
    lines: list[str] = []
    for sentence in _SENTENCE.split(text):
        lines += _wrapped(" ".join(_word(word) for word in sentence.split()))
    return [_guarded(line) for line in lines]


def block(found: Block) -> Iterator[str]:
    """One block of a topic, a blank line before it left to the caller."""
    if isinstance(found, Paragraph):
        yield from running(found.text)
    elif isinstance(found, Definitions):
        for item in found.items:
            yield from (".TP", bold(item.term), *running(item.meaning))
    else:
        yield from code(found)


def code(found: Code) -> Iterator[str]:
    yield from (".RS 2", ".EX")
    for line in found.text.splitlines():
        yield from (exact(part) for part in folded(line))
    yield from (".EE", ".RE")


def blocks(found: tuple[Block, ...]) -> Iterator[str]:
    """Blocks with space between them."""
    for number, each in enumerate(found):
        if number and not isinstance(each, Definitions):
            yield ".PP"
        yield from block(each)


def plain_blocks(text: str) -> tuple[Block, ...]:
    """A docstring's paragraphs; indented lines are code."""
    found: list[Block] = []
    for part in text.split("\n\n"):
        run: list[str] = []
        for line in [*part.splitlines(), ""]:
            if run and (not line or line.startswith(" ") != run[0].startswith(" ")):
                found.append(_block_of(run))
                run = []
            if line:
                run.append(line)
    return tuple(found)


def folded(line: str) -> list[str]:
    """A command line, on several lines where it is too long for a terminal."""
    if len(line) <= _CODE_WIDTH or not line.startswith("authctl "):
        return [line]
    breaks = [
        place.start()
        for place in re.finditer(r" (?=--|[|>] )", line)
        if place.start() < _CODE_WIDTH - 2 and line[: place.start()].count("'") % 2 == 0
    ]
    if not breaks:
        return [line]
    return [f"{line[: breaks[-1]]} \\", f"    {line[breaks[-1] + 1 :]}"]


def _block_of(lines: list[str]) -> Block:
    if lines[0].startswith(" "):
        return Code(textwrap.dedent("\n".join(lines)))
    return Paragraph(" ".join(lines))


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False)


def _word(word: str) -> str:
    if _PLAIN_WORD.fullmatch(word):
        return word.replace("\\", r"\e")
    option = _OPTION.match(word.lstrip("("))
    if option:
        before, name, after = word.partition(option[0])
        return f"{_UNBROKEN}{glyphs(before)}{bold(name)}{glyphs(after)}"
    return (_UNBROKEN if "-" in word else "") + glyphs(word)


def _guarded(line: str) -> str:
    # At the start of a line these two would begin a request.
    return rf"\&{line}" if line.startswith((".", "'")) else line
