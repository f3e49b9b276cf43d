"""Connections that stay open, and with it at one worker of a server; which worker Linux tells."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.live import Server

STAY_OPEN = {"UVICORN_TIMEOUT_KEEP_ALIVE": "3600"}
"""The environment in which workers leave connections open that are not used for a while."""

_SECONDS = 90


def basic(user: tuple[str, str]) -> str:
    """The Authorization header of a name and a password."""
    return f"Basic {base64.b64encode(':'.join(user).encode()).decode()}"


def bearer(secret: str) -> str:
    """The Authorization header of a token."""
    return f"Bearer {secret}"


@dataclass(frozen=True, slots=True)
class Request:
    """A request with its login, an Authorization header."""

    method: str
    path: str
    authorization: str = ""
    body: str | bytes | None = None


def asking(method: str, path: str, authorization: str, body: Any = None) -> Request:
    """A request with a JSON body, if it has any."""
    return Request(method, path, authorization, None if body is None else json.dumps(body))


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    content: bytes

    def json(self) -> Any:
        return json.loads(self.content)


class Line:
    """A connection to a worker, for one thread at a time."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.server_port = int(parts.port or 80)
        self._http = http.client.HTTPConnection(str(parts.hostname), self.server_port, timeout=60)
        self._http.connect()
        self.port = int(self._http.sock.getsockname()[1])

    def send(self, request: Request) -> None:
        """Send a request, whose answer is to be received before the next is sent."""
        assert self._http.sock is not None, "the server has closed a connection that it was to keep"
        headers = {"Authorization": request.authorization} if request.authorization else {}
        if isinstance(request.body, str):
            headers["Content-Type"] = "application/json"
        self._http.request(request.method, request.path, request.body, headers)

    def receive(self) -> Answer:
        response = self._http.getresponse()
        return Answer(response.status, response.read())

    def ask(self, request: Request) -> Answer:
        self.send(request)
        return self.receive()

    def close(self) -> None:
        self._http.close()


@contextlib.contextmanager
def lines_to_workers(server: Server, workers: int, each: int) -> Iterator[list[list[Line]]]:
    """So many lines to each of so many workers, by worker.

    The kernel gives a connection to any worker that is ready for it, so they are opened until every
    worker has its share, some at a time, lest the same one is always ready.
    """
    held: dict[int, list[Line]] = defaultdict(list)
    deadline = time.monotonic() + _SECONDS
    with contextlib.ExitStack() as stack:
        while len(held) < workers or any(len(lines) < each for lines in held.values()):
            assert time.monotonic() < deadline, f"only {len(held)} workers answer"
            lines = [Line(server.url) for _ in range(workers)]
            for line in lines:
                line.send(Request("GET", "/health"))
            for line in lines:
                assert line.receive().status == 200
            for line in lines:
                mine = held[worker_of(line, server.process.pid)]
                if len(mine) < each:
                    mine.append(line)
                    stack.callback(line.close)
                else:
                    line.close()
        assert len(held) == workers, f"{len(held)} processes answer, not {workers}"
        yield list(held.values())


def worker_of(line: Line, session: int) -> int:
    """The process of a session that has the other end of a line that was answered."""
    end = f"socket:[{_inode(line)}]"
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if os.getsid(int(folder.name)) == session and any(
                _is(descriptor, end) for descriptor in (folder / "fd").iterdir()
            ):
                return int(folder.name)
    raise AssertionError("no worker has the other end of a connection")


def _is(descriptor: Path, end: str) -> bool:
    with contextlib.suppress(OSError):
        return str(descriptor.readlink()) == end
    return False


def _inode(line: Line) -> str:
    for row in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, remote, *rest = row.split()
        if (_port(local), _port(remote)) == (line.server_port, line.port):
            return rest[6]
    raise AssertionError("the server's end of a connection is not known")


def _port(address: str) -> int:
    return int(address.partition(":")[2], 16)
