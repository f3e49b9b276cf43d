"""Traces and assessments hang on their experiment, however a request names them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests import tour
from tests.scripts import run_script

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from tests.live import Server

pytestmark = pytest.mark.mlflow

V2, V3 = "/api/2.0/mlflow/traces", "/api/3.0/mlflow/traces"
OTLP = "/v1/traces"


@dataclass(frozen=True)
class World:
    """Alice's experiment with a trace; a reader; eve, who is shut out but has an experiment."""

    server: Server
    alice: tuple[str, str]
    reader: tuple[str, str]
    eve: tuple[str, str]
    experiment: str
    others: str
    run: str

    def call(
        self, user: tuple[str, str], method: str, path: str, body: Any = None, /, **query: Any
    ) -> httpx.Response:
        return self.server.call(method, path, body, user=user, **query)


TRACE = "tr-" + "a" * 32


@pytest.fixture(scope="module")
def world(server: Server) -> World:
    alice, reader, eve = (server.add_user(name) for name in ("alice", "reader", "eve"))
    hers, others = (
        server.call(
            "POST", "/api/2.0/mlflow/experiments/create", {"name": f"{user[0]}'s"}, user=user
        ).json()["experiment_id"]
        for user in (alice, eve)
    )
    shut = {"experiment_id": hers, "username": "eve", "permission": "NO_PERMISSIONS"}
    made = server.call("POST", "/api/2.0/mlflow/experiments/permissions/create", shut)
    assert made.status_code == 200, made.text
    body = {"experiment_id": hers}
    run = server.call("POST", "/api/2.0/mlflow/runs/create", body, user=alice).json()["run"]
    assert start(server, alice, hers, TRACE).status_code == 200
    return World(server, alice, reader, eve, hers, others, run["info"]["run_id"])


def start(server: Server, user: tuple[str, str], experiment: str, trace: str) -> httpx.Response:
    return server.call("POST", V3, {"trace": {"trace_info": info(experiment, trace)}}, user=user)


def info(experiment: str, trace: str) -> dict[str, Any]:
    return {
        "trace_id": trace,
        "trace_location": place(experiment),
        "request_time": "2026-01-01T00:00:00Z",
        "state": "OK",
    }


def place(experiment: str) -> dict[str, Any]:
    return {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment}}


def reads(world: World) -> list[tuple[str, str, Any, dict[str, Any]]]:
    ids = [world.experiment]
    metrics = {
        "experiment_ids": ids,
        "view_type": "TRACES",
        "metric_name": "trace_count",
        "aggregations": [{"aggregation_type": "COUNT"}],
    }
    return [
        ("GET", f"{V3}/{TRACE}", None, {}),
        ("GET", f"{V3}/get", None, {"trace_id": TRACE, "allow_partial": "true"}),
        ("GET", f"{V3}/batchGet", None, {"trace_ids": [TRACE]}),
        ("POST", f"{V3}/batchGetInfos", {"trace_ids": [TRACE]}, {}),
        ("POST", f"{V3}/search", {"locations": [place(world.experiment)]}, {}),
        ("POST", f"{V3}/metrics", metrics, {}),
        ("GET", V2, None, {"experiment_ids": ids}),
    ]


def writes(world: World) -> list[tuple[str, str, Any, dict[str, Any]]]:
    tag = {"key": "k", "value": "v"}
    assessed = {"assessment": {"assessment_name": "ok", "feedback": {"value": True}}}
    ids = [TRACE]
    return [
        ("PATCH", f"{V2}/{TRACE}/tags", tag, {}),
        ("PATCH", f"{V3}/{TRACE}/tags", tag, {}),
        ("DELETE", f"{V2}/{TRACE}/tags", {"key": "k"}, {}),
        ("POST", f"{V3}/{TRACE}/assessments", assessed, {}),
        ("DELETE", f"{V3}/{TRACE}/assessments/a-1", None, {}),
        ("POST", f"{V2}/link-to-run", {"run_id": world.run, "trace_ids": ids}, {}),
        ("POST", f"{V2}/link-prompts", {"trace_id": TRACE, "prompt_versions": []}, {}),
        (
            "POST",
            f"{V2}/delete-traces",
            {"experiment_id": world.experiment, "request_ids": ids},
            {},
        ),
        (
            "POST",
            f"{V3}/delete-traces",
            {"experiment_id": world.experiment, "request_ids": ids},
            {},
        ),
        ("POST", V2, {"experiment_id": world.experiment, "timestamp_ms": 1}, {}),
        ("POST", V3, {"trace": {"trace_info": info(world.experiment, "tr-" + "b" * 32)}}, {}),
        ("POST", V3, {"trace": {"trace_info": info(world.experiment, TRACE)}}, {}),
    ]


def passed(answer: httpx.Response) -> bool:
    """Whether MLflow itself answered; it fails on its own where a trace has no spans yet."""
    return answer.status_code == 200 or "Trace data not stored" in answer.text


@pytest.mark.parametrize("prefix", ["/api", "/ajax-api"])
def test_who_is_shut_out_reaches_no_trace(world: World, prefix: str) -> None:
    for method, path, body, query in [*reads(world), *writes(world)]:
        spelled = path.replace("/api", prefix, 1)
        answer = world.call(world.eve, method, spelled, body, **query)
        assert answer.status_code == 403, (method, spelled, answer.text)
        assert TRACE not in answer.text


def test_a_reader_sees_traces_and_changes_none(world: World) -> None:
    for method, path, body, query in reads(world):
        answer = world.call(world.reader, method, path, body, **query)
        assert passed(answer), (method, path, answer.text)
    for method, path, body, query in writes(world):
        answer = world.call(world.reader, method, path, body, **query)
        assert answer.status_code == 403, (method, path, answer.text)
    kept = world.call(world.alice, "GET", f"{V3}/{TRACE}").json()["trace"]["trace_info"]
    assert kept["trace_location"]["mlflow_experiment"]["experiment_id"] == world.experiment
    assert "k" not in kept.get("tags", {})


def test_a_trace_cannot_be_taken_over_by_writing_its_id_elsewhere(world: World) -> None:
    taken = start(world.server, world.eve, world.others, TRACE)
    assert taken.status_code == 403
    own = start(world.server, world.eve, world.others, "tr-" + "c" * 32)
    assert own.status_code == 200, own.text


def test_one_foreign_id_among_many_is_enough_to_refuse(world: World) -> None:
    own = "tr-" + "d" * 32
    assert start(world.server, world.eve, world.others, own).status_code == 200
    both = [own, TRACE]
    assert passed(world.call(world.eve, "GET", f"{V3}/batchGet", trace_ids=[own]))
    for answer in (
        world.call(world.eve, "GET", f"{V3}/batchGet", trace_ids=both),
        world.call(world.eve, "POST", f"{V3}/batchGetInfos", {"trace_ids": both}),
        world.call(world.eve, "GET", V2, experiment_ids=[world.others, world.experiment]),
    ):
        assert answer.status_code == 403
        assert TRACE not in answer.text


@pytest.mark.parametrize(
    "location",
    [
        {},
        {"type": "MLFLOW_EXPERIMENT"},
        {"type": "INFERENCE_TABLE", "inference_table": {"full_table_name": "a.b.c"}},
        {"type": "MLFLOW_EXPERIMENT", "mlflowExperiment": {"experimentId": "1"}},
        {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experimentId": "1"}},
        {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {}},
        "1",
    ],
)
def test_a_place_to_search_that_cannot_be_judged_is_refused(world: World, location: Any) -> None:
    body = {"locations": [place(world.others), location]}
    assert world.call(world.eve, "POST", f"{V3}/search", body).status_code == 400


def test_an_unknown_trace_is_denied_like_a_foreign_one(world: World) -> None:
    unknown = world.call(world.eve, "GET", f"{V3}/tr-{'e' * 32}")
    foreign = world.call(world.eve, "GET", f"{V3}/{TRACE}")
    assert (unknown.status_code, unknown.content) == (403, foreign.content)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 400),
        ({"X-MLflow-Experiment-Id": "{experiment}"}, 403),
        ({"X-MLflow-Experiment-Id": "{others}, {experiment}"}, 400),
        ({"X-MLflow-Experiment-Id": "0{others}"}, 400),
        ({"X-MLflow-Experiment-Id": "{others}", "X-MLflow-Run-Id": "{run}"}, 403),
    ],
)
def test_open_telemetry_is_judged_by_its_headers(
    world: World, headers: dict[str, str], status: int
) -> None:
    values = {"experiment": world.experiment, "others": world.others, "run": world.run}
    sent = {name: value.format(**values) for name, value in headers.items()}
    protobuf = {"Content-Type": "application/x-protobuf", **sent}
    answer = world.server.client(world.eve).post(OTLP, content=b"", headers=protobuf)
    assert answer.status_code == status, answer.text


def test_a_denial_of_all_assessments_takes_them_out_of_what_contains_them(world: World) -> None:
    opinion = {"assessment": {"assessment_name": "an-opinion", "feedback": {"value": True}}}
    opinion["assessment"]["source"] = {"source_type": "HUMAN", "source_id": "admin"}
    made = world.server.call("POST", f"{V3}/{TRACE}/assessments", opinion)
    assert made.status_code == 200, made.text
    denial = {
        "username": "reader",
        "resource_type": "assessment",
        "resource_id": "*",
        "permission": "DENY",
    }
    one, _, _, batch, search, metrics, _ = reads(world)
    containing = (one, batch, search)  # the others need spans, of which it has none

    def seen() -> list[bool]:
        answers = [world.call(world.reader, *ask[:3], **ask[3]) for ask in containing]
        assert [answer.status_code for answer in answers] == [200] * 3
        assert all(TRACE in answer.text for answer in answers)
        return ["an-opinion" in answer.text for answer in answers]

    assert all(seen())
    grants = "/api/3.0/mlflow/users/permissions"
    assert world.server.call("POST", f"{grants}/grant", denial).status_code == 200
    assert not any(seen())
    filtered = {**search[2], "filter": "feedback.`an-opinion` = 'true'"}
    for path, body in ((search[1], filtered), (metrics[1], metrics[2])):
        assert world.call(world.reader, "POST", path, body).status_code == 403
    assert world.server.call("POST", f"{grants}/revoke", denial).status_code == 200


def test_an_editor_traces_with_the_real_client(world: World, tmp_path: Path) -> None:
    editor = world.server.add_user("tracing-editor")
    tour_grant = {
        "experiment_id": world.experiment,
        "username": editor[0],
        "permission": "EDIT",
    }
    path = "/api/2.0/mlflow/experiments/permissions/create"
    assert world.server.call("POST", path, tour_grant).status_code == 200
    code = f"""
    import mlflow
    from mlflow import MlflowClient

    mlflow.set_tracking_uri("{world.server.url}")
    mlflow.set_experiment(experiment_id="{world.experiment}")

    @mlflow.trace
    def double(number):
        return number * 2

    double(21)
    mlflow.flush_trace_async_logging()
    trace_id = mlflow.get_last_active_trace_id()
    print(len(mlflow.get_trace(trace_id).data.spans))
    found = mlflow.search_traces(locations=["{world.experiment}"], return_type="list")
    print(trace_id in [trace.info.trace_id for trace in found])
    mlflow.set_trace_tag(trace_id, "stage", "dev")
    feedback = mlflow.log_feedback(trace_id=trace_id, name="ok", value=True)
    print(mlflow.get_assessment(trace_id, feedback.assessment_id).value)
    try:
        MlflowClient().delete_traces("{world.experiment}", trace_ids=[trace_id])
    except Exception as error:
        print("Permission denied" in str(error))
    """
    printed = run_script(code, tmp_path, **tour.as_user(editor))
    assert printed.splitlines()[-4:] == ["1", "True", "True", "True"]
