"""Which username, password or token is sent to the server, and which others are passed over."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from authctl.cli.doctor.finding import error, info, ok, warning
from authctl.cli.location import Mode
from authctl.client.address import Address
from authctl.client.credentials import (
    IN_URI,
    NETRC,
    PASSWORD,
    USERNAME,
    Credentials,
    Secret,
    find_credentials,
)
from authctl.errors import AuthctlError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from authctl.cli.doctor.finding import Finding
    from authctl.cli.session import Session
    from authctl.client.sign_in import Signer


def credential(session: Session, address: Address) -> Iterator[Finding]:
    """Say what is sent, from where, and what is passed over for it. InvalidRequest."""
    used = session.credentials
    if used.signer:
        yield from _signer(used.signer, used, session)
        return
    if used.username and used.password:
        yield ok("credential", used.username.value, f"With the password ***, from {used.origin}.")
        yield from _mixed(used.username, used.password)
        yield from _passed_over(used.username, used.password, address, session)
        if used.token:
            yield warning(
                "credential-unused",
                used.token.origin,
                "The token is not used: a username and a password together come first.",
                f"Remove the password from {used.password.origin}, or unset {used.token.origin}.",
            )
        return
    if used.token:
        yield ok("credential", "token", f"The token *** is from {used.token.origin}.")
    else:
        yield info(
            "credential",
            address.host,
            "No complete credential is known for this server.",
            f"authctl login asks you; or set {USERNAME} and {PASSWORD}.",
        )
    yield from _half(used)


def encryption(session: Session, address: Address) -> Iterator[Finding]:
    """Tell of a credential that would cross a network where everybody can read it."""
    try:
        scheme = session.credentials.scheme
    except AuthctlError:
        return  # told already
    if not scheme or address.is_encrypted or address.is_loopback:
        return
    if session.connection.allow_http:
        yield warning(
            "encryption",
            address.url,
            "The credential is sent unencrypted: everybody on the way can read it.",
            "Use an https address.",
        )
    else:
        yield error(
            "encryption",
            address.url,
            "The address is not encrypted, so no credential is sent there.",
            "Use an https address; on a network you trust, allow it with --allow-http.",
        )


def _signer(signer: Signer, used: Credentials, session: Session) -> Iterator[Finding]:
    yield ok("credential", signer.origin, f"Sent is {signer.what}.")
    if signer.scheme == "header":
        yield info(
            "credential-header",
            signer.origin,
            "No installed plugin has the name that it gives, so it is sent itself, as the"
            " Authorization header; MLflow's client would pass it over.",
            "If it is meant to name a plugin, install that into the environment that authctl is"
            " in.",
        )
    if used.given.scheme:
        yield info(
            "credential-given",
            used.given.origin or "",
            f"Given to the plugin '{signer.name}', which may send something else in its place.",
        )
    for _, origin in session.find_passed_over():
        yield info("credential-unused", origin, f"Not used: {signer.origin} comes first.")


def _half(used: Credentials) -> Iterator[Finding]:
    for there, missing, half in (
        ("username", "password", used.username),
        ("password", "username", used.password),
    ):
        if half:
            yield warning(
                "credential-half",
                half.origin,
                f"There is a {there}, but no {missing} to go with it, so it is not sent.",
                f"Give the {missing} too, or remove the {there}.",
            )


def _mixed(username: Secret, password: Secret) -> Iterator[Finding]:
    if {username.origin, password.origin} not in ({USERNAME, PASSWORD}, {username.origin}):
        yield warning(
            "credential-mixed",
            username.value,
            f"The username is from {username.origin}, the password from {password.origin}: they"
            " may not belong together.",
            "Give both in one place.",
        )


def _passed_over(
    username: Secret, password: Secret, address: Address, session: Session
) -> Iterator[Finding]:
    entry = _in_netrc(address, session.env)
    for source in (entry or (None, None), *_sources(address, session)):
        losers = [
            lost.origin
            for lost, winner in zip(source, (username, password), strict=True)
            if lost and lost.value != winner.value  # the same twice is no trouble
        ]
        if not losers:
            continue
        what = " and ".join(dict.fromkeys(losers))
        if entry and password.origin == entry[1].origin:
            yield warning(
                "credential-unused",
                what,
                f"Not used: {password.origin} has an entry for {address.host}, which MLflow's"
                " client prefers too.",
                "Remove that entry, or the other credential.",
            )
        elif password.origin == IN_URI:
            yield warning(
                "credential-unused",
                what,
                "Not used: there is a username and password in the server's address, which comes"
                " first.",
                "Take them out of the address, where they are easily seen.",
            )
        else:
            yield info("credential-unused", what, f"Not used: {password.origin} comes first.")


def _sources(address: Address, session: Session) -> Iterator[tuple[Secret | None, Secret | None]]:
    """The username and password of every place but ~/.netrc."""
    env = session.env
    context = session.location.context if session.location.mode is Mode.REMOTE else None
    if context and context.username:
        yield (
            Secret(context.username, context.origin),
            Secret(context.password, context.origin) if context.password else None,
        )
    if address.username and address.password:
        yield Secret(address.username, IN_URI), Secret(address.password, IN_URI)
    yield (
        Secret(env[USERNAME], USERNAME) if env.get(USERNAME) else None,
        Secret(env[PASSWORD], PASSWORD) if env.get(PASSWORD) else None,
    )
    with suppress(AuthctlError):
        found = find_credentials(_bare(address), {NETRC: os.devnull}, Path.home())
        yield found.username, found.password


def _in_netrc(address: Address, env: Mapping[str, str]) -> tuple[Secret, Secret] | None:
    """What ~/.netrc says of the host: all that is found where no file of MLflow's is."""
    named = {NETRC: env.get(NETRC) or _netrc_at_home()}
    with suppress(AuthctlError):
        found = find_credentials(_bare(address), named, Path(os.devnull))
        if found.username and found.password:
            return found.username, found.password
    return None


def _netrc_at_home() -> str:
    places = (Path.home() / ".netrc", Path.home() / "_netrc")
    return str(next((place for place in places if place.exists()), os.devnull))


def _bare(address: Address) -> Address:
    return Address(url=address.url, host=address.host)
