"""Readings of contract 6.2 that differ by framing, by header, or by MLflow's side that reads."""

from __future__ import annotations

import base64
import gzip
import json
import re
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from google.protobuf.json_format import Parse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.server.attack import BOB, EVE, JSON, Case, attack, cases, check_untold, control, send
from tests.server.things import otlp

if TYPE_CHECKING:
    from tests.server.world import World

pytestmark = pytest.mark.mlflow

UPDATE = "POST /api/2.0/mlflow/experiments/update"
MODELS = "/api/2.0/mlflow/registered-models"
FILES = "/api/2.0/mlflow-artifacts/artifacts"
V3 = "/api/3.0/mlflow"
RENAMED = {"experiment_id": "<V>", "new_name": "taken"}
SEARCH = "POST /api/2.0/mlflow/runs/search"
CHUNKED = (*JSON, ("Transfer-Encoding", "chunked"))


def _chunked(text: bytes) -> bytes:
    return b"%x\r\n%s\r\n0\r\n\r\n" % (len(text), text)


@cases(
    Case("6.2-20 a chunked body", UPDATE, RENAMED, CHUNKED, _chunked),
    Case(
        "6.2-20 a chunked body with a length besides",
        *(UPDATE, RENAMED, (*CHUNKED, ("Content-Length", "5")), _chunked),
    ),
    Case(
        "6.2-20 a chunked body with a length before",
        *(UPDATE, RENAMED, (("Content-Length", "5"), *CHUNKED), _chunked),
    ),
    Case(
        "6.2-20 a body that is chunked in name only",
        *(UPDATE, RENAMED, (*JSON, ("Transfer-Encoding", "identity, chunked")), _chunked),
    ),
)
def test_a_framing_hides_nothing(world: World, case: Case) -> None:
    attack(world, case)


def test_6_2_20_a_second_request_inside_a_body_is_nobodys(world: World) -> None:
    inner = f"DELETE {MODELS}/delete HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
    case = Case("6.2-20", UPDATE, RENAMED, (*CHUNKED, ("Content-Length", "5")))
    attack(world, replace(case, pack=lambda _: f"0\r\n\r\n{inner}".encode()), users=[None, EVE])


def test_6_2_31_a_foreign_assessment_is_not_reached_through_ones_own_trace(world: World) -> None:
    before = world.victim()
    path = f"{V3}/traces/<TO>/assessments/<AV>"
    changed = {"assessment": {"assessment_name": "forged"}, "update_mask": "assessmentName"}
    for case in (
        Case("GET", f"GET {path}"),
        Case("PATCH", f"PATCH {path}", changed),
        Case("DELETE", f"DELETE {path}"),
    ):
        check_untold(world, case, send(world, BOB, case))
    assert world.victim() == before


OTLP = "POST /v1/traces"
FORGED = otlp("<hexTV>", "forged")
INTO = "X-MLflow-Experiment-Id"
PROTOBUF = ("Content-Type", "application/x-protobuf")
TRACE_FILES = "mlflow-artifacts:/<V>/traces/<TV>/artifacts"


def _capitals(text: bytes) -> bytes:
    return re.sub(
        rb'"traceId": "(\w+)"', lambda found: found[0].replace(found[1], found[1].upper()), text
    )


def _in_base64(text: bytes) -> str:
    """Ids as protobuf writes bytes in JSON, where OpenTelemetry writes them in hexadecimal."""

    def encode(found: re.Match[str]) -> str:
        number = base64.b64encode(bytes.fromhex(found[2])).decode()
        return f'{found[1]}"{number}"'

    return re.sub(r'("(?:traceId|spanId)": )"(\w+)"', encode, text.decode())


def _protobuf(text: bytes) -> bytes:
    return bytes(Parse(_in_base64(text), ExportTraceServiceRequest()).SerializeToString())


def _snake(text: bytes) -> bytes:
    return _in_base64(text).replace("resourceSpans", "resource_spans").encode()


def _twice(text: bytes) -> bytes:
    own = otlp("e" * 32, "x")["resourceSpans"]
    return text[:-1] + f', "resource_spans": {json.dumps(own)}}}'.encode()


@cases(
    Case("6.2-32 no experiment", OTLP, FORGED, JSON),
    Case("6.2-32 another's experiment", OTLP, otlp("e" * 32, "x"), (*JSON, (INTO, "<V>"))),
    Case("6.2-32 another's experiment in the body", OTLP, {"experiment_id": "<V>"}, JSON),
    Case(
        "6.2-32 the header twice", OTLP, otlp("e" * 32, "x"), (*JSON, (INTO, "<O>"), (INTO, "<V>"))
    ),
    Case("6.2-32 two in one header", OTLP, otlp("e" * 32, "x"), (*JSON, (INTO, "<O>, <V>"))),
    Case("6.2-32 another spelling", OTLP, otlp("e" * 32, "x"), (*JSON, (INTO, "0<V>"))),
    Case(
        "6.2-32 an underscored header besides",
        *(OTLP, otlp("e" * 32, "x"), (*JSON, ("X_MLflow_Experiment_Id", "<O>"), (INTO, "<V>"))),
    ),
    Case(
        "6.2-32 another's run",
        *(OTLP, otlp("e" * 32, "x"), (*JSON, (INTO, "<O>"), ("X-MLflow-Run-Id", "<RV>"))),
    ),
    Case("6.2-32 a span of another's trace", OTLP, FORGED, (*JSON, (INTO, "<O>"))),
    Case(
        "6.2-32 a span of another's trace, packed",
        *(OTLP, FORGED, (*JSON, (INTO, "<O>"), ("Content-Encoding", "gzip")), gzip.compress),
    ),
    Case(
        "6.2-32 a span of another's trace in capitals",
        *(OTLP, FORGED, (*JSON, (INTO, "<O>")), _capitals),
    ),
    Case(
        "6.2-32 a span of another's trace, deflated",
        *(OTLP, FORGED, (*JSON, (INTO, "<O>"), ("Content-Encoding", "deflate")), zlib.compress),
    ),
    Case(
        "6.2-32 a span of another's trace in protobuf",
        *(OTLP, FORGED, (PROTOBUF, (INTO, "<O>")), _protobuf),
    ),
    Case(
        "6.2-32 a span of another's trace in packed protobuf",
        *(OTLP, FORGED, (PROTOBUF, (INTO, "<O>"), ("Content-Encoding", "gzip"))),
        lambda text: gzip.compress(_protobuf(text)),
    ),
    Case(
        "6.2-32 a span of another's trace in protobuf's spelling of JSON",
        *(OTLP, FORGED, (*JSON, (INTO, "<O>")), _snake),
    ),
    Case(
        "6.2-32 a span of another's trace beside one's own key",
        *(OTLP, FORGED, (*JSON, (INTO, "<O>")), _twice),
    ),
    Case(
        "6.2-32 a tag that says where the trace's files are",
        OTLP,
        otlp("e" * 32, "x", **{"mlflow.traceTag.mlflow.artifactLocation": TRACE_FILES}),
        (*JSON, (INTO, "<O>")),
    ),
    Case(
        "6.2-32 a tag that says where the trace's archive is",
        OTLP,
        otlp("e" * 32, "x", **{"mlflow.traceTag.mlflow.trace.archiveLocation": TRACE_FILES}),
        (*JSON, (INTO, "<O>")),
    ),
)
def test_open_telemetry_writes_into_nothing_of_anothers(world: World, case: Case) -> None:
    attack(world, case)


def test_6_2_37_names_beyond_ascii_are_read_alike_on_every_side_of_mlflow(embedded: World) -> None:
    name, password = "jörg@例え", "pässwörd:with:colons 🔑"
    embedded.ok("POST /api/2.0/mlflow/users/create", {"username": name, "password": password})
    latin = base64.b64encode("jörg:pässwörd".encode("latin-1")).decode()
    for line in (f"{SEARCH}", f"GET {FILES}?path=<V>", OTLP, f"GET {V3}/jobs/x"):
        case = Case("6.2-37", line)
        assert send(embedded, (name, password), case).status in (200, 400, 403)
        refused = replace(case, headers=(("Authorization", f"Basic {latin}"),))
        assert send(embedded, None, refused).status == 401


def test_6_2_39_options_asks_for_a_login_first(world: World) -> None:
    case = Case("6.2-39", "OPTIONS /api/2.0/mlflow/experiments/get", answers=(401,))
    for answer in attack(world, case, users=[None]):
        assert answer.header("Allow") is None


@cases(
    Case("protobuf", OTLP, otlp("a" * 32, "x"), (PROTOBUF, (INTO, "<V>")), _protobuf),
    Case("in another spelling", OTLP, otlp("b" * 32, "x"), (*JSON, (INTO, "<V>")), _capitals),
    Case(
        "gzip",
        OTLP,
        otlp("c" * 32, "x"),
        (*JSON, (INTO, "<V>"), ("Content-Encoding", "gzip")),
        gzip.compress,
    ),
    Case(
        "deflate",
        OTLP,
        otlp("d" * 32, "x"),
        (*JSON, (INTO, "<V>"), ("Content-Encoding", "deflate")),
        zlib.compress,
    ),
)
def test_the_victim_sends_spans_in_each_of_these_ways(embedded: World, case: Case) -> None:
    control(embedded, case)
