"""The answers that authctl itself gives; MLflow's shape and words, which its clients know."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, PlainTextResponse, Response

from authctl.errors import TooManyRequests, Unavailable
from authctl.wire.failures import error_to_json

if TYPE_CHECKING:
    from authctl.errors import AuthctlError

_UNAUTHENTICATED = (
    "You are not authenticated. Send a username and a password by HTTP basic authentication, for"
    " example with MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD."
)
_BEARERLESS = (
    "You are not authenticated. Send a token of your identity provider, for example with"
    " MLFLOW_TRACKING_TOKEN."
)
_DENIED = "Permission denied"


class Compact(JSONResponse):
    """JSON with sorted keys and no spaces, as MLflow's auth handlers write it."""

    def render(self, content: Any) -> bytes:
        """Write the content."""
        return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def unauthenticated(*, api: bool, bearer: bool = False, why: str | None = None) -> Response:
    """Ask for credentials, a password or a bearer token; `why` is what is wrong with those sent."""
    headers = {"WWW-Authenticate": f'{"Bearer" if bearer else "Basic"} realm="mlflow"'}
    message = why or (_BEARERLESS if bearer else _UNAUTHENTICATED)
    if not api:
        return PlainTextResponse(message, 401, headers)
    body = {"error_code": "UNAUTHENTICATED", "message": message}
    return JSONResponse(body, 401, headers)


def denied(*, api: bool) -> Response:
    """Refuse without saying why: the reason may tell of things that the caller may not see."""
    if not api:
        return PlainTextResponse(_DENIED, 403)
    return JSONResponse({"error_code": "PERMISSION_DENIED", "message": _DENIED}, 403)


def failed(error: AuthctlError, *, accept: str | None = None) -> Response:
    """Tell of an error, on a page where a person looks at a browser."""
    headers = {}
    if isinstance(error, Unavailable):
        seconds = error.retry_after if isinstance(error, TooManyRequests) else 1
        headers["Retry-After"] = str(seconds)
    if accept and "text/html" in accept:
        from authctl.server.pages.rendering import failed as page  # noqa: PLC0415 - seldom needed

        response = page(error)
        response.headers.update(headers)
        return response
    return JSONResponse(error_to_json(error), error.http_status, headers)
