"""Requests of all kinds, most of them close to what a row lets pass."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from authctl.policy.rule import Access, Body, Handle
from tests.exchanges import TABLE, Caller, scope_of
from tests.fuzz import lines, questions, spans, spoiling
from tests.fuzz.bodies import text, valid, ways_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from hypothesis.strategies import SearchStrategy

    from authctl.policy.rule import Rule
    from tests.fuzz.bodies import Field, Names
    from tests.fuzz.lines import Pairs


@dataclass(frozen=True)
class Sent:
    """A request as it comes off the wire, and the row it was made for."""

    row: str
    method: str
    target: bytes
    headers: tuple[tuple[str, str], ...]
    chunks: tuple[bytes, ...]

    def scope(self) -> dict[str, Any]:
        return scope_of(self.method, self.target, list(self.headers))

    def caller(self) -> Caller:
        return Caller(self.chunks)


# What is wrong with a request, and how often nothing is.
_FAULTS = (
    *["none"] * 5,
    *["fields"] * 16,
    *["encoding"] * 3,
    *["path"] * 5,
    *["headers"] * 5,
    "method",
)
_CHUNKED = ("transfer-encoding", "chunked")


class Requests:
    """Makes requests for the rows that MLflow answers, from the fields of its messages."""

    def __init__(self, shapes: Sequence[Any], names: Names, prefix: str = "") -> None:
        self._shapes: dict[tuple[str, str], list[Field]] = {
            (method, _unnamed(path)): fields for method, path, fields in shapes
        }
        self._names = names
        self._prefix = prefix
        asked = [rule for rule in TABLE if not rule.here and rule.access is not Access.ADMIN]
        # Two rows stand for many ways to ask.
        rich = [rule for rule in asked if rule.body in (Body.GRAPHQL, Body.OTLP)]
        self.rows = [*asked, *(rule for rule in asked if rule.fields), *rich * 12]

    def strategy(self) -> SearchStrategy[Sent]:
        return st.randoms(use_true_random=False).map(self.make)

    def make(self, random: Random) -> Sent:
        rule = random.choice(self.rows)
        fault = random.choice(_FAULTS)
        path = lines.path(random, rule, self._names)
        query, headers, body = self._content(random, rule, fault)
        method = lines.method(random, rule.method) if fault == "method" else rule.method
        if fault == "path":
            path = lines.spoil_path(random, path)
        if fault == "headers":
            headers = lines.spoil_headers(random, headers)
        target = f"{self._prefix}{path}" + (f"?{query}" if query else "")
        headers, chunks = _framed(random, [("accept", "*/*"), *headers], body)
        return Sent(rule.name, method, target.encode(), tuple(headers), chunks)

    def _content(self, random: Random, rule: Rule, fault: str) -> tuple[str, Pairs, bytes]:
        """The query, the headers that go with the body, and the body."""
        if rule.body is Body.GRAPHQL:
            asked = questions.body(random, self._names, spoiled=fault == "fields")
            return "", [lines.JSON], asked
        if rule.body is Body.OTLP:
            headers = [("x-mlflow-experiment-id", random.choice(self._names[Handle.EXPERIMENT_ID]))]
            if random.randrange(2):
                headers.append(("x-mlflow-run-id", random.choice(self._names[Handle.RUN_ID])))
            more, body = spans.body(random, self._names, fault)
            return "", [*headers, *more], body
        if rule.body is Body.JSON:
            query = self._query(random, rule, "none") if not random.randrange(40) else ""
            return query, [lines.JSON], self._body(random, rule, fault)
        query = self._query(random, rule, fault)
        if rule.body is Body.STREAM:
            return query, [], random.choice((b"bytes", b"", b'{"run_uuid": "r2"}'))
        body = self._body(random, rule, "none") if fault == "encoding" else b""
        return random.choice((query, "")) if body else query, [], body

    def _query(self, random: Random, rule: Rule, fault: str) -> str:
        fields, ways = self._fields(rule), ways_of(rule)
        pairs = lines.query(random, fields, ways, self._names)
        if fault == "fields":
            return lines.spoil_query(random, pairs, ways, self._names)
        return lines.encoded(random, pairs)

    def _body(self, random: Random, rule: Rule, fault: str) -> bytes:
        ways = ways_of(rule)
        given = valid(random, self._fields(rule), ways, self._names)
        if fault == "fields":
            for _ in range(1 + random.randrange(2)):
                spoiling.spoil(random, given, ways, self._names)
        if fault == "encoding":
            return spoiling.raw(random, given)
        return text(given).encode("utf-8", "surrogatepass")

    def _fields(self, rule: Rule) -> list[Field]:
        """The fields of the message that comes with a row's requests; none for plain JSON."""
        for version in rule.versions or ("",):
            found = self._shapes.get((rule.method, f"/{version}{_unnamed(rule.path)}"))
            if found is not None:
                return found
        return []


def _unnamed(path: str) -> str:
    return re.sub(r"\{\w+(:path)?\}", "{}", path)


def _framed(random: Random, headers: Pairs, body: bytes) -> tuple[Pairs, tuple[bytes, ...]]:
    """A body in one piece with its length, or in several without."""
    if _CHUNKED not in headers and random.randrange(8):
        length = [("content-length", str(len(body)))] if body or random.randrange(2) else []
        return [*headers, *length], (body,)
    cut = random.randrange(len(body) + 1)
    framing = [] if _CHUNKED in headers else [_CHUNKED]
    if not random.randrange(4):  # there are servers that let both pass, and read the chunks
        framing.append(("content-length", "3"))
    return [*headers, *framing], (body[:cut], body[cut:], b"")
