"""Service tokens as authctl's own API writes them in JSON, read and written."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from authctl.model import Resource
from authctl.service_token import Asked, Scope, ServiceToken

if TYPE_CHECKING:
    from collections.abc import Iterable

    from authctl.wire.entities import Json


def token_to_json(token: ServiceToken) -> Json:
    """Write a token, without its secret, which nobody has kept."""
    return {
        "created_at": time_to_json(token.created_at),
        "created_by": token.created_by,
        "expires_at": time_to_json(token.expires_at),
        "id": token.id,
        "last_used_at": time_to_json(token.last_used_at),
        "name": token.name,
        "resources": _resources_to_json(token.resources),
        "scope": str(token.scope),
        "start": token.start,
        "username": token.username,
    }


def token_from_json(data: Json) -> ServiceToken:
    """Read a token."""
    created_at = _time(data["created_at"])
    if created_at is None:
        raise ValueError("A token was made at some time.")
    return ServiceToken(
        id=int(data["id"]),
        name=str(data["name"]),
        username=str(data["username"]),
        start=str(data["start"]),
        scope=Scope(data["scope"]),
        resources=_resources(data["resources"]),
        created_at=created_at,
        created_by=data["created_by"],
        expires_at=_time(data["expires_at"]),
        last_used_at=_time(data["last_used_at"]),
    )


def asked_to_json(asked: Asked) -> Json:
    """Write what a new token is to be."""
    return {
        "name": asked.name,
        "username": asked.username,
        "scope": str(asked.scope),
        "resources": _resources_to_json(asked.resources),
        "expires_at": time_to_json(asked.expires_at),
    }


def asked_from_json(data: Json) -> Asked:
    """Read what a new token is to be. ValueError and TypeError for what cannot be read."""
    return Asked(
        name=data["name"],
        username=data["username"],
        scope=Scope(data.get("scope") or Scope.ALL),
        resources=_resources(data.get("resources")),
        expires_at=_time(data.get("expires_at")),
    )


def time_to_json(time: datetime | None) -> str | None:
    """Write a time in UTC, as ISO 8601 does."""
    return None if time is None else time.isoformat()


def _resources_to_json(resources: Iterable[Resource] | None) -> list[Json] | None:
    if resources is None:
        return None
    return [{"type": str(found.type), "id": found.id} for found in resources]


def _resources(data: Any) -> tuple[Resource, ...] | None:
    if data is None:
        return None
    if not isinstance(data, list):
        raise TypeError("Resources are a list.")
    return tuple(Resource.checked(found["type"], found["id"]) for found in data)


def _time(text: Any) -> datetime | None:
    if text is None:
        return None
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError("A time has a zone.")
    return time
