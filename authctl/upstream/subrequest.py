"""Ask an upstream for JSON, as the server itself: look-ups and the further pages of a list."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import anyio

from authctl.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Message, Scope


@dataclass(frozen=True, slots=True)
class Answer:
    """An upstream's whole answer."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    def json(self) -> Any:
        """The body as JSON; Unavailable when the upstream sent something else."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise Unavailable("The MLflow behind this server sent an unreadable answer.") from error


async def collect(app: ASGIApp, scope: dict[str, Any], body: bytes) -> Answer:
    """Send one request with a whole body and wait for the whole answer, not compressed."""
    headers_sent = [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]
    sent = False
    status = 0
    headers: list[tuple[bytes, bytes]] = []
    chunks: list[bytes] = []

    async def receive() -> Message:
        nonlocal sent
        if sent:
            # Not a disconnect: that would cancel an answer which is still being written.
            await anyio.sleep_forever()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
            headers.extend(message.get("headers", ()))
        elif message["type"] == "http.response.body":
            chunks.append(message.get("body", b""))

    await app({**scope, "headers": headers_sent}, receive, send)
    return Answer(status, headers, b"".join(chunks))


async def ask(app: ASGIApp, scope: Scope, path: str, query: Iterable[tuple[str, str]]) -> Answer:
    """GET a path of the upstream; `scope` is that of the request it is asked for."""
    return await collect(app, get_scope(scope, path, query), b"")


def get_scope(scope: Scope, path: str, query: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The scope of a GET made on behalf of another request; it bears none of its headers but Host.

    Host is kept since MLflow checks it against its allow-list.
    """
    host = [(name, value) for name, value in scope["headers"] if name == b"host"]
    return {
        "type": "http",
        "asgi": scope["asgi"],
        "http_version": "1.1",
        "method": "GET",
        "scheme": scope.get("scheme", "http"),
        "path": path,
        "raw_path": quote(path, safe="/").encode(),
        "query_string": encode_query(query),
        "root_path": "",
        "headers": [*host, (b"accept", b"application/json")],
        "client": scope.get("client"),
        "server": scope.get("server"),
    }


def encode_query(query: Iterable[tuple[str, str]]) -> bytes:
    """Write a query in the one spelling that every parser reads alike."""
    return "&".join(
        f"{quote(key, safe='')}={quote(value, safe='')}" for key, value in query
    ).encode()
