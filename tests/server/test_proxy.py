"""What an upstream is sent by a gateway, and what its answers become."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authctl.errors import InvalidRequest
from authctl.server.request import read_target
from authctl.upstream.proxy import Proxy
from authctl.upstream.subrequest import encode_query
from tests.exchanges import scope_of
from tests.live import ADMIN, authctl_server
from tests.servers import recording_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.live import Server
    from tests.servers import Recorder

API = "/api/2.0/mlflow"


@pytest.fixture(scope="module")
def recorder() -> Iterator[Recorder]:
    with recording_server() as recorder:
        yield recorder


@pytest.fixture
def upstream(recorder: Recorder) -> Recorder:
    recorder.requests.clear()
    recorder.answers.clear()
    return recorder


@pytest.fixture(scope="module")
def front(recorder: Recorder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with authctl_server(tmp_path_factory.mktemp("front"), "--upstream", recorder.url) as server:
        yield server


def test_credentials_stay_here_and_the_host_is_the_upstreams(
    front: Server, upstream: Recorder
) -> None:
    client = front.client(ADMIN)
    upstream.will_answer(200, {}, {"Set-Cookie": "session=admins"})
    client.post(
        f"{API}/experiments/update",
        json={"experiment_id": "1"},
        headers={"Origin": front.url, "Cookie": "a=b", "X-Forwarded-User": "x"},
    )
    client.get(f"{API}/experiments/get?experiment_id=1", headers={"X-MLflow-Run-Id": "r"})
    assert client.cookies.get("session") == "admins"
    written, read = upstream.requests
    assert written.headers == {
        "host": f"127.0.0.1:{upstream.port}",
        "accept": "*/*",
        "accept-encoding": client.headers["Accept-Encoding"],
        "user-agent": client.headers["User-Agent"],
        "content-type": "application/json",
        "content-length": "21",
    }
    assert set(read.headers) == {
        *("host", "accept", "accept-encoding", "user-agent", "x-mlflow-run-id")
    }


def test_a_foreign_page_changes_nothing(front: Server, upstream: Recorder) -> None:
    headers = {"Origin": "https://evil.example"}
    for path in (f"{API}/experiments/update", "/ajax-api/9.9/mlflow/new"):
        answer = front.client(ADMIN).post(path, json={"experiment_id": "1"}, headers=headers)
        assert answer.status_code == 403
    assert upstream.requests == []


def test_an_answer_comes_back_as_it_is(front: Server, upstream: Recorder) -> None:
    for status, headers in (
        (404, {"Content-Type": "application/json"}),
        (302, {"Location": "/elsewhere"}),
        (500, {"Retry-After": "3"}),
    ):
        upstream.answers.clear()
        upstream.will_answer(status, {"error_code": "X"}, headers)
        answer = front.call("GET", f"{API}/experiments/get", experiment_id="1")
        assert (answer.status_code, answer.json()) == (status, {"error_code": "X"})
        assert headers.items() <= {k.title(): v for k, v in answer.headers.items()}.items()
        assert len(answer.headers.get_list("date")) == 1


def test_an_upstream_that_hangs_up_is_told_in_json(front: Server, upstream: Recorder) -> None:
    upstream.will_answer(0)
    answer = front.call("GET", f"{API}/experiments/get", experiment_id="1")
    assert answer.status_code == 502
    assert answer.json()["error_code"] == "TEMPORARILY_UNAVAILABLE"


def test_an_upstream_that_is_down_is_told_in_json(tmp_path: Path) -> None:
    with contextlib.ExitStack() as upstream:
        url = upstream.enter_context(recording_server()).url
        with authctl_server(tmp_path, "--upstream", url) as server:
            upstream.close()
            for path, user in (
                ("/health", None),
                (f"{API}/experiments/get?experiment_id=1", ADMIN),
            ):
                answer = server.client(user).get(path)
                assert answer.status_code == 502
                assert answer.json() == {
                    "error_code": "TEMPORARILY_UNAVAILABLE",
                    "message": "The MLflow behind this server cannot be reached.",
                }


@pytest.mark.parametrize(("prefix", "base"), [("/team/mlflow", ""), ("", "/base"), ("/a", "/b")])
def test_prefixes_are_kept(tmp_path: Path, upstream: Recorder, prefix: str, base: str) -> None:
    options = ("--upstream", upstream.url + base)
    with authctl_server(tmp_path, *options, prefix=prefix) as server:
        user = server.add_user("alice")
        upstream.requests.clear()
        info = {"run_id": "r1", "experiment_id": "7"}
        upstream.will_answer(200, {"run": {"info": info}})
        answer = server.call("GET", "/ajax-api/2.0/mlflow/runs/get", user=user, run_id="r1")
        assert answer.status_code == 200
        assert [request.path for request in upstream.requests] == [
            f"{base}{prefix}/api/2.0/mlflow/runs/get?run_id=r1",
            f"{base}{prefix}/ajax-api/2.0/mlflow/runs/get?run_id=r1",
        ]
        if prefix:
            without = server.url.removesuffix(prefix)
            outside = httpx.get(f"{without}{API}/runs/get?run_id=r1", auth=user, trust_env=False)
            assert outside.status_code == 403


texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
PROXY = Proxy("http://127.0.0.1:5001/base/")


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.lists(texts, max_size=3), st.lists(st.tuples(texts, texts), max_size=3))
def test_the_request_line_is_sent_as_it_was_judged(
    parts: list[str], pairs: list[tuple[str, str]]
) -> None:
    raw = "/".join(["/static-files", *(quote(part, safe="!*'();:@&=+$,[]~") for part in parts)])
    try:
        target = read_target("GET", raw.encode(), encode_query(pairs), "")
    except InvalidRequest:
        return
    line = target.forwarded.encode() + (b"?" + encode_query(target.query) if pairs else b"")
    assert PROXY._request(scope_of("GET", line)).url.raw_path_qs == f"/base{line.decode()}"
