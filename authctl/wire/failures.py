"""An error as it goes over the wire, and back."""

from __future__ import annotations

import json
from typing import Any

from authctl.errors import (
    ERROR_CLASSES,
    AuthctlError,
    InvalidRequest,
    NotAuthenticated,
    NotFound,
    PermissionDenied,
    TooManyRequests,
    Unavailable,
)

_CLASS_OF_CODE = {cls.error_code: cls for cls in reversed(ERROR_CLASSES)}
_CLASS_OF_STATUS: dict[int, type[AuthctlError]] = {
    400: InvalidRequest,
    401: NotAuthenticated,
    403: PermissionDenied,
    404: NotFound,
    429: TooManyRequests,
    502: Unavailable,
    503: Unavailable,
    504: Unavailable,
}
_NO_ENDPOINT = (404, 405)
_MAX_TEXT = 300


class NoSuchEndpoint(InvalidRequest):
    """A path or method the server does not have: another release, or not an auth server at all."""


def error_to_json(error: AuthctlError) -> dict[str, Any]:
    """Write an error in MLflow's shape."""
    return {"error_code": error.error_code, "message": error.message}


def error_from_response(status: int, body: bytes) -> AuthctlError:
    """Read an error from an answer of 400 or above, JSON or not.

    MLflow's messages of RESOURCE_ALREADY_EXISTS carry SQL and password hashes up to 3.17
    (contract 2); what follows ' Error: ' is cut off.
    """
    try:
        data = json.loads(body)
    except ValueError:
        data = None
    if isinstance(data, dict) and isinstance(data.get("message"), str):
        message = data["message"].split(" Error: ")[0].split("\n[SQL:")[0]
        found = _CLASS_OF_CODE.get(str(data.get("error_code")))
        return (found or _CLASS_OF_STATUS.get(status, AuthctlError))(message)
    if status in _NO_ENDPOINT:
        # MLflow's handlers always write JSON; a bare 404 comes from the router.
        return NoSuchEndpoint("The server does not have what was asked of it.")
    text = body.decode("utf-8", "replace").strip()
    if not text or text.lower().startswith(("<!doctype", "<html")) or len(text) > _MAX_TEXT:
        text = f"The server answered {status}."
    return _CLASS_OF_STATUS.get(status, AuthctlError)(text)
