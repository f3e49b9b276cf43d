"""What a request costs, and what a worker holds in memory, by how many users and grants there are.

A server a size, all alike but for their auth databases, and in front of the same MLflow tables;
each round asks all of them in turn, over connections that stay open. The request is one that MLflow
answers from its database, by users who are no admins and have signed in before. Run it as
`python -m tests.bench.scale [--quick]`.
"""

from __future__ import annotations

import contextlib
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy

from tests.bench.figures import Aim, Figure, Report, Spread
from tests.bench.filled import PASSWORD, RICH, Size, filled_database, username
from tests.bench.load import Line, request
from tests.live import ADMIN, authctl_server
from tests.server.world import config
from tests.store.databases import with_driver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SIZES = (Size(10, 10), Size(1_000, 10), Size(100_000, 10), Size(10, 10, alone=10_000))
QUICK_SIZES = (Size(10, 10), Size(1_000, 10), Size(10, 10, alone=1_000))
DIALECTS = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}

_PATH = "/api/2.0/mlflow/experiments/get?experiment_id=0"
_AIM = Aim(at_most=1.1)
_AIMED = 1_000_000
_DIFFERENT = 200

SAME = "the same user again"
OTHERS = f"a different user each time, of {_DIFFERENT} or all"
AT_START, AT_END, AT_MOST = "MiB at the start", "MiB in the end", "MiB at its most"
CHANGED = "after another account's row was written"


@dataclass(frozen=True)
class _Pace:
    rounds: int
    requests: int
    changes: int
    crowd: int


_FULL, _QUICK = _Pace(10, 60, 10, 1_000), _Pace(3, 20, 5, 100)


@dataclass(frozen=True)
class _Place:
    """A server on a database of some size, what was measured there, and who asks."""

    size: Size
    line: Line
    touch: Callable[[], None]
    seconds: dict[str, list[float]] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)

    def people(self, count: int) -> list[bytes]:
        """The requests of so many users, or of all, from the whole of the table."""
        step = max(1, self.size.users // count)
        numbers = range(0, self.size.users, step)
        return [_request(username(number)) for number in numbers][:count]

    def one(self) -> bytes:
        """The request of the user who has nearly all grants, or of any."""
        return _request(RICH if self.size.alone else username(self.size.users // 2))

    def connect(self) -> None:
        """Open a connection instead of one that the server may have closed in the meantime."""
        self.line.connection.close()
        self.line.open()
        self.ask(self.one())

    def ask(self, asked: bytes) -> float:
        """Seconds until the answer is there."""
        begin = time.perf_counter()
        status, body = self.line.ask(asked)
        seconds = time.perf_counter() - begin
        assert status == 200, body
        return seconds

    def note_memory(self, when: str) -> None:
        """Note what the worker has in memory now, and had at its most."""
        self.memory[when] = self._mib("VmRSS")
        self.memory[AT_MOST] = self._mib("VmHWM")

    def _mib(self, name: str) -> float:
        lines = Path(f"/proc/{self.line.process()}/status").read_text().splitlines()
        kib = next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))
        return round(kib / 1024, 1)


def main() -> None:
    quick = "--quick" in sys.argv[1:]
    report(quick=quick).show()


def report(*, quick: bool = False) -> Report:
    sizes, pace = (QUICK_SIZES, _QUICK) if quick else (SIZES, _FULL)
    figures = [figure for dialect in DIALECTS for figure in _figures(dialect, sizes, pace)]
    return Report(
        "scale",
        "A request, and a worker's memory, by how many users and grants there are",
        figures,
        (
            f"A request is GET {_PATH}; everybody may do so by one of 10 grants of their own.",
            "In the last size one user holds nearly all grants, and asks wherever one user does.",
            "What is written between two requests is the admin's account, by a plain UPDATE.",
            f"In the end each of up to {pace.crowd:,} users has asked as well.",
        ),
    )


def _figures(dialect: str, sizes: tuple[Size, ...], pace: _Pace) -> list[Figure]:
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        tracking = f"sqlite:///{folder / 'tracking.db'}"
        places = [
            stack.enter_context(_place(dialect, folder / str(number), size, tracking))
            for number, size in enumerate(sizes)
        ]
        for place in places:
            place.connect()
            for asked in (place.one(), *place.people(_DIFFERENT)):
                place.ask(asked)
            place.note_memory(AT_START)
        for number in range(pace.rounds):
            # Whoever comes first in a round does not always do so.
            for place in (*places[number % len(places) :], *places[: number % len(places)]):
                _round(place, pace, number)
        for place in places:
            place.connect()
            for asked in place.people(pace.crowd):
                place.ask(asked)
            place.note_memory(AT_END)
    return [*_costs(places, DIALECTS[dialect]), *_memories(places, DIALECTS[dialect])]


@contextlib.contextmanager
def _place(dialect: str, folder: Path, size: Size, tracking: str) -> Iterator[_Place]:
    folder.mkdir()
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(filled_database(dialect, folder, size))
        options = ("--auth-db", url, "--backend-store-uri", tracking, *config(folder))
        env = {"MLFLOW_FLASK_SERVER_SECRET_KEY": "a-key-of-the-servers"}
        server = stack.enter_context(authctl_server(folder, *options, env=env, forked=False))
        engine = sqlalchemy.create_engine(with_driver(url))
        stack.callback(engine.dispose)

        def touch() -> None:
            with engine.begin() as connection:
                done = connection.exec_driver_sql(
                    f"UPDATE users SET is_admin = is_admin WHERE username = '{ADMIN[0]}'"
                )
                assert done.rowcount == 1

        line = Line(server.url)
        stack.callback(line.connection.close)
        yield _Place(size, line, touch)


def _request(name: str) -> bytes:
    return request("GET", _PATH, user=(name, PASSWORD))


def _round(place: _Place, pace: _Pace, number: int) -> None:
    place.connect()
    people, one = place.people(_DIFFERENT), place.one()
    ask, requests = place.ask, pace.requests
    begin = number * requests

    def note(way: str, seconds: list[float]) -> None:
        place.seconds.setdefault(way, []).append(statistics.median(seconds))

    note(SAME, [ask(one) for _ in range(requests)])
    turns = range(begin, begin + requests)
    note(OTHERS, [ask(people[turn % len(people)]) for turn in turns])
    after = []
    for _ in range(pace.changes):
        place.touch()
        after.append(ask(one))
    note(CHANGED, after)


def _costs(places: list[_Place], engine: str) -> list[Figure]:
    base = places[0]
    return [
        Figure(
            name=way,
            setting=f"a request, auth database on {engine}",
            subject=str(place.size),
            unit="ms",
            value=Spread.of([each * 1000 for each in seconds]),
            base="" if place is base else str(base.size),
            ratio=None if place is base else Spread.of_ratios(seconds, base.seconds[way]),
            aim=_AIM if place.size.grants == _AIMED and way != CHANGED else None,
        )
        for way in base.seconds
        for place in places
        for seconds in [place.seconds[way]]
    ]


def _memories(places: list[_Place], engine: str) -> list[Figure]:
    base = places[0]
    return [
        Figure(
            name="the memory of a worker, in the end",
            setting=f"memory, auth database on {engine}",
            subject=str(place.size),
            unit="MiB",
            value=Spread.of([place.memory[AT_END]]),
            base="" if place is base else str(base.size),
            ratio=(
                None
                if place is base
                else Spread.of_ratios([place.memory[AT_END]], [base.memory[AT_END]])
            ),
            more={when: place.memory[when] for when in (AT_START, AT_MOST)},
        )
        for place in places
    ]


if __name__ == "__main__":
    main()
