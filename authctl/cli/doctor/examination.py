"""All that doctor looks at, a section at a time, and in which order."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

from authctl.cli.doctor import credentials, database, files, installation, network, settings
from authctl.cli.doctor.attempt import Stop, attempt
from authctl.cli.doctor.exchange import Exchange
from authctl.cli.doctor.finding import error, info
from authctl.cli.doctor.server import Server
from authctl.cli.location import TRACKING_URI, Mode, without_password
from authctl.client.address import Address
from authctl.errors import AuthctlError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from authctl.cli.doctor.finding import Finding
    from authctl.cli.session import Session

Section: TypeAlias = "tuple[str, Iterable[Finding]]"

SECONDS = 10.0
"""How long each step may take if --timeout does not say."""

_DATABASE_SECONDS = 60.0
"""The same for the database: well-known passwords are tried on each admin's hash."""


def sections(session: Session, *, timeout: float | None, offline: bool) -> list[Section]:
    """Every section's title and its findings, each made when it is asked for.

    `timeout` is how many seconds a step may take, None to leave that to each.
    """
    seconds = timeout or SECONDS
    return [
        ("Installation", _installation(session, seconds)),
        ("Settings", _settings(session, seconds)),
        ("Server", _server(session, seconds, offline=offline)),
        ("Auth database", _database(session, timeout or _DATABASE_SECONDS, offline=offline)),
    ]


def _database_url(session: Session) -> str | None:
    try:
        location = session.location
    except AuthctlError:
        return None  # the settings tell
    return location.url if location.mode is Mode.DIRECT else None


def _installation(session: Session, seconds: float) -> Iterator[Finding]:
    look = partial(installation.installed, _database_url(session))
    return attempt("authctl", "-", look, seconds=seconds)


def _settings(session: Session, seconds: float) -> Iterator[Finding]:
    yield from attempt("place", "-", partial(settings.place, session), seconds=seconds)
    for look in files.LOOKS:
        yield from attempt("file", "-", partial(look, session), seconds=seconds)


def _server(session: Session, seconds: float, *, offline: bool) -> Iterator[Finding]:
    uri = settings.tracking_uri(session)
    if uri is None:
        return
    try:
        address = Address.parse(uri)
    except AuthctlError as failure:
        yield error("place", TRACKING_URI, failure.message, failure.hint)
        return
    try:
        yield from _known(session, address, seconds)
        if offline:
            yield info("server", address.url, "It was not asked: --offline.")
        else:
            yield from _way(session, address, seconds)
            yield from _conversation(session, address, seconds)
    except Stop:
        return


def _known(session: Session, address: Address, seconds: float) -> Iterator[Finding]:
    """What can be said of the server without asking it. Stop."""
    host = address.host
    look = partial(credentials.credential, session, address)
    yield from attempt("credential", host, look, seconds=seconds)
    look = partial(settings.verification, session)
    yield from attempt("tls-verification", host, look, seconds=seconds, vital=True)
    look = partial(credentials.encryption, session, address)
    yield from attempt("encryption", host, look, seconds=seconds)
    yield from attempt("proxy", host, partial(settings.proxies, address), seconds=seconds)


def _way(session: Session, address: Address, seconds: float) -> Iterator[Finding]:
    """The way to the server, or to the proxy that is asked for it. Stop."""
    proxy = settings.proxy_of(address)
    target = proxy or address.url
    host = urlsplit(target).hostname or address.host
    port = network.port_of(target)
    yield from attempt("dns", host, partial(network.name, host), seconds=seconds, vital=True)
    yield from attempt(
        "tcp", host, partial(network.port, host, port, seconds), seconds=2 * seconds, vital=True
    )
    if address.is_encrypted and not proxy:
        look = partial(network.certificate, address, session.connection.tls, seconds)
        yield from attempt("tls", host, look, seconds=3 * seconds, vital=True)


def _conversation(session: Session, address: Address, seconds: float) -> Iterator[Finding]:
    """What the server says. Stop."""
    with Exchange(
        address, session.connection.tls, seconds, debug=session.options.debug
    ) as exchange:
        for check, ask in Server(session, exchange, address).questions():
            yield from attempt(check, address.url, ask, seconds=3 * seconds, vital=True)


def _database(session: Session, seconds: float, *, offline: bool) -> Iterator[Finding]:
    url = _database_url(session)
    if url is None:
        return
    if offline and not url.startswith("sqlite"):
        yield info("database", without_password(url), "It was not asked: --offline.")
    else:
        look = partial(database.database, session)
        yield from attempt("database", without_password(url), look, seconds=seconds)
    yield from attempt(
        "secret-key", without_password(url), partial(database.secret_key, session), seconds=seconds
    )
