"""The file of a user import, and the file of the rows that are to be tried again."""

from __future__ import annotations

import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from authctl.cli.suggest import did_you_mean
from authctl.errors import InvalidRequest
from authctl.manifest.accounts import SPELLED, From, WantedUser
from authctl.manifest.export import to_toml
from authctl.manifest.read import VERSION, AskedUser, read_manifest
from authctl.manifest.user_list import read_csv, refuse, to_csv, twice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from authctl.cli.session import Session

FORMATS = ("csv", "toml")

_STDIN = "-"
_TITLE = "The file of failed rows"


@dataclass(frozen=True, slots=True)
class UserFile:
    """A file of users: what errors call it, its format, and who stands in it."""

    name: str
    form: str
    users: tuple[AskedUser, ...]


def read_users(session: Session, file: str, form: str | None) -> UserFile:
    """Read FILE, or standard input for `-`; the format goes by the name where it is not given.

    InvalidRequest for whatever is not clear in it.
    """
    chosen = form or ("toml" if file.lower().endswith(".toml") else "csv")
    if chosen not in FORMATS:
        raise InvalidRequest(
            f"--format cannot be '{form}'.",
            hint=did_you_mean(chosen, FORMATS) or f"It is one of: {', '.join(FORMATS)}.",
        )
    name = "standard input" if file == _STDIN else file
    content, open_to_others = _content(file)
    folder = Path() if file == _STDIN else Path(file).parent
    if chosen == "csv":
        users = read_csv(content, name=name, folder=folder)
    else:
        asked = read_manifest(content, name=name, folder=folder)
        users = asked.users
        if asked.roles or asked.grants:
            session.output.warn(f"only the users of {name} are imported; see authctl apply")
    refuse(list(twice(users)), name)
    if open_to_others and any(asked.user.password.kind is From.GIVEN for asked in users):
        session.output.warn(f"{name} holds passwords and others can read it: chmod 600 {name}")
    return UserFile(name, chosen, users)


@dataclass(frozen=True, slots=True)
class FailedRows:
    """A file, if one was asked for, that can be imported again; only its owner reads it."""

    path: Path | None
    form: str

    def check(self) -> None:
        """Refuse a place that cannot be written, before anything is changed."""
        if self.path is None:
            return
        self._file().read()
        if not os.access(self.path.parent, os.W_OK):
            raise InvalidRequest(f"{_TITLE} {self.path} cannot be written.")

    def write(self, users: Sequence[WantedUser]) -> None:
        """Keep these users in it; if there are none, an older file is emptied."""
        if self.path is None:
            return
        text = to_csv(users) if self.form == "csv" else to_toml(_tables(users))
        self._file().change(lambda before: text if users or before is not None else None)

    def _file(self) -> Any:
        from authctl.client.private_file import PrivateFile  # noqa: PLC0415 - start-up

        assert self.path is not None  # noqa: S101 - for the type checker: both callers know
        return PrivateFile(self.path, _TITLE)


def _content(file: str) -> tuple[bytes, bool]:
    """What is in a file, and whether others than its owner can read it."""
    if file == _STDIN:
        return sys.stdin.buffer.read(), False
    try:
        with Path(file).open("rb") as opened:
            state = os.fstat(opened.fileno())
            others = stat.S_ISREG(state.st_mode) and state.st_mode & (stat.S_IRGRP | stat.S_IROTH)
            return opened.read(), bool(others)
    except OSError as error:
        raise InvalidRequest(f"{file} cannot be read: {error.strerror}.") from error


def _tables(users: Sequence[WantedUser]) -> dict[str, Any]:
    return {"version": VERSION, "user": [_table(user) for user in users]}


def _table(user: WantedUser) -> dict[str, Any]:
    table: dict[str, Any] = {"name": user.name}
    if user.is_admin is not None:
        table["admin"] = user.is_admin
    if user.password in SPELLED.values():
        table["password"] = str(user.password.kind)
    elif user.password.file:
        table["password_file"] = str(user.password.file.absolute())
    return table
