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
# The static prefix of MLflow, and which part of all cases goes there.
RUNS = [
    pytest.param("", (0, 0.02), id="a few"),
    pytest.param("", (0, 0.8), id="many", marks=_LONG),
    pytest.param("/team/mlflow", (0.8, 1), id="many with a static prefix", marks=_LONG),
]
# Hypothesis remembers what it has tried: it is begun anew after so many.
_AT_ONCE = 1000


def many(
    part: tuple[float, float], requests: Requests, check: Callable[[Sent], None], *, of: int = CASES
) -> None:
    """Check a part of all cases, which are the same every time."""
    first, last = (round(of * share) for share in part)
    for number in range(first, last, _AT_ONCE):
        limits = settings(
            max_examples=min(_AT_ONCE, last - number),
            phases=(Phase.generate, Phase.shrink),
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        seed(number)(limits(given(requests.strategy())(check)))()
