"""Routes and methods that nobody knows, and what an MLflow behind is asked while one is judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.live import ADMIN, authctl_server
from tests.server.attack import BOB, EVE, JSON, Case, attack, cases, send
from tests.server.world import World, config
from tests.servers import recording_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers import Recorder

pytestmark = pytest.mark.mlflow

A2, A3 = "/api/2.0/mlflow", "/api/3.0/mlflow"
J3 = "/ajax-api/3.0"
GET = f"{A2}/experiments/get?experiment_id=<V>"
OVERRIDE = (*JSON, ("X-HTTP-Method-Override", "DELETE"))


def _segments() -> Iterator[Case]:
    for written in (
        "<TV>%20",
        "<TV>.json",
        "<TV>/",
        "<TV>%2F",
        "<TV>%00",
        "<TV>;x",
        "%20<TV>",
        "<TV>,<TO>",
    ):
        yield Case(f"M12 a trace as {written}", f"GET {A3}/traces/{written}")
        yield Case(
            f"M12 a tag of {written}",
            f"PATCH {A3}/traces/{written}/tags",
            {"key": "k", "value": "v"},
        )
    for line in (
        f"GET {A3}/traces/<TV>",
        f"GET {A2}/traces/<TV>/info",
        f"GET {A3}/traces/<TV>/assessments/<AV>",
        f"GET {A2}/logged-models/<LV>",
        f"GET {A2}/logged-models/<LV>/artifacts/directories",
        f"GET {A2}/webhooks/<hookV>",
        f"GET {J3}/jobs/<jobV>",
        f"GET {J3}/mlflow/jobs/<jobV>",
        f"GET {A3}/datasets/<DV>",
        f"GET {A3}/issues/<issueV>",
        f"GET {A3}/mcp-servers/<mcpV>",
        f"GET {A3}/workspaces/default",
        f"GET {A3}/prompt-optimization/jobs/<jobV>",
    ):
        yield Case(f"M12 {line.split('/mlflow/')[-1]}", line)


UNKNOWN = (
    *(
        Case(f"M13 {line.split('?')[0]}", line, body)
        for line, body in (
            (f"GET {GET.replace('2.0', '9.9')}", None),
            ("GET /ajax-api/9.9/mlflow/x", None),
            ("POST /ajax-api/9.9/mlflow/x", {"experiment_id": "<V>"}),
            (f"GET {GET.replace('2.0', '3.0')}", None),
            (f"GET {GET.replace('/get', '/get2')}", None),
            (f"GET {GET.replace('/get', '/getx')}", None),
            (f"GET {GET.replace('/mlflow', '')}", None),
            (f"POST {A2}/experiments/purge", {"experiment_id": "<V>"}),
            (f"POST {A3}/traces/export", {"experiment_ids": ["<V>"]}),
            ("GET /api/2.0/preview/mlflow/experiments/get?experiment_id=<V>", None),
            ("GET /api/experiments/get?experiment_id=<V>", None),
            ("GET /docs", None),
            ("GET /openapi.json", None),
            ("GET /metrics", None),
        )
    ),
    *(
        Case(f"M13 {method} of a known path", f"{method} {GET}")
        for method in ("PUT", "PATCH", "DELETE", "POST", "TRACE", "PROPFIND", "OPTIONS", "QUERY")
    ),
    Case("M13 GET of what is posted", f"GET {A2}/experiments/delete?experiment_id=<V>"),
    Case("M13 a method in a header", f"POST {GET}", {}, OVERRIDE),
    Case(
        "M13 a method in a header of what is posted",
        f"POST {A2}/registered-models/get-latest-versions",
        {"name": "<MV>"},
        OVERRIDE,
    ),
    Case(
        "M13 a websocket",
        f"GET {GET}",
        None,
        (
            ("Connection", "Upgrade"),
            ("Upgrade", "websocket"),
            ("Sec-WebSocket-Key", "eA=="),
            ("Sec-WebSocket-Version", "13"),
        ),
    ),
)


@cases(*_segments(), *UNKNOWN)
def test_what_no_row_knows_is_denied(world: World, case: Case) -> None:
    attack(world, case)


def test_m13_an_administrator_passes_what_no_row_knows(embedded: World) -> None:
    answer = send(embedded, ADMIN, Case("M13", f"PUT {GET}"))
    assert answer.status == 405
    assert "unlisted, passed for an administrator" in embedded.server.log.read_text()


@pytest.fixture(scope="module")
def recorder() -> Iterator[Recorder]:
    with recording_server() as recorder:
        yield recorder


@pytest.fixture(scope="module")
def front(recorder: Recorder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """In front of an upstream that is told what to answer; everyone may read by default."""
    folder = tmp_path_factory.mktemp("front")
    options = ("--upstream", recorder.url, *config(folder, "READ"))
    with authctl_server(folder, *options) as server:
        for name in ("alice", "bob", "eve"):
            server.add_user(name)
        yield World(server, (folder,))


@pytest.fixture
def asked(recorder: Recorder) -> Recorder:
    recorder.requests.clear()
    recorder.answers.clear()
    return recorder


@pytest.mark.parametrize(
    ("line", "body"),
    [
        (f"POST {J3}/mlflow/issues/invoke", {"experiment_id": "1", "trace_ids": ["tr-1"]}),
        (f"POST {A2}/runs/create", {"experiment_id": "1"}),
        (f"POST {A2}/registered-models/create", {"name": "new"}),
        (f"POST {A2}/runs/log-metric", {"run_id": "r", "key": "k", "value": 1, "timestamp": 1}),
        ("POST /ajax-api/9.9/mlflow/new", {}),
    ],
)
def test_m14_what_is_allowed_is_done_once_and_what_is_denied_never(
    front: World, asked: Recorder, line: str, body: dict[str, Any]
) -> None:
    assert send(front, ADMIN, Case("M14", line, body)).status == 200
    assert [request.method for request in asked.requests] == ["POST"]
    assert asked.requests[0].body == body
    asked.requests.clear()
    asked.will_answer(404)
    answer = send(front, EVE, Case("M14", line, body))
    if "registered-models" not in line:  # which anybody may make
        assert answer.status == 403
        assert "POST" not in [request.method for request in asked.requests]


@pytest.mark.parametrize("written", ["CHURN", "Churn", "churn ", "chürn"])
@pytest.mark.parametrize(
    "line",
    [f"GET {A2}/registered-models/get?name=", f"GET {A2}/model-versions/get?version=1&name="],
)
def test_d11_6_2_40_a_denied_model_is_not_found_under_a_name_that_a_database_takes_for_its(
    front: World, asked: Recorder, line: str, written: str
) -> None:
    thing = {"username": "bob", "resource_type": "registered_model", "resource_id": "churn"}
    grants = f"{A3}/users/permissions"
    front.ok(f"POST {grants}/grant", thing | {"permission": "DENY"})
    model = {"name": "churn", "description": "hush"}
    asked.will_answer(200, {"registered_model": model, "model_version": model})
    answer = send(
        front, BOB, Case("D11", line + written.replace(" ", "%20").replace("ü", "%C3%BC"))
    )
    front.ok(f"POST {grants}/revoke", thing)
    assert answer.status in (400, 403, 404)
    assert b"hush" not in answer.body
