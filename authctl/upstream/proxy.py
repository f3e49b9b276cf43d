"""MLflow over HTTP, as an ASGI application that streams both ways.

aiohttp rather than httpx, as a request costs it a sixth of the processor time:
`python -m tests.bench.clients`.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from authctl.config import UpstreamLogin
from authctl.errors import InvalidRequest, Unavailable
from authctl.upstream.login import authorization, tls_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from aiohttp import ClientHandlerType, ClientRequest, ClientResponse
    from starlette.types import Message, Receive, Scope, Send

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
# The caller's Host is this server's, and its Origin was judged by this server's own rules. Who
# expects a 100 is answered by this server.
_NOT_SENT = _HOP_BY_HOP | {b"expect", b"host", b"origin"}
# The server in front writes its own.
_NOT_ANSWERED = _HOP_BY_HOP | {b"date", b"server"}
_UNAUTHORIZED = 401
_CONNECT_SECONDS = 5.0
# Without a byte from the caller or from the upstream.
_IDLE_SECONDS = 300.0
_CONNECTIONS = 200
# Less than servers keep an idle connection for, lest they close it as a request is on its way.
_KEPT_SECONDS = 4.0
_LONGEST_HEADER = 65_536
# What the client would add by itself.
_ADDED = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


class _Request(NamedTuple):
    """What is sent: nothing but what the caller sent and was judged."""

    url: URL
    headers: CIMultiDict[str]
    has_body: bool


class Proxy:
    """Forwards each request to one MLflow; nothing is sent twice, no redirect is followed."""

    def __init__(self, base: str, login: UpstreamLogin | None = None) -> None:
        """Forward to the server at `base`, and show it `login`. InvalidRequest."""
        login = login or UpstreamLogin()
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
        self._host = parts.netloc
        self._authorization = authorization(login)
        self._tls = tls_for(login)
        self._made: aiohttp.ClientSession | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one ASGI scope."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            else:
                if self._made is not None:
                    await self._made.close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    def _session(self) -> aiohttp.ClientSession:
        """The connections of this worker; made on use, as they belong to its event loop."""
        if self._made is None:
            self._made = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=_CONNECTIONS, keepalive_timeout=_KEPT_SECONDS, ssl=self._tls
                ),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                skip_auto_headers=_ADDED,
                trust_env=False,
                max_line_size=_LONGEST_HEADER,
                max_field_size=_LONGEST_HEADER,
                middlewares=(_once,),
            )
        return self._made

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def answer(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._forward(scope, receive, answer)
        except (aiohttp.ClientError, TimeoutError) as error:
            _log.warning("the upstream failed: %s", type(error.__cause__ or error).__name__)
            if started:
                raise
            await _refuse(504 if isinstance(error, TimeoutError) else 502, send)

    async def _forward(self, scope: Scope, receive: Receive, send: Send) -> None:
        url, headers, has_body = self._request(scope)
        now = asyncio.get_running_loop().time
        async with asyncio.timeout(_IDLE_SECONDS) as patience:

            def go_on() -> None:
                patience.reschedule(now() + _IDLE_SECONDS)

            async with self._session().request(
                scope["method"],
                url,
                headers=headers,
                data=_body(receive, go_on) if has_body else None,
                allow_redirects=False,
            ) as response:
                if response.status == _UNAUTHORIZED and "WWW-Authenticate" in response.headers:
                    # Passed on, it would ask the caller for a password that is none of theirs.
                    _log.error("the upstream asks for a login, or does not take upstream_*")
                    raise Unavailable("The MLflow behind this server does not let it in.")
                await send(
                    {
                        "type": "http.response.start",
                        "status": response.status,
                        "headers": [
                            (name.lower(), value)
                            for name, value in response.raw_headers
                            if name.lower() not in _NOT_ANSWERED
                        ],
                    }
                )
                async for chunk in response.content.iter_any():
                    go_on()
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
                await send({"type": "http.response.body", "body": b""})

    def _request(self, scope: Scope) -> _Request:
        query = b"?" + scope["query_string"] if scope["query_string"] else b""
        url = (self._base + scope["raw_path"] + query).decode("ascii")
        headers = CIMultiDict(Host=self._host)
        try:
            for name, value in scope["headers"]:
                if name not in _NOT_SENT:
                    # The client sends UTF-8: these bytes again.
                    headers.add(name.decode("ascii"), value.decode())
        except UnicodeDecodeError as error:
            raise InvalidRequest("A header has bytes that are not UTF-8.") from error
        if self._authorization is not None:
            headers["Authorization"] = self._authorization  # the caller's was taken out
        names = {name for name, _ in scope["headers"]}
        has_body = not names.isdisjoint({b"content-length", b"transfer-encoding"})
        return _Request(URL(url, encoded=True), headers, has_body)


async def _once(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    """Keep the client from sending again what an upstream that hung up may have done."""
    try:
        return await handler(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise aiohttp.ClientConnectionError from error


async def _body(receive: Receive, go_on: Callable[[], None]) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise aiohttp.ClientConnectionError("the caller went away")
        go_on()
        yield message.get("body", b"")
        if not message.get("more_body"):
            return


async def _refuse(status: int, send: Send) -> None:
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
