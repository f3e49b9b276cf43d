"""Work on several things at a time, which an interruption does not lose track of."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Made = TypeVar("Made")


def in_threads(
    threads: int,
    items: Iterator[int],
    work: Callable[[int], Made],
    settle: Callable[[int, Callable[[], Made]], None],
) -> None:
    """Work on items in threads; `settle` is handed each item and what gives its result or raises.

    No more is begun than there are threads. An interruption, or an error out of `settle`, begins
    nothing more, waits for what is under way and has that settled too.
    """
    running: dict[Future[Made], int] = {}
    with ThreadPoolExecutor(threads) as pool:
        try:
            while True:
                while len(running) < threads and (item := next(items, None)) is not None:
                    running[pool.submit(work, item)] = item
                if not running:
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    settle(running.pop(future), future.result)
        finally:
            for future, item in running.items():
                settle(item, future.result)
