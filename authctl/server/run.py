"""`authctl serve`: check everything that can be wrong, then become the server."""

from __future__ import annotations

import errno
import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

from authctl.config import CONFIG_PATH, DATABASE, SECRET_KEY, AuthConfig
from authctl.errors import InvalidRequest, Unavailable
from authctl.loopback import is_loopback
from authctl.server.bootstrap import prepare
from authctl.server.plugin import CHECKED, STATIC_PREFIX, UPSTREAM, covered
from authctl.upstream import embedded
from authctl.upstream.probe import look_at
from authctl.upstream.proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from authctl.config import ServeOptions
    from authctl.policy.shape import Coverage

_OURS = {
    "--host": "--host",
    "-h": "--host",
    "--port": "--port",
    "-p": "--port",
    "--workers": "--workers",
    "-w": "--workers",
    "--static-prefix": "--static-prefix",
    "--backend-store-uri": "--backend-store-uri",
    "--artifacts-destination": "--artifacts-destination",
}
_LAST_PORT = 65535
_NEVER = ("--app-name", "--gunicorn-opts", "--waitress-opts", "--dev", "--enable-workspaces")


def serve(options: ServeOptions) -> NoReturn:
    """Start the server in this process's place; returns only by raising.

    InvalidRequest for settings that cannot be right, Unavailable for a port that is taken or a
    database that cannot be opened. Nothing is started before all of them are checked.
    """
    _check_extra(options.extra)
    if options.upstream:
        _check_gateway(options)
    prefix = _static_prefix(options.static_prefix)
    env = dict(os.environ)
    if options.auth_db:
        env[DATABASE] = options.auth_db
    if options.auth_config:
        env[CONFIG_PATH] = str(options.auth_config)
    config = AuthConfig.load(None, env)
    if not options.upstream:
        embedded.check_installed()
    _check_port(options.host, options.port)
    front = [*_front(options, prefix, config)] if options.upstream else []
    sys.path.insert(0, str(Path.cwd()))  # where the server will look for an authorization_function
    ready = prepare(config, env, host=options.host)
    ready.store.close()
    for warning in (*ready.warnings, *front):
        sys.stderr.write(f"warning: {warning}\n")
    env[SECRET_KEY] = ready.secret_key
    env[CHECKED] = "1"
    sys.stderr.write(f"Serving MLflow with authentication on {_address(options, prefix)}\n")
    sys.stderr.flush()
    if options.upstream:
        env[UPSTREAM] = options.upstream
        env[STATIC_PREFIX] = prefix
        _become(_gateway(options), env)
    _become(_embedded(options, prefix, env), env)


def check(options: ServeOptions) -> Coverage:
    """Hold the policy against the MLflow that would be served; nothing is started.

    InvalidRequest where none is installed, and for one that runs elsewhere: it does not tell its
    routes.
    """
    if options.upstream:
        raise InvalidRequest(
            "An MLflow that runs elsewhere does not tell which routes it has.",
            hint="Run authctl serve --check where that release of MLflow is installed.",
        )
    os.environ[STATIC_PREFIX] = _static_prefix(options.static_prefix)
    embedded.load()
    return covered(os.environ)


def _embedded(options: ServeOptions, prefix: str, env: dict[str, str]) -> list[str]:
    # Locations may hold passwords, which the environment keeps out of the process list.
    if options.backend_store_uri:
        env["MLFLOW_BACKEND_STORE_URI"] = options.backend_store_uri
    if options.artifacts_destination:
        env["MLFLOW_ARTIFACTS_DESTINATION"] = options.artifacts_destination
    command = ["-m", "mlflow", "server", "--app-name", "authctl"]
    command += ["--host", options.host, "--port", str(options.port)]
    if options.workers is not None:
        command += ["--workers", str(options.workers)]
    if prefix:
        command += ["--static-prefix", prefix]
    return [*command, *options.extra]


def _gateway(options: ServeOptions) -> list[str]:
    command = ["-m", "uvicorn", "--factory", "authctl.server.plugin:create_gateway"]
    command += ["--host", options.host, "--port", str(options.port)]
    return [*command, "--workers", str(options.workers or 1), "--no-server-header"]


def _become(command: list[str], env: Mapping[str, str]) -> NoReturn:
    os.execve(sys.executable, [sys.executable, *command], env)  # noqa: S606 - no shell is meant


def _check_extra(extra: tuple[str, ...]) -> None:
    for word in extra:
        # A short option may have its value attached: -p5000.
        name = word.partition("=")[0] if word.startswith("--") else word[:2]
        if name in _NEVER:
            raise InvalidRequest(f"'{name}' cannot be used with authctl serve.")
        if name in _OURS:
            raise InvalidRequest(
                f"'{name}' was given to MLflow.", hint=f"Write {_OURS[name]} before the '--'."
            )


def _check_gateway(options: ServeOptions) -> None:
    Proxy(str(options.upstream))
    if options.backend_store_uri or options.artifacts_destination or options.extra:
        raise InvalidRequest(
            "With --upstream no MLflow is started, so there is nothing to set up.",
            hint="Leave --backend-store-uri, --artifacts-destination and what follows '--' out.",
        )


def _front(options: ServeOptions, prefix: str, config: AuthConfig) -> Iterator[str]:
    """What is to be warned of about the MLflow elsewhere. InvalidRequest for one that cannot be."""
    address = str(options.upstream)
    place = urlsplit(address)
    is_here = is_loopback(place.hostname or "")
    is_open = look_at(address, prefix, config.upstream)
    if is_open is None:
        yield "the MLflow at --upstream does not answer yet"
    elif is_open and not is_here:
        yield "the MLflow at --upstream answers whoever asks: let nothing but this server reach it"
    if config.upstream.has_secret and place.scheme == "http" and not is_here:
        yield "the login of the MLflow at --upstream goes there without TLS"


def _static_prefix(text: str | None) -> str:
    prefix = (text or "").rstrip("/")
    if prefix and (
        not prefix.startswith("/")
        or any(char in prefix for char in "{}%?#\\ ")
        or any(part in ("", ".", "..") for part in prefix[1:].split("/"))
        or prefix.startswith(("/api", "/ajax-api"))
    ):
        raise InvalidRequest(
            f"The static prefix '{text}' cannot be used.", hint="Write it as /mlflow."
        )
    return prefix


def _check_port(host: str, port: int) -> None:
    if not 0 < port <= _LAST_PORT:
        raise InvalidRequest(f"The port {port} is not between 1 and {_LAST_PORT}.")
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (socket.gaierror, UnicodeError) as error:
        raise InvalidRequest(f"The address '{host}' is not known on this machine.") from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise Unavailable(
                f"Port {port} on {host} is in use.", hint="Choose another one with --port."
            ) from error
        raise Unavailable(f"Cannot listen on {host}, port {port}: {error.strerror}.") from error


def _address(options: ServeOptions, prefix: str) -> str:
    host = f"[{options.host}]" if ":" in options.host else options.host
    return f"http://{host}:{options.port}{prefix}"
