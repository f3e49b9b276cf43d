"""The readings on which a layer in front of MLflow can differ from it: contract 6.2, row by row.

A case is refused for an owner of other things and for a stranger alike, in every spelling of its
route; nothing of the victim's is told, and nothing at all is written.
"""

from __future__ import annotations

import gzip
import json
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.server.attack import (
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

GET = "/api/2.0/mlflow/experiments/get"
UPDATE = "POST /api/2.0/mlflow/experiments/update"
SET_TAG = "POST /api/2.0/mlflow/runs/set-tag"
SEARCH = "POST /api/2.0/mlflow/runs/search"
MODELS = "/api/2.0/mlflow/registered-models"
VERSIONS = "/api/2.0/mlflow/model-versions"
FILES = "/api/2.0/mlflow-artifacts/artifacts"
FILE = "<RV>/artifacts/secret.txt"
V3 = "/api/3.0/mlflow"
NEW = {"new_name": "<wordV>-taken"}
RENAMED = {"experiment_id": "<V>"} | NEW
TAGGED = {"key": "k", "value": "forged"}


CANONICAL = (
    Case("experiments/get", f"GET {GET}?experiment_id=<V>"),
    Case("experiments/get, escaped", f"GET {GET}?experiment%5Fid=<V>"),
    Case(
        "experiments/get, path escaped", "GET /%61pi/2.0/mlflow/experiments/%67et?experiment_id=<V>"
    ),
    Case("experiments/update", UPDATE, RENAMED),
    Case("runs/set-tag", SET_TAG, {"run_id": "<RV>"} | TAGGED),
    Case("runs/set-tag by run_uuid", SET_TAG, {"run_id": None, "run_uuid": "<RV>"} | TAGGED),
    Case("runs/search", SEARCH, {"experiment_ids": ["<V>"], "max_results": 5}),
    Case("the file", f"GET {FILES}/<V>/{FILE}"),
    Case("the file's length", f"HEAD {FILES}/<V>/{FILE}"),
    Case("the list", f"GET {FILES}?path=<V>"),
    Case("update of a model", f"PATCH {MODELS}/update", {"name": "<MV>", "description": "x"}),
    Case("a trace's tag", f"PATCH {V3}/traces/<TV>/tags", TAGGED),
    Case(
        "a logged model's tag", "PATCH /api/2.0/mlflow/logged-models/<LV>/tags", {"tags": [TAGGED]}
    ),
    Case("delete of an assessment", f"DELETE {V3}/traces/<TV>/assessments/<AV>", spoils="tracing"),
    Case("delete of a model", f"DELETE {MODELS}/delete", {"name": "<MV>"}, spoils="registry"),
)


@cases(*CANONICAL)
def test_the_victim_may(embedded: World, case: Case) -> None:
    control(embedded, case)


def _encoded(codec: str, text: bytes) -> bytes:
    return text.decode().encode(codec)


ROWS = (
    unclear("6.2-1 GET without a query and with a body", f"GET {GET}", {"experiment_id": "<V>"}),
    unclear("6.2-2 GET with an empty query and a body", f"GET {GET}?", {"experiment_id": "<V>"}),
    unclear("6.2-2 GET with ?& and a body", f"GET {GET}?&", {"experiment_id": "<V>"}),
    unclear("6.2-3 GET of one's own with a body", f"GET {GET}?experiment_id=<O>", RENAMED),
    unclear("6.2-4 HEAD of one's own with a body", f"HEAD {GET}?experiment_id=<O>", RENAMED),
    unclear("6.2-4 HEAD, which runs the handler", f"HEAD {GET}?experiment_id=<V>"),
    unclear("6.2-5 POST with a query", f"{UPDATE}?experiment_id=<O>", RENAMED),
    unclear(
        "6.2-5 DELETE with a query", f"DELETE {MODELS}/delete?name=<MO>", {"name": "<MV>"}, TEXT
    ),
    unclear(
        "6.2-5 PATCH with a query", f"PATCH {MODELS}/update?name=<MO>", {"name": "<MV>"}, UNTYPED
    ),
    unclear("6.2-6 DELETE without a body", f"DELETE {MODELS}/delete?name=<MO>"),
    unclear("6.2-6 DELETE of another's without a body", f"DELETE {MODELS}/delete?name=<MV>"),
    unclear("6.2-7 a repeated id, own first", f"GET {GET}?experiment_id=<O>&experiment_id=<V>"),
    unclear("6.2-7 a repeated id, own last", f"GET {GET}?experiment_id=<V>&experiment_id=<O>"),
    unclear("6.2-8 experimentId on GET", f"GET {GET}?experimentId=<V>"),
    Case("6.2-9 an escaped key", f"GET {GET}?experiment%5Fid=<V>"),
    unclear("6.2-9 an escaped key besides", f"GET {GET}?experiment_id=<O>&experiment%5Fid=<V>"),
    Case("6.2-10 experiment_ids[] of datasets", f"GET {V3}/datasets/search?experiment_ids[]=<O>"),
    unclear("6.2-10 experiment_ids[] of traces", "GET /api/2.0/mlflow/traces?experiment_ids[]=<V>"),
    Case(
        "6.2-10 datasets of no experiment", f"GET {V3}/datasets/search", answers=(200, *(400, 403))
    ),
    unclear("6.2-11 camelCase alone", UPDATE, {"experimentId": "<V>"} | NEW),
    unclear("6.2-12 snake and camel", UPDATE, {"experiment_id": "<O>", "experimentId": "<V>"}),
    unclear("6.2-13 two runs", SET_TAG, {"run_id": "<RO>", "run_uuid": "<RV>"} | TAGGED),
    unclear(
        "6.2-13 two runs the other way", SET_TAG, {"run_id": "<RV>", "run_uuid": "<RO>"} | TAGGED
    ),
    Case("6.2-13 null and run_uuid", SET_TAG, {"run_id": None, "run_uuid": "<RV>"} | TAGGED),
    Case("6.2-13 nothing and run_uuid", SET_TAG, {"run_id": "", "run_uuid": "<RV>"} | TAGGED),
    unclear(
        "6.2-14 runId beside run_uuid", SET_TAG, {"runId": "<RV>", "run_uuid": "<RO>"} | TAGGED
    ),
    unclear("6.2-15 a key twice", UPDATE, '{"experiment_id": "<O>", "experiment_id": "<V>"}'),
    unclear(
        "6.2-15 a key escaped", UPDATE, '{"experiment_id": "<O>", "experiment\\u005fid": "<V>"}'
    ),
    unclear(
        "6.2-15 a nested key twice",
        f"POST {V3}/traces/search",
        '{"locations": [{"mlflow_experiment": {"experiment_id": "<O>", "experiment_id": "<V>"}}]}',
    ),
    unclear("6.2-16 JSON in a JSON string", UPDATE, json.dumps(json.dumps(RENAMED))),
    *(
        unclear(f"6.2-17 {codec}", UPDATE, RENAMED, None, partial(_encoded, codec))
        for codec in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig")
    ),
    unclear(
        "6.2-17 a wrong charset",
        UPDATE,
        RENAMED,
        (("Content-Type", f"{JSON[0][1]}; charset=utf-16"),),
    ),
    unclear(
        "6.2-18 a wrong type before the id",
        SEARCH,
        '{"experiment_ids": ["<O>", 1, "<V>"], "max_results": "x"}',
    ),
    unclear("6.2-18 an id that is a number", UPDATE, '{"experiment_id": <V>, "new_name": "taken"}'),
    unclear("6.2-18 an id that is a list", UPDATE, {"experiment_id": ["<V>"]} | NEW),
    *(
        unclear(f"6.2-19 {name}", f"GET {GET}?experiment_id={written}")
        for name, written in (
            ("a leading zero", "0<V>"),
            ("a leading space", "%20<V>"),
            ("a plus sign", "%2B<V>"),
            ("a line feed", "<V>%0A"),
            ("a tab", "%09<V>"),
            ("an underscore", "<V>_0"),
        )
    ),
    unclear("6.2-19 a leading zero in a body", UPDATE, {"experiment_id": "0<V>"} | NEW),
    unclear("6.2-21 gzip", UPDATE, RENAMED, (*JSON, ("Content-Encoding", "gzip")), gzip.compress),
    *(
        unclear(f"6.2-22 {path}", f"GET {path}?experiment_id=<V>")
        for path in (
            f"/{GET}",
            "/%2fapi/2.0/mlflow/experiments/get",
            "/api/2.0/mlflow%2Fexperiments%2Fget",
            "/api/2.0//mlflow/experiments/get",
        )
    ),
    Case("6.2-22 an escaped letter", "GET /%61pi/2.0/mlflow/experiments/%67et?experiment_id=<V>"),
    unclear(
        "6.2-23 two slashes, which MLflow redirects", f"GET {GET.replace('/mlflow', '//mlflow')}"
    ),
    *(
        Case(f"6.2-24 {path}", f"GET {path}?experiment_id=<V>")
        for path in (
            f"{GET}/",
            GET.replace("/get", "/./get"),
            GET.replace("/get", "/x/../get"),
            f"{GET};p",
            GET.replace("/get", "%252Fget"),
            "/API/2.0/mlflow/experiments/get",
            "/api/2.0/MLflow/experiments/get",
            "/api/3.0/mlflow/experiments/get",
            "/api/2/mlflow/experiments/get",
        )
    ),
    unclear("6.2-25 a method in lower case", f"get {GET}?experiment_id=<V>"),
    *(
        Case(f"6.2-26 {path}", f"GET {FILES}/{path}")
        for path in (
            f"./<V>/{FILE}",
            f"%2e/<V>/{FILE}",
            f"<V>%2f{FILE}",
            f"%2531/{FILE}",
            f"%252e/<V>/{FILE}",
            f"<V>/{FILE}/",
            "<V>/<RV>//artifacts/secret.txt",
            f"<O>/..%2f<V>/{FILE}",
            f"<O>/../<V>/{FILE}",
            f"/<V>/{FILE}",
            f"%2f<V>/{FILE}",
        )
    ),
    Case("6.2-26 an escaped slash before the id", f"GET {FILES}%2F<V>/{FILE}"),
    unclear("6.2-27 a list with its path in a body", f"GET {FILES}", {"path": "<V>"}),
    unclear("6.2-28 two paths", f"GET {FILES}?path=<O>&path=<V>"),
    unclear("6.2-28 two paths the other way", f"GET {FILES}?path=<V>&path=<O>"),
    Case("6.2-28 an escaped path", f"GET {FILES}?path=%2531"),
    Case("6.2-28 a path out of one's own", f"GET {FILES}?path=<O>/%252e%252e/<V>"),
    Case("6.2-29 HEAD of a file", f"HEAD {FILES}/<V>/{FILE}"),
    *(
        Case(f"6.2-30 {line.split('<')[0]}", line, body)
        for line, body in (
            (f"PATCH {V3}/traces/<TV>/tags", {"trace_id": "<TO>"} | TAGGED),
            ("PATCH /api/2.0/mlflow/traces/<TV>/tags", {"request_id": "<TO>"} | TAGGED),
            ("PATCH /api/2.0/mlflow/traces/<TV>", {"request_id": "<TO>", "timestamp_ms": 1}),
            (
                f"POST {V3}/traces/<TV>/assessments",
                {"assessment": {"trace_id": "<TO>", "assessment_name": "x"}},
            ),
            (
                "PATCH /api/2.0/mlflow/logged-models/<LV>/tags",
                {"model_id": "<LO>", "tags": [TAGGED]},
            ),
            (
                "PATCH /api/2.0/mlflow/logged-models/<LV>",
                {"model_id": "<LO>", "status": "LOGGED_MODEL_READY"},
            ),
            (
                "POST /api/2.0/mlflow/logged-models/<LV>/params",
                {"model_id": "<LO>", "params": [TAGGED]},
            ),
            (f"PATCH {V3}/datasets/<DV>/tags", {"dataset_id": "<DO>", "tags": "{}"}),
        )
    ),
    Case("6.2-31 an assessment of another's trace", f"DELETE {V3}/traces/<TV>/assessments/<AV>"),
    *(
        Case(f"6.2-33 a gateway call for {name}", f"POST {path}", body)
        for name, path, body in (
            (
                "two models",
                "/gateway/mlflow/v1/chat/completions",
                '{"model": "<endNameO>", "model": "<endNameV>", "messages": []}',
            ),
            (
                "two models the other way",
                "/gateway/mlflow/v1/chat/completions",
                '{"model": "<endNameV>", "model": "<endNameO>", "messages": []}',
            ),
            ("an escaped name", "/gateway/<endNameV>/mlflow/invocations", {"messages": []}),
            ("another's name", "/gateway/<endNameV>/mlflow/invocations", {"messages": []}),
        )
    ),
    Case(
        "6.2-34 an experiment whose files lie in another's",
        "POST /api/2.0/mlflow/experiments/create",
        {"name": "alias", "artifact_location": "mlflow-artifacts:/<V>"},
    ),
    Case(
        "6.2-35 a version whose source lies in another's",
        f"POST {VERSIONS}/create",
        {"name": "<MO>", "source": "mlflow-artifacts:/<V>/<RV>/artifacts"},
    ),
    unclear(
        "6.2-36 a workspace", f"GET {GET}?experiment_id=<V>", None, (("X-MLFLOW-WORKSPACE", "x"),)
    ),
    unclear("6.2-36 a workspace on health", "GET /health", None, (("X-MLFLOW-WORKSPACE", "x"),)),
    *(
        Case(
            f"6.2-38 {name} {value}",
            f"POST {GET}?experiment_id=<V>{query}",
            RENAMED,
            (*JSON, *more),
        )
        for name, value, query, more in (
            ("X-HTTP-Method-Override", "GET", "", (("X-HTTP-Method-Override", "GET"),)),
            ("X-Method-Override", "GET", "", (("X-Method-Override", "GET"),)),
            ("_method", "GET", "&_method=GET", ()),
        )
    ),
    Case("6.2-39 OPTIONS", f"OPTIONS {GET}?experiment_id=<V>"),
)


@cases(*ROWS)
def test_no_reading_reaches_what_is_anothers(world: World, case: Case) -> None:
    for answer in attack(world, case):
        assert answer.header("Location") is None
        assert answer.header("Allow") is None
