"""What hashing costs: a user's first request, and what callers feel of a flood of wrong passwords.

Some users whose passwords were verified before send at a steady pace, a part of what the server can
do, while a process of its own sends wrong passwords as fast as they are answered: for invented
users and for one of those callers, from one address and from many. Calm and flood take turns. Run
it as `python -m tests.bench.flood [--quick]`.
"""

from __future__ import annotations

import contextlib
import itertools
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench import contest, rounds, served
from tests.bench.figures import Aim, Figure, Report, Spread
from tests.bench.intruder import Flood, Intruder
from tests.bench.load import CONNECTIONS, Line, Load
from tests.bench.requests import runs_get

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.bench.load import Ask, Round
    from tests.bench.served import Content
    from tests.live import Server

_NEWCOMERS = [(f"newcomer-{number}", f"a password of {number}") for number in range(12)]
_CALLERS = [served.USER, *((f"caller-{number}", f"a password of {number}") for number in range(3))]
_PACE = 0.35
"""The share of what the server can do, in calm, that the callers ask for."""

_CALM, _ONE, _MANY = "calm", "flood from one address", "flood from many addresses"
_FLOODS = {_ONE: ("127.0.0.2",), _MANY: tuple(f"127.0.0.{n}" for n in range(3, 201))}
_P99 = Aim(at_most=1.5)


@dataclass(frozen=True)
class Plan:
    """How many rounds of calm and floods, of so many seconds each, with how many workers."""

    rounds: int = 5
    seconds: float = 6.0
    workers: tuple[int, ...] = contest.Plan.workers


def main() -> None:
    plan = Plan(rounds=2, seconds=3.0, workers=(1,)) if "--quick" in sys.argv[1:] else Plan()
    figures: list[Figure] = []
    notes: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for workers in plan.workers:
            figures += _figures(Path(folder) / f"{workers}", workers, plan, notes)
    title = "A user's first request, and verified callers during floods of wrong passwords"
    Report("flood", title, figures, notes).show()


def _figures(folder: Path, workers: int, plan: Plan, notes: list[str]) -> Iterator[Figure]:
    with served.bare(folder / "bare") as bare:
        content = served.fill(bare)
    with served.authctl(folder / "authctl", content, workers) as server:
        content.grant_all(server.database, *_CALLERS[1:], *_NEWCOMERS)
        setting = contest.workers_in_words(workers)
        yield _first_requests(server, content, setting)
        yield from _flooded(server, content, workers, plan, notes)


def _first_requests(server: Server, content: Content, setting: str) -> Figure:
    """A user's first request, whose password is hashed, against the next ones on the same line."""
    first, later = [], []
    for user in _NEWCOMERS:
        line, ask = Line(server.url), runs_get(content, user)
        seconds = [_seconds(line, ask) for _ in range(6)]
        line.connection.close()
        first.append(seconds[0] * 1000)
        later.append(sorted(seconds[1:])[2] * 1000)
    return Figure(
        "a user's first request",
        setting,
        "hashed",
        "ms",
        Spread.of(first),
        "remembered",
        Spread.of_ratios(first, later),
    )


def _seconds(line: Line, ask: Ask) -> float:
    began = time.perf_counter()
    status, _ = line.ask(ask())
    assert status == 200, status
    return time.perf_counter() - began


def _flooded(
    server: Server, content: Content, workers: int, plan: Plan, notes: list[str]
) -> Iterator[Figure]:
    path = f"/api/2.0/mlflow/runs/get?run_id={content.runs[0]}"
    asks = itertools.cycle([runs_get(content, user) for user in _CALLERS])
    floods: dict[str, list[Flood]] = {name: [] for name in _FLOODS}
    with (
        contextlib.closing(Load(server.url, workers=workers)) as callers,
        contextlib.closing(Intruder(server.url, path, served.USER[0])) as intruder,
    ):

        def ask() -> bytes:
            return next(asks)()

        callers.run(ask, 1.0)  # every worker verifies every password once
        pace = callers.run(ask, plan.seconds).rate * _PACE

        def calm() -> Round:
            return callers.run(ask, plan.seconds, every=CONNECTIONS / pace)

        def flooded(name: str) -> Round:
            intruder.begin(_FLOODS[name])
            found = calm()
            floods[name].append(intruder.end())
            return found

        turns = {_CALM: calm, **{name: partial(flooded, name) for name in _FLOODS}}
        taken = rounds.take_turns(turns, plan.rounds)
    setting = contest.workers_in_words(workers)
    notes.append(f"{setting}: callers send {pace:.0f} requests/s, {_PACE:.0%} of what they could.")
    notes.extend(f"{setting}, {name}: {_in_words(found)}." for name, found in floods.items())
    yield from _compared(setting, taken, 50, None)
    yield from _compared(setting, taken, 99, _P99)


def _compared(
    setting: str, taken: Sequence[Mapping[str, Round]], percent: int, aim: Aim | None
) -> Iterator[Figure]:
    """A percentile of the callers' requests in each flood, against that in the calm beside it."""
    found = {
        name: [rounds.percentile(sorted(one[name].each), percent) * 1000 for one in taken]
        for name in taken[0]
    }
    name = f"callers' p{percent}"
    yield Figure(name, setting, _CALM, "ms", Spread.of(found[_CALM]))
    for flood in _FLOODS:
        ratio = Spread.of_ratios(found[flood], found[_CALM])
        yield Figure(name, setting, flood, "ms", Spread.of(found[flood]), _CALM, ratio, aim)


def _in_words(floods: Sequence[Flood]) -> str:
    statuses = sum((Counter(flood.statuses) for flood in floods), Counter())
    shares = [
        f"{number / statuses.total():.1%} got {status}" for status, number in statuses.items()
    ]
    rate = sum(flood.rate for flood in floods) / len(floods)
    return f"{rate:.0f} wrong passwords/s, of which {', '.join(shares)}"


if __name__ == "__main__":
    main()
