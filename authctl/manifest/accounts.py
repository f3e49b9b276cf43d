"""Accounts as files ask for them, and where their passwords come from."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from authctl.errors import InvalidRequest
from authctl.manifest.entry import Entry
from authctl.model import checked_password
from authctl.password_file import generated_password, password_in

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

USER_KEYS = ("name", "admin", "password_file", "password")

_WAYS = (
    'Use password_file = "FILE", password = "generate" to have one made up and printed, or'
    ' password = "none" for a service account, which has tokens only.'
)


class From(StrEnum):
    """Where a new password can come from."""

    NOWHERE = "nowhere"
    FILE = "file"
    GENERATE = "generate"
    GIVEN = "given"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class PasswordSource:
    """Where a new password comes from: nowhere, a file, thin air, or it is given here itself.

    A service account is to have none.
    """

    kind: From = From.NOWHERE
    file: Path | None = None
    given: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, *, file: Path | None = None, given: str | None = None) -> PasswordSource:
        """Make a source of a file or of a password itself."""
        if given is not None:
            return cls(From.GIVEN, given=given)
        return cls(From.FILE, file) if file is not None else NOWHERE


NOWHERE = PasswordSource()
GENERATED = PasswordSource(From.GENERATE)
NO_PASSWORD = PasswordSource(From.NONE)

SPELLED = {str(source.kind): source for source in (GENERATED, NO_PASSWORD)}
"""The words that files write instead of a password."""


@dataclass(frozen=True, slots=True)
class WantedUser:
    """An account that should be; `is_admin` is None where the file leaves it open."""

    name: str
    is_admin: bool | None = None
    password: PasswordSource = NOWHERE


def wanted_user(entry: Mapping[str, object], *, where: str, folder: Path) -> WantedUser:
    """Read one `[[user]]` table; `where` names it in errors, `folder` is where its files are from.

    Any text is a name here, since accounts may have names that no new one can have: who makes an
    account checks it (`checked_username`). InvalidRequest for all else, a password written out
    above all; it is never quoted.
    """
    table = Entry.checked(entry, where, USER_KEYS)
    return WantedUser(table.text("name"), table.flag("admin"), _source(table, folder))


def read_password(source: PasswordSource, *, where: str) -> str | None:
    """Get a new password; None where there is no source, and for a service account.

    InvalidRequest, which names `where`, if the file cannot be read or the password is too short.
    """
    if source.kind in (From.NOWHERE, From.NONE):
        return None
    if source.kind is From.GENERATE:
        return generated_password()
    try:
        given = source.given if source.file is None else password_in(source.file)
        return checked_password(given or "")
    except InvalidRequest as error:
        raise InvalidRequest(f"{where}: {error.message}", hint=error.hint) from None


def _source(table: Entry, folder: Path) -> PasswordSource:
    literal = table.values.get("password")
    spelled = SPELLED.get(literal) if isinstance(literal, str) else None
    if literal is not None and spelled is None:
        raise table.error("a password must not be written out in this file.", hint=_WAYS)
    file = table.optional_text("password_file")
    if file is None:
        return spelled or NOWHERE
    if literal is not None:
        raise table.error("the password can come from one place only.", hint=_WAYS)
    if not file or "\0" in file:
        raise table.error("'password_file' names no file.")
    return PasswordSource(From.FILE, folder / file)
