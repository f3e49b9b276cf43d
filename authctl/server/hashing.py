"""Passwords verified in threads of their own, which give way to all other work."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from authctl.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

_NICENESS = 10
"""A tenth of the share of other threads.

With 19 a login takes a minute where all processors are busy anyhow.
"""


class Hashing:
    """Takes turns at verifying passwords, half as many at once as there are processors.

    Whoever finds no room left to wait in is sent away, so that a flood ends there.
    """

    def __init__(
        self, verify: Callable[[str, str | None], bool], *, threads: int | None, room: int
    ) -> None:
        threads = threads or max(1, _processors() // 2)
        self._verify = verify
        self._room = room
        self._waiting = 0
        self._turns = asyncio.Semaphore(threads)
        self._pool = ThreadPoolExecutor(
            threads, thread_name_prefix="hashing", initializer=_give_way
        )

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """One of the turns, once it has come. Unavailable where too many wait."""
        if self._turns.locked() and self._waiting >= self._room:
            raise Unavailable("Too many logins are waiting to be verified; try again.")
        self._waiting += 1
        try:
            await self._turns.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._turns.release()

    async def fits(self, password: str, stored: str | None) -> bool:
        """Whether a password has this hash; ask in a turn."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, self._verify, password, stored)


def _processors() -> int:
    """How many processors this process may use."""
    with contextlib.suppress(AttributeError):  # Linux alone says
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _give_way() -> None:
    """Make the calling thread less urgent, where threads have a priority of their own.

    They do on Linux alone; elsewhere it would be the whole process that gives way.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
