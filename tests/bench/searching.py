"""A search over 10,000 experiments, by how many of them the caller may read, against bare MLflow.

MLflow alone and `authctl serve` stand in front of the same tables. Each round asks both for the
first page, and for one page after the other until there is none. Run it as
`python -m tests.bench.searching [--quick]`.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.figures import Figure, Report, Spread
from tests.bench.filled import PASSWORD, Size, add_reader, filled_database
from tests.bench.load import Line, request
from tests.live import authctl_server, free_port, running
from tests.server.world import config

if TYPE_CHECKING:
    from collections.abc import Iterator

EXPERIMENTS, QUICK_EXPERIMENTS = 10_000, 1_000
SHARES = (1, 50, 100)
PAGE = 100
ROUNDS, QUICK_ROUNDS = 5, 2

_PATH = "/api/2.0/mlflow/experiments/search"
_MLFLOW = "bare MLflow"
_FIRST, _ALL = "the first page", "all pages"
_FILL = """\
WITH RECURSIVE numbers(number) AS (
    SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < {count}
)
INSERT INTO experiments
    (experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time)
SELECT number, 'experiment-' || number, 'mlflow-artifacts:/' || number, 'active',
    1700000000000 + number, 1700000000000 + number
FROM numbers
"""


@dataclass(frozen=True)
class _Caller:
    """Somebody who searches somewhere, and how many experiments are theirs to see."""

    name: str
    line: Line
    user: tuple[str, str] | None
    sees: int

    def search(self, *, pages: int | None = None) -> float:
        """Seconds until all, or so many, pages are there."""
        self.line.connection.close()  # which the server may have done in the meantime
        self.line.open()
        seen, token, left = 0, "", pages
        begin = time.perf_counter()
        while left != 0:
            body = {"max_results": PAGE, "page_token": token}
            sent = request("POST", _PATH, user=self.user, body=json.dumps(body).encode())
            status, found = self.line.ask(sent)
            assert status == 200, found
            answer = json.loads(found)
            seen += len(answer.get("experiments", ()))
            token = answer.get("next_page_token", "")
            left = left and left - 1
            if not token:
                break
        seconds = time.perf_counter() - begin
        assert seen == min(self.sees, (pages or self.sees) * PAGE), (self.name, seen)
        return seconds


def main() -> None:
    report(quick="--quick" in sys.argv[1:]).show()


def report(*, quick: bool = False) -> Report:
    count, rounds = (QUICK_EXPERIMENTS, QUICK_ROUNDS) if quick else (EXPERIMENTS, ROUNDS)
    with tempfile.TemporaryDirectory() as name, _callers(Path(name), count) as callers:
        taken = _taken(callers, rounds)
    figures = [
        Figure(
            name=what,
            setting=f"{count:,} experiments, {PAGE} a page",
            subject=caller,
            unit="ms",
            value=Spread.of([each * 1000 for each in seconds]),
            base="" if caller == _MLFLOW else _MLFLOW,
            ratio=None if caller == _MLFLOW else Spread.of_ratios(seconds, taken[what, _MLFLOW]),
        )
        for (what, caller), seconds in taken.items()
    ]
    return Report(
        "searching",
        "A search over many experiments, of which the caller may read a part",
        figures,
        (
            "A page is one POST of experiments/search. What a caller may read is evenly spread, by",
            "a grant on each experiment, and the default is NO_PERMISSIONS.",
            "For the one page of whoever may read 1 %, all experiments must be looked at.",
        ),
    )


def _taken(callers: list[_Caller], rounds: int) -> dict[tuple[str, str], list[float]]:
    """Seconds in each round of who did what; a round before them warms the caches."""
    taken: dict[tuple[str, str], list[float]] = {}
    for number in range(rounds + 1):
        for what, pages in ((_FIRST, 1), (_ALL, None)):
            for caller in callers:
                seconds = caller.search(pages=pages)
                if number:
                    taken.setdefault((what, caller.name), []).append(seconds)
    return taken


@contextlib.contextmanager
def _callers(folder: Path, count: int) -> Iterator[list[_Caller]]:
    tracking = folder / "tracking.db"
    stored = ("--backend-store-uri", f"sqlite:///{tracking}")
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--port", str(port), "--workers", "1"]
    with contextlib.ExitStack() as stack:
        bare = stack.enter_context(
            running([*command, *stored], folder / "mlflow", port, forked=False)
        )
        with contextlib.closing(sqlite3.connect(tracking)) as database, database:
            database.execute(_FILL.format(count=count))
        (folder / "authctl").mkdir()
        url = stack.enter_context(filled_database("sqlite", folder / "authctl", Size(10, 10)))
        sees = {share: count * share // 100 for share in SHARES}
        for share, readable in sees.items():
            step = count // readable
            ids = [str(number) for number in range(1, count + 1, step)]
            add_reader(url, f"reader-{share}", ids)
        options = ("--auth-db", url, *stored, *config(folder / "authctl"))
        server = stack.enter_context(authctl_server(folder / "authctl", *options, forked=False))

        def line(url: str) -> Line:
            made = Line(url)
            stack.callback(made.connection.close)
            return made

        yield [
            # Bare MLflow sees the experiment that it makes itself, too.
            _Caller(_MLFLOW, line(bare.url), None, count + 1),
            *(
                _Caller(
                    f"authctl, {share} % readable",
                    line(server.url),
                    (f"reader-{share}", PASSWORD),
                    readable,
                )
                for share, readable in sees.items()
            ),
        ]


if __name__ == "__main__":
    main()
