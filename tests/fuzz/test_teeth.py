"""The comparison has teeth: a reader that overlooks one thing is caught, and soon."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from authctl.model import Permission
from tests.fuzz.comparison import differences, question
from tests.fuzz.naive import NAIVE
from tests.fuzz.names import ANY
from tests.fuzz.our_reading import Refused
from tests.fuzz.sent import Requests
from tests.fuzz.tally import Tally
from tests.fuzz.world import World

if TYPE_CHECKING:
    from tests.fuzz.conftest import GateTo
    from tests.fuzz.naive import Reader
    from tests.oracle import Oracle

pytestmark = pytest.mark.mlflow

_SOON = 5000


@pytest.mark.parametrize("prefix", [""], indirect=True)
@pytest.mark.parametrize("reader", NAIVE.values(), ids=NAIVE)
def test_a_reader_that_overlooks_something_is_caught(
    reader: Reader, mlflow: Oracle, gate_to: GateTo
) -> None:
    gate = gate_to(World(lambda _: True), Permission.MANAGE, [])
    requests = Requests(mlflow.ask({}), ANY)
    tally = Tally()
    for number in range(_SOON):
        read = reader(gate, requests.make(Random(number)))
        if not isinstance(read, Refused) and differences(
            read, mlflow.ask(question(read)), "", tally.counts
        ):
            return
    pytest.fail(f"not caught in {_SOON} requests")
