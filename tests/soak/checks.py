"""What a server's processes hold at a moment, and whether they hold more and more of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MEBIBYTE = 2**20

_MAY_GROW = 32 * MEBIBYTE
"""How much more memory a process may hold in the end than after its first quarter.

In half an hour it answers several ten thousand requests after that: what leaks a kilobyte at each
is found. Without a leak it is never quite still: a file in transit, and memory that is free but not
given back.
"""
_MORE_FILES, _MORE_THREADS = 8, 8
"""Connections to databases and threads come and go with how many requests there are at once, of
which there were as many in the first quarter."""


@dataclass(frozen=True)
class Held:
    """What a process holds: bytes of memory in use, open files and connections, threads."""

    process: int
    memory: int
    files: int
    threads: int

    def __str__(self) -> str:
        return f"{self.memory / MEBIBYTE:.0f} MiB, {self.files} files, {self.threads} threads"


def held_by(process: int) -> Held:
    """What a process holds now, as Linux tells it."""
    folder = Path(f"/proc/{process}")
    status = dict(
        line.split(":", 1) for line in (folder / "status").read_text().splitlines() if ":" in line
    )
    return Held(
        process,
        int(status["VmRSS"].split()[0]) * 1024,
        len(list((folder / "fd").iterdir())),
        int(status["Threads"]),
    )


def grown(quarters: Sequence[Sequence[Held]]) -> list[str]:
    """What the processes hold too much more of in the end than after the first quarter."""
    found = []
    for early, late in zip(quarters[0], quarters[-1], strict=True):
        assert early.process == late.process
        if (
            late.memory - early.memory > _MAY_GROW
            or late.files - early.files > _MORE_FILES
            or late.threads - early.threads > _MORE_THREADS
        ):
            found.append(f"process {early.process} held {early}, and then {late}")
    return found
