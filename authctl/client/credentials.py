"""Which credential to send to a server, and where each part of it came from."""

from __future__ import annotations

import base64
import netrc
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from authctl.client.credentials_file import CredentialsFile
from authctl.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from authctl.client.address import Address

USERNAME = "MLFLOW_TRACKING_USERNAME"
PASSWORD = "MLFLOW_TRACKING_PASSWORD"  # noqa: S105 - a variable's name
TOKEN = "MLFLOW_TRACKING_TOKEN"  # noqa: S105 - a variable's name
NETRC = "NETRC"
IN_URI = "the server's address"

_UNSUPPORTED = ("MLFLOW_TRACKING_AWS_SIGV4", "MLFLOW_TRACKING_AUTH")
_NOT_SET = ("", "0", "false")


@dataclass(frozen=True, slots=True)
class Secret:
    """One part of a credential and the variable or file it is from."""

    value: str = field(repr=False)
    origin: str


@dataclass(frozen=True, slots=True)
class Credentials:
    """What is known about the caller; a username and password together beat a token."""

    username: Secret | None = None
    password: Secret | None = None
    token: Secret | None = None

    @property
    def scheme(self) -> Literal["basic", "bearer"] | None:
        """How the caller is going to sign in; None where nothing complete is known."""
        if self.username and self.password:
            return "basic"
        return "bearer" if self.token else None

    def authorization(self) -> str | None:
        """The Authorization header (RFC 7617, RFC 6750), or None. InvalidRequest if it can't be."""
        if self.username and self.password:
            if ":" in self.username.value:
                raise InvalidRequest(f"The username in {self.username.origin} contains ':'.")
            try:
                pair = f"{self.username.value}:{self.password.value}".encode()
            except UnicodeEncodeError:
                raise InvalidRequest("The username or password is not valid Unicode.") from None
            return f"Basic {base64.b64encode(pair).decode()}"
        if self.token:
            value = self.token.value
            if not value.isascii() or not value.isprintable() or " " in value:
                raise InvalidRequest(
                    f"The token in {self.token.origin} contains a character that cannot be sent.",
                    hint="Look for a space or a line end that was copied with it.",
                )
            return f"Bearer {value}"
        return None


@dataclass(frozen=True, slots=True)
class SavedLogin:
    """A login kept for one server alone, which is never to be sent to another.

    One that is `chosen` beats all that MLflow's client looks at; else the environment and ~/.netrc
    beat it, and it beats ~/.mlflow/credentials. The username may be all that is known.
    """

    username: Secret
    password: Secret | None = None
    chosen: bool = False


def find_credentials(
    address: Address, env: Mapping[str, str], home: Path, saved: SavedLogin | None = None
) -> Credentials:
    """Find the credential MLflow's own client would send to this server (contract 5).

    Each of username and password comes from the environment, else from ~/.mlflow/credentials; both
    give way to a pair in the address, and that to an entry for the host in ~/.netrc or $NETRC.
    `saved` is what MLflow does not know: a login kept for this server. Its password goes with its
    username only. InvalidRequest for a credentials file that cannot be read and for ways to sign in
    that authctl does not have.
    """
    for name in _UNSUPPORTED:
        if env.get(name, "").lower() not in _NOT_SET:
            raise InvalidRequest(
                f"{name} is set, but authctl cannot sign in that way.",
                hint="Unset it, and give a username and password or a token.",
            )
    token = Secret(env[TOKEN], TOKEN) if env.get(TOKEN) else None
    if saved and saved.chosen:
        password = saved.password
        if password is None:
            found, other = _as_mlflow(address, env, home)
            password = other if found is None or found.value == saved.username.value else None
        return Credentials(saved.username, password, token)
    return Credentials(*_as_mlflow(address, env, home, saved), token)


def _as_mlflow(
    address: Address, env: Mapping[str, str], home: Path, saved: SavedLogin | None = None
) -> tuple[Secret | None, Secret | None]:
    entry = _from_netrc(address.host, env, home)
    if entry:
        return entry
    if address.username and address.password:
        return Secret(address.username, IN_URI), Secret(address.password, IN_URI)
    username, password = (
        Secret(env[name], name) if env.get(name) else None for name in (USERNAME, PASSWORD)
    )
    if saved:
        username = username or saved.username
        if password is None and username.value == saved.username.value:
            password = saved.password
        if password:
            return username, password
    file = CredentialsFile(home)
    values = file.read()
    in_file = {name: Secret(value, str(file.path)) for name, value in values.items() if value}
    others, others_password = (in_file.get(name.lower()) for name in (USERNAME, PASSWORD))
    if saved and username and others and others.value != username.value:
        return username, None
    return username or others, password or others_password


def _from_netrc(host: str, env: Mapping[str, str], home: Path) -> tuple[Secret, Secret] | None:
    places = (
        [Path(env[NETRC]).expanduser()] if env.get(NETRC) else [home / ".netrc", home / "_netrc"]
    )
    file = next((place for place in places if place.exists()), None)
    if file is None:
        return None
    try:
        entry = netrc.netrc(str(file)).authenticators(host)
    except (netrc.NetrcParseError, OSError, UnicodeDecodeError):
        # Other programs' file: MLflow's client passes over one that it cannot read.
        return None
    if not entry or not any(entry):
        return None
    login, account, password = entry
    return Secret(login or account or "", str(file)), Secret(password or "", str(file))
