"""What an OpenTelemetry export names: the traces its spans belong to, and the spans' attributes.

Source: OTLP 1.x over HTTP. MLflow finds a trace by the id in a span, whatever the headers say.
"""

from __future__ import annotations

import gzip
import io
import re
import zlib
from typing import TYPE_CHECKING, Any

from authctl.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

PROTOBUF_TYPE = "application/x-protobuf"

_TRACE_ID = re.compile(r"[0-9a-fA-F]{32}")
_TRACE_ID_BYTES = 16


def plain(body: bytes, encoding: str, most: int) -> bytes:
    """The body without its Content-Encoding. InvalidRequest beyond `most` bytes."""
    try:
        if encoding == "gzip":
            found = gzip.GzipFile(fileobj=io.BytesIO(body)).read(most + 1)
        elif encoding == "deflate":
            found = _inflated(body, most)
        else:
            raise InvalidRequest("The only Content-Encodings are gzip and deflate.")
    except (OSError, EOFError, zlib.error) as error:
        raise InvalidRequest("The request body is not encoded as it says.") from error
    if len(found) > most:
        raise InvalidRequest(f"The request body has more than {most} bytes.")
    return found


def spans_in_protobuf(body: bytes) -> list[dict[str, Any]]:
    """Each span's `trace_id`, as MLflow writes it, and the keys of its `attributes`."""
    # Loading protobuf takes long, and most servers are sent no spans.
    from google.protobuf.message import DecodeError  # noqa: PLC0415
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (  # noqa: PLC0415
        ExportTraceServiceRequest,
    )

    message = ExportTraceServiceRequest()
    try:
        message.ParseFromString(body)
    except DecodeError as error:
        raise InvalidRequest("The request body is not an OTLP export.") from error
    spans = [
        span
        for resource in message.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    if any(len(span.trace_id) != _TRACE_ID_BYTES for span in spans):
        raise InvalidRequest("Every span must have a trace id of 16 bytes.")
    return [_span(span.trace_id.hex(), [item.key for item in span.attributes]) for span in spans]


def spans_in_json(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Each span's `trace_id`, as MLflow writes it, and the keys of its `attributes`."""
    found = []
    for resource in _items(data, "resourceSpans", "resource_spans"):
        for scope in _items(resource, "scopeSpans", "scope_spans"):
            for span in _items(scope, "spans", ""):
                trace_id = span.get("traceId")
                if "trace_id" in span or not isinstance(trace_id, str):
                    raise InvalidRequest("Every span must have a 'traceId'.")
                if not _TRACE_ID.fullmatch(trace_id):
                    raise InvalidRequest("A 'traceId' must have 32 hexadecimal digits.")
                keys = [item.get("key") for item in _items(span, "attributes", "")]
                found.append(_span(trace_id, keys))
    return found


def _span(trace_id: str, keys: list[Any]) -> dict[str, Any]:
    return {"trace_id": f"tr-{trace_id.lower()}", "attributes": keys}


def _items(data: dict[str, Any], name: str, twin: str) -> Iterator[dict[str, Any]]:
    items = data.get(name, [])
    if twin in data or not isinstance(items, list):
        raise InvalidRequest(f"'{name}' must be a list, under this name alone.")
    for item in items:
        if not isinstance(item, dict):
            raise InvalidRequest(f"Every item of '{name}' must be an object.")
        yield item


def _inflated(body: bytes, most: int) -> bytes:
    try:
        return zlib.decompressobj(zlib.MAX_WBITS).decompress(body, most + 1)
    except zlib.error:  # some clients leave the header out
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(body, most + 1)
