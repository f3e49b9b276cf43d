"""HTTP clients for a gateway held against each other: what of a processor a request takes of each.

Every one asks the same small server, a program of its own, in its plainest way and streams the
answer; only the time of the processor in this program counts. Run it as
`python -m tests.bench.clients [--quick]`.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import httpcore
import httpx

from tests.bench import rounds
from tests.bench.figures import Report
from tests.live import free_port, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from starlette.types import Receive, Scope, Send

    Ask = Callable[[], Awaitable[None]]

ROUNDS, QUICK_ROUNDS = 12, 3
_REQUESTS = 300
_PATH = "/api/2.0/mlflow/runs/get?run_id=0123456789abcdef0123456789abcdef"
_ANSWER = b'{"run": {"info": {"run_id": "0123456789abcdef0123456789abcdef"}}}' * 10
_HEADERS = {
    "Accept": "*/*",
    "Accept-Encoding": "gzip, deflate",
    "Content-Type": "application/json",
    "User-Agent": "mlflow-python-client/3.17.2",
}


async def upstream(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer everything alike, at once."""
    if scope["type"] == "lifespan":
        for _ in range(2):
            await send({"type": (await receive())["type"] + ".complete"})
        return
    await receive()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(_ANSWER)).encode()),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": _ANSWER})


@dataclass(frozen=True)
class Taken:
    """The requests that fit into a second of one processor."""

    rate: float


def main() -> None:
    """Measure and show."""
    count = QUICK_ROUNDS if "--quick" in sys.argv[1:] else ROUNDS
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "--port", str(port), "--log-level", "error"]
    command += ["tests.bench.clients:upstream"]
    root = str(Path(__file__).parents[2])
    with (
        tempfile.TemporaryDirectory() as folder,
        running(command, Path(folder), port, env={"PYTHONPATH": root}) as server,
        asyncio.Runner() as runner,
    ):
        taken = _taken(runner, server.url, count)
    unit = "requests/s of a processor"
    aims = dict.fromkeys(("httpx", "httpcore"))
    figures = rounds.compare("a small answer", "one after another", unit, taken, aims, lambda _: {})
    title = "HTTP clients that a gateway could ask its upstream with"
    Report("clients", title, figures).show()


def _taken(runner: asyncio.Runner, url: str, count: int) -> list[dict[str, Taken]]:
    stack = contextlib.AsyncExitStack()
    clients = runner.run(stack.enter_async_context(_clients(url)))
    try:
        turns = {name: partial(_measure, runner, ask) for name, ask in clients.items()}
        return rounds.take_turns(turns, count)
    finally:
        runner.run(stack.aclose())


def _measure(runner: asyncio.Runner, ask: Ask) -> Taken:
    async def all_of_them() -> None:
        for _ in range(_REQUESTS):
            await ask()

    began = time.process_time()
    runner.run(all_of_them())
    return Taken(_REQUESTS / (time.process_time() - began))


@contextlib.asynccontextmanager
async def _clients(url: str) -> AsyncIterator[dict[str, Ask]]:
    whole = url + _PATH
    async with (
        aiohttp.ClientSession(auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()) as one,
        httpx.AsyncClient(trust_env=False) as two,
        httpcore.AsyncConnectionPool() as three,
    ):

        async def with_aiohttp() -> None:
            async with one.get(whole, headers=_HEADERS, allow_redirects=False) as response:
                _check(b"".join([chunk async for chunk in response.content.iter_any()]))

        async def with_httpx() -> None:
            async with two.stream("GET", whole, headers=_HEADERS) as response:
                _check(b"".join([chunk async for chunk in response.aiter_raw()]))

        async def with_httpcore() -> None:
            async with three.stream("GET", whole, headers=_HEADERS) as response:
                _check(b"".join([chunk async for chunk in response.aiter_stream()]))

        yield {"aiohttp": with_aiohttp, "httpx": with_httpx, "httpcore": with_httpcore}


def _check(answer: bytes) -> None:
    assert answer == _ANSWER


if __name__ == "__main__":
    main()
