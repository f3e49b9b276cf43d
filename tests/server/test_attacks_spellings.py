"""Fields that MLflow reads under two spellings: what is judged is what is meant."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from authctl.policy.rule import Access, Body
from authctl.policy.table import Table
from tests.server.attack import BOB, Case, attack, cases, unclear

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.server.world import World

pytestmark = pytest.mark.mlflow

EXPERIMENTS = "/api/2.0/mlflow/experiments"
MODELS = "/api/2.0/mlflow/registered-models"
VERSIONS = "/api/2.0/mlflow/model-versions"
RUNS = "/api/2.0/mlflow/runs"
V3 = "/api/3.0/mlflow"

_OWN_AND_ANOTHERS = {
    "experiment id": ("<O>", "<V>"),
    "run id": ("<RO>", "<RV>"),
    "logged model id": ("<LO>", "<LV>"),
    "trace id": ("<TO>", "<TV>"),
    "id of a trace that may exist": ("<TO>", "<TV>"),
    "evaluation dataset id": ("<DO>", "<DV>"),
    "label schema id": ("<schemaO>", "<schemaV>"),
    "review queue id": ("<queueO>", "<queueV>"),
    "issue id": ("<issueO>", "<issueV>"),
    "gateway secret id": ("<secretO>", "<secretV>"),
    "gateway model definition id": ("<defO>", "<defV>"),
    "gateway endpoint id": ("<endO>", "<endV>"),
}


def spelled_twice() -> Iterator[Case]:
    """Every field by which a row of the policy finds a thing, in both of its spellings."""
    for rule in Table():
        if rule.body is not Body.JSON or rule.access is Access.ADMIN:
            continue
        names: dict[str, list[Any]] = {}
        for need in rule.needs:
            found = need.selector
            own_and_anothers = _OWN_AND_ANOTHERS.get(found.handle.value, ())
            values = [[value] if found.each else value for value in own_and_anothers]
            names |= {name: values for name in found.fields if values and name.isidentifier()}
        if rule.narrow:
            names[rule.narrow.field] = [["<O>"], ["<V>"]]
        path = re.sub(r"\{[a-z_:]+\}", "<TO>", rule.path)
        for name, (own, anothers) in names.items():
            if (camel := _camel(name)) == name:
                continue
            for order, body in (
                ("snake first", {name: own, camel: anothers}),
                ("camel first", {camel: anothers, name: own}),
            ):
                for version in rule.versions:
                    where = f"{rule.method} {version} {rule.path}"
                    line = f"{rule.method} /api/{version}{path}"
                    yield unclear(f"D1 {name} in both spellings, {order}: {where}", line, body)


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.title() for word in rest)


@cases(*spelled_twice())
def test_both_spellings_of_an_id_are_refused(embedded: World, case: Case) -> None:
    for answer in attack(embedded, case, users=[BOB]):
        assert b"Write '" in answer.body


SOURCE = "mlflow-artifacts:/<V>/<RV>/artifacts"
OWN_METRIC = {"run_id": "<RO>", "key": "k", "value": 1, "timestamp": 1}
SEARCHED = f"POST {V3}/traces/search"


@cases(
    unclear(
        "D2 runId alone in model-versions/create",
        f"POST {VERSIONS}/create",
        {"runId": "<RV>", "name": "<MO>", "source": SOURCE},
    ),
    unclear(
        "D2 modelId alone in model-versions/create",
        f"POST {VERSIONS}/create",
        {"modelId": "<LV>", "name": "<MO>", "source": "models:/<LV>"},
    ),
    unclear(
        "D2 modelId in log-metric", f"POST {RUNS}/log-metric", OWN_METRIC | {"modelId": "<LV>"}
    ),
    unclear(
        "D2 modelId in log-batch",
        f"POST {RUNS}/log-batch",
        {"run_id": "<RO>", "metrics": [OWN_METRIC | {"modelId": "<LV>"}]},
    ),
    unclear(
        "D2 modelId in log-inputs",
        f"POST {RUNS}/log-inputs",
        {"run_id": "<RO>", "models": [{"modelId": "<LV>"}]},
    ),
    unclear(
        "D2 mlflowExperiment in traces/search",
        SEARCHED,
        {"locations": [{"mlflowExperiment": {"experimentId": "<V>"}}]},
    ),
    unclear(
        "D2 experimentId in traces/search",
        SEARCHED,
        {"locations": [{"mlflow_experiment": {"experimentId": "<V>"}}]},
    ),
    unclear(
        "D2 a camelCase location beside an own one",
        SEARCHED,
        {
            "locations": [
                {"mlflow_experiment": {"experiment_id": "<O>"}},
                {"mlflowExperiment": {"experimentId": "<V>"}},
            ]
        },
    ),
    unclear("D2 experimentIds in runs/search", f"POST {RUNS}/search", {"experimentIds": ["<V>"]}),
    unclear(
        "D2 experimentId in runs/create",
        f"POST {RUNS}/create",
        {"experimentId": "<V>", "run_name": "x"},
    ),
    unclear("D2 newName in rename", f"POST {MODELS}/rename", {"name": "<MO>", "newName": "<MV>"}),
    unclear(
        "D2 artifactLocation in experiments/create",
        f"POST {EXPERIMENTS}/create",
        {"name": "alias", "artifactLocation": "mlflow-artifacts:/<V>"},
    ),
    unclear(
        "D2 sourceRunId in logged-models",
        "POST /api/2.0/mlflow/logged-models",
        {"experiment_id": "<O>", "name": "x", "sourceRunId": "<RV>"},
    ),
)
def test_a_camel_case_id_alone_is_refused(local: World, case: Case) -> None:
    attack(local, case)
