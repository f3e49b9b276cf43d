"""One request, two readings: what the door judges is what MLflow acts on.

A case is refused for an owner of other things and for a stranger alike, in every spelling of its
route; nothing of the victim's is told, and nothing at all is written.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.server.attack import (
    BOB,
    JSON,
    TEXT,
    UNTYPED,
    Case,
    attack,
    cases,
    control,
    unclear,
)

if TYPE_CHECKING:
    from tests.server.world import World

pytestmark = pytest.mark.mlflow

EXPERIMENTS = "/api/2.0/mlflow/experiments"
MODELS = "/api/2.0/mlflow/registered-models"
VERSIONS = "/api/2.0/mlflow/model-versions"
RUNS = "/api/2.0/mlflow/runs"
CHART = "/ajax-api/2.0/mlflow/metrics/get-history-bulk"
V3 = "/api/3.0/mlflow"

UPDATED = {"experiment_id": "<V>", "new_name": "<wordV>-taken"}

# As the victim herself writes them; the attacks below are these, written otherwise.
CANONICAL = (
    Case("experiments/get", f"GET {EXPERIMENTS}/get?experiment_id=<V>"),
    Case("experiments/update", f"POST {EXPERIMENTS}/update", UPDATED),
    Case(
        "experiments/set-experiment-tag",
        f"POST {EXPERIMENTS}/set-experiment-tag",
        {"experiment_id": "<V>", "key": "k", "value": "v"},
    ),
    Case("runs/get by run_uuid", f"GET {RUNS}/get?run_uuid=<RV>"),
    Case("runs/search", f"POST {RUNS}/search", {"experiment_ids": ["<V>"]}),
    Case("runs/set-tag", f"POST {RUNS}/set-tag", {"run_uuid": "<RV>", "key": "k", "value": "v"}),
    Case("get-artifact", "GET /get-artifact?run_uuid=<RV>&path=secret.txt"),
    Case(
        "upload-artifact",
        "POST /ajax-api/2.0/mlflow/upload-artifact?run_uuid=<RV>&path=x.txt",
        "mine",
        TEXT,
    ),
    Case(
        "log-metric of a model",
        f"POST {RUNS}/log-metric",
        {"run_id": "<RV>", "key": "k", "value": 1, "timestamp": 1, "model_id": "<LV>"},
    ),
    Case(
        "search-datasets",
        "POST /ajax-api/2.0/mlflow/experiments/search-datasets",
        {"experiment_ids": ["<V>"]},
    ),
    Case(
        "traces/search",
        f"POST {V3}/traces/search",
        {"locations": [{"mlflow_experiment": {"experiment_id": "<V>"}}]},
    ),
    Case(
        "delete-tag",
        f"DELETE {MODELS}/delete-tag",
        {"name": "<MV>", "key": "k"},
    ),
    Case("alias", f"DELETE {MODELS}/alias", {"name": "<MV>", "alias": "champion"}),
    Case(
        "delete-tag of a version",
        f"DELETE {VERSIONS}/delete-tag",
        {"name": "<MV>", "version": "1", "key": "k"},
    ),
    Case("delete a version", f"DELETE {VERSIONS}/delete", {"name": "<MV>", "version": "1"}),
    Case(
        "create a version",
        f"POST {VERSIONS}/create",
        {"name": "<MV>", "run_id": "<RV>", "source": "mlflow-artifacts:/<V>/<RV>/artifacts"},
    ),
    Case(
        "rename",
        f"POST {MODELS}/rename",
        {"name": "<MV>", "new_name": "renamed"},
        spoils="registry",
    ),
    Case("delete a model", f"DELETE {MODELS}/delete", {"name": "<MV>"}, spoils="registry"),
    Case("delete", f"POST {EXPERIMENTS}/delete", {"experiment_id": "<V>"}, spoils="tracking"),
)


@cases(*CANONICAL)
def test_the_victim_may(embedded: World, case: Case) -> None:
    control(embedded, case)


SOURCE = "mlflow-artifacts:/<V>/<RV>/artifacts"
OWN_METRIC = {"run_id": "<RO>", "key": "k", "value": 1, "timestamp": 1}
SEARCHED = f"POST {V3}/traces/search"

TWO_READINGS = (
    *(
        unclear(f"D3 the query beats the body of {route}", f"{method} {route}?{query}", body)
        for method, route, query, body in (
            (
                *("POST", f"{EXPERIMENTS}/update", "experiment_id=<O>"),
                {"experiment_id": "<V>", "new_name": "<wordV>-taken"},
            ),
            ("POST", f"{EXPERIMENTS}/delete", "experiment_id=<O>", {"experiment_id": "<V>"}),
            (
                *("POST", f"{EXPERIMENTS}/set-experiment-tag", "experiment_id=<O>"),
                {"experiment_id": "<V>", "key": "k", "value": "v"},
            ),
            (
                "POST",
                f"{MODELS}/rename",
                "name=<MO>",
                {"name": "<MV>", "new_name": "<wordV>-taken"},
            ),
            ("DELETE", f"{MODELS}/delete", "name=<MO>", {"name": "<MV>"}),
            ("PATCH", f"{MODELS}/update", "name=<MO>", {"name": "<MV>", "description": "x"}),
            ("POST", f"{RUNS}/search", "experiment_ids=<O>", {"experiment_ids": ["<V>"]}),
            ("POST", f"{RUNS}/delete", "run_id=<RO>", {"run_id": "<RV>"}),
        )
    ),
    Case(
        "D4 the body beats the query of upload-artifact",
        "POST /ajax-api/2.0/mlflow/upload-artifact?run_uuid=<RV>&path=x.txt",
        {"run_id": "<RO>", "run_uuid": "<RO>"},
    ),
    unclear(
        "D4 upload-artifact with a run of each kind",
        "POST /ajax-api/2.0/mlflow/upload-artifact?run_uuid=<RV>&run_id=<RO>&path=x.txt",
        "forged",
        TEXT,
    ),
    Case(
        "D4 gateway-proxy to one path in the query and another in the body",
        "POST /ajax-api/2.0/mlflow/gateway-proxy?gateway_path=<endNameO>",
        {"gateway_path": "<endNameV>", "json_data": {}},
    ),
    *(
        unclear(f"D5 delete by a {kind} body: {path}", f"DELETE {path}?{query}", body, headers)
        for path, query, body in (
            (f"{MODELS}/delete", "name=<MO>", {"name": "<MV>"}),
            (f"{MODELS}/delete-tag", "name=<MO>&key=k", {"name": "<MV>", "key": "k"}),
            (f"{MODELS}/alias", "name=<MO>&alias=champion", {"name": "<MV>", "alias": "champion"}),
            (f"{VERSIONS}/delete", "name=<MO>&version=1", {"name": "<MV>", "version": "1"}),
            (
                *(f"{VERSIONS}/delete-tag", "name=<MO>&version=1&key=k"),
                {"name": "<MV>", "version": "1", "key": "k"},
            ),
        )
        for kind, headers in (("text/plain", TEXT), ("JSON", JSON), ("untyped", UNTYPED))
    ),
    unclear("D6 GET with a body and no query", f"GET {EXPERIMENTS}/get", {"experiment_id": "<V>"}),
    unclear(
        "D6 GET with a body and a query of one's own",
        f"GET {EXPERIMENTS}/get?experiment_id=<O>",
        {"experiment_id": "<V>"},
    ),
    unclear(
        "D6 HEAD with a body whose answer's length would tell",
        f"HEAD {RUNS}/get?run_id=<RO>",
        {"run_id": "<RV>"},
    ),
    *(
        unclear(f"D7 {name}", f"POST {EXPERIMENTS}/update", body, headers)
        for name, body, headers in (
            ("JSON in a JSON string", json.dumps(json.dumps(UPDATED)), JSON),
            ("text/plain", UPDATED, TEXT),
            (
                "application/x+json",
                UPDATED,
                (("Content-Type", "application/x+json"),),
            ),
            ("no Content-Type", UPDATED, UNTYPED),
            (
                "a form",
                "experiment_id=<V>&new_name=taken",
                (("Content-Type", "application/x-www-form-urlencoded"),),
            ),
        )
    ),
    *(
        unclear(f"D8 {name}", line, body)
        for name, line, body in (
            (
                "two runs in get-artifact",
                "GET /get-artifact?run_uuid=<RV>&run_id=<RO>&path=secret.txt",
                None,
            ),
            (
                "two runs the other way",
                "GET /get-artifact?run_id=<RV>&run_uuid=<RO>&path=secret.txt",
                None,
            ),
            (
                *("two runs in set-tag", f"POST {RUNS}/set-tag"),
                {"run_uuid": "<RV>", "run_id": "<RO>", "key": "k", "value": "v"},
            ),
        )
    ),
    Case(
        "D9 a secret by an own name and another's id",
        f"GET {V3}/gateway/secrets/get?secret_name=<wordO>-s&secret_id=<secretV>",
    ),
    Case(
        "D9 an endpoint by an own name and another's id",
        f"GET {V3}/gateway/endpoints/get?name=<endNameO>&endpoint_id=<endV>",
    ),
    Case(
        "D9 a prompt job by another's id in the path and an own one in the body",
        f"POST {V3}/prompt-optimization/jobs/<jobV>/cancel",
        {"job_id": "<jobO>"},
    ),
    Case(
        "D9 a trace by another's id in the path and an own one in the body",
        f"PATCH {V3}/traces/<TV>/tags",
        {"trace_id": "<TO>", "key": "k", "value": "v"},
    ),
    *(
        unclear(f"D10 {name}", f"POST {EXPERIMENTS}/update", body)
        for name, body in (
            ("duplicate keys", '{"experiment_id": "<O>", "new_name": "x", "experiment_id": "<V>"}'),
            (
                "duplicate keys the other way",
                '{"experiment_id": "<V>", "new_name": "x", "experiment_id": "<O>"}',
            ),
        )
    ),
    unclear(
        "D10 duplicate query keys", f"GET {EXPERIMENTS}/get?experiment_id=<O>&experiment_id=<V>"
    ),
    unclear(
        "D10 duplicate query keys the other way",
        f"GET {EXPERIMENTS}/get?experiment_id=<V>&experiment_id=<O>",
    ),
    Case(
        "D10 an own and another's experiment in search-datasets",
        "POST /ajax-api/2.0/mlflow/experiments/search-datasets",
        {"experiment_ids": ["<O>", "<V>"]},
    ),
    Case(
        "D10 an own and another's trace in batchGet",
        f"GET {V3}/traces/batchGet?trace_ids=<TO>&trace_ids=<TV>",
    ),
    Case(
        "D10 an own and another's run in a chart",
        f"GET {CHART}?run_id=<RO>&run_id=<RV>&metric_key=metric",
    ),
)


@cases(*TWO_READINGS)
def test_what_can_be_read_two_ways_reaches_nothing(world: World, case: Case) -> None:
    attack(world, case)


def test_d10_a_mixed_list_of_experiments_finds_only_ones_own_runs(world: World) -> None:
    body = {"experiment_ids": ["<O>", "<V>"]}
    case = Case("D10", f"POST {RUNS}/search", body, answers=(200,))
    for answer in attack(world, case, users=[BOB]):
        found = {row["info"]["experiment_id"] for row in answer.json()["runs"]}
        assert found == {world.names["O"]}
