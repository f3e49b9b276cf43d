"""A look at the MLflow that a server is to stand in front of, before it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from authctl.errors import InvalidRequest
from authctl.upstream.login import authorization, tls_for

if TYPE_CHECKING:
    from authctl.config import UpstreamLogin

_PATIENCE = 5.0
_OK, _UNAUTHORIZED = 200, 401


def look_at(base: str, prefix: str, login: UpstreamLogin) -> bool | None:
    """Whether the server at `base` lets anybody in; None where it does not answer, as it may later.

    InvalidRequest for one that does not take the login, and for one with logins of its own: who
    asks there would be this server, whoever asked here.
    """
    shown = authorization(login)
    headers = {"Authorization": shown} if shown else {}
    root = base.rstrip("/") + prefix
    try:
        with httpx.Client(verify=tls_for(login), trust_env=False, timeout=_PATIENCE) as client:
            version = client.get(f"{root}/version", headers=headers)
            users = client.get(
                f"{root}/api/2.0/mlflow/users/get", params={"username": "admin"}, headers=headers
            )
            is_open = shown is None or client.get(f"{root}/version").status_code == _OK
    except httpx.HTTPError:
        return None
    if _UNAUTHORIZED in {users.status_code, version.status_code}:
        raise InvalidRequest(
            "The MLflow at --upstream asks for a login, or does not take the one it is shown.",
            hint="Start it without --app-name. If it is something in front of it that asks, set"
            " upstream_username and upstream_password, or upstream_token.",
        )
    if _is_answered_by_mlflows_api(users):
        raise InvalidRequest(
            "The MLflow at --upstream has users of its own, and would take everybody for one.",
            hint="Start it without --app-name.",
        )
    return is_open


def _is_answered_by_mlflows_api(response: httpx.Response) -> bool:
    """Whether there are users: an MLflow without them has no such route, and says so in HTML."""
    try:
        found = response.json()
    except ValueError:
        return False
    return isinstance(found, dict) and not found.keys().isdisjoint({"user", "error_code"})
