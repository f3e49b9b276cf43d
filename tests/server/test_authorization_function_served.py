"""A server whose callers an authorization_function proves: ours, MLflow's, the document's."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import jwt
import pytest

from tests.documents import ROOT, files
from tests.live import authctl_server
from tests.servers import recording_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

    from tests.live import Server

pytestmark = pytest.mark.mlflow

CURRENT = "/api/2.0/mlflow/users/current"
AT_THE_START = ("/version", "/api/2.0/mlflow/users/get?username=admin")
"""What a gateway asks before anybody else does: whether its upstream has users."""

SHOWN = files((ROOT / "docs" / "authorization-function.md").read_text(encoding="utf-8"))


def given_to(server: Server, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return server.client(None).get(CURRENT, headers=named)


def test_the_proxy_of_the_document_signs_people_in_without_mlflow(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\n\nsys.modules['mlflow'] = None\n")
    (tmp_path / "proxy_login.py").write_text(SHOWN["proxy_login.py"])
    ini = tmp_path / "basic_auth.ini"
    ini.write_text("[mlflow]\nauthorization_function = proxy_login:authenticate\n")
    env = {"PYTHONPATH": str(tmp_path), "PROXY_SECRET": "a-secret"}
    with recording_server() as mlflow:
        options = ("--upstream", mlflow.url, "--auth-config", str(ini))
        with authctl_server(tmp_path, *options, env=env) as server:
            known = {"X_Proxy_Secret": "a-secret"}
            answer = given_to(server, **known, X_Forwarded_User="admin")
            assert answer.json()["user"]["username"] == "admin"
            assert given_to(server, **known, X_Forwarded_User="stranger").status_code == 401
            assert given_to(server, **known).status_code == 401
            for secret in ({}, {"X_Proxy_Secret": "guess"}):
                answer = given_to(server, **secret, X_Forwarded_User="admin")
                assert (answer.status_code, answer.text) == (403, "Come through the proxy.")
        assert {request.path for request in mlflow.requests} == {*AT_THE_START, "/health"}


BADGES = """
from flask import Response, abort, request
from werkzeug.datastructures import Authorization

import flask_login


def authenticate():
    if "Authorization" in request.headers:
        return flask_login.authenticate()
    badge = request.headers.get("X-Badge", "")
    if badge == "respond":
        return Response("Show your badge", 401, {"WWW-Authenticate": "Badge"})
    if badge == "abort":
        abort(403, "No badge, no entry")
    if badge == "junk":
        return ["secret-junk"]
    if badge == "number":
        return Authorization("basic", {"username": 1, "password": ""})
    if badge == "nameless":
        return Authorization("bearer", token="secret-token")
    if badge == "raise":
        raise LookupError("secret-failure")
    return Authorization("basic", {"username": badge, "password": ""})
"""

TOKEN_SECRET = "a-secret-that-is-long-enough-for-hs256"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("badges")
    (folder / "badges.py").write_text(BADGES)
    (folder / "flask_login.py").write_text(SHOWN["flask_login.py"])
    ini = folder / "basic_auth.ini"
    ini.write_text("[mlflow]\nauthorization_function = badges:authenticate\n")
    env = {"TOKEN_SECRET": TOKEN_SECRET}
    with authctl_server(folder, "--auth-config", str(ini), env=env) as server:
        yield server


def call(server: Server, badge: str, path: str = CURRENT) -> httpx.Response:
    return server.client(None).get(path, headers={"X-Badge": badge})


def test_whom_it_names_is_who_asks(server: Server) -> None:
    answer = call(server, "admin")
    assert answer.json()["user"]["username"] == "admin"
    assert answer.json()["is_basic_auth"] is False


def test_whom_the_database_does_not_know_is_nobody(server: Server) -> None:
    assert call(server, "stranger").status_code == 401
    assert call(server, "").status_code == 401
    assert call(server, "nameless").status_code == 401


def test_a_header_that_only_looks_like_the_one_it_reads_names_nobody(server: Server) -> None:
    answer = server.client(None).get(CURRENT, headers={"X_Badge": "admin"})
    assert answer.status_code == 401


def test_passwords_count_for_nothing(server: Server) -> None:
    assert server.call("GET", CURRENT).status_code == 401


def test_its_own_answer_is_given(server: Server) -> None:
    answer = call(server, "respond")
    assert (answer.status_code, answer.text) == (401, "Show your badge")
    assert answer.headers["WWW-Authenticate"] == "Badge"


def test_what_it_aborts_with_is_given(server: Server) -> None:
    answer = call(server, "abort")
    assert answer.status_code == 403
    assert "No badge, no entry" in answer.text


@pytest.mark.parametrize("badge", ["junk", "number", "raise"])
def test_a_junk_result_or_a_failure_tells_neither_the_caller_nor_the_log(
    server: Server, badge: str
) -> None:
    answer = call(server, badge)
    assert answer.status_code == 500
    assert answer.json()["error_code"] == "INTERNAL_ERROR"
    assert "secret" not in answer.text
    log = server.log.read_text()
    assert "secret-" not in log
    assert "Traceback" not in log
    if badge == "raise":
        assert f"raised LookupError at {server.folder / 'badges.py'}:" in log


def test_open_paths_do_not_ask_it(server: Server) -> None:
    assert call(server, "raise", "/health").status_code == 200


def signed(secret: str = TOKEN_SECRET, **changed: Any) -> str:
    good = {"username": "admin", "aud": "mlflow", "exp": int(time.time()) + 60}
    return jwt.encode({**good, **changed}, secret, "HS256")


def test_the_tokens_of_the_document_sign_people_in_as_under_mlflow(server: Server) -> None:
    answer = given_to(server, Authorization=f"Bearer {signed()}")
    assert answer.json()["user"]["username"] == "admin"


@pytest.mark.parametrize(
    "token",
    [
        signed("another-secret-that-is-long-enough-too"),
        signed(username="stranger"),
        signed(aud="grafana"),
        signed(exp=1),
        "rubbish",
    ],
    ids=["forged", "of a stranger", "for others", "expired", "rubbish"],
)
def test_a_bad_token_of_the_document_signs_nobody_in(server: Server, token: str) -> None:
    answer = given_to(server, Authorization=f"Bearer {token}")
    assert answer.status_code == 401
