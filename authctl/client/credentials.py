"""Which credential to send to a server, and where each part of it came from."""

from __future__ import annotations

import base64
import configparser
import netrc
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

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
_SECTION = "mlflow"


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


def find_credentials(address: Address, env: Mapping[str, str], home: Path) -> Credentials:
    """Find the credential MLflow's own client would send to this server (contract 5).

    Each of username and password comes from the environment, else from ~/.mlflow/credentials; both
    give way to a pair in the address, and that to an entry for the host in ~/.netrc or $NETRC.
    InvalidRequest for a credentials file that cannot be read and for ways to sign in that authctl
    does not have.
    """
    for name in _UNSUPPORTED:
        if env.get(name, "").lower() not in _NOT_SET:
            raise InvalidRequest(
                f"{name} is set, but authctl cannot sign in that way.",
                hint="Unset it, and give a username and password or a token.",
            )
    token = Secret(env[TOKEN], TOKEN) if env.get(TOKEN) else None
    entry = _from_netrc(address.host, env, home)
    if entry:
        return Credentials(*entry, token)
    if address.username and address.password:
        return Credentials(
            Secret(address.username, IN_URI), Secret(address.password, IN_URI), token
        )
    file = home / ".mlflow" / "credentials"
    values = _read_file(file)

    def part(name: str) -> Secret | None:
        if env.get(name):
            return Secret(env[name], name)
        value = values.get(name.lower())
        return Secret(value, str(file)) if value else None

    return Credentials(part(USERNAME), part(PASSWORD), token)


def _read_file(file: Path) -> Mapping[str, str]:
    # MLflow reads it with interpolation: a percent sign is written twice.
    parser = configparser.ConfigParser()
    try:
        parser.read_string(file.read_text(encoding="utf-8"))
        return dict(parser.items(_SECTION)) if parser.has_section(_SECTION) else {}
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, configparser.Error):
        # Their words quote the line, which may be the password; so would the chained exception.
        raise InvalidRequest(
            f"The credentials file {file} cannot be read.",
            hint=f"It is an ini file with a section [{_SECTION}]; a percent sign in a password"
            " is written twice: %%.",
        ) from None


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
