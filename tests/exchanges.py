"""Requests made by hand, in the shape in which an ASGI server hands them over."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote_to_bytes

from authctl.model import experiment_id
from authctl.policy.table import Table
from authctl.server.exchange import Exchange

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from authctl.server.request import Reading

TABLE = Table()
JSON = {"content-type": "application/json"}

T = TypeVar("T")
Headers = dict[str, str] | list[tuple[str, str]]


def at_once(work: Coroutine[Any, Any, T]) -> T:
    """The result of work that never has to wait, without an event loop."""
    try:
        work.send(None)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]
    raise AssertionError("it waits")


def scope_of(method: str, target: str | bytes, headers: Headers | None = None) -> dict[str, Any]:
    raw = target if isinstance(target, bytes) else target.encode()
    path, _, query = raw.partition(b"?")
    pairs = list(headers.items()) if isinstance(headers, dict) else list(headers or [])
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote_to_bytes(path).decode("utf-8", "replace"),
        "raw_path": path,
        "query_string": query,
        "root_path": "",
        "headers": [
            (b"host", b"localhost:5000"),
            *((name.lower().encode(), value.encode("latin-1")) for name, value in pairs),
        ],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 5000),
    }


@dataclass
class Caller:
    """One end of the wire: the chunks it sends, and what it is answered."""

    chunks: Sequence[bytes] = (b"",)
    taken: int = 0
    answer: list[Message] = field(default_factory=list)

    async def receive(self) -> Message:
        if self.taken == len(self.chunks):
            return {"type": "http.disconnect"}
        self.taken += 1
        more = self.taken < len(self.chunks)
        return {"type": "http.request", "body": self.chunks[self.taken - 1], "more_body": more}

    async def send(self, message: Message) -> None:
        self.answer.append(message)


async def shut_down(app: ASGIApp) -> None:
    """Let an application give back what it holds, as a server does in the end."""

    async def receive() -> Message:
        return {"type": "lifespan.shutdown"}

    await app({"type": "lifespan"}, receive, Caller().send)


@dataclass
class Upstream:
    """An ASGI application that keeps the one request it was sent and answers `ok`."""

    scope: Scope = field(default_factory=dict)
    chunks: list[bytes] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        more = True
        while more:
            message = await receive()
            self.chunks.append(message.get("body", b""))
            more = message.get("more_body", False)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})

    @property
    def body(self) -> bytes:
        return b"".join(self.chunks)

    @property
    def target(self) -> bytes:
        query = self.scope["query_string"]
        return bytes(self.scope["raw_path"] + (b"?" + query if query else b""))

    @property
    def headers(self) -> list[tuple[str, str]]:
        return [(name.decode(), value.decode("latin-1")) for name, value in self.scope["headers"]]


def read(
    method: str,
    target: str | bytes,
    body: bytes = b"",
    headers: Headers | None = None,
    *,
    prefix: str = "",
) -> Reading:
    """Read a request as the door does, and all that its row says it names."""
    if headers is None:
        headers = JSON if method in ("POST", "PUT") or body else {}
    caller = Caller([body])
    exchange = Exchange(scope_of(method, target, headers), caller.receive, caller.send)

    async def read() -> Reading:
        aimed = exchange.aim(prefix)
        match = TABLE.match(aimed.method, aimed.version, aimed.path)
        assert match is not None, f"no row for {aimed}"
        await exchange.read(match)
        for need in match.rule.needs:
            for value in exchange.reading.named(need.selector):
                if need.selector.handle.name == "EXPERIMENT_ID":
                    experiment_id(value)
        return exchange.reading

    return at_once(read())


def forward(
    method: str,
    target: str | bytes,
    chunks: Sequence[bytes] = (b"",),
    headers: Headers | None = None,
) -> Upstream:
    """What an upstream is sent for a request that passes."""
    upstream = Upstream()
    caller = Caller(chunks)
    exchange = Exchange(scope_of(method, target, headers), caller.receive, caller.send)

    async def stream() -> None:
        aimed = exchange.aim("")
        match = TABLE.match(aimed.method, aimed.version, aimed.path)
        assert match is not None, f"no row for {aimed}"
        await exchange.read(match)
        await exchange.stream(upstream)

    at_once(stream())
    return upstream
