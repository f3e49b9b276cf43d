"""Readers that overlook one thing: each lets pass what the door refuses for it, read plainly."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from authctl.errors import AuthctlError
from authctl.policy.rule import Body
from authctl.server.request import Reading, read_target
from tests.exchanges import TABLE
from tests.fuzz.our_reading import Passed, Refused, flat, read_as_the_door_does

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fuzz.our_reading import Gate
    from tests.fuzz.sent import Sent

    Parts = tuple[dict[str, str], dict[str, Any]]
    Reader = Callable[[Gate, Sent], Passed | Refused]


def overlooking(words: str, plainly: Callable[[bytes, bytes], Parts]) -> Reader:
    """A reader that overlooks what is refused in certain words; `plainly` gives query and body."""

    def read(_: Gate, sent: Sent) -> Passed | Refused:
        try:
            read_as_the_door_does(sent, "")
        except AuthctlError as error:
            if not re.search(words, error.message):
                return Refused(error.message)
        else:
            return Refused("nothing to overlook")
        scope = sent.scope()
        target = read_target(scope["method"], scope["raw_path"], b"", "")
        match = TABLE.match(target.method, target.version, target.path)
        assert match is not None
        if match.rule.body in (Body.GRAPHQL, Body.OTLP):
            return Refused("not read as JSON alone")
        body = b"".join(sent.chunks)
        query, data = plainly(scope["query_string"], body)
        reading = Reading(match.params, tuple(query.items()), data)
        values = {name: flat(reading.values(name)) for name in match.rule.fields}
        length = (b"content-length", str(len(body)).encode())
        headers = [pair for pair in scope["headers"] if pair[0] not in _FRAMING]
        scope["headers"] = [*headers, length]
        return Passed(match.rule, match.params, values, scope=scope, body=body)

    return read


_FRAMING = (b"content-length", b"transfer-encoding")


def _query_only(query: bytes, _: bytes) -> Parts:
    return dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True)), {}


def _body_only(_: bytes, body: bytes) -> Parts:
    return {}, json.loads(body)


def _first_of_repeated(_: bytes, body: bytes) -> Parts:
    return {}, json.loads(body, object_pairs_hook=lambda pairs: dict(reversed(pairs)))


def _both(query: bytes, body: bytes) -> Parts:
    return _query_only(query, b"")[0], json.loads(body) if body else {}


def in_the_order_sent(gate: Gate, sent: Sent) -> Passed | Refused:
    """Passes bodies on as they came, whatever is in front."""
    ours = gate.read(sent)
    if isinstance(ours, Refused) or ours.rule.body is not Body.JSON:
        return ours
    return replace(ours, **_with_body(ours, b"".join(sent.chunks)))


def in_chunks(gate: Gate, sent: Sent) -> Passed | Refused:
    """Passes chunked bodies on without a length."""
    ours = gate.read(sent)
    if isinstance(ours, Refused) or ("transfer-encoding", "chunked") not in sent.headers:
        return ours
    headers = [pair for pair in ours.scope["headers"] if pair[0] not in _FRAMING]
    scope = {**ours.scope, "headers": [*headers, (b"transfer-encoding", b"chunked")]}
    return replace(ours, scope=scope)


def _with_body(ours: Passed, body: bytes) -> dict[str, Any]:
    headers = [pair for pair in ours.scope["headers"] if pair[0] not in _FRAMING]
    length = (b"content-length", str(len(body)).encode())
    return {"body": body, "scope": {**ours.scope, "headers": [*headers, length]}}


NAIVE: dict[str, Reader] = {
    "the first of repeated keys counts": overlooking("is repeated", _first_of_repeated),
    "camelCase is no name": overlooking("^Write", _body_only),
    "a NUL is part of a key": overlooking("NUL", _body_only),
    "the path alone counts": overlooking("what is in the path", _both),
    "the query of a POST counts": overlooking("not in the query", _query_only),
    "the body of a GET does not count": overlooking("takes no body", _query_only),
    "the last of repeated parameters counts": overlooking("given once", _query_only),
    "what is not UTF-8 is nothing": overlooking("be UTF-8", _query_only),
    "a text is no JSON object": overlooking("be a JSON object", _query_only),
    "the order of a body does not count": in_the_order_sent,
    "a chunked body has no length": in_chunks,
}
