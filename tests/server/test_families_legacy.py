"""The families on a legacy database, which keeps grants on experiments and models alone.

Its default is READ: all that is refused to the stranger here is so in spite of it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.live import ADMIN
from tests.server.families import SAFETY, Family, make_family, unique

if TYPE_CHECKING:
    from tests.live import Server
    from tests.server.families import User

pytestmark = pytest.mark.mlflow

_GATEWAY = "3.0/mlflow/gateway"
_SCORERS = "3.0/mlflow/scorers"
_QUEUES = "3.0/mlflow/review-queues"


@pytest.fixture(scope="module")
def family(legacy_server: Server) -> Family:
    return make_family(legacy_server)


@pytest.fixture(scope="module")
def shut(family: Family) -> User:
    """Someone whom the experiment is closed to."""
    user = family.person()
    family.grant(user, "experiment", family.experiment, "NO_PERMISSIONS")
    return user


def test_what_has_no_table_cannot_be_granted(family: Family) -> None:
    for kind in ("gateway_secret", "gateway_endpoint", "gateway_model_definition", "scorer"):
        body = {"username": family.owner[0], "resource_type": kind, "resource_id": "1/x"}
        line = "POST 3.0/mlflow/users/permissions/grant"
        assert family.call(ADMIN, line, body | {"permission": "MANAGE"}).status_code == 400


def test_the_gateway_is_for_administrators(family: Family) -> None:
    name = unique()
    body: dict[str, Any] = {"secret_name": name, "secret_value": {"api_key": "k"}}
    body |= {"provider": "openai"}
    family.denied(family.people, f"POST {_GATEWAY}/secrets/create", body)
    made = family.ok(ADMIN, f"POST {_GATEWAY}/secrets/create", body)["secret"]
    secret = {"secret_id": made["secret_id"]}
    body = {"name": name, "provider": "openai", "model_name": "m"} | secret
    family.denied(family.people, f"POST {_GATEWAY}/model-definitions/create", body)
    made = family.ok(ADMIN, f"POST {_GATEWAY}/model-definitions/create", body)
    definition = {"model_definition_id": made["model_definition"]["model_definition_id"]}
    config = definition | {"linkage_type": "PRIMARY", "weight": 1}
    body = {"name": name, "model_configs": [config]}
    family.denied(family.people, f"POST {_GATEWAY}/endpoints/create", body)
    made = family.ok(ADMIN, f"POST {_GATEWAY}/endpoints/create", body)["endpoint"]
    endpoint = {"endpoint_id": made["endpoint_id"]}
    for thing, named in (
        ("secrets", secret),
        ("model-definitions", definition),
        ("endpoints", endpoint),
    ):
        before = family.ok(ADMIN, f"GET {_GATEWAY}/{thing}/get", **named)
        family.denied(family.people, f"GET {_GATEWAY}/{thing}/get", **named)
        family.denied(family.people, f"POST {_GATEWAY}/{thing}/update", named | {"name": "x"})
        family.denied(family.people, f"DELETE {_GATEWAY}/{thing}/delete", named)
        assert family.ok(ADMIN, f"GET {_GATEWAY}/{thing}/get", **named) == before
        for user in family.people:
            listed = family.ok(user, f"GET {_GATEWAY}/{thing}/list")
            assert listed == {thing.replace("-", "_"): []}
    chat = {"model": name, "messages": [{"role": "user", "content": "x"}]}
    family.denied(family.people, "POST /gateway/mlflow/v1/chat/completions", chat)
    family.denied(family.people, f"POST /gateway/{name}/mlflow/invocations", chat)
    assert family.ok(family.owner, "GET /gateway/mlflow/v1/models")["data"] == []
    judge = json.dumps({"instructions_judge_pydantic_data": {"model": f"gateway:/{name}"}})
    scorer = {"experiment_id": family.experiment, "name": name, "serialized_scorer": judge}
    family.denied((family.owner,), f"POST {_SCORERS}/register", scorer)


def test_a_scorer_hangs_on_its_experiment(family: Family, shut: User) -> None:
    name = {"experiment_id": family.experiment, "name": unique()}
    body = name | {"serialized_scorer": SAFETY}
    family.denied((shut, family.reader, family.stranger), f"POST {_SCORERS}/register", body)
    for version in (1, 2):
        made = family.ok(family.editor, f"POST {_SCORERS}/register", body)
        assert made["version"] == version
    for user, sees in ((family.reader, True), (family.stranger, True), (shut, False)):
        for query in ({}, {"experiment_id": family.experiment}):
            listed = json.dumps(family.ok(user, f"GET {_SCORERS}/list", **query))
            assert (name["name"] in listed) is sees
    family.ok(family.stranger, f"GET {_SCORERS}/get", **name)
    family.denied((shut,), f"GET {_SCORERS}/get", **name)
    family.denied((shut,), f"GET {_SCORERS}/versions", **name)
    below = (shut, family.reader, family.stranger, family.editor)
    family.denied(below, f"DELETE {_SCORERS}/delete", name)
    family.denied(below, f"DELETE {_SCORERS}/delete", name | {"version": 1})
    assert len(family.ok(ADMIN, f"GET {_SCORERS}/versions", **name)["scorers"]) == 2
    family.ok(family.owner, f"DELETE {_SCORERS}/delete", name)
    assert family.call(ADMIN, f"GET {_SCORERS}/versions", **name).status_code == 404


def test_datasets_hang_on_every_experiment(family: Family, shut: User) -> None:
    body = {"name": unique(), "experiment_ids": [family.experiment, family.others]}
    family.denied((family.owner, family.stranger), "POST 3.0/mlflow/datasets/create", body)
    made = family.ok(ADMIN, "POST 3.0/mlflow/datasets/create", body)["dataset"]["dataset_id"]
    line = f"3.0/mlflow/datasets/{made}"
    family.ok(family.stranger, f"GET {line}")
    family.denied((shut,), f"GET {line}")
    query = {"experiment_ids": [family.others]}
    for user, sees in ((family.stranger, True), (shut, False)):
        found = json.dumps(family.ok(user, "POST 3.0/mlflow/datasets/search", query))
        assert (made in found) is sees
    family.denied((family.owner, family.other, family.stranger), f"DELETE {line}")
    family.ok(ADMIN, f"GET {line}")


def test_queues_schemas_and_issues_hang_on_their_experiment(family: Family, shut: User) -> None:
    here = {"experiment_id": family.experiment}
    body = here | {"name": unique(), "queue_type": "CUSTOM", "users": [family.reader[0], shut[0]]}
    family.denied((shut, family.stranger), f"POST {_QUEUES}/create", body)
    queue = family.ok(family.editor, f"POST {_QUEUES}/create", body)["review_queue"]
    assert queue["created_by"] == family.editor[0]
    this = {"queue_id": queue["queue_id"]}
    for user in (family.reader, family.editor, family.owner):
        family.ok(user, f"GET {_QUEUES}/get", **this)
    family.denied((shut, family.stranger), f"GET {_QUEUES}/get", **this)
    family.denied((shut, family.stranger, family.reader), f"POST {_QUEUES}/delete", this)
    family.ok(family.editor, f"POST {_QUEUES}/delete", this)
    body = here | {"name": unique(), "type": "FEEDBACK", "input": {"text": {}}}
    family.denied((shut, family.editor), "POST 3.0/mlflow/label-schemas/create", body)
    family.ok(family.owner, "POST 3.0/mlflow/label-schemas/create", body)
    body = here | {"name": unique(), "description": "d"}
    family.denied((shut, family.stranger), "POST 3.0/mlflow/issues", body)
    made = family.ok(family.editor, "POST 3.0/mlflow/issues", body)["issue"]["issue_id"]
    family.ok(family.stranger, f"GET 3.0/mlflow/issues/{made}")
    family.denied((shut,), f"GET 3.0/mlflow/issues/{made}")
    family.denied((shut,), "POST 3.0/mlflow/issues/search", here)
