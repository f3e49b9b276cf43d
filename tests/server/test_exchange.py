"""What is forwarded is what was judged, in one spelling, and without credentials."""

from __future__ import annotations

import json
import string
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus, unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.wrappers import Request

from authctl.errors import InvalidRequest, Unavailable
from authctl.server.exchange import MAX_BODY_BYTES, Exchange
from authctl.server.request import read_target
from authctl.upstream.subrequest import Answer
from tests.exchanges import JSON, TABLE, Caller, Upstream, at_once, forward, scope_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp

GET = "/api/2.0/mlflow/experiments/get"
RUNS = "/api/2.0/mlflow/runs/search"
SEARCH = "/api/2.0/mlflow/experiments/search"
UPDATE = "/api/2.0/mlflow/experiments/update"
UPLOAD = "/api/2.0/mlflow-artifacts/artifacts/1/run/artifacts/model.bin"
ASCII = string.punctuation

CANONICAL = {
    f"{GET}?experiment_id=1": f"{GET}?experiment_id=1",
    f"{GET}?&&experiment%5fid=%31&": f"{GET}?experiment_id=1",
    f"{GET}?experiment_id=1&x": f"{GET}?experiment_id=1&x=",
    "/%61pi/2.0/mlflow/runs/%67et?run_id=a+b": "/api/2.0/mlflow/runs/get?run_id=a%20b",
    f"{SEARCH}?filter=name='a%26b'&order_by=a&order_by=b": (
        f"{SEARCH}?filter=name%3D%27a%26b%27&order_by=a&order_by=b"
    ),
    "/ajax-api/2.0/mlflow-artifacts/artifacts/1/%c3%bc%20%7e~%41": (
        "/ajax-api/2.0/mlflow-artifacts/artifacts/1/%C3%BC%20~~A"
    ),
    f"{GET}?experiment_id=1#fragment": f"{GET}?experiment_id=1%23fragment",
}


@pytest.mark.parametrize(("sent", "forwarded"), CANONICAL.items())
def test_the_request_line_is_forwarded_in_one_spelling(sent: str, forwarded: str) -> None:
    upstream = forward("GET", sent)
    assert upstream.target.decode() == forwarded
    assert upstream.scope["path"] == unquote(forwarded.partition("?")[0])


def test_credentials_and_claimed_identities_stay_here() -> None:
    claimed = {
        "Authorization": "Basic YWxpY2U6c2VjcmV0",
        "Cookie": "session=1",
        "X-MLflow-Authorization": "1",
        "X-MLflow-Assistant-Delegation": "1",
        "X-Forwarded-User": "admin",
        "X-Forwarded-Email": "admin@example.com",
        "X-Forwarded-Groups": "admins",
        "X-Forwarded-Preferred-Username": "admin",
        "X-Forwarded-Access-Token": "token",
        "X-Remote-User": "admin",
        "Remote-User": "admin",
        "X-HTTP-Method-Override": "DELETE",
        "X_MLflow_Authorization": "1",
        "Content_Length": "3",
        "X_MLFLOW_WORKSPACE": "theirs",
    }
    kept = {"Accept": "application/json", "X-MLflow-Client-Version": "3.18.0", "Range": "bytes=0-1"}
    upstream = forward("GET", f"{GET}?experiment_id=1", headers={**claimed, **kept})
    assert upstream.headers == [
        ("host", "localhost:5000"),
        ("accept", "application/json"),
        ("x-mlflow-client-version", "3.18.0"),
        ("range", "bytes=0-1"),
    ]


def test_a_chunked_body_is_framed_anew() -> None:
    upstream = forward(
        "POST",
        UPDATE,
        [b'{"experiment', b'_id": "1"', b"", b"}"],
        {**JSON, "Transfer-Encoding": "chunked"},
    )
    assert upstream.chunks == [b'{"experiment_id": "1"}']
    assert ("content-length", "22") in upstream.headers
    assert "transfer-encoding" not in dict(upstream.headers)


def test_a_body_is_forwarded_byte_for_byte_with_its_true_length() -> None:
    body = b' {"experiment_id" :"1",\n"new_name": "\\u00fc \xc3\xbc", "x": 1.50}'
    upstream = forward("POST", UPDATE, [body], {**JSON, "Content-Length": "3"})
    assert upstream.body == body
    assert dict(upstream.headers)["content-length"] == str(len(body))


def test_a_request_without_a_body_has_none_forwarded() -> None:
    upstream = forward("GET", f"{GET}?experiment_id=1", headers={"Content-Length": "0"})
    assert upstream.chunks == [b""]
    assert "content-length" not in dict(upstream.headers)


def test_an_upload_streams_through_chunk_by_chunk() -> None:
    caller = Caller([b"a" * 10, b"b" * 10, b"c" * 10])
    taken: list[int] = []

    async def upstream(_scope: Any, receive: Callable[[], Any], _send: Any) -> None:
        for _ in caller.chunks:
            taken.append(caller.taken)
            await receive()

    length = {"Content-Length": "30", "Content-Type": "application/octet-stream"}
    exchange = Exchange(scope_of("PUT", UPLOAD, length), caller.receive, caller.send)
    at_once(pass_on(exchange, upstream))
    assert taken == [0, 1, 2]


@pytest.mark.parametrize("chunks", [[b""], [b"da", b"ta"]])
def test_a_chunked_upload_is_framed_anew(chunks: list[bytes]) -> None:
    upstream = forward("PUT", UPLOAD, chunks, {"Transfer-Encoding": "chunked"})
    length = [("content-length", "4")] if any(chunks) else []
    assert upstream.headers[1:] == length
    assert upstream.chunks == [b"".join(chunks)]


def test_an_upload_keeps_its_framing_and_encoding() -> None:
    sent = {"Content-Length": "3", "Content-Encoding": "gzip", "Content-Type": "text/csv"}
    upstream = forward("PUT", UPLOAD, [b"a,b"], sent)
    assert upstream.headers[1:] == [(name.lower(), value) for name, value in sent.items()]
    assert upstream.body == b"a,b"


def test_a_body_without_end_is_refused_before_it_is_read() -> None:
    caller = Caller([b" " * (MAX_BODY_BYTES // 4)] * 10)
    exchange = Exchange(scope_of("POST", UPDATE, JSON), caller.receive, caller.send)
    with pytest.raises(InvalidRequest, match="more than"):
        at_once(pass_on(exchange, Upstream()))
    assert caller.taken == 5


def test_a_caller_who_goes_away_is_not_taken_for_one_who_is_done() -> None:
    caller = Caller([])
    exchange = Exchange(scope_of("POST", UPDATE, JSON), caller.receive, caller.send)
    with pytest.raises(Unavailable):
        at_once(pass_on(exchange, Upstream()))


def opened(method: str, target: str, body: bytes = b"", **headers: str) -> tuple[Exchange, Caller]:
    caller = Caller([body])
    exchange = Exchange(scope_of(method, target, headers), caller.receive, caller.send)
    aimed = exchange.aim("")
    match = TABLE.match(aimed.method, aimed.version, aimed.path)
    assert match is not None
    at_once(exchange.read(match))
    return exchange, caller


def test_a_further_page_differs_from_the_first_in_size_and_token_only() -> None:
    exchange, _ = opened("GET", f"{SEARCH}?max_results=5&order_by=a&order_by=b&filter=x")
    scope, body = exchange.page(None, None)
    assert (scope["query_string"], body) == (b"max_results=5&order_by=a&order_by=b&filter=x", b"")
    scope, body = exchange.page(100, "next/=")
    assert scope["query_string"] == (
        b"order_by=a&order_by=b&filter=x&max_results=100&page_token=next%2F%3D"
    )


def test_a_further_page_of_a_search_by_post_is_asked_for_in_the_body() -> None:
    sent = b'{"max_results": 5, "filter": "x"}'
    exchange, _ = opened("POST", SEARCH, sent, **JSON)
    assert exchange.page(None, None)[1] == sent
    scope, body = exchange.page(100, "next")
    assert json.loads(body) == {"max_results": 100, "filter": "x", "page_token": "next"}
    assert (b"content-length", str(len(body)).encode()) in scope["headers"]


def test_a_replaced_body_is_forwarded_with_its_own_length() -> None:
    exchange, _ = opened("POST", SEARCH, b'{"filter": "x"}', **JSON)
    exchange.replace_body({"filter": "ü", "experiment_ids": []})
    upstream = Upstream()
    at_once(exchange.stream(upstream))
    assert json.loads(upstream.body) == {"filter": "ü", "experiment_ids": []}
    assert dict(upstream.headers)["content-length"] == str(len(upstream.body))


@pytest.mark.parametrize(("method", "body"), [("GET", b"text"), ("HEAD", b"")])
def test_a_collected_answer_is_framed_anew(method: str, body: bytes) -> None:
    exchange, caller = opened(method, "/version")
    headers = [(b"X-A", b"1"), (b"Content-Length", b"999"), (b"transfer-encoding", b"chunked")]
    at_once(exchange.reply_with(Answer(200, headers, b"text")))
    start, rest = caller.answer
    assert start["headers"] == [(b"X-A", b"1"), (b"content-length", b"4")]
    assert rest["body"] == body


def test_cookies_are_read_and_malformed_ones_are_none() -> None:
    assert opened("GET", "/version", Cookie="a=1; b=2")[0].cookies == {"a": "1", "b": "2"}
    assert opened("GET", "/version", Cookie="\x01;;=;[=1")[0].cookies == {}


def joined(pieces: list[str], most: int) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(pieces), max_size=most).map("".join)


KEYS = ["experiment_id", "experimentId", "run_id", "a", "A", "[]", "order_by", "ü", ""]
keys = st.sampled_from(KEYS) | st.text(max_size=4)
raw_queries = joined([*"ab1&&==%+[];# ?/_", "%26", "%3D", "%41", "%c3%bc", "%ff", "%", "%5f"], 20)
queries = raw_queries | st.lists(st.tuples(keys, st.text(max_size=6)), max_size=5).map(
    lambda pairs: "&".join(f"{quote_plus(key)}={quote_plus(value)}" for key, value in pairs)
)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(queries)
def test_a_query_means_to_the_upstream_what_it_meant_here(query: str) -> None:
    try:
        exchange, _ = opened("GET", f"{SEARCH}?{quote(query, safe=ASCII)}")
    except InvalidRequest:
        return
    seen = Request({"QUERY_STRING": exchange.forwarded_scope()["query_string"].decode()}).args
    sent = Request({"QUERY_STRING": quote(query, safe=ASCII)}).args
    assert seen == sent
    assert {key for key, _ in exchange.reading.query} == set(seen)
    for key in [*seen, *KEYS]:
        assert exchange.reading.values(key) == seen.getlist(key)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)
objects = st.lists(st.tuples(keys, values), max_size=4).map(
    lambda pairs: "{" + ",".join(f"{json.dumps(k)}:{json.dumps(v)}" for k, v in pairs) + "}"
)
bodies = (
    objects.map(str.encode)
    | objects.map(lambda text: text.encode("utf-16"))
    | st.dictionaries(keys, values).map(lambda data: json.dumps(data, ensure_ascii=False).encode())
    | joined([*'{}[]":, a1\x00\ufeff', "\\ud83d", "\\u0061"], 8).map(str.encode)
    | st.binary(max_size=12)
)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(bodies)
def test_a_body_means_to_the_upstream_what_it_meant_here(body: bytes) -> None:
    try:
        exchange, _ = opened("POST", UPDATE, body, **JSON)
    except InvalidRequest:
        return
    upstream = Upstream()
    at_once(exchange.stream(upstream))
    seen = json.loads(upstream.body) if upstream.body else {}
    assert exchange.reading.body == seen
    assert isinstance(seen, dict)
    for key in KEYS:
        assert exchange.reading.values(key) == ([seen[key]] if key in seen else [])


segments = joined([*"a1.+;,~ %#?", "%2e", "%2F", "%25", "ü", "%C3%BC"], 5)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.lists(segments, min_size=1, max_size=4))
def test_a_path_means_to_the_upstream_what_it_meant_here(parts: list[str]) -> None:
    raw = quote("/static-files/" + "/".join(parts), safe=ASCII.replace("?", ""))
    try:
        target = read_target("GET", raw.encode(), b"", "")
    except InvalidRequest:
        return
    assert target.path == unquote(raw) == unquote(target.forwarded)
    assert unquote(target.path) == target.path, "nothing is left to decode a second time"
    assert read_target("GET", target.forwarded.encode(), b"", "") == target


async def pass_on(exchange: Exchange, upstream: ASGIApp) -> None:
    target = exchange.aim("")
    match = TABLE.match(target.method, target.version, target.path)
    assert match is not None
    await exchange.read(match)
    await exchange.stream(upstream)


@pytest.mark.parametrize(
    ("path", "body", "passed"),
    [
        (
            "/api/3.0/mlflow/issues/search",
            '{"include_trace_count": "x", "experiment_id": "1"}',
            ["experiment_id", "include_trace_count"],
        ),
        (RUNS, '{"page_token": 5, "experiment_ids": ["1"]}', ["experiment_ids", "page_token"]),
        (UPDATE, '{"experiment_id": "1", "new_name": 5}', ["experiment_id", "new_name"]),
    ],
)
def test_what_a_request_is_judged_by_is_in_front(path: str, body: str, passed: list[str]) -> None:
    """MLflow reads no further than to the first field of a wrong type."""
    upstream = forward("POST", path, [body.encode()], JSON)
    assert list(json.loads(upstream.body)) == passed
    assert json.loads(upstream.body) == json.loads(body)


def test_what_names_something_is_before_what_is_only_looked_at_and_plain_before_nested() -> None:
    body = {"x": 1, "filter": "f", "models": [{"y": 1, "model_id": "m"}], "run_id": "r"}
    upstream = forward("POST", "/api/2.0/mlflow/runs/outputs", [json.dumps(body).encode()], JSON)
    assert list(json.loads(upstream.body)) == ["run_id", "models", "x", "filter"]
    search = {"x": 1, "filter": "f", "locations": []}
    path = "/api/3.0/mlflow/traces/search"
    upstream = forward("POST", path, [json.dumps(search).encode()], JSON)
    assert list(json.loads(upstream.body)) == ["locations", "filter", "x"]


def test_a_further_page_is_asked_for_before_anything_that_cannot_be_read() -> None:
    exchange, _ = opened("POST", SEARCH, b'{"[a.b]": 1, "filter": "x", "page_token": "t"}', **JSON)
    assert next(iter(json.loads(exchange.body))) == "page_token"
    _, body = exchange.page(100, "next")
    assert list(json.loads(body).items())[:2] == [("max_results", 100), ("page_token", "next")]


def test_what_a_request_is_judged_by_is_in_front_at_every_depth() -> None:
    place = {"type": "?", "mlflow_experiment": {"x": 1, "experiment_id": "1"}}
    body = {"max_results": "x", "locations": [place, place]}
    upstream = forward("POST", "/api/3.0/mlflow/traces/search", [json.dumps(body).encode()], JSON)
    sent = json.loads(upstream.body)
    assert sent == body
    assert list(sent) == ["locations", "max_results"]
    for item in sent["locations"]:
        assert list(item) == ["mlflow_experiment", "type"]
        assert list(item["mlflow_experiment"]) == ["experiment_id", "x"]


def test_a_body_that_is_in_order_is_passed_on_byte_by_byte() -> None:
    body = b'{ "experiment_id" : "1",\n "new_name": "\\u00fc" }'
    assert forward("POST", UPDATE, [body], JSON).body == body
