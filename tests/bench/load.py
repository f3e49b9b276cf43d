"""A load on a server: some connections that stay open, each sending as soon as it was answered.

The client shares the cores with the servers, and what it takes flattens every ratio. So it is one
thread on raw sockets: a request is bytes made beforehand, and of an answer no more is read than its
status and where it ends. That takes it some 0.1 ms a request; `Round.client` tells how much of a
core it was.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import socket
import time
from base64 import b64encode
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Ask = Callable[[], bytes]

CONNECTIONS = 8
_AT_ONCE = 1 << 18
_ATTEMPTS = 400
_IDLE_SECONDS = 3  # a server closes what is idle for five (uvicorn, --timeout-keep-alive)
_PATIENCE_SECONDS = 120
_HEAD_END, _LAST_CHUNK, _LENGTH = b"\r\n\r\n", b"0\r\n\r\n", b"content-length:"


@dataclass(frozen=True)
class Round:
    """What one round of requests took: each request's seconds, and those of all together.

    `client` is the share of a core that the client itself took, `server` the seconds of a core that
    the workers did.
    """

    each: list[float]
    seconds: float
    client: float
    server: float

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.each) / self.seconds


@dataclass
class Line:
    """One connection, at most one request of which is on its way."""

    url: str
    source: str = ""
    connection: socket.socket = field(init=False)
    answer: bytearray = field(default_factory=bytearray)
    due: float = 0.0
    begun: float = 0.0
    used: float = 0.0
    is_waiting: bool = False
    told: bytes = b""

    def __post_init__(self) -> None:
        self.open()

    def open(self) -> None:
        place = urlsplit(self.url)
        address = (place.hostname or "", place.port or 80)
        bound = (self.source, 0) if self.source else None
        self.connection = socket.create_connection(address, _PATIENCE_SECONDS, bound)
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, request: bytes, begun: float) -> None:
        self.begun, self.is_waiting = begun, True
        self.connection.sendall(request)

    def receive(self) -> int:
        """The status, once the answer is whole; 0 before."""
        received = self.connection.recv(_AT_ONCE)
        if not received:
            raise ConnectionResetError("the server has hung up")
        self.answer += received
        if not _is_whole(self.answer):
            return 0
        status, self.told = int(self.answer[9:12]), bytes(self.answer)
        self.answer.clear()
        self.is_waiting, self.used = False, time.perf_counter()
        return status

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """Send and wait: the status and the body as it came."""
        self.send(request, time.perf_counter())
        while True:
            received = self.connection.recv(_AT_ONCE)
            if not received:
                raise ConnectionResetError("the server has hung up")
            self.answer += received
            if _is_whole(self.answer):
                status, body = int(self.answer[9:12]), bytes(self.answer).partition(_HEAD_END)[2]
                self.answer.clear()
                self.is_waiting, self.used = False, time.perf_counter()
                return status, body

    def process(self) -> int:
        """The process that has taken this connection on this machine; there was an answer."""
        here, there = (name[1] for name in (self.connection.getsockname(), self._peer()))
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            words = line.split()
            if [int(word.partition(":")[2], 16) for word in words[1:3]] == [there, here]:
                return _owner(f"socket:[{words[9]}]")
        raise AssertionError("nobody has this connection")

    def _peer(self) -> tuple[str, int]:
        return self.connection.getpeername()  # type: ignore[no-any-return]


class Load:
    """Connections to one server, as many to each of its workers."""

    def __init__(self, url: str, *, workers: int = 1, connections: int = CONNECTIONS) -> None:
        self._where = (url, workers, connections)
        self._lines: list[Line] = []
        self._workers: set[int] = set()

    def close(self) -> None:
        for line in self._lines:
            line.connection.close()

    def open(self) -> list[Line]:
        """The connections: those that there are, unless the server will have closed them."""
        used = min((line.used for line in self._lines), default=0.0)
        if time.perf_counter() - used > _IDLE_SECONDS:
            self.close()
            self._lines, self._workers = _spread(*self._where)
        return self._lines

    def run(self, ask: Ask, seconds: float, *, every: float = 0.0) -> Round:
        """Send `ask()` on every connection for this long, and wait for the last answers.

        With `every`, a connection sends once in so many seconds, and the time that an answer took
        counts from when its request was due. AssertionError for a status that is not 200.
        """
        lines = self.open()
        by_number = {line.connection.fileno(): line for line in lines}
        each: list[float] = []
        with select.epoll() as poll, _no_collector():
            for number in by_number:
                poll.register(number, select.EPOLLIN)
            began, spent = time.perf_counter(), time.process_time()
            server = sum(map(_processor_seconds, self._workers))
            until = began + seconds
            for place, line in enumerate(lines):
                line.due = began + every * place / len(lines)
            _send_due(lines, ask, until)
            while (pause := _next(lines, until)) or any(line.is_waiting for line in lines):
                for number, _ in poll.poll(pause or _PATIENCE_SECONDS):
                    line = by_number[number]
                    if not line.is_waiting:  # others take so long that this one was hung up on
                        poll.unregister(number)
                        continue
                    if not (status := line.receive()):
                        continue
                    now = line.used
                    assert status == 200, (line.url, line.told)
                    each.append(now - line.begun)
                    line.due = line.due + every if every else now
                    if line.due <= now < until:
                        line.send(ask(), line.due)
                if pause:
                    _send_due(lines, ask, until)
            took = time.perf_counter() - began
            spent = time.process_time() - spent
            server = sum(map(_processor_seconds, self._workers)) - server
        return Round(each, took, spent / took, server)


def request(
    method: str,
    path: str,
    *,
    user: tuple[str, str] | None = None,
    body: bytes | None = None,
    length: int = 0,
) -> bytes:
    """A request as bytes; with `length` its head alone, for a body of so many that follows."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    if user:
        lines.append(f"Authorization: Basic {b64encode(':'.join(user).encode()).decode()}")
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    if length:
        lines += ["Content-Type: application/octet-stream", f"Content-Length: {length}"]
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")


def _send_due(lines: list[Line], ask: Ask, until: float) -> None:
    for line in lines:
        now = time.perf_counter()
        if not line.is_waiting and line.due <= now and now < until:
            line.send(ask(), now)


def _next(lines: list[Line], until: float) -> float:
    """Seconds until a connection that waits for its time sends; 0 if none does."""
    due = [line.due for line in lines if not line.is_waiting and line.due < until]
    return max(min(due) - time.perf_counter(), 0.0001) if due else 0.0


@contextlib.contextmanager
def _no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _is_whole(answer: bytearray) -> bool:
    end = answer.find(_HEAD_END)
    if end < 0:
        return False
    head = bytes(answer[:end]).lower()
    place = head.find(_LENGTH)
    if place < 0:
        return answer.endswith(_LAST_CHUNK)
    length = int(head[place + len(_LENGTH) :].partition(b"\r\n")[0])
    return len(answer) >= end + len(_HEAD_END) + length


def _spread(url: str, workers: int, connections: int) -> tuple[list[Line], set[int]]:
    """Connections of which each worker has as many, and the workers: which takes one, is chance."""
    most = -(-connections // workers)
    taken: Counter[int] = Counter()
    lines: list[Line] = []
    alive = request("GET", "/health")
    for _ in range(_ATTEMPTS):
        line = Line(url)
        assert line.ask(alive)[0] == 200
        # To look for it takes long, and where there is one worker, it has taken all.
        process = line.process() if workers > 1 or not lines else next(iter(taken))
        if taken[process] < most:
            taken[process] += 1
            lines.append(line)
        else:
            line.connection.close()
        if len(lines) == connections:
            return lines, set(taken)
    raise AssertionError(f"the workers do not share {connections} connections: {taken}")


def _owner(link: str) -> int:
    for number in Path("/proc").glob("[0-9]*/fd/*"):
        with contextlib.suppress(OSError):
            if number.readlink().name == link:
                return int(number.parts[2])
    raise AssertionError("nobody has this connection")


def _processor_seconds(process: int) -> float:
    """What a process has had of the processor, by itself and in the kernel (proc(5), stat)."""
    words = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
