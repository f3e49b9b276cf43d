"""A flood of wrong passwords, from a process of its own: as fast as the server answers them."""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import select
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.bench.load import Line, request

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from multiprocessing.connection import Connection

_CONNECTIONS = 8
_A_CONNECTION = 20
_PAUSE_SECONDS = 0.05


@dataclass(frozen=True)
class Flood:
    """How many wrong passwords a second were sent, and how many of them got which status."""

    rate: float
    statuses: dict[int, int]


class Intruder:
    """Begins a flood and ends it; its requests name invented users and, every other, a real one."""

    def __init__(self, url: str, path: str, real: str) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._pipe, theirs = spawn.Pipe()
        self._process = spawn.Process(target=_work, args=(theirs, url, path, real), daemon=True)
        self._process.start()
        self._pipe.recv()

    def begin(self, addresses: Sequence[str]) -> None:
        """Flood from these addresses of this machine; with several, each for a short while."""
        self._pipe.send(list(addresses))
        self._pipe.recv()

    def end(self) -> Flood:
        self._pipe.send(None)
        found: Flood = self._pipe.recv()
        return found

    def close(self) -> None:
        self._process.terminate()
        self._process.join()


def _work(pipe: Connection, url: str, path: str, real: str) -> None:
    attempts = _attempts(path, real)
    pipe.send("ready")
    while addresses := pipe.recv():
        pipe.send(_flood(pipe, url, attempts, itertools.cycle(addresses)))


def _attempts(path: str, real: str) -> Iterator[bytes]:
    for number in itertools.count():
        name = real if number % 2 else f"intruder-{number}"
        yield request("GET", path, user=(name, f"a wrong password {number}"))


def _flood(
    pipe: Connection, url: str, attempts: Iterator[bytes], addresses: Iterator[str]
) -> Flood:
    """Send until it is told to end; each connection is left for one from the next address."""
    statuses: Counter[int] = Counter()
    lines: dict[int, Line] = {}
    left: Counter[int] = Counter()
    with select.epoll() as poll:

        def connect() -> None:
            line = Line(url, next(addresses))
            number = line.connection.fileno()
            lines[number], left[number] = line, _A_CONNECTION
            poll.register(number, select.EPOLLIN)
            line.send(next(attempts), 0.0)

        for _ in range(_CONNECTIONS):
            connect()
        began = time.perf_counter()
        pipe.send("begun")
        while not pipe.poll():
            for number, _ in poll.poll(_PAUSE_SECONDS):
                line = lines[number]
                with contextlib.suppress(ConnectionError):
                    if not (status := line.receive()):
                        continue
                    statuses[status] += 1
                    left[number] -= 1
                    if left[number] > 0:
                        line.send(next(attempts), 0.0)
                        continue
                lines.pop(number).connection.close()
                connect()
        seconds = time.perf_counter() - began
    pipe.recv()
    # Whoever goes away leaves a password to be verified, and that would be in the next calm.
    for line in lines.values():
        with contextlib.suppress(ConnectionError):
            while line.is_waiting:
                line.receive()
        line.connection.close()
    return Flood(sum(statuses.values()) / seconds, dict(statuses))
