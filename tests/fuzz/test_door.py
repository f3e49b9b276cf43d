"""Whatever arrives, MLflow is never sent a request that names what is another's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from authctl.model import Permission
from authctl.policy.rule import Handle
from tests.fuzz.comparison import leaves, question
from tests.fuzz.names import GRANTS, THEIR_NAMES, TWO, is_theirs
from tests.fuzz.our_reading import Refused
from tests.fuzz.runs import CASES, RUNS, many
from tests.fuzz.sent import Requests
from tests.fuzz.tally import Tally
from tests.fuzz.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from authctl.policy.rule import Rule
    from tests.fuzz.conftest import GateTo
    from tests.fuzz.sent import Sent
    from tests.oracle import Oracle

pytestmark = pytest.mark.mlflow

_LEAST_PASSED = 0.1
_CHOSEN = (Handle.NEW, Handle.SCORER, Handle.REVIEW_QUEUE_NAME)
# Where another's name does no harm: it narrows what was judged, or is taken out of it.
_HARMLESS = {
    ("POST /mlflow/traces/delete-traces", "request_ids"),
    ("POST /mlflow/traces/delete-traces", "trace_ids"),
    ("GET /mlflow/traces/batchGet", "experiment_ids"),
    ("POST /mlflow/traces/batchGetInfos", "experiment_ids"),
    ("POST /mlflow/datasets/{dataset_id}/remove-experiments", "experiment_ids"),
}


@pytest.mark.parametrize(("prefix", "part"), RUNS, indirect=["prefix"])
def test_a_user_names_only_what_is_theirs_to_mlflow(
    prefix: str,
    part: tuple[float, float],
    mlflow: Oracle,
    gate_to: GateTo,
    capsys: pytest.CaptureFixture[str],
) -> None:
    world = World(lambda name: not is_theirs(name), prefix)
    gate = gate_to(world, Permission.NO_PERMISSIONS, GRANTS)
    tally = Tally()

    def name_only_mine(sent: Sent) -> None:
        ours = gate.read(sent)
        if isinstance(ours, Refused):
            tally.note_refusal(ours.reason)
            return
        tally.note_passage(ours.rule.name)
        found = list(named(ours.rule, mlflow.ask(question(ours))))
        tally.counts["names"] += len(found)
        assert [pair for pair in found if pair[1] in THEIR_NAMES] == []

    many(part, Requests(mlflow.ask({}), TWO, prefix), name_only_mine, of=CASES // 2)
    tally.tell(capsys, "names of another's 0")
    assert tally.counts["passed"] > _LEAST_PASSED * tally.counts["cases"]
    assert tally.counts["names"] > tally.counts["passed"] / 2


def named(rule: Rule, theirs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every text that MLflow has in its messages, from the path, or asks a store for."""
    if rule.keep:
        return  # the rows of the answer are judged
    for message in theirs["messages"]:
        fields = message["fields"]
        if message["has"] is None:  # of plain JSON MLflow reads what it knows
            fields = {name: inner for name, inner in fields.items() if name in rule.fields}
        yield from texts(rule, fields)
    yield from texts(rule, theirs["params"])
    for call in theirs["calls"]:
        yield from texts(rule, call["given"])


def texts(rule: Rule, data: Any) -> Iterator[tuple[str, str]]:
    """All but names and paths of the user's own choosing."""
    judged = {
        name.rpartition(".")[2]
        for need in rule.needs
        for name in need.selector.fields
        if need.selector.handle not in _CHOSEN
    }
    for name, value in leaves(data):
        if name in ("name", "path") and name not in judged:
            continue
        if isinstance(value, str) and (rule.name, name) not in _HARMLESS:
            yield name, value
