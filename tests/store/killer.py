"""The same work killed again and again, each time in a database of its own."""

from __future__ import annotations

import os
import signal
import time
from functools import partial
from itertools import count
from random import Random, SystemRandom
from typing import TYPE_CHECKING, Any, TypeAlias

# What authctl imports when it first needs it would take most of the time there is for a kill.
import alembic.command  # noqa: F401
from sqlalchemy import Engine, event

from tests.store.databases import auth_database
from tests.store.forked import PATIENCE_SECONDS, forked

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.store.databases import Backend

Work: TypeAlias = "Callable[[str, Path], object]"
"""What is done with a database, or seen of it afterwards, given its URL and a folder."""

SHORT_SECONDS = 0.3
"""About how long the work takes where nobody has measured it."""

CHANGES = ("CREATE", "ALTER", "DROP", "INSERT", "UPDATE", "DELETE")


class Killer:
    """Kills at so many random moments; with None, before each statement that changes something."""

    def __init__(self, folder: Path, kills: int | None) -> None:
        self._folder, self._kills = folder, kills
        self.seed = 30_000 if kills == 1 else SystemRandom().getrandbits(32)
        self.account = ""

    def __call__(
        self, backend: Backend, fill: Callable[[str], None], work: Work, look: Work
    ) -> None:
        """Fill a database, kill the work in it, and look at what it leaves; again and again."""
        if self._kills is None:
            killed = self._at_each_change(backend, fill, work, look)
            self.account = f"\n{backend}: killed before each of {killed} changes\n"
        else:
            within = self._at_random(backend, fill, work, look, self._kills)
            self.account = f"\n{backend}: {self._kills} kills within {within:.2f} s ({self.seed})\n"

    def _at_random(
        self,
        backend: Backend,
        fill: Callable[[str], None],
        work: Work,
        look: Work,
        kills: int,
    ) -> float:
        """Where there are many kills, the work first comes to its end, to see how long it takes."""
        random = Random(f"{self.seed} {backend}")
        longest, killed = SHORT_SECONDS, 0
        if kills > 1:
            _, longest = self._once(backend, fill, work, look, PATIENCE_SECONDS)
        for _ in range(5 * kills + 5):
            done, seconds = self._once(backend, fill, work, look, random.uniform(0, longest))
            killed += not done
            longest = seconds if done else longest
            if killed == kills:
                return longest
        raise AssertionError("it ends before it can be killed")

    def _at_each_change(
        self, backend: Backend, fill: Callable[[str], None], work: Work, look: Work
    ) -> int:
        for number in count(1):
            dying = partial(_dying, number, work)
            done, _ = self._once(backend, fill, dying, look, PATIENCE_SECONDS)
            if done:
                return number - 1
        raise AssertionError("there is always one more")

    def _once(
        self,
        backend: Backend,
        fill: Callable[[str], None],
        work: Work,
        look: Work,
        seconds: float,
    ) -> tuple[bool, float]:
        """Let the work go on for so long; whether it came to its end, and after how long."""
        folder = self._folder / str(sum(1 for _ in self._folder.iterdir()))
        folder.mkdir()
        with auth_database(backend, folder) as url:
            fill(url)
            with forked(partial(_do, work, url, folder)) as child:
                child.wait_for_step()
                started = time.monotonic()
                child.ends_within(seconds)
                taken = time.monotonic() - started
                killed = child.kill()
            look(url, folder)
        return not killed, taken


def _do(work: Work, url: str, folder: Path, step: Callable[[], None]) -> None:
    step()
    work(url, folder)


def _dying(number: int, work: Work, url: str, folder: Path) -> None:
    """Work in a process that dies before the change of this number."""
    changes = count(1)

    def die_in_time(*told: Any) -> None:
        statement = str(told[2]).lstrip() if len(told) > 1 else CHANGES[0]  # or it is a commit
        if statement.startswith(CHANGES) and next(changes) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    # For all engines of this process, which is a child of the test.
    event.listen(Engine, "before_cursor_execute", die_in_time)
    event.listen(Engine, "commit", die_in_time)
    work(url, folder)
