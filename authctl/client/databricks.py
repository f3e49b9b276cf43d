"""A Databricks workspace: its address, the login that is known for it, and whether it takes one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from authctl.client.address import Address
from authctl.client.credentials import Credentials, Secret
from authctl.client.databricks_file import CONFIG_PROFILE, KEYS
from authctl.errors import InvalidRequest, NotAuthenticated, Unavailable
from authctl.wire.failures import NoSuchEndpoint, error_from_response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from authctl.client.databricks_file import DatabricksFile
    from authctl.wire.exchange import Sender

VARIABLES = {
    "host": "DATABRICKS_HOST",
    "token": "DATABRICKS_TOKEN",
    "username": "DATABRICKS_USERNAME",
    "password": "DATABRICKS_PASSWORD",
}
"""The variables of the Databricks SDK, by the keys of the file."""

_ME = "/2.0/preview/scim/v2/Me"
_ZONES = "/2.1/clusters/list-zones"
_NOT_ACCEPTED = (401, 403)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a login: the host, and a token or a username and password."""

    host: Secret | None
    credentials: Credentials

    @property
    def complete(self) -> bool:
        """Whether it is one login: the SDK does not choose between a token and a password."""
        known = self.credentials
        both = known.token and (known.username or known.password)
        return self.host is not None and known.scheme is not None and not both


def find_known(env: Mapping[str, str], file: DatabricksFile, profile: str, *, named: bool) -> Known:
    """Find what the Databricks SDK would sign in with: the environment, then the file's profile.

    The file is not looked at if the environment has any of it, unless the profile is `named`: for
    this command, or by DATABRICKS_CONFIG_PROFILE. InvalidRequest for a file that cannot be read.
    """
    found = {key: Secret(env[name], name) for key, name in VARIABLES.items() if env.get(name)}
    if named or env.get(CONFIG_PROFILE) or not found:
        saved = file.read(profile)
        in_file = {key: Secret(saved[key], str(file.path)) for key in KEYS if saved.get(key)}
        found = {**in_file, **found}
    host = found.get("host")
    if host and "://" not in host.value:
        host = Secret(f"https://{host.value}", host.origin)  # as the SDK reads it
    return Known(
        host,
        Credentials(found.get("username"), found.get("password"), found.get("token")),
    )


def workspace(host: str, *, allow_http: bool = False) -> Address:
    """Read the address of a workspace, of which only scheme, host and port count. InvalidRequest.

    It is an https address; with `allow_http` it may be one of this machine without TLS.
    """
    try:
        parts = urlsplit(host.strip())
    except ValueError:
        # Its own words quote the address, which may hold a password.
        raise _no_workspace("is not a valid URL") from None
    if parts.username or parts.password:
        raise _no_workspace("has a login in it")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise _no_workspace("must begin with https://")
    address = Address.parse(f"{parts.scheme}://{parts.netloc}")
    if not address.is_encrypted and not (allow_http and address.is_loopback):
        raise _no_workspace("must begin with https://")
    return address


def is_community(address: Address) -> bool:
    """Whether it is one of the Community Edition, which has passwords and no tokens."""
    return "community" in address.host


def who_is(server: Sender, address: Address) -> str | None:
    """Ask as whom a workspace knows the caller; the Community Edition does not tell.

    NotAuthenticated for a login that it does not accept, InvalidRequest for what is no workspace,
    Unavailable for an answer that no workspace gives.
    """
    path = _ZONES if is_community(address) else _ME
    reply = server.send("GET", path)
    if reply.status in _NOT_ACCEPTED:
        raise NotAuthenticated(f"{address.url} does not accept the login.")
    if not 200 <= reply.status < 300:  # noqa: PLR2004 - RFC 9110, 15.3
        error = error_from_response(reply.status, reply.body)
        if isinstance(error, NoSuchEndpoint):
            raise InvalidRequest(
                f"{address.url} does not answer GET /api{path}.",
                hint="Is it the address of a Databricks workspace?",
            )
        raise error
    try:
        answer = json.loads(reply.body)
        return None if is_community(address) else str(answer["userName"])
    except (ValueError, KeyError, TypeError) as error:
        raise Unavailable(
            f"The answer of {address.url} to GET /api{path} is not one that Databricks gives.",
            hint="Check the address of the workspace.",
        ) from error


def _no_workspace(what: str) -> InvalidRequest:
    return InvalidRequest(
        f"The address of a Databricks workspace {what}.",
        hint="For example: https://dbc-a1b2345c-d6e7.cloud.databricks.com",
    )
