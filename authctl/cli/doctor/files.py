"""The files that settings and secrets are read from: who may read them, and can they be read."""

from __future__ import annotations

import configparser
import netrc
import os
from pathlib import Path
from typing import TYPE_CHECKING

from authctl.cli.doctor.access import (
    PERSONAL,
    PERSONAL_SECRET,
    SERVER,
    SERVER_SECRET,
    look_at,
)
from authctl.cli.doctor.finding import error, info, warning
from authctl.cli.location import Mode
from authctl.config import ADMIN_PASSWORD, CONFIG_PATH, AuthConfig
from authctl.errors import AuthctlError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from authctl.cli.doctor.finding import Finding
    from authctl.cli.session import Session

_INI_SECTION = "mlflow"


def contexts(session: Session) -> Iterator[Finding]:
    """Look at the file of the contexts."""
    file = session.contexts.path
    if not os.path.lexists(file):
        return
    yield from look_at(file, PERSONAL_SECRET)
    try:
        session.contexts.read()
    except AuthctlError as failure:
        yield error("file-syntax", str(file), failure.message, failure.hint)


def credentials(_session: Session) -> Iterator[Finding]:
    """Look at MLflow's credentials file."""
    file = Path.home() / ".mlflow" / "credentials"
    if not os.path.lexists(file):
        return
    yield from look_at(file, PERSONAL_SECRET)
    parser = configparser.ConfigParser()
    try:
        parser.read_string(file.read_text(encoding="utf-8"))
        sections = parser.sections()
        if _INI_SECTION in sections:
            parser.items(_INI_SECTION)
        else:
            yield warning(
                "file-syntax",
                str(file),
                f"There is no section [{_INI_SECTION}], so nothing in it is used.",
                f"Begin it with a line [{_INI_SECTION}].",
            )
    except OSError:
        return  # told already
    except configparser.InterpolationError:
        yield error(
            "file-syntax",
            str(file),
            "A value has a percent sign that stands alone.",
            "Write it twice: %%.",
        )
    except (configparser.Error, UnicodeDecodeError) as failure:
        yield _unreadable(file, "an ini file", _line(failure))


def netrc_file(session: Session) -> Iterator[Finding]:
    """Look at ~/.netrc, or what NETRC names."""
    if named := session.env.get("NETRC"):
        file = Path(named).expanduser()
        if not file.exists():
            yield info("file", str(file), "NETRC names it, but it is not there: none is read.")
            return
    else:
        places = (Path.home() / ".netrc", Path.home() / "_netrc")
        there = next((place for place in places if os.path.lexists(place)), None)
        if there is None:
            return
        file = there
    yield from look_at(file, PERSONAL_SECRET)
    try:
        netrc.netrc(str(file))
    except OSError:
        return  # told already
    except (netrc.NetrcParseError, UnicodeDecodeError) as failure:
        line = getattr(failure, "lineno", None)
        where = f" (line {line})" if line else ""
        yield warning(
            "file-syntax",
            str(file),
            f"It cannot be parsed{where}, so all of it is passed over, as by MLflow's client.",
            "Each entry is: machine HOST login NAME password PASSWORD.",
        )


def certificates(session: Session) -> Iterator[Finding]:
    """Look at the files that hold certificates and the caller's key."""
    try:
        tls = session.connection.tls
    except AuthctlError:
        return  # told with the place, or with the server
    if tls.ca_cert and Path(tls.ca_cert).is_file():  # else to load it will tell
        yield from look_at(Path(tls.ca_cert), PERSONAL)
    if tls.client_cert and Path(tls.client_cert).is_file():
        yield from look_at(Path(tls.client_cert), PERSONAL_SECRET)


def auth_config(session: Session) -> Iterator[Finding]:
    """Look at MLflow's basic_auth.ini."""
    named = session.options.auth_config or session.env.get(CONFIG_PATH)
    if not named:
        return
    file = Path(named)
    if not file.exists():
        origin = "--auth-config" if session.options.auth_config else CONFIG_PATH
        yield error(
            "file",
            str(file),
            f"{origin} names it, but it is not there.",
            "Name MLflow's basic_auth.ini by its absolute path: a server and you may be in"
            " different folders.",
        )
        return
    try:
        config = AuthConfig.load(file, {})
    except AuthctlError as failure:
        yield from look_at(file, SERVER_SECRET)
        yield error("file-syntax", str(file), failure.message, failure.hint)
        return
    secret = config.admin_password is not None or "@" in config.database_uri
    yield from look_at(file, SERVER_SECRET if secret else SERVER)
    yield from _first_password(file, config, session.env)


def database_file_of(session: Session) -> Iterator[Finding]:
    """Look at the file of an SQLite auth database."""
    try:
        location = session.location
    except AuthctlError:
        return  # told with the place
    if location.mode is Mode.REMOTE:
        return
    from authctl.store.sql_engine import database_file  # noqa: PLC0415 - SQLAlchemy is slow

    file = database_file(location.url)
    if file is None or not file.exists():
        return  # to open it will tell
    yield from look_at(file, SERVER_SECRET)
    for path in (file, file.parent):
        if not os.access(path, os.W_OK):
            yield warning(
                "file-mode",
                str(path),
                "You cannot write here, so nothing in the auth database can be changed.",
                "Work as the account that the server runs as.",
            )
            return


LOOKS: tuple[Callable[[Session], Iterator[Finding]], ...] = (
    contexts,
    credentials,
    netrc_file,
    certificates,
    auth_config,
    database_file_of,
)
"""Each file, or sort of file, that a setting or a credential may come from."""


def _first_password(file: Path, config: AuthConfig, env: Mapping[str, str]) -> Iterator[Finding]:
    from authctl.store.passwords import WELL_KNOWN  # noqa: PLC0415 - passlib may not be there

    if config.admin_password in WELL_KNOWN and ADMIN_PASSWORD not in env:
        yield warning(
            "default-password",
            str(file),
            "admin_password is the one that MLflow came with: a first admin made with it can be"
            " guessed by everybody.",
            f"Set {ADMIN_PASSWORD}, or write another one there.",
        )


def _unreadable(file: Path, form: str, line: int | None) -> Finding:
    # The line itself may be a secret.
    where = f": see line {line}" if line else ""
    return error(
        "file-syntax", str(file), f"It is not valid {form}{where}.", "Correct or remove the file."
    )


def _line(failure: Exception) -> int | None:
    line: int | None = getattr(failure, "lineno", None)
    if line is None and isinstance(failure, configparser.ParsingError):
        return failure.errors[0][0] if failure.errors else None
    return line
