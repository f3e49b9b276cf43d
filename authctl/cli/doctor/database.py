"""The auth database itself, and the secret key of the server that uses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from authctl.cli.doctor.finding import Finding, Severity, error, info, ok, warning
from authctl.cli.location import without_password
from authctl.config import SECRET_KEY
from authctl.errors import AuthctlError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from authctl.cli.session import Session
    from authctl.store.sql import SqlStore

_SHORTEST_KEY = 32


def database(session: Session) -> Iterator[Finding]:
    """Open the database, say what it is, and make all checks of `authctl db check`."""
    from authctl.store.upkeep.check import check  # noqa: PLC0415 - SQLAlchemy is slow to import

    place = without_password(session.location.url)
    store = session.open_database(create=False)
    try:
        yield _what(store, place)
        found = check(store.database, store.schema)
    finally:
        store.close()
    for each in found:
        yield Finding(
            Severity(str(each.severity)), each.check, each.subject, each.message, each.remedy
        )
    if not found:
        yield ok("database-check", place, "authctl db check finds nothing wrong in it.")


def secret_key(session: Session) -> Iterator[Finding]:
    """Look at the key that sessions and sign-up forms are signed with, without making one."""
    from authctl.server.bootstrap import secret_key as read  # noqa: PLC0415 - slow to import
    from authctl.store.sql_engine import database_file  # noqa: PLC0415 - as above

    if SECRET_KEY in session.env:
        yield _given(session.env)
        return
    file = database_file(session.location.url)
    if file is None:
        yield info(
            "secret-key",
            SECRET_KEY,
            "It is not set here. A server on this database needs it, and MLflow's own does since"
            " 2.20.4.",
            "Set it for every server to the same: openssl rand -hex 32",
        )
        return
    path = file.with_name(f"{file.name}.secret_key")
    if not path.exists():
        yield info("secret-key", str(path), "There is none yet; authctl serve makes one.")
        return
    try:
        read({}, file)
    except AuthctlError as failure:
        yield error("secret-key", str(path), failure.message, failure.hint)
    else:
        yield ok("secret-key", str(path), "Long enough, and safe from others on this machine.")


def _given(env: Mapping[str, str]) -> Finding:
    if len(env[SECRET_KEY]) < _SHORTEST_KEY:
        return warning(
            "secret-key",
            SECRET_KEY,
            "It is so short that it can be guessed, and sessions forged with it.",
            "Make a long random one: openssl rand -hex 32",
        )
    return ok("secret-key", SECRET_KEY, "It is set, and long enough.")


def _what(store: SqlStore, place: str) -> Finding:
    from authctl.store.upkeep.status import status  # noqa: PLC0415 - SQLAlchemy is slow to import

    found = status(store.database, store.schema)
    return ok(
        "database",
        place,
        f"Of MLflow {found.mlflow}; users {found.users}, admins {found.admins}, grants"
        f" {found.grants}.",
    )
