"""An administrator's own authorization_function decides who asks (contract 3.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.live import authctl_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from tests.live import Server

pytestmark = pytest.mark.mlflow

CURRENT = "/api/2.0/mlflow/users/current"

BADGES = """
from flask import Response, abort, request
from werkzeug.datastructures import Authorization


def authenticate():
    badge = request.headers.get("X-Badge", "")
    if badge == "respond":
        return Response("Show your badge", 401, {"WWW-Authenticate": "Badge"})
    if badge == "abort":
        abort(403, "No badge, no entry")
    if badge == "junk":
        return ["secret-junk"]
    if badge == "raise":
        raise LookupError("secret-failure")
    return Authorization("basic", {"username": badge, "password": ""})
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("badges")
    (folder / "badges.py").write_text(BADGES)
    ini = folder / "basic_auth.ini"
    ini.write_text("[mlflow]\nauthorization_function = badges:authenticate\n")
    with authctl_server(folder, "--auth-config", str(ini)) as server:
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


def test_a_junk_result_is_an_error_that_tells_nothing(server: Server) -> None:
    answer = call(server, "junk")
    assert answer.status_code == 500
    assert answer.json()["error_code"] == "INTERNAL_ERROR"
    assert "secret" not in answer.text


def test_a_failure_inside_tells_the_caller_nothing(server: Server) -> None:
    answer = call(server, "raise")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text


def test_open_paths_do_not_ask_it(server: Server) -> None:
    assert call(server, "raise", "/health").status_code == 200
