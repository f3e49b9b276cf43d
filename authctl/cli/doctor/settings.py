"""Which server or database is worked on, which settings lose, and which are dangerous."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import getproxies, proxy_bypass

from authctl.cli.context.file import CONTEXT
from authctl.cli.doctor.finding import error, info, ok, warning
from authctl.cli.location import SERVER, TRACKING_URI, Mode, is_http, without_password
from authctl.config import CONFIG_PATH, DATABASE
from authctl.errors import AuthctlError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from authctl.cli.doctor.finding import Finding
    from authctl.cli.location import Location
    from authctl.cli.session import Session
    from authctl.client.address import Address

_CURRENT = "the current context"
_FROM_FILE = "database_uri in "
_RELATIVE = "sqlite:///"
_ABSOLUTE = "sqlite:////"


def place(session: Session) -> Iterator[Finding]:
    """Say where commands go and who said so, and what else was said that does not count."""
    given = _given(session)
    try:
        location = session.location
    except AuthctlError as failure:
        grade = error if given else info
        yield grade("place", ", ".join(given) or "-", failure.message, failure.hint)
        return
    yield ok("place", without_password(location.url), f"Named by {location.origin}.")
    yield from _losers(session, location, given)
    if location.url.startswith(_RELATIVE) and not location.url.startswith(_ABSOLUTE):
        yield info(
            "place",
            without_password(location.url),
            f"A relative path: it is looked for below {Path.cwd()}, by a server below the folder"
            " that it was started in.",
            "Write it with four slashes: sqlite:////absolute/path.db",
        )


def tracking_uri(session: Session) -> str | None:
    """The address of the server that is asked, be it for the names of experiments only."""
    try:
        if session.location.mode is Mode.REMOTE:
            return session.location.url
    except AuthctlError:
        return None
    uri = session.env.get(TRACKING_URI, "")
    return uri if is_http(uri) else None


def proxies(address: Address) -> Iterator[Finding]:
    """Say through which proxy the server is asked."""
    used = proxy_of(address)
    if used:
        yield info(
            "proxy",
            address.host,
            f"It is asked through the proxy {without_password(used)}.",
            f"If it can be reached without, add {address.host} to NO_PROXY.",
        )


def proxy_of(address: Address) -> str | None:
    """The proxy that the environment names for a server; none is used for this machine."""
    if address.is_loopback or proxy_bypass(address.host):
        return None
    known = getproxies()
    return known.get("https" if address.is_encrypted else "http") or known.get("all")


def _given(session: Session) -> list[str]:
    """Every option, variable and context that names a place, the strongest first."""
    options, env = session.options, session.env
    named = {
        "--server": options.server,
        "--db": options.db,
        "--auth-config": options.auth_config,
        "--context": options.context_name,
        **{name: env.get(name) for name in (CONTEXT, SERVER, DATABASE, TRACKING_URI, CONFIG_PATH)},
        _CURRENT: _current_context(session),
    }
    return [name for name, value in named.items() if value]


def _current_context(session: Session) -> str | None:
    with suppress(AuthctlError):  # told with its file
        return session.contexts.read().current
    return None


def _named_by(session: Session, location: Location) -> str:
    """Which of all that was given named the place."""
    if location.context is not None:
        if not location.chosen:
            return _CURRENT
        return "--context" if session.options.context_name else CONTEXT
    if location.origin.startswith(_FROM_FILE):
        return "--auth-config" if session.options.auth_config else CONFIG_PATH
    return location.origin


def _losers(session: Session, location: Location, given: list[str]) -> Iterator[Finding]:
    winner = _named_by(session, location)
    named = Path(session.env.get(CONFIG_PATH, ""))
    for name in given:
        if name == winner:
            continue
        if name == CONFIG_PATH and location.config and location.config.source == named:
            message = f"Its database_uri is not used: {winner} comes first. The rest of it is."
        elif name == TRACKING_URI and not is_http(session.env[TRACKING_URI]):
            message = "It is not used, since it is no http or https address."
        elif name == TRACKING_URI and location.mode is Mode.DIRECT:
            message = f"Asked for the names of experiments only: {winner} comes first."
        else:
            message = f"It is not used: {winner} comes first."
        yield info("place", name, message)


def verification(session: Session) -> Iterator[Finding]:
    """Warn where the server's certificate is not checked. InvalidRequest."""
    settled = session.connection
    if settled.tls.insecure:
        origin = settled.origins["insecure"]
        yield warning(
            "tls-verification",
            origin,
            "The server's certificate is not checked: whoever is on the way can read the password.",
            "Have it checked; an authority of your own is named with --ca-cert.",
        )
