"""Service tokens: authctl's own, which MLflow does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from authctl.errors import InvalidRequest, PermissionDenied
from authctl.wire.tokens import asked_from_json, token_to_json

if TYPE_CHECKING:
    from authctl.server.admin_api.call import Call

Json = dict[str, Any]


def create(call: Call) -> Json:
    """Make a token; the answer is the only one that ever has its secret."""
    name, username = call.required("name"), call.required("username")
    if call.principal.token is not None and username == call.principal.username:
        raise PermissionDenied("Permission denied: a token makes no tokens for its own user.")
    try:
        asked = asked_from_json({**call.reading.body, "name": name, "username": username})
    except (ValueError, TypeError, KeyError) as error:
        raise InvalidRequest(
            "Invalid token: 'scope' is all or read, 'resources' a list of objects with a type and"
            " an id, 'expires_at' a time with its zone."
        ) from error
    token, secret = call.store.create_token(asked, created_by=call.principal.username)
    return {"token": token_to_json(token), "secret": secret}


def list_for_user(call: Call) -> Json:
    """The tokens of a user."""
    found = call.store.list_tokens(call.required("username"))
    return {"tokens": [token_to_json(token) for token in found]}


def list_all(call: Call) -> Json:
    """Every token of everybody."""
    return {"tokens": [token_to_json(token) for token in call.store.list_tokens()]}


def revoke(call: Call) -> Json:
    """Take a token away."""
    call.store.revoke_token(call.required("username"), call.required("name"))
    return {}
