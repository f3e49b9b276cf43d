"""What server processes call to make the application: as an MLflow app, or in front of one."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

from authctl.config import SECRET_KEY, AuthConfig
from authctl.errors import AuthctlError, InvalidRequest
from authctl.policy.resolution import resolve_with
from authctl.server.app import build_app
from authctl.server.bootstrap import ensure_admin, secret_key
from authctl.store.sql import SqlStore, database_file
from authctl.upstream import embedded
from authctl.upstream.proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.types import ASGIApp

HOST = "_AUTHCTL_HOST"
UPSTREAM = "_AUTHCTL_UPSTREAM"
STATIC_PREFIX = "_MLFLOW_STATIC_PREFIX"
SERVER_KIND = "_MLFLOW_SGI_NAME"

_log = logging.getLogger("authctl")


def create_app() -> ASGIApp:
    """MLflow with authentication: what `mlflow server --app-name authctl` runs in each worker."""
    return _or_stop(lambda: _create(embedded.load))


def create_gateway() -> ASGIApp:
    """Authentication in front of the MLflow that `authctl serve --upstream` names."""
    return _or_stop(lambda: _create(lambda: Proxy(os.environ[UPSTREAM])))


def open_database(config: AuthConfig) -> SqlStore:
    """The auth database of a configuration, made if there is none. Unavailable; InvalidRequest."""
    return SqlStore.open(
        config.database_uri, create=True, resolve=resolve_with(config.default_permission)
    )


def _create(upstream: Callable[[], ASGIApp]) -> ASGIApp:
    kind = os.environ.get(SERVER_KIND, "uvicorn")
    if kind != "uvicorn":
        raise InvalidRequest(
            f"authctl runs under uvicorn, not under {kind}.",
            hint="Leave --gunicorn-opts and --waitress-opts out.",
        )
    config = AuthConfig.load(None, os.environ)
    store = open_database(config)
    key = secret_key(SECRET_KEY, os.environ, database_file(config.database_uri))
    for warning in ensure_admin(config, store, host=_host(sys.argv)):
        _log.warning(warning)
    return build_app(
        config,
        upstream=upstream(),
        store=store,
        secret_key=key,
        env=os.environ,
        static_prefix=os.environ.get(STATIC_PREFIX, "").rstrip("/"),
    )


def _host(argv: Sequence[str]) -> str:
    """The address this process listens on: `mlflow server` hands it to uvicorn's command line."""
    if HOST in os.environ:
        return os.environ[HOST]
    for index, word in enumerate(argv):
        if word == "--host" and index + 1 < len(argv):
            return argv[index + 1]
        if word.startswith("--host="):
            return word.removeprefix("--host=")
    return "an unknown address"


def _or_stop(make: Callable[[], ASGIApp]) -> ASGIApp:
    try:
        return make()
    except AuthctlError as error:
        _stop(error)


def _stop(error: AuthctlError) -> NoReturn:
    """End with one error; a supervisor would start a failed worker again for ever, so it ends too.
    """
    hint = f"\nhint: {error.hint}" if error.hint else ""
    sys.stderr.write(f"error: {error.message}{hint}\n")
    sys.stderr.flush()
    if multiprocessing.parent_process() is not None:
        os.kill(os.getppid(), signal.SIGTERM)
    raise SystemExit(error.exit_code)
