"""How far long work has come: a bar for who watches, a line now and then for a log."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SECONDS_BETWEEN_LINES = 5.0


@contextmanager
def progress(
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Callable[[str, int, int], None]]:
    """Something to tell what is being done, how much of it is, and how much there is to do."""
    if sys.stderr.isatty():
        with _bar() as report:
            yield report
    else:
        yield _lines(clock)


@contextmanager
def _bar() -> Iterator[Callable[[str, int, int], None]]:
    from rich.console import Console  # noqa: PLC0415 - Rich is slow to import
    from rich.progress import Progress  # noqa: PLC0415 - as above

    with Progress(console=Console(stderr=True), transient=True) as bar:
        tasks = {}

        def report(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done, total=total)

        yield report


def _lines(clock: Callable[[], float]) -> Callable[[str, int, int], None]:
    told = clock()

    def report(what: str, done: int, total: int) -> None:
        nonlocal told
        now = clock()
        if now - told >= _SECONDS_BETWEEN_LINES:
            told = now
            sys.stderr.write(f"{what}: {done} of {total}\n")

    return report
