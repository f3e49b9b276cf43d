"""Routes that somebody forgot: each is refused without a right, and works for whoever has it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.live import ADMIN
from tests.server.attack import BOB, TEXT, Case, attack, cases, control, send
from tests.server.things import trace_info

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.server.world import World

pytestmark = pytest.mark.mlflow

A2, A3 = "/api/2.0/mlflow", "/api/3.0/mlflow"
J2, J3 = "/ajax-api/2.0/mlflow", "/ajax-api/3.0/mlflow"
TAG = {"key": "k", "value": "v"}
METRIC = {"key": "k", "value": 1, "timestamp": 1}
MARK = {"assessment_name": "x", "feedback": {"value": False}}
MARK |= {"source": {"source_type": "HUMAN", "source_id": "x"}}
HERE = {"mlflow_experiment": {"experiment_id": "<V>"}}
COUNT = {"aggregations": [{"aggregation_type": "COUNT"}], "metric_name": "trace_count"}
COUNT |= {"view_type": "TRACES"}
BOTH = {"filter_string1": "status = 'OK'", "filter_string2": "status = 'OK'"}
DELETED = {"experiment_id": "<V>", "request_ids": ["<TV>"]}
VERSION = {"name": "<MV>", "version": "1"}
STAGE = {"stage": "Staging", "archive_existing_versions": False}
OUTPUT = {"model_id": "<LV>", "step": 1}
INTERVAL = "metric_key=metric&max_results=5"
MODEL = json.dumps({"run_id": "<RV>", "artifact_path": "x", "flavors": {}, "utc_time_created": "x"})
PROMPTLAB = {
    "experiment_id": "<V>",
    "run_name": "x",
    "prompt_template": "{x}",
    "prompt_parameters": [{"key": "x", "value": "1"}],
    "model_route": "r",
    "model_input": "i",
    "model_output": "o",
    "mlflow_version": "3",
    "user_id": "u",
    "start_time": 1,
}


def begun(experiment: str, trace: str, **more: Any) -> dict[str, Any]:
    """The body that begins a trace."""
    return {"trace": {"trace_info": trace_info(experiment, trace, "x", **more)}}


# Route, body, and what else a case says; who may is the victim unless said.
TRACKING: dict[str, list[tuple[Any, ...]]] = {
    "M1": [
        (f"POST {J2}/upload-artifact?run_uuid=<RV>&path=x.txt", "forged", {"headers": TEXT}),
        (f"GET {J2}/metrics/get-history-bulk?run_id=<RV>&metric_key=metric",),
        (f"GET {J2}/metrics/get-history-bulk-interval?run_ids=<RV>&{INTERVAL}",),
        (f"GET {A2}/metrics/get-history-bulk-interval?run_ids=<RV>&{INTERVAL}",),
        (f"GET {A2}/metrics/get-history?run_id=<RV>&metric_key=metric",),
        (f"POST {J2}/runs/create-promptlab-run", PROMPTLAB, {"by": ADMIN}),
        (f"POST {J2}/experiments/search-datasets", {"experiment_ids": ["<V>"]}),
        (
            "POST /ajax-api/2.0mlflow/experiments/search-datasets",
            {"experiment_ids": ["<V>"]},
            {"by": ADMIN, "passes": (404,)},
        ),
        (f"GET {A2}/experiments/get?experiment_id=<V>",),
        (f"GET {A2}/experiments/get-by-name?experiment_name=<NameV>",),
        (f"POST {A2}/experiments/set-experiment-tag", {"experiment_id": "<V>"} | TAG),
        (f"POST {A2}/experiments/delete-experiment-tag", {"experiment_id": "<V>", "key": "k"}),
        (f"POST {A2}/runs/create", {"experiment_id": "<V>"}),
        (f"GET {A2}/runs/get?run_id=<RV>",),
        (f"POST {A2}/runs/update", {"run_id": "<RV>", "status": "FINISHED"}),
        (f"POST {A2}/runs/log-metric", {"run_id": "<RV>"} | METRIC),
        (f"POST {A2}/runs/log-parameter", {"run_id": "<RV>", "key": "p", "value": "1"}),
        (f"POST {A2}/runs/log-batch", {"run_id": "<RV>", "metrics": [METRIC]}),
        (f"POST {A2}/runs/set-tag", {"run_id": "<RV>"} | TAG),
        (f"POST {A2}/runs/delete-tag", {"run_id": "<RV>", "key": "k"}),
        (f"GET {A2}/artifacts/list?run_id=<RV>",),
        (f"POST {A2}/runs/delete", {"run_id": "<RV>"}, {"spoils": "tracking"}),
        (f"POST {A2}/runs/restore", {"run_id": "<RV>"}),
    ],
    "M4": [
        (f"POST {A2}/runs/log-inputs", {"run_id": "<RV>", "models": [{"model_id": "<LV>"}]}),
        (f"POST {A2}/runs/outputs", {"run_id": "<RV>", "models": [OUTPUT]}),
        (f"POST {A2}/runs/log-model", {"run_id": "<RV>", "model_json": MODEL}),
        (f"POST {A2}/runs/log-metric", {"run_id": "<RV>", "model_id": "<LV>"} | METRIC),
        (f"POST {A2}/logged-models", {"experiment_id": "<V>", "name": "x"}),
        (f"GET {A2}/logged-models/<LV>",),
        (f"PATCH {A2}/logged-models/<LV>/tags", {"tags": [TAG]}),
        (f"DELETE {A2}/logged-models/<LV>/tags/k",),
        (f"POST {A2}/logged-models/<LV>/params", {"model_id": "<LV>", "params": [TAG]}),
        (f"PATCH {A2}/logged-models/<LV>", {"model_id": "<LV>", "status": "LOGGED_MODEL_READY"}),
        (f"DELETE {A2}/logged-models/<LV>", None, {"spoils": "tracking"}),
    ],
    "M5": [
        (f"GET {A2}/registered-models/get?name=<MV>",),
        (f"GET {A2}/registered-models/alias?name=<MV>&alias=champion",),
        (f"GET {A2}/registered-models/get-latest-versions?name=<MV>",),
        (f"POST {A2}/registered-models/get-latest-versions", {"name": "<MV>"}),
        (f"POST {A2}/registered-models/set-tag", {"name": "<MV>"} | TAG),
        (f"POST {A2}/registered-models/alias", VERSION | {"alias": "x"}),
        (f"PATCH {A2}/registered-models/update", {"name": "<MV>", "description": "x"}),
        (f"GET {A2}/model-versions/get?name=<MV>&version=1",),
        (f"PATCH {A2}/model-versions/update", VERSION | {"description": "x"}),
        (f"POST {A2}/model-versions/transition-stage", VERSION | STAGE),
        (f"POST {A2}/model-versions/set-tag", VERSION | TAG),
        (f"GET {A2}/registered-models/get?name=<PV>",),
        (f"GET {A2}/model-versions/get?name=<PV>&version=1",),
        (
            f"POST {A2}/registered-models/rename",
            {"name": "<PV>", "new_name": "<wordV>-new"},
            {"spoils": "registry"},
        ),
        (f"DELETE {A2}/registered-models/delete", {"name": "<PV>"}, {"spoils": "registry"}),
    ],
    "M3": [
        (f"GET {A3}/traces/<TV>",),
        (f"GET {A2}/traces/<TV>/info",),
        (f"GET {A3}/traces/get?trace_id=<TV>&allow_partial=true",),
        (f"GET {A3}/traces/batchGet?trace_ids=<TV>",),
        (f"POST {A3}/traces/batchGetInfos", {"trace_ids": ["<TV>"]}),
        (f"POST {A3}/traces/search", {"locations": [HERE]}),
        (f"GET {A2}/traces?experiment_ids=<V>",),
        (f"POST {A3}/traces/calculate-filter-correlation", {"experiment_ids": ["<V>"]} | BOTH),
        (f"POST {A3}/traces/metrics", {"experiment_ids": ["<V>"]} | COUNT),
        (f"PATCH {A2}/traces/<TV>/tags", TAG),
        (f"PATCH {A3}/traces/<TV>/tags", TAG),
        (f"DELETE {A2}/traces/<TV>/tags", {"key": "k"}),
        (f"POST {A3}/traces/<TV>/assessments", {"assessment": MARK}),
        (f"GET {A3}/traces/<TV>/assessments/<AV>",),
        (
            f"PATCH {A3}/traces/<TV>/assessments/<AV>",
            {"assessment": {"assessment_name": "y"}, "update_mask": "assessmentName"},
        ),
        (f"DELETE {A3}/traces/<TV>/assessments/<AV>", None, {"spoils": "tracing"}),
        (f"POST {A2}/traces/link-to-run", {"run_id": "<RV>", "trace_ids": ["<TV>"]}),
        (f"POST {A2}/traces/link-prompts", {"trace_id": "<TV>", "prompt_versions": []}),
        (f"POST {A3}/traces", begun("<V>", f"tr-{'b' * 32}")),
        (f"PATCH {A2}/traces/<TV>", {"timestamp_ms": 1, "status": "OK"}),
        (f"POST {A2}/traces", {"experiment_id": "<V>", "timestamp_ms": 1}),
        (f"POST {A3}/traces/delete-traces", DELETED, {"spoils": "tracing"}),
        (f"POST {A2}/traces/delete-traces", DELETED, {"spoils": "tracing"}),
    ],
    "M1 last": [
        (f"POST {A2}/experiments/delete", {"experiment_id": "<V>"}, {"spoils": "tracking"}),
        (f"POST {A2}/experiments/restore", {"experiment_id": "<V>"}, {"passes": (404,)}),
    ],
}


def _cases(table: dict[str, list[tuple[Any, ...]]], **more: Any) -> Iterator[Case]:
    for name, rows in table.items():
        for line, *rest in rows:
            body, said = (*rest, *(None, {})[len(rest) :])
            yield Case(f"{name} {line.partition('?')[0]}", line, body, **(more | said))


ROUTES = list(_cases(TRACKING))


@cases(*ROUTES)
def test_a_route_is_refused_without_a_right(world: World, case: Case) -> None:
    attack(world, case)


@cases(*ROUTES)
def test_whoever_may_passes(embedded: World, case: Case) -> None:
    control(embedded, case)


TWO_OUTPUTS = [{"model_id": "<LO>", "step": 1}, OUTPUT]
TWO_METRICS = [METRIC, METRIC | {"model_id": "<LV>"}]

MIXED = (
    Case("M3 batchGet", f"GET {A3}/traces/batchGet?trace_ids=<TO>&trace_ids=<TV>"),
    Case("M3 infos", f"POST {A3}/traces/batchGetInfos", {"trace_ids": ["<TO>", "<TV>"]}),
    Case("M3 list", f"GET {A2}/traces?experiment_ids=<O>&experiment_ids=<V>"),
    Case("M3 metrics", f"POST {A3}/traces/metrics", {"experiment_ids": ["<O>", "<V>"]} | COUNT),
    Case(
        "M3 an own trace to another's run",
        f"POST {A2}/traces/link-to-run",
        {"run_id": "<RV>", "trace_ids": ["<TO>"]},
    ),
    Case(
        "M3 another's trace to an own run",
        f"POST {A2}/traces/link-to-run",
        {"run_id": "<RO>", "trace_ids": ["<TO>", "<TV>"]},
    ),
    Case(
        "M3 another's prompt to an own trace",
        f"POST {A2}/traces/link-prompts",
        {"trace_id": "<TO>", "prompt_versions": [{"name": "<PV>", "version": "1"}]},
    ),
    Case("M3 another's trace begun again", f"POST {A3}/traces", begun("<O>", "<TV>")),
    Case(
        "M3 another's assessment in an own trace",
        f"POST {A3}/traces",
        begun("<O>", "<TO>", assessments=[MARK | {"assessment_id": "<AV>"}]),
    ),
    Case(
        "M3 another's assessment in a new trace",
        f"POST {A3}/traces",
        begun("<O>", f"tr-{'d' * 32}", assessments=[MARK | {"assessment_id": "<AV>"}]),
    ),
    Case(
        "M3 an assessment under another's id",
        f"POST {A3}/traces/<TO>/assessments",
        {"assessment": MARK | {"assessment_id": "<AV>"}},
    ),
    Case(
        "M4 another's model as an input",
        f"POST {A2}/runs/log-inputs",
        {"run_id": "<RO>", "models": [{"model_id": "<LV>"}]},
    ),
    Case(
        "M4 another's model as an output",
        f"POST {A2}/runs/outputs",
        {"run_id": "<RO>", "models": TWO_OUTPUTS},
    ),
    Case(
        "M4 a metric of another's model",
        f"POST {A2}/runs/log-metric",
        {"run_id": "<RO>", "model_id": "<LV>"} | METRIC,
    ),
    Case(
        "M4 a metric of another's model in a batch",
        f"POST {A2}/runs/log-batch",
        {"run_id": "<RO>", "metrics": TWO_METRICS},
    ),
    Case(
        "M4 a model out of another's run",
        f"POST {A2}/logged-models",
        {"experiment_id": "<O>", "name": "x", "source_run_id": "<RV>"},
    ),
)


@cases(*MIXED)
def test_one_thing_of_anothers_among_ones_own_is_enough(world: World, case: Case) -> None:
    attack(world, case)


@pytest.mark.parametrize("version", ["2.0", "3.0"])
def test_m3_deleting_traces_of_an_own_experiment_deletes_no_other(
    world: World, version: str
) -> None:
    before = world.victim()
    path = f"/api/{version}/mlflow/traces/delete-traces"
    done = send(world, BOB, Case("M3", f"POST {path}", DELETED | {"experiment_id": "<O>"}))
    assert done.json() == {"traces_deleted": 0}
    assert world.victim() == before


@pytest.mark.parametrize("more", [{"overrides": "<AV>"}, {"trace_id": "<TV>"}], ids=str)
def test_m3_an_assessment_that_speaks_of_anothers_leaves_it_as_it_was(
    world: World, more: dict[str, str]
) -> None:
    before = world.victim()
    body = {"assessment": MARK | more}
    send(world, BOB, Case("M3", f"POST {A3}/traces/<TO>/assessments", body))
    assert world.victim() == before
