"""Artifacts of 100 MB up and down one connection, and the memory that it takes the server."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.load import Line, request
from tests.bench.served import USER

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.bench.served import Content

SIZE = 100_000_000
_AT_ONCE = 1 << 20
_HEAD_END, _LAST_CHUNK = b"\r\n\r\n", b"0\r\n\r\n"
_RESET_PEAK = "5"  # proc(5), clear_refs: the peak becomes what is resident now


@dataclass(frozen=True)
class Transfer:
    """What one transfer took, and by how many bytes the worker held more than before the first."""

    seconds: float
    grown: int

    @property
    def rate(self) -> float:
        """Megabytes a second."""
        return SIZE / 1e6 / self.seconds


class Carrier:
    """What carries an artifact up to a server and down again, over one connection each."""

    def __init__(self, url: str, content: Content) -> None:
        run = content.runs[0]
        path = f"/api/2.0/mlflow-artifacts/artifacts/{content.experiments[0]}/{run}/artifacts/big"
        self._upload = request("PUT", path, user=USER, length=SIZE)
        self._download = request("GET", path, user=USER)
        self._data = memoryview(os.urandom(_AT_ONCE) * (SIZE // _AT_ONCE + 1))[:SIZE]
        self._buffer = memoryview(bytearray(_AT_ONCE))
        self._url = url
        self._before: dict[int, int] = {}

    def upload(self) -> Transfer:
        return self._measured(self._put)

    def download(self) -> Transfer:
        return self._measured(self._get)

    def _measured(self, carry: Callable[[Line], None]) -> Transfer:
        # The last one's would have been idle for too long.
        line = Line(self._url)
        assert line.ask(request("GET", "/health"))[0] == 200
        process = line.process()
        Path(f"/proc/{process}/clear_refs").write_text(_RESET_PEAK)
        before = self._before.setdefault(process, _status_bytes(process, "VmRSS"))
        began = time.perf_counter()
        carry(line)
        seconds = time.perf_counter() - began
        line.connection.close()
        return Transfer(seconds, _status_bytes(process, "VmHWM") - before)

    def _put(self, line: Line) -> None:
        line.connection.sendall(self._upload)
        line.connection.sendall(self._data)
        status, _ = line.ask(b"")
        assert status == 200, status

    def _get(self, line: Line) -> None:
        connection = line.connection
        connection.sendall(self._download)
        received = connection.recv_into(self._buffer)
        assert bytes(self._buffer[9:12]) == b"200", bytes(self._buffer[:received])
        total, end = received, b""
        chunked = b"chunked" in bytes(self._buffer[:received]).partition(_HEAD_END)[0].lower()
        head = bytes(self._buffer[:received]).find(_HEAD_END) + len(_HEAD_END)
        # How the chunks are cut is nothing that must be known to see the last one's end.
        while total < head + SIZE or (chunked and end != _LAST_CHUNK):
            received = connection.recv_into(self._buffer)
            assert received, "the server has hung up"
            total += received
            end = (end + bytes(self._buffer[max(0, received - 5) : received]))[-5:]


def memory(transfers: Sequence[Transfer]) -> dict[str, float]:
    """By how much a worker's peak in any transfer was above what it held before the first."""
    return {"grown MiB": max(transfer.grown for transfer in transfers) / 2**20}


def _status_bytes(process: int, name: str) -> int:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))
