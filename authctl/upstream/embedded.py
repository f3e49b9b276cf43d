"""MLflow in this process: the only module that imports mlflow."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import warnings
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from authctl.errors import AuthctlError, InvalidRequest
from authctl.upstream.routes import routes_of

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

    from starlette.types import ASGIApp, Receive, Scope, Send


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
        from mlflow.server import app as flask_app  # noqa: PLC0415 - takes seconds
        from mlflow.server.fastapi_app import app  # noqa: PLC0415 - likewise
    return _telling_who_asks(app, flask_app)


def version() -> str:
    """The release of the MLflow that is installed. InvalidRequest where there is none."""
    check_installed()
    return importlib.metadata.version("mlflow")


def reads_deny() -> bool:
    """Whether this MLflow's own authentication would understand DENY, as it does since 3.17."""
    major, minor, *_ = version().split(".")
    return (int(major), int(minor)) >= (3, 17)


def routes() -> list[tuple[str, str]]:
    """Method and path of every route that the MLflow in this process serves; see `routes_of`."""
    from mlflow.server import app as flask_app  # noqa: PLC0415 - takes seconds
    from mlflow.server.fastapi_app import app  # noqa: PLC0415 - likewise

    return routes_of(app, flask_app)


def _telling_who_asks(app: ASGIApp, flask_app: Any) -> ASGIApp:
    """Let MLflow know the username in a scope's state, as its own authentication does.

    It records who started a job or made a review queue. Its FastAPI side reads the state, its
    Flask side, in a thread that inherits the context, `g`.
    """
    from flask import g  # noqa: PLC0415 - MLflow's

    asking: ContextVar[str | None] = ContextVar("asking", default=None)

    @flask_app.before_request  # type: ignore[untyped-decorator]
    def stamp() -> None:
        username = asking.get()
        if username is not None:
            g.mlflow_authenticated_user = username

    async def telling(scope: Scope, receive: Receive, send: Send) -> None:
        asking.set(scope.get("state", {}).get("username"))
        await app(scope, receive, send)

    return telling


def ask(function: Callable[[], Any], scope: MutableMapping[str, Any]) -> str | Response | None:
    """Ask an authorization_function that reads Flask's request: a username, or its own answer.

    None where its Authorization has no username; AuthctlError when it gives anything else.
    """
    from mlflow.server import app as flask_app  # noqa: PLC0415 - takes seconds
    from starlette.middleware.wsgi import build_environ  # noqa: PLC0415 - warns on import
    from werkzeug import datastructures, exceptions, wrappers  # noqa: PLC0415 - MLflow's

    # An underscore would let a header pass for its twin with a dash, which a proxy vouches for.
    headers = [pair for pair in scope["headers"] if b"_" not in pair[0]]
    with flask_app.request_context(build_environ({**scope, "headers": headers}, b"")):
        try:
            result = function()
        except exceptions.HTTPException as error:
            result = error.get_response()
    if isinstance(result, datastructures.Authorization):
        username = result.username
        if username is not None and not isinstance(username, str):
            raise AuthctlError("The authorization_function named a user by what is not a text.")
        return username
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
