"""Tables for people; the one place where Rich draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TextIO, TypeAlias

from rich.console import Console
from rich.table import Table
from rich.text import Text

from authctl.cli.field import plain
from authctl.cli.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from authctl.cli.field import Field, Row

_UNBOUNDED = 100_000  # into a file nothing is folded

_GAP = 3  # between columns
_AS_IT_IS: Any = {"no_wrap": True, "overflow": "ignore", "crop": False}

Pieces: TypeAlias = "Sequence[tuple[str, str]]"
"""Texts of one line, each with its style."""


def write_table(fields: Sequence[Field], rows: Sequence[Row], to: TextIO, *, color: bool) -> None:
    """Draw rows below their headings."""
    _print([_table(fields, rows)], to, color=color)


def fits(fields: Sequence[Field], rows: Sequence[Row], to: TextIO) -> bool:
    """Whether such a table needs nothing to be folded."""
    width = width_of(to)
    if sum(len(field.title) + _GAP for field in fields) > width + _GAP:
        return False
    console = Console(file=to, width=_UNBOUNDED)
    return console.measure(_table(fields, rows)).maximum <= width + _GAP


def write_record(fields: Sequence[Field], row: Row, to: TextIO, *, color: bool) -> None:
    """Draw one thing, a line a field and a line an item of a list; a lone field has no title."""
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), show_header=False)
    if len(fields) > 1:
        table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for field in fields:
        value = row.get(field.key)
        if value in (None, []):
            continue
        if isinstance(value, list):
            cell = Text("\n".join(visible(plain(item)) for item in value))
        else:
            cell = _cell(field, row)
        table.add_row(*((Text(field.title), cell) if len(fields) > 1 else (cell,)))
    _print([table], to, color=color)


def write_pairs(rows: Iterable[tuple[Pieces, Pieces]], to: TextIO, *, color: bool) -> None:
    """Draw two columns, of which the second is folded."""
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), show_header=False)
    table.add_column(no_wrap=False, overflow="fold")
    table.add_column(overflow="fold", ratio=1)
    for left, right in rows:
        table.add_row(_text(left), _text(right))
    _print([table], to, color=color)


def write_lines(lines: Iterable[Pieces], to: TextIO, *, color: bool) -> None:
    """Draw lines as they are, which whoever calls has made to fit."""
    _print((_text(line) for line in lines), to, color=color)


def width_of(to: TextIO) -> int:
    """How many columns there are to draw in."""
    return Console(file=to).width if to.isatty() else _UNBOUNDED


def _table(fields: Sequence[Field], rows: Sequence[Row]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold dim")
    for field in fields:
        heading = visible(field.title) if field.named else field.title.upper()
        table.add_column(Text(heading), overflow="fold")
    for row in rows:
        table.add_row(*(_cell(field, row) for field in fields))
    return table


def _text(pieces: Pieces) -> Text:
    return Text.assemble(*((visible(text), style) for text, style in pieces))


def _cell(field: Field, row: Row) -> Text:
    value = row.get(field.key)
    return Text(visible(plain(value)), style=field.style(value) if field.style else "")


def _print(drawings: Iterable[Table | Text], to: TextIO, *, color: bool) -> None:
    console = Console(
        file=to,
        force_terminal=color,
        no_color=not color,
        color_system="256" if color else None,
        width=None if to.isatty() else _UNBOUNDED,
        legacy_windows=False,
    )
    with console.capture() as drawn:
        for drawing in drawings:
            console.print(drawing, **({} if isinstance(drawing, Table) else _AS_IT_IS))
    # Rich pads every cell to its column's width; nobody wants the trailing blanks in a copy.
    to.writelines(f"{line.rstrip()}\n" for line in drawn.get().splitlines())
