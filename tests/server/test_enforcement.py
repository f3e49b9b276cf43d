"""The door in front of a real MLflow: what passes, to whom a search shows what, what is told."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING

import pytest

from tests.live import ADMIN
from tests.server.attack import ALICE, BOB, EVE

if TYPE_CHECKING:
    from tests.server.world import World

pytestmark = pytest.mark.mlflow

API = "/api/2.0/mlflow"


def test_health_is_open(world: World) -> None:
    assert world.call("GET /health", user=None).text == "OK"


def test_a_name_that_does_not_exist_is_told_so_that_clients_can_create_it(world: World) -> None:
    line = f"GET {API}/experiments/get-by-name?experiment_name="
    response = world.call(f"{line}new", user=EVE)
    assert (response.status_code, response.json()["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    assert world.call(f"{line}<NameV>", user=EVE).status_code == 403


def test_a_chunked_body_is_read_by_both_sides(world: World) -> None:
    tag = {"key": "k", "value": "chunked"}
    body = json.dumps(world.fill({"experiment_id": "<O>"} | tag)).encode()
    response = world.server.client(BOB).post(
        f"{API}/experiments/set-experiment-tag",
        content=iter([body]),
        headers={"Content-Type": "application/json"},
    )
    assert response.status_code == 200, response.text
    found = world.ok(f"GET {API}/experiments/get?experiment_id=<O>")
    assert tag in found["experiment"]["tags"]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_searches_show_only_what_may_be_read(world: World, method: str) -> None:
    word = uuid.uuid4().hex
    for user in (ALICE, BOB):
        world.ok(f"POST {API}/experiments/create", {"name": f"{word} {user[0]}"}, user)
    body = {"max_results": 100, "filter": f"name LIKE '{word}%'"}
    query = f"?max_results=100&filter=name+LIKE+'{word}%25'" if method == "GET" else ""

    def names(user: tuple[str, str]) -> list[str]:
        line = f"{method} {API}/experiments/search{query}"
        found = world.ok(line, None if query else body, user)
        return sorted(row["name"].removeprefix(word) for row in found["experiments"])

    assert names(ALICE) == [" alice"]
    assert names(BOB) == [" bob"]
    assert names(EVE) == []
    assert names(ADMIN) == [" alice", " bob"]


def test_run_searches_drop_experiments_that_may_not_be_read(world: World) -> None:
    body = {"experiment_ids": ["<V>", "<O>"]}
    found = world.ok(f"POST {API}/runs/search", body, BOB)
    assert world.names["RO"] in [row["info"]["run_id"] for row in found["runs"]]
    assert world.names["O"] == {row["info"]["experiment_id"] for row in found["runs"]}.pop()
    assert "runs" not in world.ok(f"POST {API}/runs/search", body, EVE)


def test_model_searches_show_only_what_may_be_read(world: World) -> None:
    line = f"GET {API}/registered-models/search?filter=name+LIKE+'{{}}%25'"
    for user, name in ((ALICE, "MV"), (BOB, "MO")):
        found = world.ok(line.format(world.names[name]), None, user)
        assert [row["name"] for row in found["registered_models"]] == [world.names[name]]
    for name in ("MV", "MO"):
        found = world.ok(line.format(world.names[name]), None, EVE)
        assert found == {"registered_models": []}


@pytest.mark.parametrize(("method", "route"), [("POST", "set-tag"), ("DELETE", "delete-tag")])
def test_nobody_makes_a_prompt_of_a_model_which_would_void_its_grants(
    world: World, method: str, route: str
) -> None:
    tag = {"name": "<MO>", "key": "mlflow.prompt.is_prompt", "value": "true"}
    for user in (BOB, ADMIN):
        line = f"{method} {API}/registered-models/{route}"
        assert world.call(line, tag, user).status_code == 400
    other = {"name": "<MO>", "key": "stage", "value": "dev"}
    world.ok(f"POST {API}/registered-models/set-tag", other, BOB)
