"""What the next command would do that names no place, where a saved login says otherwise."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from authctl.cli.location import Mode, same_server, without_password
from authctl.client.credentials_file import CredentialsFile
from authctl.errors import AuthctlError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from authctl.cli.login.kept import Keeper, Login
    from authctl.cli.session import Session
    from authctl.client.credentials import Credentials


def what_overrules(session: Session, kept_in: Keeper, login: Login) -> Iterator[str]:
    """Say which settings beat what was saved, and how to get it used nevertheless."""
    after = session.naming_no_place()
    try:
        place = after.location
    except AuthctlError:
        return
    name = kept_in.context
    if name and (place.context is None or place.context.name != name):
        yield f"{place.origin} beats the current context: use --context {name}."
    elif place.mode is Mode.DIRECT:
        yield f"{place.origin} still sends commands to a database: name the server with --server."
    elif not same_server(place.url, login.server):
        where = without_password(place.url)
        yield f"{place.origin} still sends commands to {where}: name this server with --server."
    elif login.username:
        yield from _beats(_known(after), login, f": use --context {name}" if name else "")
    elif login.token and place.context:
        now = _known(after)
        used = now.origin if now.signer or now.scheme != "basic" else _origins(now)
        if used != place.context.origin:
            yield f"{used} beats what was saved: use --context {name}."


def still_signed_in(session: Session, kept_in: Keeper) -> Iterator[str]:
    """Say what signs the caller in although the saved login is gone."""
    after = session if kept_in.context else session.naming_no_place()
    known = _known(after)
    if known.signer:
        yield f"{known.signer.origin} still signs you in."
    elif known.scheme == "basic" and known.username and known.password:
        remedy = _remedy(after, known.password.origin)
        yield f"{_origins(known)} still signs in '{known.username.value}'{remedy}"
    elif known.token:
        yield f"{known.token.origin} still signs you in{_remedy(after, known.token.origin)}"


def _beats(now: Credentials, login: Login, instead: str) -> Iterator[str]:
    if now.signer:
        yield f"{now.signer.origin} beats what was saved{instead}."
    elif now.username and now.password:
        whom = now.username.value
        if (whom, now.password.value) != (login.username, login.password):
            yield f"{_origins(now)} beats what was saved, and signs in '{whom}'{instead}."


def _known(session: Session) -> Credentials:
    from authctl.client.address import Address  # noqa: PLC0415 - keeps start-up fast
    from authctl.client.credentials import Credentials, find_credentials  # noqa: PLC0415 - as above

    with suppress(AuthctlError):
        if session.location.mode is Mode.REMOTE:
            return session.find_credentials()
    with suppress(AuthctlError):
        return find_credentials(Address(url="", host=""), session.env, Path.home())
    return Credentials()


def _remedy(session: Session, origin: str) -> str:
    """What removes this login too, if authctl can."""
    if origin == str(CredentialsFile(Path.home()).path):
        return ": authctl logout"
    with suppress(AuthctlError):
        context = session.location.context
        if context and origin == context.origin:
            return f": authctl logout --context {context.name}"
    return "."


def _origins(known: Credentials) -> str:
    parts = (known.username, known.password)
    return " with ".join(dict.fromkeys(part.origin for part in parts if part))
