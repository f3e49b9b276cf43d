"""What server processes call to make the application: as an MLflow app, or in front of one."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
from typing import TYPE_CHECKING

from authctl.config import CONFIG_PATH, AuthConfig
from authctl.errors import AuthctlError, InvalidRequest
from authctl.policy.shape import Coverage, coverage
from authctl.policy.table import Table
from authctl.server.app import build_app
from authctl.server.authorization_function import reads_flask
from authctl.server.bootstrap import prepare
from authctl.upstream import embedded
from authctl.upstream.proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from starlette.types import ASGIApp

CHECKED = "_AUTHCTL_CHECKED"
"""Set by `authctl serve`, which has seen to the administrator before it started workers."""

UPSTREAM = "_AUTHCTL_UPSTREAM"
STATIC_PREFIX = "_MLFLOW_STATIC_PREFIX"
SERVER_KIND = "_MLFLOW_SGI_NAME"

_log = logging.getLogger("authctl")
# Where uvicorn tells whoever started it that it has started.
_operator_log = logging.getLogger("uvicorn.error")


def create_app() -> ASGIApp:
    """MLflow with authentication: what `mlflow server --app-name authctl` runs in each worker."""
    return _or_stop(lambda: _create(_embed, reads_deny=embedded.reads_deny()))


def create_gateway() -> ASGIApp:
    """Authentication in front of the MLflow that `authctl serve --upstream` names."""
    return _or_stop(lambda: _create(_stand_in_front))


def _stand_in_front(config: AuthConfig) -> ASGIApp:
    return Proxy(os.environ[UPSTREAM], config.upstream)


def _embed(_config: AuthConfig) -> ASGIApp:
    upstream = embedded.load()
    found = covered(os.environ)
    _operator_log.info("%s", found)
    for route in found.unlisted:
        _log.warning("no row speaks for %s: only administrators may", route)
    return upstream


def covered(env: Mapping[str, str]) -> Coverage:
    """What the policy says about the MLflow that is installed and was loaded."""
    prefix = env.get(STATIC_PREFIX, "").rstrip("/")
    return coverage(Table(), embedded.version(), embedded.routes(), prefix)


def _create(upstream: Callable[[AuthConfig], ASGIApp], *, reads_deny: bool = False) -> ASGIApp:
    kind = os.environ.get(SERVER_KIND, "uvicorn")
    if kind != "uvicorn":
        raise InvalidRequest(
            f"authctl runs under uvicorn, not under {kind}.",
            hint="Leave --gunicorn-opts and --waitress-opts out.",
        )
    config = AuthConfig.load(None, os.environ)
    host = None if CHECKED in os.environ else _host(sys.argv)
    ready = prepare(config, os.environ, host=host, reads_deny=reads_deny)
    for warning in ready.warnings:
        _log.warning(warning)
    app = build_app(
        config,
        upstream=upstream(config),
        store=ready.store,
        secret_key=ready.secret_key,
        env=os.environ,
        static_prefix=os.environ.get(STATIC_PREFIX, "").rstrip("/"),
    )
    if not reads_flask(config):
        # MLflow reads the file too, in the middle of a search, and fails where it lacks a key.
        os.environ.pop(CONFIG_PATH, None)
    return app


def _host(argv: Sequence[str]) -> str:
    """The address this process listens on: `mlflow server` hands it to uvicorn's command line.

    Of several the last one counts, as it does for uvicorn.
    """
    host = "an unknown address"
    for word, following in zip(argv, [*argv[1:], ""], strict=True):
        if word == "--host":
            host = following
        elif word.startswith("--host="):
            host = word.removeprefix("--host=")
    return host


def _or_stop(make: Callable[[], ASGIApp]) -> ASGIApp:
    """Make the application, or end the whole server: its supervisor would try again for ever."""
    try:
        return make()
    except AuthctlError as error:
        hint = f"\nhint: {error.hint}" if error.hint else ""
        sys.stderr.write(f"error: {error.message}{hint}\n")
        sys.stderr.flush()
        _end_supervisor()
        raise SystemExit(error.exit_code) from error
    except BaseException:
        _end_supervisor()
        raise


def _end_supervisor() -> None:
    if multiprocessing.parent_process() is not None:
        os.kill(os.getppid(), signal.SIGTERM)
