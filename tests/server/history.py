"""What was changed and what was answered, and whether that can have happened one after the other.

One person gives and takes access, others ask; each took some time. It is in order when every change
and every request can be given one moment between its begin and its end such that each request
finds what the changes before it left (Herlihy and Wing, Linearizability, 1990). With one who
changes, that is so when no request finds what was over when it began or what began when it had
ended, and none finds what is older than what another found that had ended before.
"""

from __future__ import annotations

import heapq
import threading
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Change:
    """Access was given, or taken; the times of who changed it, in nanoseconds."""

    begin: int
    end: int
    given: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """A request was passed, or refused."""

    begin: int
    end: int
    passed: bool


@dataclass(frozen=True, slots=True)
class History:
    """One access, which nobody has at first; one thread changes it, any may ask."""

    changes: list[Change] = field(default_factory=list)
    requests: list[Asked] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, asked: Asked) -> None:
        with self._lock:
            self.requests.append(asked)

    def out_of_order(self) -> list[Asked]:
        with self._lock:
            return out_of_order(self.changes, self.requests)


def out_of_order(changes: Sequence[Change], requests: Sequence[Asked]) -> list[Asked]:
    """The requests that found what there was not when they were asked."""
    states = [False, *(change.given for change in changes)]
    begins = [change.begin for change in changes]
    ends = [change.end for change in changes]
    found: list[Asked] = []
    newest = 0  # of the states that requests found which have ended
    running: list[tuple[int, int]] = []
    for asked in sorted(requests, key=lambda asked: asked.begin):
        while running and running[0][0] < asked.begin:
            newest = max(newest, heapq.heappop(running)[1])
        oldest = max(newest, bisect_left(ends, asked.begin))
        latest = bisect_right(begins, asked.end)
        seen = [n for n in range(oldest, latest + 1) if states[n] == asked.passed]
        if seen:
            heapq.heappush(running, (asked.end, seen[0]))
        else:
            found.append(asked)
    return found
