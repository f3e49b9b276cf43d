"""What a gateway makes of an upstream that hangs up, falls silent or answers by halves."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from authctl.errors import InvalidRequest
from authctl.upstream import proxy
from authctl.upstream.proxy import Proxy
from tests.exchanges import Caller, scope_of, shut_down

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from starlette.types import Message

    Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
BIG = {"content-length": str(64 * 1024 * 1024)}
PIECE = bytes(1024 * 1024)


@dataclass
class Upstream:
    """A server that talks as it is told, on each connection anew."""

    talk: Talk
    url: str = ""
    heads: list[bytes] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def head(self, reader: asyncio.StreamReader) -> bytes:
        """The next request's line and headers, which are kept."""
        self.heads.append(await reader.readuntil(b"\r\n\r\n"))
        return self.heads[-1]


@contextlib.asynccontextmanager
async def running(upstream: Upstream) -> AsyncIterator[Proxy]:
    """A gateway in front of it; in the end every connection must have come to its own."""
    talks: list[asyncio.Future[None]] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        talks.append(ended)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await upstream.talk(reader, writer)
        writer.close()
        ended.set_result(None)

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    upstream.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    gateway = Proxy(upstream.url)
    try:
        yield gateway
    finally:
        await shut_down(gateway)
        upstream.over.set()
        server.close()
        async with asyncio.timeout(5):
            await asyncio.gather(*talks)


def through(upstream: Upstream, *requests: tuple[dict[str, Any], Caller]) -> None:
    """Send these requests one after another."""

    async def all_of_them() -> None:
        async with running(upstream) as gateway:
            for scope, caller in requests:
                await gateway(scope, caller.receive, caller.send)

    asyncio.run(all_of_them())


def status(caller: Caller) -> int:
    return int(caller.answer[0]["status"])


def body(caller: Caller) -> bytes:
    return b"".join(message.get("body", b"") for message in caller.answer[1:])


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
def test_what_an_upstream_may_have_done_is_not_sent_again(method: str) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await upstream.head(reader)
        writer.write(OK)
        await upstream.head(reader)  # the second on this connection is read, and no more

    upstream = Upstream(talk)
    first, second = Caller(), Caller()
    through(upstream, (scope_of("GET", "/a"), first), (scope_of(method, "/b"), second))
    assert (status(first), status(second)) == (200, 502)
    assert len(upstream.heads) == 2


def test_a_connection_is_kept_and_its_requests_do_not_mix() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await upstream.head(reader):
            path = head.split()[1]
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(path), path))

    upstream = Upstream(talk)
    callers = [Caller() for _ in range(5)]
    through(upstream, *((scope_of("GET", f"/{n}"), one) for n, one in enumerate(callers)))
    assert [body(one) for one in callers] == [b"/0", b"/1", b"/2", b"/3", b"/4"]


@pytest.mark.parametrize(
    ("headers", "chunks"), [({}, (b"",)), (BIG, (PIECE,) * 64)], ids=["no answer", "no reading"]
)
def test_silence_ends(
    headers: dict[str, str], chunks: tuple[bytes, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proxy, "_IDLE_SECONDS", 0.3)

    async def talk(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await upstream.over.wait()
        writer.transport.abort()

    upstream, caller = Upstream(talk), Caller(chunks)
    through(upstream, (scope_of("POST", "/", headers), caller))
    assert status(caller) == 504
    assert b"TEMPORARILY_UNAVAILABLE" in body(caller)
    assert caller.taken < 64


def test_an_answer_that_is_cut_off_is_not_taken_for_whole() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await upstream.head(reader)
        writer.write(OK[:-1])

    upstream, caller = Upstream(talk), Caller()
    with pytest.raises(Exception, match="payload"):  # the server hangs up on the caller
        through(upstream, (scope_of("GET", "/"), caller))
    assert caller.answer[-1].get("more_body", True)


def test_a_request_that_is_cut_off_is_not_sent_as_whole() -> None:
    seen: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await upstream.head(reader)
        seen.append(await reader.read())

    class GoneCaller(Caller):
        async def receive(self) -> Message:
            if self.taken:
                return {"type": "http.disconnect"}
            self.taken = 1
            return {"type": "http.request", "body": b"the half", "more_body": True}

    upstream = Upstream(talk)
    framed = {"content-length": "16"}, {"transfer-encoding": "chunked"}
    callers = [GoneCaller() for _ in framed]
    requests = zip((scope_of("PUT", "/", headers) for headers in framed), callers, strict=True)
    through(upstream, *requests)
    assert [status(one) for one in callers] == [502, 502]
    assert seen == [b"the half", b"8\r\nthe half\r\n"]


def test_an_answer_before_the_end_of_the_request_comes_through() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await upstream.head(reader)
        writer.write(b"HTTP/1.1 413 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        await reader.read(1024 * 1024)

    class SlowCaller(Caller):
        async def receive(self) -> Message:
            await asyncio.sleep(0.001)
            return {"type": "http.request", "body": PIECE, "more_body": True}

    upstream, caller = Upstream(talk), SlowCaller()
    through(upstream, (scope_of("PUT", "/", {"transfer-encoding": "chunked"}), caller))
    assert status(caller) == 413


def test_an_upstream_waits_for_a_slow_caller() -> None:
    sent = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await upstream.head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (64 * len(PIECE)))
        for _ in range(64):
            writer.write(PIECE)
            await writer.drain()
            sent += len(PIECE)

    class SlowCaller(Caller):
        async def send(self, message: Message) -> None:
            if not self.answer:  # nothing is taken until the upstream has come to a halt
                before = -1
                while before < sent:
                    before = sent
                    await asyncio.sleep(0.2)
                assert sent < 32 * len(PIECE)
            self.answer.append(message)

    upstream, caller = Upstream(talk), SlowCaller()
    through(upstream, (scope_of("GET", "/"), caller))
    assert len(body(caller)) == 64 * len(PIECE)


def test_a_header_is_sent_as_it_came_or_refused() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await upstream.head(reader)
        writer.write(OK)

    upstream, caller = Upstream(talk), Caller()
    scope = scope_of("GET", "/")
    scope["headers"] += [
        (b"x-name", "Jörg".encode()),
        (b"x-twice", b"1"),
        (b"x-twice", b"2"),
        (b"expect", b"100-continue"),
    ]
    through(upstream, (scope, caller))
    lines = upstream.heads[0].split(b"\r\n")
    host = upstream.url.removeprefix("http://").encode()
    assert lines[:-2] == [
        b"GET / HTTP/1.1",
        b"Host: " + host,
        b"x-name: " + "Jörg".encode(),
        b"x-twice: 1",
        b"x-twice: 2",
    ]
    scope["headers"].append((b"x-name", "Jörg".encode("latin-1")))
    with pytest.raises(InvalidRequest, match="not UTF-8"):
        through(upstream, (scope, Caller()))
    assert len(upstream.heads) == 1
