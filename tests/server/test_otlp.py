"""OpenTelemetry exports: the traces they write to are judged, whatever their headers say."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from authctl.errors import InvalidRequest
from authctl.server import otlp
from authctl.server.exchange import MAX_BODY_BYTES
from authctl.server.request import JSON_TYPE
from tests.exchanges import forward, read

if TYPE_CHECKING:
    from tests.exchanges import Headers

PATH = "/v1/traces"
ONE, OTHER = "0" * 31 + "1", "ab" * 16
EXPERIMENT = {"x-mlflow-experiment-id": "1"}
PROTOBUF = {**EXPERIMENT, "content-type": otlp.PROTOBUF_TYPE}
JSON = {**EXPERIMENT, "content-type": JSON_TYPE}


def protobuf(*trace_ids: str, key: str = "k") -> bytes:
    message = ExportTraceServiceRequest()
    for trace_id in trace_ids:
        span = message.resource_spans.add().scope_spans.add().spans.add()
        span.trace_id = bytes.fromhex(trace_id)
        span.attributes.add().key = key
    return message.SerializeToString()


def as_json(*trace_ids: str, **more: Any) -> bytes:
    spans = [{"traceId": trace_id, **more} for trace_id in trace_ids]
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).encode()


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (protobuf(ONE, OTHER), PROTOBUF),
        (as_json(ONE, OTHER.upper()), JSON),
        (gzip.compress(protobuf(ONE, OTHER)), {**PROTOBUF, "content-encoding": "gzip"}),
        (zlib.compress(protobuf(ONE, OTHER)), {**PROTOBUF, "content-encoding": "deflate"}),
        (
            zlib.compress(protobuf(ONE, OTHER), wbits=-zlib.MAX_WBITS),
            {**PROTOBUF, "content-encoding": "deflate"},
        ),
    ],
    ids=["protobuf", "JSON", "gzip", "deflate", "deflate without a header"],
)
def test_every_span_s_trace_is_read_and_the_body_passed_on_plain(
    body: bytes, headers: Headers
) -> None:
    reading = read("POST", PATH, body, headers)
    assert reading.values("spans.trace_id") == [f"tr-{ONE}", f"tr-{OTHER}"]
    assert reading.values("header:x-mlflow-experiment-id") == ["1"]
    passed = forward("POST", PATH, [body], headers)
    assert passed.body in (protobuf(ONE, OTHER), as_json(ONE, OTHER.upper()))
    names = dict(passed.headers)
    assert "content-encoding" not in names
    assert names["content-length"] == str(len(passed.body))


REFUSED: dict[str, tuple[bytes, dict[str, str]]] = {
    "no protobuf": (b"\xff\xff\xff", PROTOBUF),
    "a trace id of another length": (protobuf("abcd"), PROTOBUF),
    "a span without a trace": (protobuf(""), PROTOBUF),
    "a trace id that is no number": (as_json("x" * 32), JSON),
    "a trace id with white space": (as_json(f"{ONE} "), JSON),
    "a trace id under its other name": (as_json(ONE, trace_id=OTHER), JSON),
    "no trace id": (as_json("", traceId=None), JSON),
    "spans under another name": (b'{"resource_spans": []}', JSON),
    "scopes under another name": (b'{"resourceSpans": [{"scope_spans": []}]}', JSON),
    "a list of something else": (b'{"resourceSpans": [1]}', JSON),
    "a repeated key": (b'{"resourceSpans": [], "resourceSpans": []}', JSON),
    "another type": (protobuf(ONE), {**EXPERIMENT, "content-type": "text/plain"}),
    "no type": (protobuf(ONE), EXPERIMENT),
    "another encoding": (protobuf(ONE), {**PROTOBUF, "content-encoding": "br"}),
    "two encodings": (
        gzip.compress(protobuf(ONE)),
        {**PROTOBUF, "content-encoding": "gzip, deflate"},
    ),
    "not encoded as it says": (protobuf(ONE), {**PROTOBUF, "content-encoding": "gzip"}),
    "cut off": (gzip.compress(protobuf(ONE))[:-9], {**PROTOBUF, "content-encoding": "gzip"}),
}


@pytest.mark.parametrize(("body", "headers"), REFUSED.values(), ids=REFUSED)
def test_an_export_that_cannot_be_read_is_refused(body: bytes, headers: Headers) -> None:
    with pytest.raises(InvalidRequest):
        read("POST", PATH, body, headers)


def test_a_query_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        read("POST", f"{PATH}?x=1", protobuf(ONE), PROTOBUF)


def test_a_small_body_does_not_become_an_endless_one() -> None:
    bomb = gzip.compress(bytes(MAX_BODY_BYTES + 1))
    assert len(bomb) < 100_000
    with pytest.raises(InvalidRequest, match="more than"):
        otlp.plain(bomb, "gzip", MAX_BODY_BYTES)
    with pytest.raises(InvalidRequest, match="more than"):
        otlp.plain(zlib.compress(bytes(MAX_BODY_BYTES + 1)), "deflate", MAX_BODY_BYTES)


@pytest.mark.parametrize("tag", ["mlflow.artifactLocation", "mlflow.trace.archiveLocation"])
def test_attributes_that_would_say_where_files_are_can_be_told(tag: str) -> None:
    key = f"mlflow.traceTag.{tag}"
    for body, headers in (
        (protobuf(ONE, key=key), PROTOBUF),
        (as_json(ONE, attributes=[{"key": key, "value": {"stringValue": "x"}}]), JSON),
    ):
        assert [key] in read("POST", PATH, body, headers).values("spans.attributes") or [
            key
        ] == read("POST", PATH, body, headers).values("spans.attributes")
