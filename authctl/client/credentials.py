"""Which credential to send to a server, and where each part of it came from."""

from __future__ import annotations

import base64
import netrc
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from authctl.client.auth_plugin import AUTH
from authctl.client.credentials_file import CredentialsFile
from authctl.client.flag import flag
from authctl.client.sign_in import set_header
from authctl.client.signers import Signers
from authctl.client.sigv4 import AWS_SIGV4
from authctl.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from authctl.client.address import Address
    from authctl.client.http import httpx
    from authctl.client.sign_in import Scheme, Signer

USERNAME = "MLFLOW_TRACKING_USERNAME"
PASSWORD = "MLFLOW_TRACKING_PASSWORD"  # noqa: S105 - a variable's name
TOKEN = "MLFLOW_TRACKING_TOKEN"  # noqa: S105 - a variable's name
NETRC = "NETRC"
IN_URI = "the server's address"


@dataclass(frozen=True, slots=True)
class Secret:
    """One part of a credential and the variable or file it is from."""

    value: str = field(repr=False)
    origin: str


@dataclass(frozen=True, slots=True)
class Credentials:
    """What is known about the caller, and what signs requests in: a SignIn.

    A signer beats a username and password together, and these beat a token.
    """

    username: Secret | None = None
    password: Secret | None = None
    token: Secret | None = None
    signer: Signer | None = None

    @property
    def scheme(self) -> Scheme | None:
        """How the caller is going to sign in; None where nothing complete is known."""
        if self.signer:
            return self.signer.scheme
        if self.username and self.password:
            return "basic"
        return "bearer" if self.token else None

    @property
    def origin(self) -> str | None:
        """The variables or files that say how the caller is going to sign in."""
        if self.signer:
            return self.signer.origin
        if self.username and self.password:
            return " and ".join(dict.fromkeys((self.username.origin, self.password.origin)))
        return self.token.origin if self.token else None

    @property
    def given(self) -> Credentials:
        """What a request carries before the signer, which may replace it, comes to it."""
        if self.signer is None:
            return self
        keeps = self.signer.keeps
        if "basic" in keeps and self.username and self.password:
            return Credentials(self.username, self.password)
        return Credentials(token=self.token if "bearer" in keeps else None)

    def sign(self, request: httpx.Request) -> None:
        """Sign a request in, if anything is known to do so with. InvalidRequest if it can't be."""
        if header := self.authorization():
            set_header(request, "Authorization", header, self.given.origin or "")
        if self.signer:
            self.signer.sign(request)

    def authorization(self) -> str | None:
        """The Authorization header (RFC 7617, RFC 6750) of what is given, or None.

        InvalidRequest if it can't be.
        """
        if self.signer:
            return self.given.authorization()
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


@dataclass(frozen=True, slots=True)
class SavedToken:
    """A token kept for one server alone; it comes where a SavedLogin would."""

    token: Secret
    chosen: bool = False


def find_credentials(
    address: Address,
    env: Mapping[str, str],
    home: Path,
    saved: SavedLogin | SavedToken | None = None,
    *,
    signers: Signers | None = None,
) -> Credentials:
    """Find the credential MLflow's own client would send to this server (contract 5).

    Each of username and password comes from the environment, else from ~/.mlflow/credentials; both
    give way to a pair in the address, and that to an entry for the host in ~/.netrc or $NETRC. A
    signer beats them all, and is never handed the pair of the address or of ~/.netrc. `saved` is
    what MLflow does not know: a login kept for this server. Its password goes with its username
    only. `signers` remembers what is costly to load. InvalidRequest for a credentials file that
    cannot be read and a plugin that cannot be loaded.
    """
    if isinstance(saved, SavedToken):
        return _with_token(saved, address, env, home, signers)
    token = Secret(env[TOKEN], TOKEN) if env.get(TOKEN) else None
    if saved and saved.chosen:
        password = _its_password(saved, address, env, home)
        if password:
            return Credentials(saved.username, password, token)
    signer = (signers or Signers()).find(env)
    if saved and saved.chosen:
        return Credentials(saved.username, None, token, signer)
    entry = None if signer else _overriding(address, env, home)
    username, password = entry or _known(env, home, saved)
    return Credentials(username, password, token, signer)


def find_passed_over(
    used: Credentials,
    address: Address,
    env: Mapping[str, str],
    home: Path,
    saved: SavedLogin | SavedToken | None = None,
) -> list[tuple[Scheme, str]]:
    """Every other complete way to sign in that is set, and where; what comes first stands first.

    What cannot be read is left out: it is not needed.
    """
    found: list[tuple[Scheme, str | None]] = []
    with suppress(InvalidRequest):
        if flag(env, AWS_SIGV4):
            found.append(("aws-sigv4", AWS_SIGV4))
    if env.get(AUTH):
        # Whether it is the name of a plugin is not worth loading them all for.
        found.append(("plugin", AUTH))
    login = saved if isinstance(saved, SavedLogin) else None
    in_file: tuple[Secret | None, Secret | None] = (None, None)
    known = _in_environment(env)
    with suppress(InvalidRequest):
        in_file = _in_file(home)
        known = _known(env, home, login)
    for username, password in (
        _from_netrc(address.host, env, home) or (None, None),
        _in_address(address),
        known,
        (login.username, login.password) if login else (None, None),
        in_file,
    ):
        pair = Credentials(username, password)
        if pair.scheme:
            found.append(("basic", pair.origin))
    if used.token:
        found.append(("bearer", used.token.origin))
    if isinstance(saved, SavedToken):
        found.append(("bearer", saved.token.origin))
    return [
        (scheme, origin)
        for scheme, origin in dict.fromkeys(found)
        if origin and origin not in (used.origin, used.given.origin)
    ]


def _with_token(
    saved: SavedToken,
    address: Address,
    env: Mapping[str, str],
    home: Path,
    signers: Signers | None,
) -> Credentials:
    if saved.chosen:
        return Credentials(token=saved.token)
    signer = (signers or Signers()).find(env)
    token = Secret(env[TOKEN], TOKEN) if env.get(TOKEN) else None
    entry = None if signer else _overriding(address, env, home)
    username, password = entry or _in_environment(env)
    if username and password:
        return Credentials(username, password, token, signer)
    return Credentials(token=token or saved.token, signer=signer)


def _its_password(
    saved: SavedLogin, address: Address, env: Mapping[str, str], home: Path
) -> Secret | None:
    if saved.password:
        return saved.password
    username, password = _overriding(address, env, home) or _known(env, home)
    return password if username is None or username.value == saved.username.value else None


def _overriding(
    address: Address, env: Mapping[str, str], home: Path
) -> tuple[Secret | None, Secret | None] | None:
    entry = _from_netrc(address.host, env, home)
    if entry:
        return entry
    inside = _in_address(address)
    return inside if all(inside) else None


def _in_address(address: Address) -> tuple[Secret | None, Secret | None]:
    if address.username is not None and address.password is not None:
        return Secret(address.username, IN_URI), Secret(address.password, IN_URI)
    return None, None


def _known(
    env: Mapping[str, str], home: Path, saved: SavedLogin | None = None
) -> tuple[Secret | None, Secret | None]:
    username, password = _in_environment(env)
    if saved:
        username = username or saved.username
        if password is None and username.value == saved.username.value:
            password = saved.password
        if password:
            return username, password
    others, others_password = _in_file(home)
    if saved and username and others and others.value != username.value:
        return username, None
    return username or others, password or others_password


def _in_environment(env: Mapping[str, str]) -> tuple[Secret | None, Secret | None]:
    username, password = (
        Secret(env[name], name) if env.get(name) else None for name in (USERNAME, PASSWORD)
    )
    return username, password


def _in_file(home: Path) -> tuple[Secret | None, Secret | None]:
    file = CredentialsFile(home)
    values = file.read()
    in_file = {name: Secret(value, str(file.path)) for name, value in values.items() if value}
    return in_file.get(USERNAME.lower()), in_file.get(PASSWORD.lower())


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
