"""Results on stdout as a table, TSV, CSV or JSON; all else on stderr."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO

from authctl.cli.field import plain
from authctl.cli.suggest import did_you_mean, no_such
from authctl.cli.visible import one_line, visible
from authctl.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from authctl.cli.field import Field, Row
    from authctl.cli.options import SharedOptions

FORMS = ("table", "tsv", "csv", "json", "jsonl")
COLORS = ("auto", "always", "never")


class Output:
    """Where results and remarks go, in the form that was asked for."""

    def __init__(
        self, options: SharedOptions, env: Mapping[str, str], stdout: TextIO, stderr: TextIO
    ) -> None:
        self._stdout = stdout
        self._stderr = stderr
        self._terminal = stdout.isatty()
        self._asked = _one_of(options.output, FORMS, "--output")
        color = _one_of(options.color, COLORS, "--color") or "auto"
        self._color = color == "always" or (
            color == "auto" and self._terminal and not env.get("NO_COLOR")
        )
        self._only_names = options.quiet
        self._fields = [key.strip() for key in options.fields.split(",")] if options.fields else []
        if options.quiet and (options.output or options.fields):
            raise InvalidRequest(
                "-q prints names only.", hint="Leave out --output and --fields with it."
            )

    @property
    def only_names(self) -> bool:
        """Whether nothing but names will be printed."""
        return self._only_names

    def sheet(self, fields: Sequence[Field], *, name: str, form: str | None = None) -> Sheet:
        """Prepare to show rows of these fields; `name` is the key that -q prints.

        `form` is what no -o means, where it is not a table on a terminal and else TSV.

        Called before anything is changed, so that a wrong --fields changes nothing.
        """
        usual = "table" if self._terminal else "tsv"
        known = {field.key: field for field in fields}
        for key in self._fields:
            if key not in known:
                raise no_such("field", key, list(known))
        return Sheet(
            fields=[known[key] for key in self._fields] or list(fields),
            chosen=bool(self._fields),
            name=name,
            form="names" if self._only_names else self._asked or form or usual,
            stdout=self._stdout,
            color=self._color,
        )

    def note(self, text: str) -> None:
        """Remark on something that scripts need not read."""
        if self._stderr.isatty():
            self._stderr.write(f"{visible(text)}\n")

    def warn(self, text: str) -> None:
        """Say something that everybody should know."""
        self._stderr.write(f"warning: {visible(text)}\n")


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows to be shown, all of the same fields."""

    fields: Sequence[Field]
    chosen: bool
    name: str
    form: str
    stdout: TextIO
    color: bool
    headed: bool = False
    """Whether TSV has a heading too, as where the columns are not always the same."""

    def show(self, rows: Sequence[Row]) -> None:
        """Show a list."""
        if self.form == "json":
            self._write(json.dumps([self._record(row) for row in rows], indent=2))
        else:
            self._show_lines(rows)

    def show_one(self, row: Row) -> None:
        """Show a single thing: in a table its fields stand below each other, JSON is an object."""
        if self.form == "json":
            self._write(json.dumps(self._record(row), indent=2))
        elif self.form == "table":
            from authctl.cli.table import write_record  # noqa: PLC0415 - Rich is slow to import

            write_record(self._shown(), row, self.stdout, color=self.color)
        else:
            self._show_lines([row])

    def _show_lines(self, rows: Sequence[Row]) -> None:
        if self.form == "names":
            for value in dict.fromkeys(plain(row[self.name]) for row in rows):
                self._write(self._safe(value))
        elif self.form == "jsonl":
            for row in rows:
                self._write(json.dumps(self._record(row)))
        elif self.form == "tsv":
            if self.headed:
                self._write("\t".join(self._keys()))
            for row in rows:
                self._write("\t".join(self._cells(row)))
        elif self.form == "csv":
            writer = csv.writer(self.stdout, lineterminator="\n")
            writer.writerow(self._keys())
            writer.writerows(self._cells(row) for row in rows)
        elif rows:
            from authctl.cli.table import write_table  # noqa: PLC0415 - Rich is slow to import

            write_table(self._shown(), rows, self.stdout, color=self.color)

    def _shown(self) -> list[Field]:
        return [field for field in self.fields if field.shown or self.chosen]

    def _keys(self) -> list[str]:
        return [self._safe(field.key) for field in self._shown()]

    def _record(self, row: Row) -> dict[str, Any]:
        return {field.key: row.get(field.key) for field in self.fields}

    def _cells(self, row: Row) -> list[str]:
        return [self._safe(plain(row.get(field.key))) for field in self._shown()]

    def _safe(self, text: str) -> str:
        return visible(text) if self.stdout.isatty() else one_line(text)

    def _write(self, line: str) -> None:
        self.stdout.write(f"{line}\n")


def _one_of(value: str | None, allowed: Sequence[str], option: str) -> str | None:
    if value is None or value in allowed:
        return value
    raise InvalidRequest(
        f"{option} cannot be '{value}'.",
        hint=did_you_mean(value, allowed) or f"It is one of: {', '.join(allowed)}.",
    )
