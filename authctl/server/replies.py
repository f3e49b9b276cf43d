"""The answers that authctl itself gives; MLflow's shape and words, which its clients know."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, PlainTextResponse, Response

from authctl.wire.failures import error_to_json

if TYPE_CHECKING:
    from authctl.errors import AuthctlError

_UNAUTHENTICATED = (
    "You are not authenticated. Send a username and a password by HTTP basic authentication, for"
    " example with MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD."
)
_DENIED = "Permission denied"


class Compact(JSONResponse):
    """JSON with sorted keys and no spaces, as MLflow's auth handlers write it."""

    def render(self, content: Any) -> bytes:
        """Write the content."""
        return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def unauthenticated(*, api: bool) -> Response:
    """Ask for credentials."""
    headers = {"WWW-Authenticate": 'Basic realm="mlflow"'}
    if not api:
        return PlainTextResponse(_UNAUTHENTICATED, 401, headers)
    body = {"error_code": "UNAUTHENTICATED", "message": _UNAUTHENTICATED}
    return JSONResponse(body, 401, headers)


def denied(*, api: bool) -> Response:
    """Refuse without saying why: the reason may tell of things that the caller may not see."""
    if not api:
        return PlainTextResponse(_DENIED, 403)
    return JSONResponse({"error_code": "PERMISSION_DENIED", "message": _DENIED}, 403)


def failed(error: AuthctlError) -> Response:
    """Tell of an error."""
    headers = {"Retry-After": "1"} if error.http_status == 503 else None  # noqa: PLR2004
    return JSONResponse(error_to_json(error), error.http_status, headers)
