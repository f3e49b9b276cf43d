"""MLflow in this process: the only module that imports mlflow."""

from __future__ import annotations

import importlib.util
import warnings
from typing import TYPE_CHECKING, Any

from authctl.errors import InvalidRequest

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


def run_view(function: Callable[[], Any], scope: MutableMapping[str, Any]) -> Any:
    """Call a function that reads Flask's request, such as an authorization_function.

    What it aborts with is what it returns.
    """
    from mlflow.server import app as flask_app  # noqa: PLC0415 - takes seconds
    from starlette.middleware.wsgi import build_environ  # noqa: PLC0415 - warns on import
    from werkzeug.exceptions import HTTPException  # noqa: PLC0415 - comes with MLflow

    with flask_app.request_context(build_environ(scope, b"")):
        try:
            return function()
        except HTTPException as error:
            return error.get_response()
