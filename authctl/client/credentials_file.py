"""MLflow's ~/.mlflow/credentials: a login read, written and taken out, all else left alone."""

from __future__ import annotations

import configparser
from contextlib import suppress
from typing import TYPE_CHECKING

from authctl.client.ini_text import IniSection, why_unfit
from authctl.client.private_file import PrivateFile
from authctl.errors import InvalidRequest

if TYPE_CHECKING:
    from pathlib import Path

SECTION = "mlflow"
KEYS = ("mlflow_tracking_username", "mlflow_tracking_password")

_LOGIN = IniSection(SECTION, KEYS)


class CredentialsFile:
    """The file from which `mlflow` and authctl take a username and password for every server.

    InvalidRequest, everywhere, for a file that cannot be read; it is left as it is.
    """

    def __init__(self, home: Path) -> None:
        self.path = home / ".mlflow" / "credentials"
        self._file = PrivateFile(self.path, "The credentials file")

    def read(self) -> dict[str, str]:
        """What the file says of KEYS, as MLflow reads it."""
        text = self._file.read()
        return {} if text is None else self._login_in(text)

    def write(self, username: str, password: str, *, dry_run: bool = False) -> bool:
        """Save a login; True if that changed the file, which is nobody else's to read from then on.

        InvalidRequest for what MLflow could not read back. A dry run writes nothing.
        """
        self._check(username, password)
        login = dict(zip(KEYS, (username, password), strict=True))

        def edit(text: str | None) -> str:
            before = text or ""
            others = self._others_in(before)
            with suppress(InvalidRequest):  # a percent sign written once, which this mends
                if self._login_in(before) == login:
                    return before
            after = _LOGIN.with_values(before, {key: _escaped(login[key]) for key in KEYS})
            if self._others_in(after) != others or self._login_in(after) != login:
                raise InvalidRequest(
                    f"The credentials file {self.path} is written in a way that authctl cannot"
                    " change without harm.",
                    hint=f"Write {' and '.join(KEYS)} into its section [{SECTION}] yourself.",
                )
            return after

        return self._file.change(edit, dry_run=dry_run)

    def remove(self, *, dry_run: bool = False) -> bool:
        """Take the login out; True if there was one. The file goes too if that leaves it empty."""

        def edit(text: str | None) -> str | None:
            try:
                if text is None or not _LOGIN.present_in(text):
                    return text
            except configparser.Error:
                raise self._unreadable() from None
            return _LOGIN.without_empty(_LOGIN.with_values(text, {})) or None

        return self._file.change(edit, dry_run=dry_run or not self.path.exists())

    def _check(self, username: str, password: str) -> None:
        """Refuse what configparser does not give back as it was. InvalidRequest."""
        for what, value in (("username", username), ("password", password)):
            if reason := why_unfit(value):
                raise InvalidRequest(f"The {what} {reason}, which {self.path} cannot hold.")

    def _login_in(self, text: str) -> dict[str, str]:
        # With interpolation: a percent sign is written twice.
        parser = configparser.ConfigParser()
        try:
            parser.read_string(text)
            return {
                key: parser.get(SECTION, key) for key in KEYS if parser.has_option(SECTION, key)
            }
        except configparser.Error:
            raise self._unreadable() from None

    def _others_in(self, text: str) -> dict[str, dict[str, str]]:
        try:
            return _LOGIN.others_in(text)
        except configparser.Error:
            raise self._unreadable() from None

    def _unreadable(self) -> InvalidRequest:
        # The parser's words quote the line, which may be the password; so does its exception.
        return InvalidRequest(
            f"The credentials file {self.path} cannot be read.",
            hint=f"It is an ini file with a section [{SECTION}]; a percent sign in a password"
            " is written twice: %%.",
        )


def _escaped(value: str) -> str:
    return value.replace("%", "%%")
