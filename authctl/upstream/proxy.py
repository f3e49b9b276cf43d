"""MLflow over HTTP, as an ASGI application that streams both ways."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

from authctl.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import Receive, Scope, Send

_log = logging.getLogger("authctl.upstream")

_HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
_CONNECT_SECONDS = 5.0
_IDLE_SECONDS = 300.0


class Proxy:
    """Forwards each request to one MLflow; nothing is sent twice, no redirect is followed."""

    def __init__(self, base: str) -> None:
        parts = urlsplit(base)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InvalidRequest(
                f"The upstream '{parts.scheme}://{parts.hostname or ''}' is not an address of an"
                " MLflow server.",
                hint="Write it as http://host:5000 or https://host.",
            )
        if parts.username or parts.password:
            raise InvalidRequest("The upstream's address must not contain credentials.")
        if parts.query or parts.fragment:
            raise InvalidRequest("The upstream's address must not contain a query.")
        self._base = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}".encode()
        self._host = parts.netloc.encode()
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(_IDLE_SECONDS, connect=_CONNECT_SECONDS),
            limits=httpx.Limits(max_connections=200, max_keepalive_connections=50),
            follow_redirects=False,
            trust_env=False,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one ASGI scope."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._forward(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            else:
                await self._client.aclose()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _forward(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [
            (name, value)
            for name, value in scope["headers"]
            if name not in _HOP_BY_HOP and name != b"host"
        ]
        query = b"?" + scope["query_string"] if scope["query_string"] else b""
        has_body = any(
            name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"]
        )
        request = self._client.build_request(
            scope["method"],
            (self._base + scope["raw_path"] + query).decode("ascii"),
            headers=[(b"host", self._host), *headers],
            content=_body(receive) if has_body else None,
        )
        started = False
        try:
            response = await self._client.send(request, stream=True)
            try:
                await send(
                    {
                        "type": "http.response.start",
                        "status": response.status_code,
                        "headers": [
                            (name.lower(), value)
                            for name, value in response.headers.raw
                            if name.lower() not in _HOP_BY_HOP
                        ],
                    }
                )
                started = True
                async for chunk in response.aiter_raw():
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
                await send({"type": "http.response.body", "body": b""})
            finally:
                await response.aclose()
        except httpx.HTTPError as error:
            _log.warning("the upstream failed: %s", type(error).__name__)
            if started:
                raise
            status = 504 if isinstance(error, httpx.TimeoutException) else 502
            body = b'{"error_code": "TEMPORARILY_UNAVAILABLE", "message": "The MLflow behind this'
            body += b' server cannot be reached."}'
            await send(
                {
                    "type": "http.response.start",
                    "status": status,
                    "headers": [
                        (b"content-type", b"application/json"),
                        (b"content-length", str(len(body)).encode()),
                    ],
                }
            )
            await send({"type": "http.response.body", "body": body})


async def _body(receive: Receive) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise httpx.ReadError("the caller went away")
        yield message.get("body", b"")
        if not message.get("more_body"):
            return
