"""Where the users and grants are: which server or database, and who said so."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from authctl.config import CONFIG_PATH, DATABASE, AuthConfig
from authctl.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from authctl.cli.options import SharedOptions

SERVER = "AUTHCTL_SERVER"
TRACKING_URI = "MLFLOW_TRACKING_URI"

_QUERY_SECRET = re.compile(r"([?&][^=&]*(?:pass|pwd|secret|token|key)[^=&]*=)[^&]*", re.IGNORECASE)
_WAYS = (
    "Name a server with --server or MLFLOW_TRACKING_URI, or an auth database with --db,"
    " AUTHCTL_DB or --auth-config."
)


class Mode(Enum):
    """How authctl reaches the users and grants."""

    REMOTE = "server"
    DIRECT = "database"


@dataclass(frozen=True, slots=True)
class Location:
    """A server's address or a database's URL; `origin` is the option, variable or file it is from.

    `config` says how the auth database's own server is set up; only a direct location has it.
    """

    mode: Mode
    url: str = field(repr=False)
    origin: str
    config: AuthConfig | None = None


def locate(options: SharedOptions, env: Mapping[str, str]) -> Location:
    """Find the place to work on: options first, then authctl's variables, then MLflow's."""
    location = _from_options(options, env) or _from_environment(options, env)
    if location is None:
        raise InvalidRequest("No server and no auth database is known.", hint=_WAYS)
    return location


def is_http(url: str) -> bool:
    """Whether this is a server's address."""
    return url.lower().startswith(("http://", "https://"))


def without_password(url: str) -> str:
    """Give a URL that may be shown: a password inside it becomes `***`."""
    scheme, mark, rest = url.partition("://")
    place, at, host = rest.rpartition("@")
    user, colon, _ = place.partition(":")
    shown = f"{scheme}{mark}{user}{colon and ':***'}{at}{host}" if at else url
    return _QUERY_SECRET.sub(r"\1***", shown)


def _from_options(options: SharedOptions, env: Mapping[str, str]) -> Location | None:
    if options.server and (options.db or options.auth_config):
        other = "--db" if options.db else "--auth-config"
        raise InvalidRequest(
            f"--server and {other} cannot both be given: one is a server, the other a database."
        )
    if options.server:
        return _server(options.server, "--server")
    if options.db:
        return _database(options.db, "--db", _config(options, env))
    return _configured(_config(options, env)) if options.auth_config else None


def _from_environment(options: SharedOptions, env: Mapping[str, str]) -> Location | None:
    if env.get(SERVER) and env.get(DATABASE):
        raise InvalidRequest(
            f"{SERVER} and {DATABASE} are both set: one is a server, the other a database.",
            hint="Say which is meant with --server or --db.",
        )
    if env.get(SERVER):
        return _server(env[SERVER], SERVER)
    if env.get(DATABASE):
        return _database(env[DATABASE], DATABASE, _config(options, env))
    if is_http(env.get(TRACKING_URI, "")):
        return _server(env[TRACKING_URI], TRACKING_URI)
    return _configured(_config(options, env)) if env.get(CONFIG_PATH) else None


def _server(url: str, origin: str) -> Location:
    if not is_http(url):
        raise InvalidRequest(
            f"{origin} must be an http or https address, not '{without_password(url)}'.",
            hint="To work on an auth database itself, use --db.",
        )
    return Location(Mode.REMOTE, url, origin)


def _database(url: str, origin: str, config: AuthConfig) -> Location:
    if is_http(url):
        raise InvalidRequest(
            f"{origin} must be a database URL like sqlite:///basic_auth.db, not an http address.",
            hint="To work through a server, use --server.",
        )
    return Location(Mode.DIRECT, url, origin, config)


def _configured(config: AuthConfig) -> Location:
    return _database(config.database_uri, f"database_uri in {config.source}", config)


def _config(options: SharedOptions, env: Mapping[str, str]) -> AuthConfig:
    # An option beats the environment, and load lets AUTHCTL_DB beat the file.
    rest = {name: value for name, value in env.items() if name != DATABASE}
    return AuthConfig.load(Path(options.auth_config) if options.auth_config else None, rest)
