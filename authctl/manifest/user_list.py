"""Users as a CSV file lists them, such as a spreadsheet's export: read, and written again."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from authctl.errors import InvalidRequest
from authctl.manifest.accounts import SPELLED, PasswordSource, WantedUser
from authctl.manifest.entry import nearest
from authctl.manifest.read import AskedUser

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

COLUMNS = ("username", "is_admin", "password", "password_file")

_SEPARATORS = ",;\t"  # a spreadsheet writes what is usual in its country
_FLAGS = {
    **dict.fromkeys(("yes", "true", "1"), True),
    **dict.fromkeys(("no", "false", "0"), False),
    "": None,
}
_WIDE = (b"\xff\xfe", b"\xfe\xff")
_MOST_TOLD = 10


def read_csv(content: bytes, *, name: str, folder: Path) -> tuple[AskedUser, ...]:
    """Read a file called `name`, whose password files are named from `folder`.

    InvalidRequest, which names the file and every line that is not clear. No cell is quoted, since
    what stands in the wrong column may be a password.
    """
    rows = _rows(_decoded(content, name), name)
    _, heading = next(rows, (0, []))
    columns = _checked_columns([cell.strip().lower() for cell in heading], name)
    users, problems = [], []
    for line, cells in rows:
        where = f"{name}, line {line}"
        try:
            users.append(AskedUser(_user(dict(_paired(columns, cells)), folder), where))
        except InvalidRequest as error:
            problems.append(f"{where}: {error.message}")
    refuse(problems, name)
    return tuple(users)


def refuse(problems: Sequence[str], name: str) -> None:
    """Raise InvalidRequest that tells all that is wrong in a file, each with its place; if any."""
    if len(problems) == 1:
        raise InvalidRequest(problems[0], hint="Nothing was changed.")
    if problems:
        short = [problem.removeprefix(f"{name}, ").rstrip(".") for problem in problems]
        told = "; ".join(short[:_MOST_TOLD])
        more = f"; and {len(short) - _MOST_TOLD} more" if len(short) > _MOST_TOLD else ""
        raise InvalidRequest(
            f"{name} has {len(problems)} bad rows: {told}{more}.", hint="Nothing was changed."
        )


def twice(users: Iterable[AskedUser]) -> Iterator[str]:
    """What is wrong with users who stand in a file more than once."""
    first: dict[str, str] = {}
    for asked in users:
        before = first.setdefault(asked.user.name, asked.where)
        if before != asked.where:
            place = before.rpartition(", ")[2]
            yield f"{asked.where}: '{asked.user.name}' stands on {place} already."


def to_csv(users: Iterable[WantedUser]) -> str:
    """Write users as `read_csv` reads them, with the passwords that were given."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for user in users:
        flag = {None: "", True: "yes", False: "no"}[user.is_admin]
        source = user.password
        password = str(source.kind) if source in SPELLED.values() else source.given or ""
        file = str(source.file.absolute()) if source.file else ""
        writer.writerow([user.name, flag, password, file])
    return text.getvalue()


def _decoded(content: bytes, name: str) -> str:
    if content.startswith(_WIDE) or b"\x00" in content:
        raise InvalidRequest(
            f"{name} is not UTF-8 text; it seems to be UTF-16.",
            hint='Save it as "CSV UTF-8", as spreadsheets call it.',
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        # Not "from error", which holds the whole text.
        raise InvalidRequest(
            f"{name}, line {line}: this is not UTF-8 text.",
            hint='Save it as "CSV UTF-8", as spreadsheets call it.',
        ) from None


def _rows(text: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """Every row that is not blank, with the number of the line it begins on."""
    heading = text.lstrip("\r\n").partition("\n")[0]
    separator = max(_SEPARATORS, key=heading.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    line = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise InvalidRequest(
                f"{name}, line {line}: this is not valid CSV.",
                hint='A cell with a quote in it is quoted, and the quote doubled: "a ""b"" c".',
            ) from None
        if any(cell.strip() for cell in cells):
            yield line, cells
        line = reader.line_num + 1


def _checked_columns(columns: list[str], name: str) -> list[str]:
    if "username" not in columns:
        # A file without a heading begins with a user, and perhaps a password: nothing is quoted.
        near = next(filter(None, (nearest(column, ["username"]) for column in columns)), None)
        raise InvalidRequest(
            f"{name} has no column 'username' in its first line.",
            hint=near or "Begin it with a heading: username,is_admin,password",
        )
    for column in columns:
        if column not in COLUMNS:
            raise InvalidRequest(
                f"{name} has a column '{column}', which is not known.",
                hint=nearest(column, COLUMNS) or f"The columns are: {', '.join(COLUMNS)}.",
            )
        if columns.count(column) > 1:
            raise InvalidRequest(f"{name} has the column '{column}' twice.")
    return columns


def _paired(columns: list[str], cells: list[str]) -> Iterator[tuple[str, str]]:
    if len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
        raise InvalidRequest(f"it has {len(cells)} cells, and the heading {len(columns)}.")
    return zip(columns, cells, strict=False)


def _user(cells: dict[str, str], folder: Path) -> WantedUser:
    flag = cells.get("is_admin", "").strip().lower()
    if flag not in _FLAGS:
        raise InvalidRequest("is_admin is yes or no.")
    if not cells.get("username"):
        raise InvalidRequest("the username is empty.")
    return WantedUser(cells["username"], _FLAGS[flag], _source(cells, folder))


def _source(cells: dict[str, str], folder: Path) -> PasswordSource:
    given, file = cells.get("password", ""), cells.get("password_file", "").strip()
    if given and file:
        raise InvalidRequest("the password can come from one place only.")
    if given in SPELLED:
        return SPELLED[given]
    return PasswordSource.of(file=folder / file if file else None, given=given or None)
