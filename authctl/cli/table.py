"""Tables for people; the one place where Rich draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from authctl.cli.field import plain
from authctl.cli.visible import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from authctl.cli.field import Field, Row

_UNBOUNDED = 100_000  # into a file nothing is folded


def write_table(fields: Sequence[Field], rows: Sequence[Row], to: TextIO, *, color: bool) -> None:
    """Draw rows below their headings."""
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold dim")
    for field in fields:
        table.add_column(Text(field.title.upper()), overflow="fold")
    for row in rows:
        table.add_row(*(_cell(field, row) for field in fields))
    _print(table, to, color=color)


def write_record(fields: Sequence[Field], row: Row, to: TextIO, *, color: bool) -> None:
    """Draw one thing, a line a field and a line an item of a list; a lone field has no title."""
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), show_header=False)
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
    _print(table, to, color=color)


def _cell(field: Field, row: Row) -> Text:
    value = row.get(field.key)
    return Text(visible(plain(value)), style=field.style(value) if field.style else "")


def _print(table: Table, to: TextIO, *, color: bool) -> None:
    console = Console(
        file=to,
        force_terminal=color,
        no_color=not color,
        color_system="standard" if color else None,
        width=None if to.isatty() else _UNBOUNDED,
        legacy_windows=False,
    )
    with console.capture() as drawn:
        console.print(table)
    # Rich pads every cell to its column's width; nobody wants the trailing blanks in a copy.
    to.writelines(f"{line.rstrip()}\n" for line in drawn.get().splitlines())
