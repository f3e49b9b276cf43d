"""A random request is refused, or is read by MLflow as it was read here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from authctl.model import Permission
from tests.fuzz.comparison import differences, question
from tests.fuzz.names import ANY
from tests.fuzz.our_reading import Refused
from tests.fuzz.runs import RUNS, many
from tests.fuzz.sent import Requests
from tests.fuzz.tally import Tally
from tests.fuzz.world import World

if TYPE_CHECKING:
    from tests.fuzz.conftest import GateTo
    from tests.fuzz.sent import Sent
    from tests.oracle import Oracle

pytestmark = pytest.mark.mlflow

_LEAST_PASSED = 0.2
_LEAST_ROWS = 0.85


@pytest.mark.parametrize(("prefix", "part"), RUNS, indirect=["prefix"])
def test_what_passes_is_read_by_mlflow_as_it_was_read_here(
    prefix: str,
    part: tuple[float, float],
    mlflow: Oracle,
    gate_to: GateTo,
    capsys: pytest.CaptureFixture[str],
) -> None:
    gate = gate_to(World(lambda _: True, prefix), Permission.MANAGE, [])
    requests = Requests(mlflow.ask({}), ANY, prefix)
    tally = Tally()

    def read_alike(sent: Sent) -> None:
        ours = gate.read(sent)
        if isinstance(ours, Refused):
            tally.note_refusal(ours.reason)
            return
        tally.note_passage(ours.rule.name)
        assert differences(ours, mlflow.ask(question(ours)), prefix, tally.counts) == []

    many(part, requests, read_alike)
    tally.tell(capsys, "disagreements 0")
    assert tally.counts["passed"] > _LEAST_PASSED * tally.counts["cases"]
    assert tally.counts["fields"] > tally.counts["passed"] / 2
    assert len(tally.rows) > _LEAST_ROWS * len({rule.name for rule in requests.rows})
