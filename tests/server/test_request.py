"""What can be read two ways is refused, whoever sends it (contract 6)."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from authctl.errors import InvalidRequest
from authctl.policy.table import Table
from authctl.server.request import read_target
from tests.exchanges import read

GET = "/api/2.0/mlflow/experiments/get"
GET_RUN = "/api/2.0/mlflow/runs/get"
UPDATE = "/api/2.0/mlflow/experiments/update"
SEARCH = "/api/2.0/mlflow/runs/search"
SEARCH_EXPERIMENTS = "/api/2.0/mlflow/experiments/search"
LOG_METRIC = "/api/2.0/mlflow/runs/log-metric"
LOG_BATCH = "/api/2.0/mlflow/runs/log-batch"
DELETE_MODEL = "/api/2.0/mlflow/registered-models/delete"
RENAME = "/api/2.0/mlflow/registered-models/rename"
LOGGED_MODEL = "/api/2.0/mlflow/logged-models/m-1"
ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
GRANT = "/api/3.0/mlflow/users/permissions/grant"
FORM = {"content-type": "application/x-www-form-urlencoded"}
CREATE_UI = "/api/2.0/mlflow/users/create-ui"

ID = b'{"experiment_id": "1"}'

REFUSED_PATHS = {
    "not in ASCII": "/api/2.0/mlflow/experiments/gét",
    "not starting with a slash": "api/2.0/mlflow/experiments/get",
    "an absolute form": "http://localhost/api/2.0/mlflow/experiments/get",
    "the server form of OPTIONS": "*",
    "an encoded slash": "/api/2.0/mlflow%2Fexperiments/get",
    "an encoded slash in front": "/%2fapi/2.0/mlflow/experiments/get",
    "an encoded backslash": f"{ARTIFACTS}/1%5c..%5c2/x",
    "a backslash": f"{ARTIFACTS}/1\\..\\2",
    "an encoded percent sign": f"{ARTIFACTS}/%2538/x",
    "an encoded dot segment": f"{ARTIFACTS}/%2e/1/x",
    "a half encoded parent": f"{ARTIFACTS}/1/.%2e/2",
    "a dot segment": f"{ARTIFACTS}/./1/x",
    "a dot at the end": f"{ARTIFACTS}/.",
    "a parent segment": "/static-files/../api/2.0/mlflow/experiments/get",
    "a parent at the end": f"{ARTIFACTS}/1/..",
    "two slashes in front": "//api/2.0/mlflow/experiments/get",
    "two slashes inside": "/api/2.0//mlflow/experiments/get",
    "two slashes before the end": f"{ARTIFACTS}/1//",
    "a NUL": f"{ARTIFACTS}/1/x%00",
    "a line break": f"{ARTIFACTS}/1/x%0d%0a",
    "a DEL": f"{ARTIFACTS}/1/x%7f",
    "a broken escape": f"{ARTIFACTS}/1/100%",
    "a broken escape inside": f"{ARTIFACTS}/1/%zz",
    "not in UTF-8": f"{ARTIFACTS}/1/%ff",
    "overlong UTF-8": f"{ARTIFACTS}/1/%c0%af",
    "nothing": "",
}


@pytest.mark.parametrize("path", REFUSED_PATHS.values(), ids=REFUSED_PATHS)
def test_a_path_that_servers_read_differently_is_refused(path: str) -> None:
    with pytest.raises(InvalidRequest):
        read_target("GET", path.encode(), b"", "")


@pytest.mark.parametrize("method", ["get", "Get", "pOST"])
def test_a_method_that_is_not_in_upper_case_is_refused(method: str) -> None:
    with pytest.raises(InvalidRequest):
        read_target(method, GET.encode(), b"", "")


PATHS = {
    "/api/2.0/mlflow/experiments/get": ("2.0", "/mlflow/experiments/get"),
    "/ajax-api/3.0/mlflow/traces/search": ("3.0", "/mlflow/traces/search"),
    "/%61pi/2.0/mlflow/runs/%67et": ("2.0", "/mlflow/runs/get"),
    f"{ARTIFACTS}/1/r/Gr%C3%B6%C3%9Fe%20%231.txt": (
        "2.0",
        "/mlflow-artifacts/artifacts/1/r/Größe #1.txt",
    ),
    f"{ARTIFACTS}/1/a+b;c,d=e@f": ("2.0", "/mlflow-artifacts/artifacts/1/a+b;c,d=e@f"),
    f"{ARTIFACTS}/1/folder/": ("2.0", "/mlflow-artifacts/artifacts/1/folder/"),
    f"{ARTIFACTS}/1/.hidden/..x/x..": ("2.0", "/mlflow-artifacts/artifacts/1/.hidden/..x/x.."),
    "/": ("", "/"),
    "/health": ("", "/health"),
    "/healthX": ("", "/healthX"),
    "/api/2.0mlflow/experiments/search-datasets": (
        "",
        "/api/2.0mlflow/experiments/search-datasets",
    ),
    "/API/2.0/mlflow/experiments/get": ("", "/API/2.0/mlflow/experiments/get"),
    "/api/2.00/mlflow/experiments/get": ("", "/api/2.00/mlflow/experiments/get"),
}


@pytest.mark.parametrize(("raw", "folded"), PATHS.items(), ids=PATHS)
def test_a_path_is_decoded_once_and_folded(raw: str, folded: tuple[str, str]) -> None:
    target = read_target("GET", raw.encode(), b"", "")
    assert (target.version, target.path) == folded


@pytest.mark.parametrize(
    "path",
    ["/api/2.0/mlflow/experiments/get", "/mlflow-evil/health", "/ml", "/mlflow", "/xmlflow/health"],
)
def test_outside_the_static_prefix_nothing_is_known(path: str) -> None:
    target = read_target("GET", path.encode(), b"", "/mlflow")
    assert (target.version, target.path) == ("", "")
    assert Table().match("GET", target.version, target.path) is None


def test_inside_the_static_prefix_paths_are_the_same() -> None:
    target = read_target("GET", b"/team/mlflow/ajax-api/2.0/mlflow/runs/get", b"", "/team/mlflow")
    assert (target.version, target.path) == ("2.0", "/mlflow/runs/get")
    assert target.forwarded == "/team/mlflow/ajax-api/2.0/mlflow/runs/get"


def test_a_second_prefix_is_part_of_the_path() -> None:
    target = read_target("GET", b"/mlflow/mlflow/health", b"", "/mlflow")
    assert target.path == "/mlflow/health"


# method, path with query, body
REFUSED: dict[str, tuple[str, str, bytes]] = {
    "a body on GET": ("GET", GET, ID),
    "a body on GET with a query": ("GET", f"{GET}?experiment_id=2", ID),
    "a body on GET with an empty query": ("GET", f"{GET}?&", ID),
    "a body on HEAD": ("HEAD", "/version", ID),
    "a body on a DELETE that takes none": ("DELETE", f"{ARTIFACTS}/1/x", b'{"path": "2"}'),
    "a query beside a POST body": ("POST", f"{UPDATE}?experiment_id=2", ID),
    "a query instead of a POST body": ("POST", f"{UPDATE}?experiment_id=2", b""),
    "a query beside a DELETE body": ("DELETE", f"{DELETE_MODEL}?name=mine", b'{"name": "theirs"}'),
    "a query instead of a DELETE body": ("DELETE", f"{DELETE_MODEL}?name=theirs", b""),
    "a query beside a PATCH body": (
        "PATCH",
        "/api/2.0/mlflow/registered-models/update?name=mine",
        b'{"name": "theirs"}',
    ),
    "a repeated query key": ("GET", f"{GET}?experiment_id=1&experiment_id=2", b""),
    "a repeated query key, escaped": ("GET", f"{GET}?experiment_id=1&experiment%5Fid=2", b""),
    "a query key that looks like a list": ("GET", f"{GET}?experiment_id[]=1", b""),
    "an escaped query key that looks like a list": ("GET", f"{GET}?experiment_id%5b%5d=1", b""),
    "a query that is not UTF-8": ("GET", f"{GET}?experiment_id=%ff", b""),
    "duplicate keys": ("POST", UPDATE, b'{"experiment_id": "1", "experiment_id": "2"}'),
    "duplicate keys, escaped": ("POST", UPDATE, b'{"experiment_id": "1", "experiment\\u005fid":2}'),
    "duplicate keys, nested": (
        "POST",
        LOG_BATCH,
        b'{"run_id": "r", "metrics": [{"key": "a", "key": "b"}]}',
    ),
    "both spellings": ("POST", UPDATE, b'{"experiment_id": "1", "experimentId": "2"}'),
    "both spellings of any field": ("POST", UPDATE, b'{"new_name": "a", "newName": "b"}'),
    "camelCase only": ("POST", UPDATE, b'{"experimentId": "1"}'),
    "camelCase beside the other name": ("POST", LOG_METRIC, b'{"run_uuid": "r", "runId": "s"}'),
    "camelCase of an optional id": ("POST", LOG_METRIC, b'{"run_id": "r", "modelId": "m"}'),
    "camelCase of a nested id": (
        "POST",
        LOG_BATCH,
        b'{"run_id": "r", "metrics": [{"key": "k"}, {"modelId": "m"}]}',
    ),
    "camelCase of a list of ids": ("POST", SEARCH, b'{"experimentIds": ["1"]}'),
    "camelCase of a new name": ("POST", RENAME, b'{"name": "a", "newName": "b"}'),
    "camelCase of a page token": ("POST", SEARCH_EXPERIMENTS, b'{"pageToken": "x"}'),
    "camelCase of a resource": ("POST", GRANT, b'{"resourceType": "experiment"}'),
    "no JSON": ("POST", UPDATE, b"experiment_id=1"),
    "JSON and more": ("POST", UPDATE, ID + b" x"),
    "JSON twice": ("POST", UPDATE, ID + ID),
    "JSON with a NUL": ("POST", UPDATE, ID + b"\0"),
    "a list": ("POST", UPDATE, b'[{"experiment_id": "1"}]'),
    "a number": ("POST", UPDATE, b"1"),
    "null": ("POST", UPDATE, b"null"),
    "JSON inside a JSON string": ("POST", UPDATE, json.dumps(ID.decode()).encode()),
    "UTF-16": ("POST", UPDATE, ID.decode().encode("utf-16")),
    "UTF-16 without a mark": ("POST", UPDATE, ID.decode().encode("utf-16-le")),
    "UTF-32": ("POST", UPDATE, ID.decode().encode("utf-32")),
    "a byte order mark": ("POST", UPDATE, b"\xef\xbb\xbf" + ID),
    "bytes that are not UTF-8": ("POST", UPDATE, b'{"experiment_id": "1", "new_name": "\xff"}'),
    "half a character": ("POST", UPDATE, b'{"experiment_id": "1", "new_name": "\\ud83d"}'),
    "half a character in a key": ("POST", UPDATE, b'{"experiment_id": "1", "\\uDC00": "x"}'),
    "depth without end": ("POST", UPDATE, b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    "a number without end": ("POST", UPDATE, b'{"experiment_id": ' + b"9" * 10_000 + b"}"),
    "an id that is a number": ("POST", UPDATE, b'{"experiment_id": 1}'),
    "an id that is true": ("POST", UPDATE, b'{"experiment_id": true}'),
    "an id that is zero": ("POST", UPDATE, b'{"experiment_id": 0}'),
    "an id that is a list": ("POST", UPDATE, b'{"experiment_id": ["1"]}'),
    "an id that is a list of two": ("POST", UPDATE, b'{"experiment_id": ["1", "2"]}'),
    "an id that is an object": ("POST", UPDATE, b'{"experiment_id": {"1": "1"}}'),
    "an id that is an empty object": ("POST", UPDATE, b'{"experiment_id": {}}'),
    "a list with a number": (
        "POST",
        "/api/2.0/mlflow/experiments/search-datasets",
        b'{"experiment_ids": ["1", 2]}',
    ),
    "an id in a list of its own": (
        "POST",
        LOG_BATCH,
        b'{"run_id": "r", "metrics": [{"model_id": ["m"]}]}',
    ),
    "an empty list in a list of objects": (
        "POST",
        LOG_BATCH,
        b'{"run_id": "r", "metrics": [{"model_id": []}, {"model_id": "m"}]}',
    ),
    "an object in place of a list": (
        "POST",
        LOG_BATCH,
        b'{"run_id": "r", "metrics": {"model_id": "m"}}',
    ),
    "a list in place of an object, in a list": (
        "POST",
        "/api/3.0/mlflow/traces/search",
        b'{"locations": [{"mlflow_experiment": [{"experiment_id": "1"}]}]}',
    ),
    "a list in place of an object": (
        "POST",
        "/api/3.0/mlflow/traces",
        (
            b'{"trace": [{"trace_info": {"trace_id": "tr-1", "trace_location":'
            b' {"mlflow_experiment": {"experiment_id": "1"}}}}]}'
        ),
    ),
    "a NUL in a key": ("POST", UPDATE, b'{"experiment_id": "1", "experiment_id\\u0000": "2"}'),
    "a NUL in a key, and more": ("POST", UPDATE, b'{"experiment_id": "1", "a\\u0000b": "2"}'),
    "a NUL in a key, nested": (
        "POST",
        LOG_BATCH,
        b'{"run_id": "r", "metrics": [{"key": "k", "model_id\\u0000": "m"}]}',
    ),
    "another name in the body than in the path": (
        "PATCH",
        LOGGED_MODEL,
        b'{"model_id": "m-2", "status": "LOGGED_MODEL_READY"}',
    ),
    "a name of another type in the body": ("PATCH", LOGGED_MODEL, b'{"model_id": ["m-1"]}'),
    "another name in the query than in the path": (
        "GET",
        f"{LOGGED_MODEL}/artifacts/directories?model_id=m-2",
        b"",
    ),
    **{
        f"the page size {text}": (
            "POST",
            SEARCH_EXPERIMENTS,
            b'{"max_results": %s}' % text.encode(),
        )
        for text in ("99999999999999999999", "5.0", "1e3", "true", '" 5"', '"5 "', '"05"', '"5_0"')
    },
    "a page size in a query": ("GET", f"{SEARCH_EXPERIMENTS}?max_results=+5", b""),
    **{
        f"a path with {name}": ("GET", f"{ARTIFACTS}?path=1/mo{letter}dels/x", b"")
        for name, letter in (("a line break", "%0A"), ("a return", "%0D"), ("a tab", "%09"))
    },
    "a path that ends in a line break": ("GET", f"{ARTIFACTS}?path=1%0A", b""),
    "a name with a control character": ("POST", UPDATE, b'{"experiment_id": "1\\u0000"}'),
    "run_id and another run_uuid": ("POST", LOG_METRIC, b'{"run_id": "r", "run_uuid": "s"}'),
    "run_id and a list as run_uuid": ("POST", LOG_METRIC, b'{"run_id": "r", "run_uuid": ["r"]}'),
    "run_id and another run_uuid to read": ("GET", f"{GET_RUN}?run_id=r&run_uuid=s", b""),
    **{
        f"the experiment id {text!r}": ("GET", f"{GET}?experiment_id={quote(text)}", b"")
        for text in (
            "01",
            " 1",
            "1 ",
            "+1",
            "-1",
            "1_0",
            "1\n",
            "\t1",
            "1.0",
            "0x1",
            "¹",
            "\u0661",
            "*",
        )
    },
    "an experiment id in a body": ("POST", UPDATE, b'{"experiment_id": "1_0"}'),
}


@pytest.mark.parametrize(("method", "target", "body"), REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("api", ["/api/", "/ajax-api/"])
def test_what_can_be_read_two_ways_is_refused(
    api: str, method: str, target: str, body: bytes
) -> None:
    with pytest.raises(InvalidRequest):
        read(method, target.replace("/api/", api), body)


REFUSED_HEADERS: dict[str, tuple[str, str, bytes, list[tuple[str, str]]]] = {
    "no type on POST": ("POST", UPDATE, ID, []),
    "no type on an empty POST": ("POST", UPDATE, b"", []),
    "no type on DELETE": ("DELETE", DELETE_MODEL, b'{"name": "m"}', []),
    **{
        f"the type {kind!r}": ("POST", UPDATE, ID, [("content-type", kind)])
        for kind in (
            "",
            "text/plain",
            "APPLICATION/JSON",
            "application/x+json",
            "application/jsonx",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=application/json",
            "text/plain; application/json",
            "application/json; charset=utf-16",
            "application/json; charset=latin-1",
            "application/json, text/plain",
            "application/json; charset=utf-8; charset=utf-16",
        )
    },
    "two types": (
        "POST",
        UPDATE,
        ID,
        [("content-type", "application/json"), ("content-type", "text/plain")],
    ),
    "text on DELETE": ("DELETE", DELETE_MODEL, b'{"name": "m"}', [("content-type", "text/plain")]),
    "JSON for a form": ("POST", CREATE_UI, b"{}", [("content-type", "application/json")]),
    "a form field twice": ("POST", CREATE_UI, b"username=a&username=b", list(FORM.items())),
    "a form that is not UTF-8": ("POST", CREATE_UI, b"username=%ff", list(FORM.items())),
    "an encoded body": (
        "POST",
        UPDATE,
        ID,
        [("content-type", "application/json"), ("content-encoding", "gzip")],
    ),
    "an identity encoding": (
        "POST",
        UPDATE,
        ID,
        [("content-type", "application/json"), ("content-encoding", "identity")],
    ),
    "a workspace": ("GET", f"{GET}?experiment_id=1", b"", [("X-MLFLOW-WORKSPACE", "theirs")]),
    "the default workspace": (
        "GET",
        f"{GET}?experiment_id=1",
        b"",
        [("x-mlflow-workspace", "default")],
    ),
    "a workspace on health": ("GET", "/health", b"", [("X-MLflow-Workspace", "")]),
}


@pytest.mark.parametrize(
    ("method", "target", "body", "headers"), REFUSED_HEADERS.values(), ids=REFUSED_HEADERS
)
def test_a_body_of_another_kind_than_is_read_is_refused(
    method: str, target: str, body: bytes, headers: list[tuple[str, str]]
) -> None:
    with pytest.raises(InvalidRequest):
        read(method, target, body, headers)


def test_head_is_answered_only_where_no_handler_would_run() -> None:
    answered = {rule.path for rule in Table() if rule.method == "HEAD"}
    assert answered == {
        "/",
        "/health",
        "/version",
        "/static-files/{path:path}",
        "/mlflow-artifacts/artifacts/{artifact_path:path}",
    }
