"""The requests that are measured: what a training run and whoever watches it send most."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING

from tests.bench.load import request
from tests.bench.served import PARAMETER, USER

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.bench.load import Ask
    from tests.bench.served import Content

_API = "/api/2.0/mlflow"
_METRICS = 10


def metadata(content: Content) -> dict[str, Ask]:
    """Each route with what makes its next request; each is new where MLflow would know an old one.

    All servers are sent the same bytes: one that knows no users does not look at the login.
    """
    search = request(
        "POST",
        f"{_API}/experiments/search",
        user=USER,
        body=json.dumps({"max_results": 100}).encode(),
    )
    return {
        "runs/get": runs_get(content),
        "runs/log-metric": _posted(content, "runs/log-metric", _metric),
        "runs/log-batch": _posted(content, "runs/log-batch", _batch),
        "experiments/search": lambda: search,
    }


def runs_get(content: Content, user: tuple[str, str] = USER) -> Ask:
    return itertools.cycle(
        [request("GET", f"{_API}/runs/get?run_id={run}", user=user) for run in content.runs]
    ).__next__


def _posted(content: Content, route: str, make: Callable[[str, int], object]) -> Ask:
    numbers = zip(itertools.count(), itertools.cycle(content.runs))

    def ask() -> bytes:
        number, run = next(numbers)
        body = json.dumps(make(run, number)).encode()
        return request("POST", f"{_API}/{route}", user=USER, body=body)

    return ask


def _metric(run: str, number: int) -> object:
    return {"run_id": run, "key": "loss", "value": 0.5, "timestamp": number, "step": number}


def _batch(run: str, number: int) -> object:
    metrics = [
        {"key": f"metric {key}", "value": 0.5, "timestamp": number, "step": number}
        for key in range(_METRICS)
    ]
    tags = [{"key": "stage", "value": str(number)}]
    return {"run_id": run, "metrics": metrics, "params": [PARAMETER], "tags": tags}
