"""MLflow in this process: the only module that imports mlflow."""

from __future__ import annotations

import importlib.util
import warnings
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from authctl.errors import AuthctlError, InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

    from starlette.types import ASGIApp


def is_installed() -> bool:
    """Whether MLflow can be embedded here."""
    return importlib.util.find_spec("mlflow") is not None


def check_installed() -> None:
    """InvalidRequest where MLflow is not installed."""
    if not is_installed():
        raise InvalidRequest(
            "MLflow is not installed, so there is nothing to serve.",
            hint="pip install 'authctl[mlflow]', or name a running MLflow with --upstream.",
        )


def load() -> ASGIApp:
    """Make MLflow's tracking server, set up by the environment that `mlflow server` prepares.

    InvalidRequest where MLflow is not installed.
    """
    check_installed()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mlflow.server.fastapi_app import app  # noqa: PLC0415 - takes seconds
    return app  # type: ignore[no-any-return]


def ask(function: Callable[[], Any], scope: MutableMapping[str, Any]) -> str | Response:
    """Ask an authorization_function, which reads Flask's request: a username, or its own answer.

    AuthctlError when it gives anything else.
    """
    from mlflow.server import app as flask_app  # noqa: PLC0415 - takes seconds
    from starlette.middleware.wsgi import build_environ  # noqa: PLC0415 - warns on import
    from werkzeug import datastructures, exceptions, wrappers  # noqa: PLC0415 - MLflow's

    with flask_app.request_context(build_environ(scope, b"")):
        try:
            result = function()
        except exceptions.HTTPException as error:
            result = error.get_response()
    if isinstance(result, datastructures.Authorization):
        return result.username or ""
    if isinstance(result, wrappers.Response):
        response = Response(result.get_data(), result.status_code)
        response.raw_headers += [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in result.headers
            if name.lower() != "content-length"
        ]
        return response
    raise AuthctlError(
        "The authorization_function returned neither an Authorization nor a Response."
    )
