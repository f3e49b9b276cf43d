"""Exports of OpenTelemetry spans, in both of their formats, encoded or not."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import TYPE_CHECKING

from tests.fuzz import lines, spoiling
from tests.fuzz.bodies import Arr, Obj, text
from tests.fuzz.names import SPANS_MINE, SPANS_THEIRS

if TYPE_CHECKING:
    from random import Random

    from tests.fuzz.bodies import Names, Ways
    from tests.fuzz.lines import Pairs

_WAYS: Ways = {"resourceSpans": {"scopeSpans": {"spans": {"traceId": f'"{SPANS_THEIRS}"'}}}}
_IDS = (SPANS_MINE, SPANS_MINE, SPANS_MINE.upper(), SPANS_THEIRS)
# Where the parts of a span are in protobuf's encoding.
_TRACE_ID, _SPAN_ID, _NAME, _START, _END = 0x0A, 0x12, 0x2A, 0x39, 0x41
_FIRST, _SECOND = 0x0A, 0x12


def body(random: Random, names: Names, fault: str) -> tuple[Pairs, bytes]:
    """The headers that tell the format, and the body."""
    ids = [random.choice(_IDS) for _ in range(1 + random.randrange(2))]
    headers, written = [lines.JSON], b""
    if random.randrange(3):
        export = _listed("resourceSpans", _listed("scopeSpans", *map(_span, ids), name="spans"))
        if fault == "fields":
            for _ in range(1 + random.randrange(2)):
                spoiling.spoil(random, export, _WAYS, names)
        written = spoiling.raw(random, export) if fault == "encoding" else text(export).encode()
    else:
        headers = [("content-type", "application/x-protobuf")]
        written = _export_in_protobuf(ids)
        if fault in ("fields", "encoding"):
            at = random.randrange(len(written))
            written = written[:at] + random.choice((b"", b"\n", b"\xff")) + written[at + 1 :]
    encoding = random.choice(("", "", "gzip", "deflate", "raw"))
    if fault == "headers" or not encoding:
        return headers, written
    packed = {"gzip": gzip.compress, "deflate": zlib.compress, "raw": _raw}[encoding](written)
    return [*headers, ("content-encoding", encoding.replace("raw", "deflate"))], packed


def _listed(key: str, *items: Obj, name: str = "") -> Obj:
    inner = [Obj([(json.dumps(name), Arr(list(items)))])] if name else list(items)
    return Obj([(json.dumps(key), Arr(list(inner)))])


def _span(trace_id: str) -> Obj:
    return Obj(
        [
            ('"traceId"', json.dumps(trace_id)),
            ('"spanId"', '"0123456789abcdef"'),
            ('"name"', '"span"'),
            ('"startTimeUnixNano"', '"1"'),
            ('"endTimeUnixNano"', '"2"'),
        ]
    )


def _export_in_protobuf(ids: list[str]) -> bytes:
    spans = b"".join(_part(_SECOND, _span_in_protobuf(trace_id)) for trace_id in ids)
    return _part(_FIRST, _part(_SECOND, spans))


def _span_in_protobuf(trace_id: str) -> bytes:
    return (
        _part(_TRACE_ID, bytes.fromhex(trace_id))
        + _part(_SPAN_ID, b"01234567")
        + _part(_NAME, b"span")
        + bytes([_START, 1, *[0] * 7, _END, 2, *[0] * 7])
    )


def _part(tag: int, inner: bytes) -> bytes:
    size = len(inner)
    length = [size] if size < 128 else [size & 0x7F | 0x80, size >> 7]
    return bytes([tag, *length]) + inner


def _raw(body: bytes) -> bytes:
    packing = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packing.compress(body) + packing.flush()
