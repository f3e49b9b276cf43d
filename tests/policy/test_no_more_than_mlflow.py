"""Behind authctl nobody gets past what MLflow's own auth would have stopped them at."""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from authctl.model import WILDCARD, Permission, Principal, Resource
from authctl.policy.table import Table
from authctl.server.admin_api import Settings
from authctl.server.enforcement import Door, Parts
from authctl.server.origin import Origins
from authctl.server.page_tokens import PageTokens
from authctl.server.signup_token import SignupTokens
from tests.exchanges import JSON, Caller, scope_of
from tests.policy.databases_at_random import (
    ANYTHING,
    GRANTABLE,
    USERS,
    Database,
    Words,
    databases,
    drawn,
    write,
)
from tests.policy.requests_asked import REQUESTS, Asked
from tests.policy.things import PASSED, things
from tests.server.forgetful import forgetful

if TYPE_CHECKING:
    from authctl.model import User
    from authctl.store.sql import SqlStore
    from tests.policy.conftest import Both

pytestmark = pytest.mark.mlflow

PASSING = (200, PASSED)

# Where authctl lets pass what MLflow does not, and why that is right.
WIDER = {
    # MLflow asks for the registered model that a prompt is not; its other routes ask the prompt.
    "GET /model-versions/get-artifact {'name': 'greeting', 'version': '1', 'path': 'x'}",
}

# A scorer of which no grant speaks is its experiment's here, and of the default level in MLflow.
HANGING = {f"/api/3.0/mlflow/scorers/{name}" for name in ("get", "versions", "delete")}

# The scorer that is asked for, and all of them.
SCORER = {Resource("scorer", "1/name%20x"), Resource("scorer", WILDCARD)}

# Where authctl stops more than MLflow, whatever an administrator can grant.
NARROWER = {
    # What these make may reach any address from the server.
    "POST /api/3.0/mlflow/gateway/secrets/create",
    "POST /api/3.0/mlflow/gateway/model-definitions/create",
    "POST /api/3.0/mlflow/gateway/endpoints/create",
    # What the request refers to is judged by more than that it is not denied, or judged at all.
    "POST /api/3.0/mlflow/gateway/endpoints/update",
    "POST /api/3.0/mlflow/gateway/endpoints/models/detach",
    "GET /api/3.0/mlflow/gateway/model-definitions/list",
    "PUT /api/3.0/mlflow/scorers/online-config",
    "POST /api/3.0/mlflow/prompt-optimization/jobs",
    "POST /ajax-api/3.0/mlflow/genai/evaluate/invoke",
    "POST /ajax-api/3.0/mlflow/issues/invoke",
    # Filters, sort keys and dimensions are not taken apart.
    "POST /api/3.0/mlflow/traces/search",
    "POST /api/3.0/mlflow/traces/metrics",
    "POST /api/3.0/mlflow/traces/calculate-filter-correlation",
    # The folders of an experiment are called as its runs, its jobs have runs.
    "GET /api/2.0/mlflow-artifacts/artifacts",
    "GET /api/3.0/mlflow/prompt-optimization/jobs/search",
    # A grant on a type does not open what contains it.
    "POST /api/3.0/mlflow/traces/tr-1/assessments",
    # Reading a scorer takes reading its experiment; reading its versions is asked for as such.
    "POST /api/3.0/mlflow/scorers/register",
    "GET /api/3.0/mlflow/scorers/get",
    "GET /api/3.0/mlflow/scorers/versions",
    "DELETE /api/3.0/mlflow/scorers/delete",
    # The artifacts of a prompt's version are the prompt's.
    "GET /model-versions/get-artifact",
    # Whoever a queue is for does not own it, and an owner's name is told apart by case.
    "GET /api/3.0/mlflow/review-queues/get",
    "GET /api/3.0/mlflow/review-queues/get-by-name",
    "GET /api/3.0/mlflow/review-queues/items/list",
    "POST /api/3.0/mlflow/review-queues/update",
    "POST /api/3.0/mlflow/review-queues/delete",
    "POST /api/3.0/mlflow/review-queues/items/remove",
}


@pytest.mark.parametrize(
    ("words", "examples", "seeded"),
    [
        pytest.param(GRANTABLE, 25, True, id="what can be granted"),
        pytest.param(ANYTHING, 6, True, id="whatever may stand there"),
        *(
            pytest.param(words, 1000, False, id=f"{name}, much", marks=marks)
            for marks in [[pytest.mark.long, pytest.mark.timeout(7200)]]
            for words, name in (
                (GRANTABLE, "what can be granted"),
                (ANYTHING, "whatever may stand there"),
            )
        ),
    ],
)
def test_what_mlflow_would_refuse_is_refused(
    both: Both,
    words: Words,
    examples: int,
    seeded: bool,
    capsys: pytest.CaptureFixture[str],
) -> None:
    counts: Counter[str] = Counter()
    stopped: set[str] = set()
    wider: dict[str, object] = {}

    @drawn(examples, always_the_same=seeded)
    @given(databases(words), st.sampled_from(USERS))
    def refused(database: Database, username: str) -> None:
        write(database, both.file)
        default = database.defaults[0]
        user = both.ours.get_user(username)
        asking = {"user": username, "default": default}
        theirs = both.theirs.ask([{**asdict(asked), **asking} for asked in REQUESTS])
        ours = anyio.run(_ask_all, _door(both.ours, user, default))
        for asked, status, may in zip(REQUESTS, ours, theirs, strict=True):
            passed = status in PASSING
            counts["requests"] += 1
            counts["pass" if passed else "refused"] += 1
            assert passed or status in (403, 404), (str(asked), status)
            if passed and not may and str(asked) not in WIDER:
                grants = both.ours.grants_of(user)
                if asked.path not in HANGING or SCORER & {grant.resource for grant in grants}:
                    wider.setdefault(str(asked), (default, grants))
            if may and not passed:
                counts["refused here alone"] += 1
                stopped.add(f"{asked.method} {asked.path}")

    refused()
    with capsys.disabled():
        sys.stdout.write(f"\n{dict(counts)}\n")
    assert wider == {}
    assert counts["requests"] == examples * len(REQUESTS)
    assert counts["pass"] > examples
    if words is GRANTABLE:
        assert stopped <= NARROWER


def _door(store: SqlStore, user: User, default: Permission) -> Door:
    async def authenticate(*_: object) -> Principal:
        return Principal(user)

    return Door(
        Parts(
            upstream=things,
            table=Table(),
            authenticate=authenticate,
            memory=forgetful(store, default),
            store=store,
            origins=Origins(),
            page_tokens=PageTokens("a-key"),
            settings=Settings(default, SignupTokens("a-key")),
        )
    )


async def _ask_all(door: Door) -> list[int]:
    return [await _status(door, asked) for asked in REQUESTS]


async def _status(door: Door, asked: Asked) -> int:
    target, body, headers = asked.path, b"", dict(asked.headers)
    if asked.given and asked.method == "GET":
        target += "?" + urlencode(asked.given, doseq=True)
    elif asked.given:
        body, headers = json.dumps(asked.given).encode(), {**headers, **JSON}
    headers["content-length"] = str(len(body))
    caller = Caller([body])
    await door(scope_of(asked.method, target, headers), caller.receive, caller.send)
    return int(caller.answer[0]["status"])
