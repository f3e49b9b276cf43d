"""MLflow's ~/.mlflow/credentials: a login read, written and taken out, all else left alone."""

from __future__ import annotations

import configparser
import io
import re
from contextlib import suppress
from typing import TYPE_CHECKING

from authctl.client.private_file import PrivateFile
from authctl.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SECTION = "mlflow"
KEYS = ("mlflow_tracking_username", "mlflow_tracking_password")

# As configparser reads them, with which MLflow reads the file.
_HEADER = re.compile(r"\[(.+)\]")
_KEY = re.compile(r"(.*?)\s*[=:]")
_COMMENT = ("#", ";")


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
            after = _with_login(before, {key: _escaped(login[key]) for key in KEYS})
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
            if text is None or not self._sections(text).get(SECTION, {}).keys() & KEYS:
                return text
            return _without_empty_section(_with_login(text, {})) or None

        return self._file.change(edit, dry_run=dry_run or not self.path.exists())

    def _check(self, username: str, password: str) -> None:
        """Refuse what configparser does not give back as it was. InvalidRequest."""
        for what, value in (("username", username), ("password", password)):
            if not value:
                reason = "is empty"
            elif value != value.strip():
                reason = "begins or ends with white space"
            elif re.search(r"[\r\n]", value):
                reason = "has a line end in it"
            elif re.search(r"[\ud800-\udfff]", value):
                reason = "is not valid Unicode"
            else:
                continue
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

    def _sections(self, text: str) -> dict[str, dict[str, str]]:
        """All that stands in the file, as it stands there; what is lent by DEFAULT is not."""
        parser = configparser.RawConfigParser(default_section="")
        try:
            parser.read_string(text)
        except configparser.Error:
            raise self._unreadable() from None
        return {name: dict(parser.items(name)) for name in parser.sections()}

    def _others_in(self, text: str) -> dict[str, dict[str, str]]:
        found = self._sections(text)
        mlflows = {key: value for key, value in found.get(SECTION, {}).items() if key not in KEYS}
        return {**found, SECTION: mlflows}

    def _unreadable(self) -> InvalidRequest:
        # The parser's words quote the line, which may be the password; so does its exception.
        return InvalidRequest(
            f"The credentials file {self.path} cannot be read.",
            hint=f"It is an ini file with a section [{SECTION}]; a percent sign in a password"
            " is written twice: %%.",
        )


def _escaped(value: str) -> str:
    return value.replace("%", "%%")


def _with_login(text: str, login: Mapping[str, str]) -> str:
    """Put these values of KEYS in the place of those in MLflow's section; none takes them out."""
    lines: list[str] = []
    missing = dict(login)
    end = None  # of the section, after the last line that is neither blank nor a comment
    for line, section, key in _read(text):
        if section == SECTION and key in KEYS:
            if key not in missing:
                continue  # also where it goes on for several lines
            indentation = line[: len(line) - len(line.lstrip())]
            lines.append(f"{indentation}{key} = {missing.pop(key)}\n")
        else:
            lines.append(line)
        if section == SECTION and (key or end is None):
            end = len(lines)
    if missing:
        if lines and not lines[-1].endswith("\n"):
            lines[-1] += "\n"
        if end is None:
            lines.append(f"[{SECTION}]\n")
            end = len(lines)
        lines[end:end] = [f"{key} = {value}\n" for key, value in missing.items()]
    return "".join(lines)


def _without_empty_section(text: str) -> str:
    """Take out the header of MLflow's section, and blank lines, where nothing else is below it."""
    lines = list(_read(text))
    own = [line for line, section, _ in lines if section == SECTION]
    if any(line.strip() for line in own[1:]):
        return text
    rest = "".join(line for line, section, _ in lines if section != SECTION)
    return rest if rest.strip() else ""


def _read(text: str) -> Iterator[tuple[str, str | None, str | None]]:
    """Each line with the section and key it belongs to; comments and blank lines have no key."""
    section, key, indentation = None, None, 0
    for line in io.StringIO(text):
        content = line.strip()
        if not content or content.startswith(_COMMENT):
            yield line, section, None
            continue
        indented = len(line) - len(line.lstrip())
        if key is None or indented <= indentation:  # it does not go on with the key before
            if header := _HEADER.match(content):
                section, key = header[1], None
            else:
                found = _KEY.match(content)
                key, indentation = (found[1] if found else content).lower(), indented
        yield line, section, key
