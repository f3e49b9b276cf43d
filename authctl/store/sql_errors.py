"""What a database's errors mean, as errors of ours."""

from __future__ import annotations

from typing import Any

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError

from authctl.errors import AlreadyExists, AuthctlError, InvalidRequest, Unavailable

_DEADLOCKS = ("40P01", "40001", "1213")

# SQLite's error names, PostgreSQL's SQLSTATEs and MySQL's numbers, and what they mean.
_LOCKED = "The auth database {place} is locked by another process."
_READ_ONLY = "The auth database {place} is read-only."
_NOT_ALLOWED = "The auth database {place} does not let this account do that."
_MEANINGS = {
    **dict.fromkeys(("SQLITE_BUSY", "SQLITE_LOCKED"), _LOCKED),
    **dict.fromkeys(("55P03", "1205", *_DEADLOCKS), _LOCKED),
    **dict.fromkeys(("SQLITE_READONLY", "25006", "1290", "1792"), _READ_ONLY),
    **dict.fromkeys(("SQLITE_PERM", "SQLITE_AUTH", "42501", "1142", "1143"), _NOT_ALLOWED),
    **dict.fromkeys(
        ("57014", "1969", "3024"), "The auth database {place} took too long to answer."
    ),
    "1419": (
        "The auth database {place} lets this account make no triggers while it writes a binary log;"
        " log_bin_trust_function_creators = 1 lets it."
    ),
    "SQLITE_IOERR": "The auth database {place} cannot be read or written: input/output error.",
    "SQLITE_NOTADB": "{place} is not an SQLite database.",
    "SQLITE_CANTOPEN": "The auth database {place} cannot be opened.",
    "SQLITE_FULL": "There is no space left for the auth database {place}.",
    "SQLITE_CORRUPT": "The auth database {place} is damaged.",
}


class Collision(AlreadyExists):
    """Another writer put a row where this one was to go."""


class Deadlock(Unavailable):
    """Two writers waited for each other, and the server ended this one's transaction."""


def ours(error: SQLAlchemyError, place: str) -> AuthctlError:
    """What an error means for the database that messages call `place`."""
    if isinstance(error, IntegrityError):
        return Collision(
            "The auth database holds a row that it cannot tell from the new one.",
            hint="Names that differ in letter case alone may be the same to this database.",
        )
    if isinstance(error, DataError):
        return InvalidRequest("The auth database cannot keep this value.")
    code = _code(error)
    if code in _DEADLOCKS:
        return Deadlock(_LOCKED.format(place=place))
    return Unavailable(_trouble(error, code).format(place=place))


def _trouble(error: SQLAlchemyError, code: str) -> str:
    """What is wrong with the place."""
    if code in _MEANINGS:
        return _MEANINGS[code]
    if isinstance(error, DBAPIError) and error.statement is None:
        return f"The auth database {{place}} cannot be reached: {_first_line(error)}"
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return "The connection to the auth database {place} was lost; try again."
    return f"The auth database {{place}} failed ({code or type(error).__name__})."


def _code(error: SQLAlchemyError) -> str:
    """SQLite's name of the error without its details, a SQLSTATE, or MySQL's number."""
    original: Any = getattr(error, "orig", None)
    if name := getattr(original, "sqlite_errorname", None):
        return "_".join(str(name).split("_")[:2])
    if original is not None and original.args and isinstance(original.args[0], int):
        return str(original.args[0])
    return str(getattr(original, "sqlstate", None) or "")


def _first_line(error: DBAPIError) -> str:
    text = str(error.orig.args[-1]) if error.orig is not None and error.orig.args else ""
    return text.strip().split("\n")[0].rstrip(".").replace("{", "{{").replace("}", "}}") + "."
