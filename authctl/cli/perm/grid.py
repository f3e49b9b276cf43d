"""A grid for people: a letter a cell, below headings that stand like stairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from rich.cells import cell_len, chop_cells

from authctl.cli.table import width_of, write_lines
from authctl.cli.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from authctl.cli.table import Pieces

_GAP = 3  # between the names and the cells
_STEP = 2  # from one column to the next
_LEAST_HEADING = 24  # what a heading needs before it is folded
_WIDEST_NAME = 0.4  # of the terminal
_QUIET = "dim"


@dataclass(frozen=True, slots=True)
class Line:
    """One row: its name, a remark that stands behind it, and a letter with its style a column."""

    name: str
    remark: str
    cells: Sequence[tuple[str, str]]


def write_grid(headings: Sequence[str], lines: Sequence[Line], to: TextIO, *, color: bool) -> None:
    """Draw the grid, in parts where the columns do not fit beside each other."""
    bar = "│" if _can_say("│", to) else "|"
    width = width_of(to)
    headings = [visible(heading) for heading in headings]
    names = min(max(_named(line) for line in lines), max(int(width * _WIDEST_NAME), 8))
    start = 0
    while start < len(headings):
        part = slice(start, start + _count(headings[start:], width - names - _GAP))
        if start:
            write_lines([[]], to, color=color)
        write_lines(_stairs(headings[part], names + _GAP, width, bar), to, color=color)
        rows = (drawn for line in lines for drawn in _row(line, names, part))
        write_lines(rows, to, color=color)
        start = part.stop


def _count(headings: Sequence[str], room: int) -> int:
    """How many columns fit beside each other, one at least."""
    for index, heading in enumerate(headings):
        if index and room - _STEP * index < min(cell_len(heading), _LEAST_HEADING):
            return index
    return len(headings)


def _stairs(headings: Sequence[str], left: int, width: int, bar: str) -> Iterator[Pieces]:
    """Headings, each a step to the right of the one before and a line below it."""
    for index, heading in enumerate(headings):
        bars = " " * left + f"{bar} " * index
        for text in chop_cells(heading, max(width - left - _STEP * index, 1)):
            yield [(bars, _QUIET), (text, "bold")]
    yield [(" " * left + f"{bar} " * len(headings), _QUIET)]


def _row(line: Line, names: int, part: slice) -> Iterator[Pieces]:
    """A row; of a name that does not fit, the rest is below it."""
    first, *rest = chop_cells(visible(line.name), names) or [""]
    remark = line.remark if cell_len(first) + 1 + cell_len(line.remark) <= names else ""
    blank = names + _GAP - cell_len(first) - cell_len(remark) - bool(remark)
    pieces = [(first, ""), (f" {remark}" if remark else "", _QUIET), (" " * blank, "")]
    for letter, style in line.cells[part]:
        pieces += [(letter, style), (" ", "")]
    yield pieces
    for more in rest:
        yield [(more, "")]
    if line.remark and not remark:
        yield [(line.remark, _QUIET)]


def _named(line: Line) -> int:
    return cell_len(visible(line.name)) + (1 + cell_len(line.remark) if line.remark else 0)


def _can_say(text: str, to: TextIO) -> bool:
    try:
        text.encode(to.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
