"""The matrix of authctl perm list: users by resources, with the levels that count."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from authctl.cli.field import Field
from authctl.cli.grants import level_style
from authctl.policy.explanation import Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from authctl.cli.output import Sheet
    from authctl.cli.perm.reasons import Person
    from authctl.cli.session import Session
    from authctl.cli.table import Pieces
    from authctl.model import Permission, Resource

FIELDS = (Field("username", "user"), Field("is_admin", "admin"), Field("levels"))

_DENIED, _NOTHING, _UNTOLD = "X", "-", "?"
_LEGEND = (
    ("M", "MANAGE"),
    ("E", "EDIT"),
    ("U", "USE"),
    ("R", "READ"),
    (_DENIED, "denied"),
    (_NOTHING, "nothing"),
    (_UNTOLD, "not told"),
)
_CASES = (
    "UPPER CASE: by a grant of the user's own.",
    "lower case: by a role, the default or being an admin.",
)
_MOST_WORDS = 1000  # more cells than these are not read word by word
_OWN = (Source.OWN, Source.OWN_WILDCARD)


@dataclass(frozen=True, slots=True)
class Cell:
    """The level of a user on a resource, None where it is not told, and where it is from."""

    level: Permission | None
    source: Source | None

    @classmethod
    def of(cls, person: Person, resource: Resource) -> Cell:
        """Find it."""
        verdict = person.on(resource)
        return cls(verdict.level, verdict.source) if verdict else cls(None, None)

    @property
    def letter(self) -> str:
        """One letter for it, a capital only if it is by a grant of the user's own."""
        if self.level is None:
            return _UNTOLD
        if self.level.denies:
            return _NOTHING if self.source is Source.DEFAULT else self._cased(_DENIED)
        return self._cased(str(self.level)[0])

    def __str__(self) -> str:
        """Write the level out in the same way."""
        if self.level is None or self.letter == _NOTHING:
            return self.letter
        return self._cased(str(self.level))

    @property
    def style(self) -> str:
        """What it looks like, for who sees colours."""
        if self.source in (None, Source.DEFAULT):
            return "dim"
        color = level_style(self.level)
        return f"bold {color}".strip() if self.source in _OWN else color

    def _cased(self, word: str) -> str:
        return word if self.source in _OWN else word.lower()


@dataclass(frozen=True, slots=True)
class _Line:
    """A user with a cell for each resource."""

    person: Person
    cells: Sequence[Cell]

    @property
    def account(self) -> dict[str, Any]:
        user = self.person.user
        return {"username": user.username, "is_admin": user.is_admin}

    def levels(self, keys: Sequence[str]) -> dict[str, str | None]:
        levels = (None if cell.level is None else str(cell.level) for cell in self.cells)
        return dict(zip(keys, levels, strict=True))


def show_matrix(
    session: Session, sheet: Sheet, people: Sequence[Person], resources: Sequence[Resource]
) -> None:
    """Show everybody's level on these resources, else on all that their grants name."""
    if not resources:
        named = {resource for person in people for resource in person.reasons.named()}
        resources = sorted(named, key=_as_people_count)
    keys = [str(resource) for resource in resources]
    lines = [_Line(one, [Cell.of(one, resource) for resource in resources]) for one in people]
    if any(cell.level is None for line in lines for cell in line.cells):
        session.output.warn(
            "The server does not tell every level: it keeps its default permission to itself."
            " --db tells them."
        )
    if sheet.chosen or sheet.form not in ("table", "csv", "tsv"):
        sheet.show([{**line.account, "levels": line.levels(keys)} for line in lines])
    elif sheet.form != "table":
        columns = [*FIELDS[:2], *map(Field, keys)]
        rows = [{**line.account, **line.levels(keys)} for line in lines]
        replace(sheet, fields=columns, headed=True).show(rows)
    elif not (keys and lines):
        session.output.note("There are no grants: name resources to see everybody's level on them.")
    else:
        _draw(sheet, keys, lines)


def _as_people_count(resource: Resource) -> tuple[str, int, str]:
    """Experiment 7 comes before experiment 12."""
    number = resource.id.isascii() and resource.id.isdecimal()
    return resource.type, int(resource.id) if number else -1, resource.id


def _draw(sheet: Sheet, keys: Sequence[str], lines: Sequence[_Line]) -> None:
    """Draw words where they fit beside each other, else letters."""
    from authctl.cli import table  # noqa: PLC0415 - Rich is slow to import
    from authctl.cli.perm import grid  # noqa: PLC0415 - as above

    columns = [
        *FIELDS[:2],
        *(Field(key, style=lambda cell: cell.style, named=True) for key in keys),
    ]
    rows = [{**line.account, **dict(zip(keys, line.cells, strict=True))} for line in lines]
    words = len(keys) * len(lines) <= _MOST_WORDS and table.fits(columns, rows, sheet.stdout)
    if words:
        replace(sheet, fields=columns).show(rows)
    else:
        drawn = [
            grid.Line(
                line.account["username"],
                "(admin)" if line.account["is_admin"] else "",
                [(cell.letter, cell.style) for cell in line.cells],
            )
            for line in lines
        ]
        grid.write_grid(keys, drawn, sheet.stdout, color=sheet.color)
    used = {cell.letter.upper() for line in lines for cell in line.cells}
    legend = [[], *_legend(used, words=words)]
    table.write_lines(legend, sheet.stdout, color=sheet.color)


def _legend(used: set[str], *, words: bool) -> Iterator[Pieces]:
    signs = [(sign, meaning) for sign, meaning in _LEGEND if sign in used]
    if words:
        signs = [(sign, meaning) for sign, meaning in signs if sign in (_NOTHING, _UNTOLD)]
    if signs:
        pieces: list[tuple[str, str]] = []
        for sign, meaning in signs:
            pieces += [(sign, _sign_style(sign, meaning)), (f" {meaning}   ", "dim")]
        yield pieces
    for sentence in _CASES:
        yield [(sentence, "dim")]


def _sign_style(sign: str, meaning: str) -> str:
    return f"bold {level_style('DENY' if sign == _DENIED else meaning)}".strip()
