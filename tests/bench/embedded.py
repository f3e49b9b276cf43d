"""`authctl serve` against the same MLflow without logins, and against MLflow's own basic-auth.

Each is a server of its own with the same content, asked by a user with grants whose password was
verified before; with one worker and with one a core, the auth database on SQLite and on PostgreSQL.
Run it as `python -m tests.bench.embedded [--quick]`.
"""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench import contest, served
from tests.bench.figures import Aim, Report
from tests.store.databases import empty_database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.figures import Figure

_OURS, _BARE, _BASIC = "authctl", "bare MLflow", "MLflow basic-auth"
_REQUESTS = {_BARE: Aim(at_least=0.97), _BASIC: Aim(at_least=25)}
_ARTIFACTS = {_BARE: Aim(at_least=0.95), _BASIC: None}
_DIALECTS = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def main() -> None:
    plan = contest.plan()
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as folder:
        for workers in plan.workers:
            figures += _figures(Path(folder) / f"{workers}", workers, plan)
    title = "Requests to authctl, to MLflow alone and to MLflow's basic-auth"
    Report("embedded", title, figures, contest.NOTES).show()


def _figures(folder: Path, workers: int, plan: contest.Plan) -> Iterator[Figure]:
    with served.bare(folder / "bare", workers) as bare:
        content = served.fill(bare)
        for dialect in plan.dialects:
            place = folder / dialect
            with (
                _database(dialect, place / "authctl") as one,
                _database(dialect, place / "basic") as other,
                served.authctl(place / "authctl", content, workers, one) as ours,
                served.basic_auth(place / "basic", content, workers, other) as theirs,
            ):
                urls = {_OURS: ours.url, _BARE: bare.url, _BASIC: theirs.url}
                setting = f"{contest.workers_in_words(workers)}, auth on {_DIALECTS[dialect]}"
                yield from contest.requests(
                    urls, content, setting, _REQUESTS, plan, workers=workers, seldom=(_BASIC,)
                )
                if dialect == plan.dialects[0]:  # which one it is, no stream would notice
                    yield from contest.artifacts(
                        urls, content, setting, _ARTIFACTS, plan, seldom=(_BASIC,)
                    )


@contextlib.contextmanager
def _database(dialect: str, folder: Path) -> Iterator[str]:
    """An auth database without tables, dropped at the end."""
    folder.mkdir(parents=True)
    with empty_database(dialect, folder) as url:
        yield url


if __name__ == "__main__":
    main()
