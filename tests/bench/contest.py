"""Servers held against each other: every kind of request, and artifacts both ways."""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from tests.bench import rounds
from tests.bench.load import CONNECTIONS, Load
from tests.bench.requests import metadata
from tests.bench.transfer import SIZE, Carrier, memory

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.bench.figures import Aim, Figure
    from tests.bench.served import Content

    Aims = Mapping[str, Aim | None]

NOTES = (
    f"{CONNECTIONS} connections at a time, as many to each worker; an artifact has {SIZE:,} bytes.",
    "'cpu' is what the workers that are asked take of a core for a request, and 'client' the share",
    "of a core that the load takes. 'grown' is by how much the peak of a worker's memory in any",
    "transfer was above what it held before the first.",
)


@dataclass(frozen=True)
class Plan:
    """How much is measured: rounds of so many seconds each, rounds of transfers, and settings."""

    rounds: int = 8
    seconds: float = 0.5
    transfers: int = 4
    workers: tuple[int, ...] = (1, max(2, os.cpu_count() or 1))
    dialects: tuple[str, ...] = ("sqlite", "postgresql")


def plan() -> Plan:
    """The whole, or with `--quick` what takes about a minute."""
    if "--quick" in sys.argv[1:]:
        return Plan(rounds=4, transfers=2, workers=(1,), dialects=("sqlite",))
    return Plan()


def requests(
    urls: Mapping[str, str],
    content: Content,
    setting: str,
    aims: Aims,
    plan: Plan,
    *,
    workers: int,
    seldom: tuple[str, ...] = (),
) -> Iterator[Figure]:
    """Requests a second of every kind, the first server's against those of the others."""
    with contextlib.ExitStack() as stack:
        loads = {name: Load(url, workers=workers) for name, url in urls.items()}
        for load in loads.values():
            stack.callback(load.close)
        for route, ask in metadata(content).items():
            turns = {name: partial(load.run, ask, plan.seconds) for name, load in loads.items()}
            taken = rounds.take_turns(turns, plan.rounds, seldom)
            yield from rounds.compare(route, setting, "requests/s", taken, aims, rounds.latency)


def artifacts(
    urls: Mapping[str, str],
    content: Content,
    setting: str,
    aims: Aims,
    plan: Plan,
    *,
    seldom: tuple[str, ...] = (),
) -> Iterator[Figure]:
    """Megabytes a second up and down, the first server's against those of the others."""
    carriers = {name: Carrier(url, content) for name, url in urls.items()}
    for way in ("upload", "download"):
        turns = {name: getattr(carrier, way) for name, carrier in carriers.items()}
        taken = rounds.take_turns(turns, plan.transfers, seldom)
        yield from rounds.compare(f"artifact {way}", setting, "MB/s", taken, aims, memory)


def workers_in_words(workers: int) -> str:
    return f"{workers} worker{'s' if workers > 1 else ''}"
