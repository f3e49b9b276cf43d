"""Changes as people read them: a line each, `+ ~ -`, coloured at a terminal."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Any

from authctl.cli.field import Field
from authctl.cli.visible import one_line, visible
from authctl.manifest.change import Act
from authctl.manifest.state import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

    from authctl.cli.field import Row
    from authctl.cli.options import SharedOptions
    from authctl.cli.output import Sheet
    from authctl.manifest.change import Change

FIELDS = (
    Field("action"),
    Field("kind"),
    Field("username", "user"),
    Field("role"),
    Field("resource"),
    Field("resource_type", shown=False),
    Field("resource_id", shown=False),
    Field("level"),
    Field("before"),
    Field("is_admin", shown=False),
    Field("description", shown=False),
    Field("password_from", shown=False),
    Field("password_file", shown=False),
)
"""The fields of a change, as it is saved."""

_SIGNS = {Act.ADD: "+", Act.CHANGE: "~", Act.REMOVE: "-"}
_COLORS = {"+": "\x1b[32m", "~": "\x1b[33m", "-": "\x1b[31m"}
_PLAIN = "\x1b[0m"
_SIMPLE = re.compile(r"[^\s\"]+")


def row_of(change: Change) -> dict[str, Any]:
    """Give a change as a row of results; `name` is the user or role it is about."""
    return {**change.to_json(), "name": change.username or change.role}


def line_of(change: Change) -> list[str]:
    """Give the cells of a change's line: the sign, what, who, on what, and how."""
    sign, name = _SIGNS[change.act], _quoted(change.username or change.role or "")
    match change.kind:
        case Kind.USER if change.act is Act.CHANGE:
            words = "admin: no -> yes" if change.is_admin else "admin: yes -> no"
            return [sign, "user", name, words]
        case Kind.USER:
            return [sign, "user", name, "admin" if change.is_admin else ""]
        case Kind.ROLE:
            said = change.description
            return [sign, "role", name, f"description: {_quoted(said)}" if said else ""]
        case Kind.MEMBER:
            return [sign, "member", name, f"of role {_quoted(change.role or '')}"]
        case Kind.GRANT:
            kind = "grant" if change.username is not None else "role grant"
            levels = [str(level) for level in (change.before, change.level) if level is not None]
            return [sign, kind, name, _quoted(str(change.on)), " -> ".join(levels)]


def show_changes(
    sheet: Sheet, options: SharedOptions, changes: Sequence[Change], rows: Sequence[Row]
) -> None:
    """Show changes in the form that was asked for; without one, as lines.

    Of each row, its result and its password end the line.
    """
    if not are_lines(sheet, options):
        sheet.show(rows)
        return
    lines = [
        [*line_of(change), *(str(row[key]) for key in ("result", "password") if row.get(key))]
        for change, row in zip(changes, rows, strict=True)
    ]
    write_lines(lines, sheet.stdout, color=sheet.color, aligned=sheet.form == "table")


def are_lines(sheet: Sheet, options: SharedOptions) -> bool:
    """Whether changes are shown as lines, and not as rows of fields."""
    return sheet.form != "names" and not sheet.chosen and options.output in (None, "table")


def write_lines(lines: Sequence[Sequence[str]], to: TextIO, *, color: bool, aligned: bool) -> None:
    """Write cells below each other, or with tabs between them for a program to read."""
    safe = visible if to.isatty() else one_line
    shown = [[safe(cell) for cell in line] for line in lines]
    if aligned:
        count = max((len(line) for line in shown), default=0)
        widths = [max(len(line[at]) for line in shown if at < len(line)) for at in range(count)]
        shown = [
            [cell.ljust(width) for cell, width in zip(line, widths, strict=False)] for line in shown
        ]
    for line in shown:
        text = ("  " if aligned else "\t").join(line).rstrip()
        to.write(f"{_COLORS[line[0][0]]}{text}{_PLAIN}\n" if color else f"{text}\n")


def summary(changes: Sequence[Change], words: Sequence[str], title: str) -> str:
    """Count what is added, changed and removed."""
    counts = [sum(change.act is act for change in changes) for act in Act]
    told = ", ".join(f"{count} {word}" for count, word in zip(counts, words, strict=True))
    return f"{title}: {told}."


def tell(text: str) -> None:
    """Say something about the whole, beside the results."""
    sys.stderr.write(f"{visible(text)}\n")


def _quoted(name: str) -> str:
    """A name with blanks or quotes in it stands in quotes, so that it cannot pose as more."""
    return name if _SIMPLE.fullmatch(name) else json.dumps(name, ensure_ascii=False)
