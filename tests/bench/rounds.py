"""Contestants that are measured in turn, in short rounds, so that a slow moment falls on all."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Protocol, TypeVar

from tests.bench.figures import Aim, Figure, Spread

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from tests.bench.load import Round


class Rated(Protocol):
    """What a round of one contestant gives."""

    @property
    def rate(self) -> float: ...


R = TypeVar("R", bound=Rated)
_SELDOM = 4


def take_turns(
    contestants: Mapping[str, Callable[[], R]], rounds: int, seldom: Collection[str] = ()
) -> list[dict[str, R]]:
    """What each gave in each round, after one that warms the memories of all.

    Every other round goes the other way round. Who is named `seldom`, because a single request of
    theirs takes long, takes part in the first round and in one of four.
    """
    for measure in contestants.values():
        measure()
    taken = []
    for number in range(rounds):
        names = list(contestants)[:: 1 if number % 2 == 0 else -1]
        present = [name for name in names if name not in seldom or number % _SELDOM == 0]
        taken.append({name: contestants[name]() for name in present})
    return taken


def compare(
    name: str,
    setting: str,
    unit: str,
    taken: Sequence[Mapping[str, R]],
    aims: Mapping[str, Aim | None],
    more: Callable[[list[R]], Mapping[str, float]],
) -> list[Figure]:
    """The first contestant held against others of the same rounds, and these by themselves.

    `aims` are the others, each with what the ratio of the first's rate to theirs should be.
    """
    subject = next(contestant for contestant in taken[0] if contestant not in aims)
    found = {
        contestant: [round_[contestant] for round_ in taken if contestant in round_]
        for contestant in (subject, *aims)
    }
    values = {who: Spread.of(one.rate for one in found[who]) for who in found}
    figures = []
    for base, aim in aims.items():
        both = [round_ for round_ in taken if base in round_]
        ratio = Spread.of(round_[subject].rate / round_[base].rate for round_ in both)
        what = more(found[subject])
        figures.append(
            Figure(name, setting, subject, unit, values[subject], base, ratio, aim, what)
        )
    others = [Figure(name, setting, who, unit, values[who], more=more(found[who])) for who in aims]
    return figures + others


def latency(rounds: Sequence[Round]) -> dict[str, float]:
    """Percentiles of the requests of all rounds together, and what of the processor they took."""
    each = sorted(seconds for one in rounds for seconds in one.each)
    return {
        "p50 ms": percentile(each, 50) * 1000,
        "p99 ms": percentile(each, 99) * 1000,
        "cpu ms": sum(one.server for one in rounds) / len(each) * 1000,
        "client": statistics.median(one.client for one in rounds),
    }


def percentile(ordered: Sequence[float], percent: float) -> float:
    """The value below which so many of a hundred lie, of values in order."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]
