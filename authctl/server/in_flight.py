"""Work that several ask for at the same time is done once, for all of them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

K = TypeVar("K")
V = TypeVar("V")


class InFlight(Generic[K, V]):
    """What is being worked on, by key; nothing of it is kept once it is done.

    Whoever waits may go away, which leaves the work to the others. An error is everybody's.
    """

    def __init__(self) -> None:
        self._tasks: dict[K, asyncio.Task[V]] = {}

    async def once(self, key: K, work: Callable[[], Coroutine[None, None, V]]) -> V:
        """The result of the work under this key, begun now unless it has been."""
        task = self._tasks.get(key)
        if task is None:
            task = self._tasks[key] = asyncio.create_task(work())
            task.add_done_callback(lambda done: self._end(key, done))
        return await asyncio.shield(task)

    def _end(self, key: K, task: asyncio.Task[V]) -> None:
        del self._tasks[key]
        seen(task)


def seen(task: asyncio.Task[V]) -> None:
    """Let an error be, for which whoever waited may have gone away."""
    if not task.cancelled():
        task.exception()
