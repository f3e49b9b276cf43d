"""What MLflow's clients and its web UI send is read, and means what they meant (contract 6)."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from authctl.errors import InvalidRequest
from authctl.policy.selectors import each, experiment, run
from authctl.server.request import Reading
from tests.exchanges import JSON, read

GET = "/api/2.0/mlflow/experiments/get"
UPDATE = "/api/2.0/mlflow/experiments/update"
SEARCH = "/api/2.0/mlflow/runs/search"
SEARCH_EXPERIMENTS = "/api/2.0/mlflow/experiments/search"
LOG_METRIC = "/api/2.0/mlflow/runs/log-metric"

# method, path with query, body, headers, and the reading's values
SENT: dict[str, tuple[str, str, bytes, dict[str, str], dict[str, list[Any]]]] = {
    "a read": ("GET", f"{GET}?experiment_id=12", b"", {}, {"experiment_id": ["12"]}),
    "a read with its type": (
        "GET",
        f"{GET}?experiment_id=0",
        b"",
        JSON,
        {"experiment_id": ["0"]},
    ),
    "a name in UTF-8": (
        "GET",
        f"/api/2.0/mlflow/experiments/get-by-name?experiment_name={quote('Größe/😀 50%')}",
        b"",
        {},
        {"experiment_name": ["Größe/😀 50%"]},
    ),
    "spaces as plus signs": (
        "GET",
        f"/api/2.0/mlflow/registered-models/get?name={quote_plus('my model+1')}",
        b"",
        {},
        {"name": ["my model+1"]},
    ),
    "spaces as %20": (
        "GET",
        "/ajax-api/2.0/mlflow/registered-models/get?name=my%20model",
        b"",
        {},
        {"name": ["my model"]},
    ),
    "a value that ends in brackets": (
        "GET",
        "/api/2.0/mlflow/artifacts/list?run_id=r&path=tensor[]",
        b"",
        {},
        {"run_id": ["r"], "path": ["tensor[]"]},
    ),
    "order_by repeated": (
        "GET",
        f"{SEARCH_EXPERIMENTS}?max_results=5&order_by=name&order_by=creation_time+DESC",
        b"",
        {},
        {"order_by": ["name", "creation_time DESC"], "max_results": ["5"]},
    ),
    "runs of a chart": (
        "GET",
        "/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval?run_ids=a&run_ids=b&metric_key=m",
        b"",
        {},
        {"run_ids": ["a", "b"]},
    ),
    "both names of a run": (
        "POST",
        LOG_METRIC,
        b'{"run_uuid": "r", "run_id": "r", "key": "m", "value": 1.5, "timestamp": 1, "step": 0}',
        JSON,
        {"run_id": ["r"], "run_uuid": ["r"]},
    ),
    "null for a name not used": (
        "POST",
        LOG_METRIC,
        b'{"run_uuid": null, "run_id": "r", "model_id": null}',
        JSON,
        {"run_id": ["r"]},
    ),
    "a type with charset": (
        "POST",
        UPDATE,
        b'{"experiment_id": "1"}',
        {"content-type": "application/json; charset=utf-8"},
        {"experiment_id": ["1"]},
    ),
    "a type with CHARSET": (
        "POST",
        UPDATE,
        b'{"experiment_id": "1"}',
        {"content-type": "application/json;charset=UTF-8"},
        {"experiment_id": ["1"]},
    ),
    "an empty body": (
        "POST",
        SEARCH_EXPERIMENTS,
        b"",
        JSON,
        {"filter": []},
    ),
    "an empty object": (
        "POST",
        SEARCH_EXPERIMENTS,
        b"{}",
        JSON,
        {"filter": []},
    ),
    "characters in surrogate pairs": (
        "POST",
        UPDATE,
        b'{"experiment_id": "1", "new_name": "\\ud83d\\ude00 \\u00fc"}',
        JSON,
        {"new_name": ["😀 ü"]},
    ),
    "a metric that is not a number": (
        "POST",
        "/api/2.0/mlflow/runs/log-batch",
        b'{"run_id": "r", "metrics": [{"key": "loss", "value": "NaN"}, {"model_id": "m"}]}',
        JSON,
        {"run_id": ["r"], "metrics.model_id": ["m"], "metrics.key": ["loss"]},
    ),
    "camelCase of what names nothing": (
        "POST",
        SEARCH,
        b'{"experiment_ids": ["1"], "runViewType": "ALL"}',
        JSON,
        {"experiment_ids": [["1"]], "runViewType": ["ALL"]},
    ),
    "a user's camelCase keys": (
        "POST",
        "/api/2.0/mlflow/experiments/create",
        b'{"name": "e", "tags": [{"key": "experimentId", "value": "{\\"runId\\": 1}"}]}',
        JSON,
        {"name": ["e"]},
    ),
    "a DELETE with a body": (
        "DELETE",
        "/api/2.0/mlflow/registered-models/delete",
        b'{"name": "m"}',
        JSON,
        {"name": ["m"]},
    ),
    "a DELETE of the admin API with a query": (
        "DELETE",
        "/api/2.0/mlflow/users/delete?username=alice",
        b"",
        {},
        {"username": ["alice"]},
    ),
    "the name in the path again in the body": (
        "PATCH",
        "/api/2.0/mlflow/logged-models/m-1",
        b'{"model_id": "m-1", "status": "LOGGED_MODEL_READY"}',
        JSON,
        {"model_id": ["m-1"]},
    ),
    "the name in the path empty in the body": (
        "PATCH",
        "/api/3.0/mlflow/traces/tr-1/tags",
        b'{"trace_id": "", "key": "k", "value": "v"}',
        JSON,
        {"trace_id": ["tr-1"]},
    ),
    "an artifact's path": (
        "GET",
        "/api/2.0/mlflow-artifacts/artifacts/1/run/artifacts/m%C3%B6del/data%20set.bin",
        b"",
        {},
        {"artifact_path": ["1/run/artifacts/mödel/data set.bin"]},
    ),
    "a form": (
        "POST",
        "/api/2.0/mlflow/users/create-ui",
        b"csrf_token=abc&username=J%C3%B6rg+M.&password=a%26b%3Dc%25",
        {"content-type": "application/x-www-form-urlencoded"},
        {"username": ["Jörg M."], "password": ["a&b=c%"]},
    ),
}


@pytest.mark.parametrize(("method", "target", "body", "headers", "values"), SENT.values(), ids=SENT)
def test_what_real_clients_send_is_read(
    method: str, target: str, body: bytes, headers: dict[str, str], values: dict[str, list[Any]]
) -> None:
    reading = read(method, target, body, headers)
    assert {name: reading.values(name) for name in values} == values


def test_the_path_beats_the_body() -> None:
    reading = Reading({"model_id": "path"}, (), {"model_id": "body"})
    assert reading.text("model_id") == "path"


def test_an_id_is_taken_from_whichever_of_its_names_is_given() -> None:
    for given in ({"run_id": "r"}, {"run_uuid": "r"}, {"run_id": None, "run_uuid": "r"}):
        assert Reading(body=given).named(run()) == ["r"]
    for nothing in ({}, {"run_id": None}, {"run_id": ""}, {"runId": "r"}):
        assert Reading(body=nothing).named(run()) == []
    with pytest.raises(InvalidRequest, match="must be a string"):
        Reading(body={"run_id": []}).named(run())


def test_every_value_of_a_list_is_named() -> None:
    selector = each(experiment("experiment_ids"))
    assert Reading(body={"experiment_ids": ["1", "2"]}).named(selector) == ["1", "2"]
    assert Reading(body={"experiment_ids": []}).named(selector) == []
    assert Reading(query=(("experiment_ids", "1"), ("experiment_ids", "2"))).named(selector) == [
        "1",
        "2",
    ]


def test_a_parameter_that_must_be_there_is_named_in_mlflows_words() -> None:
    with pytest.raises(InvalidRequest, match="Missing value for required parameter 'username'"):
        Reading().required("username")
    with pytest.raises(InvalidRequest, match="must be a string"):
        Reading(body={"username": 1}).required("username")
