"""Where the users and grants are: which server or database, and who said so."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from authctl.cli.context.file import CONTEXT, Contexts
from authctl.config import CONFIG_PATH, DATABASE, AuthConfig
from authctl.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from authctl.cli.context.file import Context, ContextsFile
    from authctl.cli.options import SharedOptions

SERVER = "AUTHCTL_SERVER"
TRACKING_URI = "MLFLOW_TRACKING_URI"

_QUERY_SECRET = re.compile(r"([?&][^=&]*(?:pass|pwd|secret|token|key)[^=&]*=)[^&]*", re.IGNORECASE)
_WAYS = (
    "Name a server with --server or MLFLOW_TRACKING_URI, an auth database with --db, AUTHCTL_DB"
    " or --auth-config, or either with --context."
)


class Mode(Enum):
    """How authctl reaches the users and grants."""

    REMOTE = "server"
    DIRECT = "database"


@dataclass(frozen=True, slots=True)
class Location:
    """A server's address or a database's URL; `origin` is the option, variable or file it is from.

    `config` says how the auth database's own server is set up; only a direct location has it.
    `context` is the one that names the place, `chosen` whether it was for this command: by
    --context or AUTHCTL_CONTEXT.
    """

    mode: Mode
    url: str = field(repr=False)
    origin: str
    config: AuthConfig | None = None
    context: Context | None = None
    chosen: bool = False


def locate(
    options: SharedOptions, env: Mapping[str, str], contexts: ContextsFile | None = None
) -> Location:
    """Find the place to work on: options first, then authctl's variables, MLflow's, the context.

    The file of contexts is read only where it is asked.
    """
    location = (
        _from_options(options, env, contexts)
        or _from_environment(options, env, contexts)
        or _from_current(contexts)
    )
    if location is None:
        raise InvalidRequest("No server and no auth database is known.", hint=_WAYS)
    return location


def locate_server(
    options: SharedOptions, env: Mapping[str, str], contexts: ContextsFile
) -> Location | None:
    """Find the server to log in to, None where none is named.

    A context may be named besides the server, and need not exist yet; its settings count if it is
    one of this same server. InvalidRequest for a database.
    """
    if options.db or options.auth_config:
        raise _asks_nobody("A database")
    name = named_context(options, env)
    known = contexts.read().by_name.get(name) if name else None
    if known and not known.server and not options.server:
        raise _asks_nobody(f"The database of {known.origin}")
    tracking = env.get(TRACKING_URI, "")
    named = (
        (options.server, "--server"),
        (known.server if known else None, known.origin if known else ""),
        (env.get(SERVER), SERVER),
        (tracking if is_http(tracking) else None, TRACKING_URI),
    )
    url, origin = next(((url, origin) for url, origin in named if url), (None, ""))
    if url is None:
        current = None if name else _from_current(contexts)
        return current if current and current.mode is Mode.REMOTE else None
    same = known if known and known.server and same_server(known.server, url) else None
    return replace(_server(url, origin), context=same, chosen=same is not None)


def named_context(options: SharedOptions, env: Mapping[str, str]) -> str | None:
    """The context that was named for this command."""
    return options.context_name or env.get(CONTEXT) or None


def same_server(one: str, other: str) -> bool:
    """Whether two addresses are one server's."""
    from authctl.client.address import Address  # noqa: PLC0415 - keeps start-up fast

    return Address.parse(one).url == Address.parse(other).url


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


def _from_options(
    options: SharedOptions, env: Mapping[str, str], contexts: ContextsFile | None
) -> Location | None:
    other = "--db" if options.db else "--auth-config" if options.auth_config else None
    if options.server and other:
        raise InvalidRequest(
            f"--server and {other} cannot both be given: one is a server, the other a database."
        )
    if options.context_name and (options.server or other):
        raise InvalidRequest(
            f"--context and {other or '--server'} cannot both be given: each names a place."
        )
    if options.server:
        return _server(options.server, "--server")
    if options.db:
        return _database(options.db, "--db", _config(options, env))
    if options.auth_config:
        return _configured(_config(options, env))
    return _in_context(options.context_name, contexts) if options.context_name else None


def _from_environment(
    options: SharedOptions, env: Mapping[str, str], contexts: ContextsFile | None
) -> Location | None:
    _refuse_two_places(env)
    if env.get(CONTEXT):
        return _in_context(env[CONTEXT], contexts)
    if env.get(SERVER):
        return _known_as(_server(env[SERVER], SERVER), contexts)
    if env.get(DATABASE):
        return _database(env[DATABASE], DATABASE, _config(options, env))
    if is_http(env.get(TRACKING_URI, "")):
        return _known_as(_server(env[TRACKING_URI], TRACKING_URI), contexts)
    return _configured(_config(options, env)) if env.get(CONFIG_PATH) else None


def _refuse_two_places(env: Mapping[str, str]) -> None:
    if env.get(SERVER) and env.get(DATABASE):
        raise InvalidRequest(
            f"{SERVER} and {DATABASE} are both set: one is a server, the other a database.",
            hint="Say which is meant with --server or --db.",
        )
    for name, option in ((SERVER, "--server"), (DATABASE, "--db")):
        if env.get(CONTEXT) and env.get(name):
            raise InvalidRequest(
                f"{CONTEXT} and {name} are both set: each names a place.",
                hint=f"Say which is meant with --context or {option}.",
            )


def _from_current(contexts: ContextsFile | None) -> Location | None:
    found = contexts.read() if contexts else None
    if contexts is None or found is None or found.current is None:
        return None
    if found.current not in found.by_name:
        raise InvalidRequest(
            f"The current context in {contexts.path}, '{found.current}', is not there.",
            hint="authctl context use NAME chooses another.",
        )
    return _of_context(found.by_name[found.current])


def _known_as(found: Location, contexts: ContextsFile | None) -> Location:
    """A server that the environment names, with the current context if that is the same one's.

    A file of contexts that cannot be read is no hindrance: nobody asked for one.
    """
    with suppress(InvalidRequest):
        current = _from_current(contexts)
        if current and current.mode is Mode.REMOTE and same_server(current.url, found.url):
            return replace(found, context=current.context)
    return found


def _in_context(name: str, contexts: ContextsFile | None) -> Location:
    found = contexts.read() if contexts else Contexts()
    return replace(_of_context(found.get(name)), chosen=True)


def _of_context(context: Context) -> Location:
    # Only its own settings count for it: another's configuration may have another default.
    config = AuthConfig.load(Path(context.auth_config) if context.auth_config else None, {})
    if context.server:
        found = _server(context.server, context.origin)
    elif context.db:
        found = _database(context.db, context.origin, config)
    else:
        found = replace(_configured(config), origin=context.origin)
    return replace(found, context=context)


def _asks_nobody(what: str) -> InvalidRequest:
    return InvalidRequest(
        f"{what} asks nobody to log in.", hint="Name a server with --server or MLFLOW_TRACKING_URI."
    )


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
