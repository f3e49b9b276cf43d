"""`authctl serve --upstream` in front of an MLflow, against that same MLflow asked directly.

Both are programs of their own, with one worker each and with one a core; the MLflow behind is the
one that is asked directly. Run it as `python -m tests.bench.proxied [--quick]`.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench import contest, served
from tests.bench.figures import Aim, Report

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.figures import Figure

_OURS, _DIRECT = "authctl in front", "MLflow directly"
_AIMS = {_DIRECT: Aim(at_least=0.85)}


def main() -> None:
    plan = contest.plan()
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as folder:
        for workers in plan.workers:
            figures += _figures(Path(folder) / f"{workers}", workers, plan)
    title = "Requests through authctl to an MLflow elsewhere, and to it directly"
    Report("proxied", title, figures, contest.NOTES).show()


def _figures(folder: Path, workers: int, plan: contest.Plan) -> Iterator[Figure]:
    with served.bare(folder / "mlflow", workers) as mlflow:
        content = served.fill(mlflow)
        with served.authctl(folder / "authctl", content, workers, upstream=mlflow.url) as ours:
            urls = {_OURS: ours.url, _DIRECT: mlflow.url}
            setting = f"{contest.workers_in_words(workers)} each"
            yield from contest.requests(urls, content, setting, _AIMS, plan, workers=workers)
            yield from contest.artifacts(urls, content, setting, _AIMS, plan)


if __name__ == "__main__":
    main()
