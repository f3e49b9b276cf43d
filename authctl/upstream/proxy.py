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
# The caller's Host is this server's, and its Origin was judged by this server's own rules.
_NOT_SENT = _HOP_BY_HOP | {b"host", b"origin"}
# The server in front writes its own.
_NOT_ANSWERED = _HOP_BY_HOP | {b"date", b"server"}
_PATIENCE = httpx.Timeout(300.0, connect=5.0)


class Proxy:
    """Forwards each request to one MLflow; nothing is sent twice, no redirect is followed."""

    def __init__(self, base: str) -> None:
        try:
            parts = urlsplit(base)
            is_address = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:
            is_address = False
        if not is_address:
            raise InvalidRequest(
                "The upstream is not the address of an MLflow server.",
                hint="Write it as http://host:5000 or https://host.",
            )
        if parts.username or parts.password:
            raise InvalidRequest("The upstream's address must not contain credentials.")
        if parts.query or parts.fragment:
            raise InvalidRequest("The upstream's address must not contain a query.")
        self._base = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}".encode()
        self._host = parts.netloc.encode()
        self._client = httpx.AsyncClient(
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
        request = self._request(scope, receive)
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
                            if name.lower() not in _NOT_ANSWERED
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

    def _request(self, scope: Scope, receive: Receive) -> httpx.Request:
        """The caller's request and nothing else: the client would add its headers and cookies."""
        query = b"?" + scope["query_string"] if scope["query_string"] else b""
        names = {name for name, _ in scope["headers"]}
        has_body = not names.isdisjoint({b"content-length", b"transfer-encoding"})
        try:
            return httpx.Request(
                scope["method"],
                (self._base + scope["raw_path"] + query).decode("ascii"),
                headers=[
                    (b"host", self._host),
                    *(pair for pair in scope["headers"] if pair[0] not in _NOT_SENT),
                ],
                content=_body(receive) if has_body else None,
                extensions={"timeout": _PATIENCE.as_dict()},
            )
        except httpx.InvalidURL as error:
            raise InvalidRequest("The address is too long.") from error


async def _body(receive: Receive) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise httpx.ReadError("the caller went away")
        yield message.get("body", b"")
        if not message.get("more_body"):
            return
