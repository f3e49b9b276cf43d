"""How many requests a test sends, and how they are made."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fuzz.sent import Requests, Sent

CASES = int(os.environ.get("AUTHCTL_FUZZ_CASES", "100000"))
_LONG = [pytest.mark.long, pytest.mark.timeout(7200)]
# The static prefix of MLflow, and how many of all cases go there.
RUNS = [
    pytest.param("", 0.02, id="a few"),
    pytest.param("", 0.8, id="many", marks=_LONG),
    pytest.param("/team/mlflow", 0.2, id="many with a static prefix", marks=_LONG),
]
# Hypothesis remembers what it has tried: it is begun anew after so many.
_AT_ONCE = 1000


def many(share: float, requests: Requests, check: Callable[[Sent], None]) -> None:
    """Check a share of all cases, the same ones every time."""
    cases = round(CASES * share)
    for number in range(0, cases, _AT_ONCE):
        limits = settings(
            max_examples=min(_AT_ONCE, cases - number),
            phases=(Phase.generate, Phase.shrink),
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        seed(number)(limits(given(requests.strategy())(check)))()
