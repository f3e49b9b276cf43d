"""Ways in without credentials, with wrong ones, or with somebody else's."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import anyio
import pytest

from authctl.model import Permission
from authctl.policy.resolution import resolve_with
from authctl.server.authenticate import Authenticator
from authctl.server.failed_logins import FailedLogins
from authctl.store.sql import SqlStore
from tests.exchanges import scope_of
from tests.live import ADMIN, clean_environment, free_port
from tests.server.attack import (
    ALICE,
    EVE,
    JSON,
    REFUSALS,
    TEXT,
    Case,
    attack,
    basic,
    cases,
    check_untold,
    send,
    turns,
)
from tests.server.logins import Now
from tests.server.things import otlp

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.server.world import World

pytestmark = pytest.mark.mlflow

A2, A3 = "/api/2.0/mlflow", "/api/3.0/mlflow"
CREATE_USER = f"POST {A2}/users/create"
PLANTED = {"username": "planted", "password": "planted-password"}
SPAN = otlp("e" * 32, "x")
INTO = ("X-MLflow-Experiment-Id", "<V>")
FORM = (("Content-Type", "application/x-www-form-urlencoded"),)
READ = f"GET {A2}/experiments/get?experiment_id=<V>"

NO_LOGIN = (
    Case("U1 create a user", CREATE_USER, PLANTED),
    Case("U1 create a user by form", f"POST {A2}/users/create-ui", "username=planted", FORM),
    Case("U1 see the form", "GET /signup"),
    Case("U2 submit a job", "POST /ajax-api/3.0/jobs/", {"job_name": "x", "params": {}}),
    Case("U2 submit a job without a slash", "POST /ajax-api/3.0/jobs", {"job_name": "x"}),
    Case("U2 get a job", "GET /ajax-api/3.0/jobs/<jobV>"),
    Case("U2 cancel a job", "PATCH /ajax-api/3.0/jobs/cancel/<jobV>"),
    Case("U2 search jobs", "POST /ajax-api/3.0/jobs/search", {}),
    Case("U2 list jobs", "GET /ajax-api/3.0/jobs/"),
    Case("U2 get a job, in Flask", f"GET {A3}/jobs/<jobV>"),
    Case("U2 cancel a job, in Flask", f"PATCH {A3}/jobs/cancel/<jobV>"),
    Case("U3 send spans", "POST /v1/traces", SPAN, (*JSON, INTO)),
    Case(
        "U3 send spans in a packed body",
        "POST /v1/traces",
        SPAN,
        (*JSON, ("Content-Encoding", "gzip"), INTO),
    ),
    *(
        Case(f"U12 {path}", f"GET {path}")
        for path in (
            *("/", "/docs", "/redoc", "/openapi.json", "/metrics", "/graphql", "/version"),
            *("/docs/oauth2-redirect", "/nope", f"{A3}/mcp-servers", f"{A2}/users/list"),
        )
    ),
    Case("U12 a query of GraphQL", "POST /graphql", {"query": "{ __schema { types { name } } }"}),
    Case("U12 read an experiment", READ),
    Case(
        "U12 read a file", "GET /api/2.0/mlflow-artifacts/artifacts/<V>/<RV>/artifacts/secret.txt"
    ),
    Case("U12 use the gateway", "POST /gateway/<endNameV>/mlflow/invocations", {"messages": []}),
    Case("U12 talk to the assistant", f"POST {A3}/assistant/message", {"message": "hi"}),
)


@cases(*NO_LOGIN)
def test_nobody_passes_without_a_login(world: World, case: Case) -> None:
    before = world.state()
    for _, turn in turns(world, case, [None]):
        answer = send(world, None, turn)
        assert answer.status == 401, (turn, answer)
        assert answer.header("WWW-Authenticate") == 'Basic realm="mlflow"'
        check_untold(world, case, answer)
    assert world.state() == before


@cases(
    Case("U1 create a user", CREATE_USER, PLANTED),
    Case("U1 create a user by form", f"POST {A2}/users/create-ui", "username=planted", FORM),
    Case("U1 see the form", "GET /signup"),
)
def test_an_ordinary_user_makes_no_users(local: World, case: Case) -> None:
    attack(local, case, users=[ALICE, EVE])


LIST_USERS = Case("", f"GET {A2}/users/list")


@pytest.mark.parametrize("password", ["password1234", "password", "", "admin"])
def test_u4_no_well_known_password_opens_a_server_that_was_given_its_own(
    local: World, password: str
) -> None:
    assert send(local, ("admin", password), LIST_USERS).status == 401
    assert send(local, ADMIN, LIST_USERS).status == 200


@pytest.mark.parametrize(
    ("name", "password", "host"),
    [
        ("U4 the well-known password, elsewhere", "password1234", "0.0.0.0"),
        ("U5 an empty password", "", "127.0.0.1"),
        ("U5 one character", "x", "127.0.0.1"),
    ],
)
def test_no_server_starts_with_such_an_administrator(
    tmp_path: Path, name: str, password: str | None, host: str
) -> None:
    given = {} if password is None else {"MLFLOW_AUTH_ADMIN_PASSWORD": password}
    command = [sys.executable, "-m", "authctl", "serve", "--port", str(free_port()), "--host", host]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=clean_environment(**given),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2, (name, done.stderr)
    assert b"password" in done.stderr.lower()
    assert b"Serving" not in done.stderr


@pytest.mark.parametrize("password", ["", "x", "elevenchars", None, 123456789012, ["x" * 12]])
def test_u5_no_user_is_made_with_such_a_password(local: World, password: object) -> None:
    body = {"username": "weak", "password": password}
    attack(local, Case("U5", CREATE_USER, body, answers=(400,)), users=[ADMIN])
    own = {"username": "eve", "password": password, "current_password": EVE[1]}
    changed = Case("U5", f"PATCH {A2}/users/update-password", own, answers=(400,))
    attack(local, changed, users=[EVE])


def test_u6_thirty_wrong_passwords_open_nothing_and_shut_nobody_out(embedded: World) -> None:
    case = Case("U6", READ)
    assert send(embedded, ALICE, case).status == 200
    answers = [send(embedded, ("alice", f"guess-{number}"), case) for number in range(30)]
    # These worlds have no limits: what a limit adds to it is in test_failed_logins_served.
    assert [answer.status for answer in answers] == [401] * len(answers)
    assert send(embedded, ALICE, case).status == 200


def test_u7_an_unknown_user_costs_as_many_hashes_as_a_wrong_password(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'auth.db'}"
    store = SqlStore.open(url, create=True, resolve=resolve_with(Permission.READ))
    store.create_user(*ALICE)
    failed = FailedLogins(store)
    hashed: list[str] = []

    def verify(password: str, _stored: str | None) -> bool:
        hashed.append(password)
        return False

    authenticator = Authenticator(failed, verify=verify)
    for user in (("alice", "wrong"), ("nobody", "wrong"), ("admin", ""), ("", "wrong")):
        hashed.clear()
        headers = [("authorization", basic(user))]
        assert anyio.run(authenticator, scope_of("GET", "/", headers), Now(store)) is None
        assert len(hashed) == (1 if user[0] else 0), user
    store.close()


FOREIGN = ("Origin", "https://evil.example")


@cases(
    Case("U8 JSON from a foreign page", CREATE_USER, PLANTED, (*JSON, FOREIGN)),
    Case("U8 JSON from a page without origin", CREATE_USER, PLANTED, (*JSON, ("Origin", "null"))),
    Case("U8 JSON as text", CREATE_USER, json.dumps(PLANTED), TEXT),
    Case("U8 JSON as text from a foreign page", CREATE_USER, PLANTED, (*TEXT, FOREIGN)),
    Case("U8 JSON as a form", CREATE_USER, json.dumps(PLANTED), FORM),
    Case("U8 a form to the JSON route", CREATE_USER, "username=planted&password=x", FORM),
    Case(
        "U8 the form without a token",
        f"POST {A2}/users/create-ui",
        "username=planted&password=planted-password",
        FORM,
    ),
    Case(
        "U8 the form with a made-up token",
        f"POST {A2}/users/create-ui",
        f"username=planted&password=planted-password&csrf_token={'0' * 64}",
        (*FORM, ("Cookie", f"authctl_signup={'A' * 43}")),
    ),
    Case(
        "U8 the form from a foreign page",
        f"POST {A2}/users/create-ui",
        "username=planted",
        (*FORM, FOREIGN),
    ),
    Case("U8 POST to the page itself", "POST /signup", "username=planted", (*FORM, FOREIGN)),
    Case("U8 a grant", f"POST {A3}/users/permissions/grant", {"username": "eve"}, (*JSON, FOREIGN)),
    Case("U8 a delete", f"DELETE {A2}/users/delete", {"username": "alice"}, (*JSON, FOREIGN)),
    *(
        Case(f"U9 the host {host}", READ, None, (("Host", host),), answers=(403,))
        for host in (
            "evil.example",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "8.8.8.8",
            "",
        )
    ),
    Case("U9 a foreign host for a change", CREATE_USER, PLANTED, (*JSON, ("Host", "evil.example"))),
)
def test_a_browser_is_not_led_to_act_with_its_owner_s_login(local: World, case: Case) -> None:
    attack(local, case, users=[ADMIN, ALICE])


INNER = "api/2.0/mlflow/experiments/get?experiment_id=<V>"
OPEN_PATHS = (
    *(f"/static-files/../{INNER}", f"/static-files/%2e%2e/{INNER}", f"/static-files/..%2f{INNER}"),
    *(f"/static-files/.%2e/{INNER}", f"/static-files//{INNER}", f"/static-files/./../{INNER}"),
    *(f"/static-files/..%5c{INNER}", f"/static-files/%252e%252e/{INNER}", f"/static/{INNER}"),
    *(f"/build/../{INNER}", f"/favicon.ico/../{INNER}", f"/static-files;/../{INNER}"),
    *(f"/health/../{INNER}", f"/health/{INNER}", f"/health;{INNER}", f"/health%2f..%2f{INNER}"),
    *("/healthX", "/healthz", "/health/", "/static-filesX", "/HEALTH", "/%68ealth/"),
    *(f"//{INNER}", f"/%2f{INNER}", f"///{INNER}", f"/./{INNER}", f"/x/../{INNER}"),
    *(f"/{INNER.replace('?', '/?')}", f"/{INNER.replace('/mlflow', '//mlflow')}"),
    *("/api/3.0/mlflow/server-info/../experiments/get?experiment_id=<V>",),
    "/api/3.0/mlflow/server-info/",
)


OPENED = cases(*(Case(f"U10 {path}", f"GET {path}") for path in OPEN_PATHS))


@OPENED
def test_nothing_behind_an_open_path_is_open(world: World, case: Case) -> None:
    _check_shut(world, case, root=False)


@OPENED
def test_nothing_beside_a_static_prefix_is_open(worlds: Callable[[str], World], case: Case) -> None:
    _check_shut(worlds("static prefix"), case, root=True)


def _check_shut(world: World, case: Case, *, root: bool) -> None:
    before = world.state()
    for user, turn in turns(world, case, [None, EVE]):
        answer = send(world, user, turn, root=root)
        assert answer.status in (REFUSALS if user else (400, 401)), (turn, answer)
        check_untold(world, case, answer)
        assert answer.header("Location") is None
    assert world.state() == before
