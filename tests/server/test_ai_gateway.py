"""The gateway's secrets, model definitions and endpoints, each with grants of their own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.live import ADMIN
from tests.server.families import PREFIXES, make_family, unique

if TYPE_CHECKING:
    from tests.server.families import Family, User
    from tests.server.world import World

pytestmark = pytest.mark.mlflow

_GATEWAY = "3.0/mlflow/gateway"
_KINDS = ("gateway_secret", "gateway_model_definition", "gateway_endpoint")


@dataclass(frozen=True)
class Chain:
    """A secret, a model definition that uses it, and an endpoint of that."""

    secret: str
    definition: str
    endpoint: str
    name: str
    key: str

    @property
    def things(self) -> tuple[tuple[str, str], ...]:
        return tuple(zip(_KINDS, (self.secret, self.definition, self.endpoint), strict=True))

    def state(self, family: Family) -> list[Any]:
        return [family.ok(ADMIN, f"GET {_GATEWAY}/{line}") for line in _lines(self)]


def _lines(chain: Chain) -> tuple[str, ...]:
    return (
        f"secrets/get?secret_id={chain.secret}",
        f"model-definitions/get?model_definition_id={chain.definition}",
        f"endpoints/get?endpoint_id={chain.endpoint}",
    )


def _mapped(definition: str) -> dict[str, Any]:
    return {"model_definition_id": definition, "linkage_type": "PRIMARY", "weight": 1}


def _make(family: Family, user: User) -> Chain:
    name, key = unique(), f"sk-{unique()}-{unique()}"
    body: dict[str, Any] = {"secret_name": name, "secret_value": {"api_key": key}}
    body |= {"provider": "openai"}
    made = family.ok(user, f"POST {_GATEWAY}/secrets/create", body)
    secret = made["secret"]["secret_id"]
    assert key not in json.dumps(made)
    body = {"name": name, "secret_id": secret, "provider": "openai", "model_name": "m"}
    made = family.ok(user, f"POST {_GATEWAY}/model-definitions/create", body)
    definition = made["model_definition"]["model_definition_id"]
    body = {"name": name, "model_configs": [_mapped(definition)]}
    endpoint = family.ok(user, f"POST {_GATEWAY}/endpoints/create", body)["endpoint"]
    return Chain(secret, definition, endpoint["endpoint_id"], name, key)


@pytest.fixture(scope="module")
def family(embedded: World) -> Family:
    return make_family(embedded.server)


@pytest.fixture(scope="module")
def chain(family: Family) -> Chain:
    """Things that the owner, the editor and the reader have their levels on."""
    made = _make(family, ADMIN)
    for user, level in (
        (family.owner, "MANAGE"),
        (family.editor, "EDIT"),
        (family.reader, "READ"),
    ):
        for kind, thing in made.things:
            family.grant(user, kind, thing, level)
    return made


@pytest.fixture(scope="module")
def foreign(family: Family) -> Chain:
    """Things that the other manages."""
    made = _make(family, ADMIN)
    for kind, thing in made.things:
        family.grant(family.other, kind, thing, "MANAGE")
    return made


@pytest.fixture
def keeper(family: Family) -> User:
    """Someone who manages the workspace."""
    user = family.person()
    family.give_role(user, "workspace", "*", "MANAGE")
    return user


def _rows(chain: Chain) -> dict[str, Any]:
    """What making one more of each takes; nothing of it may be left behind where it is refused."""
    return {
        "secrets": {"secret_name": unique(), "secret_value": {"api_key": "k"}},
        "model-definitions": {"name": unique(), "secret_id": chain.secret} | _OPENAI,
        "endpoints": {"name": unique(), "model_configs": [_mapped(chain.definition)]},
    }


_OPENAI = {"provider": "openai", "model_name": "m"}


def test_only_keepers_of_the_workspace_make_things(
    family: Family, chain: Chain, keeper: User
) -> None:
    for thing, body in _rows(chain).items():
        name = body.get("name", body.get("secret_name"))
        family.denied(family.people, f"POST {_GATEWAY}/{thing}/create", body)
        assert name not in json.dumps(family.ok(ADMIN, f"GET {_GATEWAY}/{thing}/list"))
    family.denied(family.people, "GET /ajax-api/3.0/mlflow/gateway/provider-config?provider=openai")
    family.ok(keeper, "GET /ajax-api/3.0/mlflow/gateway/provider-config?provider=openai")


def test_whoever_makes_a_thing_owns_it(family: Family) -> None:
    keeper = family.person()
    role = {"role_id": family.give_role(keeper, "workspace", "*", "MANAGE")}
    made = _make(family, keeper)
    for kind, thing in made.things:
        assert family.granted(kind, thing, keeper) == {keeper[0]: "MANAGE"}
    # And goes on to, without the role.
    family.ok(ADMIN, "DELETE 3.0/mlflow/roles/unassign", role | {"username": keeper[0]})
    for line in _lines(made):
        family.ok(keeper, f"GET {_GATEWAY}/{line}")
        family.denied(family.people, f"GET {_GATEWAY}/{line}")
    for line, body in (
        ("endpoints/delete", {"endpoint_id": made.endpoint}),
        ("model-definitions/delete", {"model_definition_id": made.definition}),
        ("secrets/delete", {"secret_id": made.secret}),
    ):
        family.denied(family.people, f"DELETE {_GATEWAY}/{line}", body)
        family.ok(keeper, f"DELETE {_GATEWAY}/{line}", body)
    for kind, thing in made.things:
        assert family.granted(kind, thing, keeper) == {}


def test_things_are_read_by_level(family: Family, chain: Chain) -> None:
    for line in (*_lines(chain), f"endpoints/get?name={chain.name}"):
        family.ok(family.reader, f"GET {_GATEWAY}/{line}")
        family.denied((family.other, family.stranger), f"GET {_GATEWAY}/{line}")
    both = f"endpoints/get?endpoint_id={chain.endpoint}&name={chain.name}"
    family.denied((family.other,), f"GET {_GATEWAY}/{both}")
    family.denied((family.reader,), f"GET {_GATEWAY}/endpoints/get?name={unique()}")


def test_own_and_other_in_one_request_do_not_open_the_other(
    family: Family, chain: Chain, foreign: Chain
) -> None:
    for query in (
        f"endpoint_id={foreign.endpoint}&name={chain.name}",
        f"endpoint_id={chain.endpoint}&name={foreign.name}",
    ):
        family.denied((family.other,), f"GET {_GATEWAY}/endpoints/get?{query}")


def test_lists_show_what_one_may_read(family: Family, chain: Chain, foreign: Chain) -> None:
    ids = dict(chain.things), dict(foreign.things)
    for kind, line, rows, field in (
        ("gateway_secret", "secrets/list", "secrets", "secret_id"),
        (
            "gateway_model_definition",
            "model-definitions/list",
            "model_definitions",
            "model_definition_id",
        ),
        ("gateway_endpoint", "endpoints/list", "endpoints", "endpoint_id"),
    ):
        for user, expected in (
            (family.reader, {ids[0][kind]}),
            (family.other, {ids[1][kind]}),
            (family.stranger, set()),
        ):
            for prefix in PREFIXES:
                for query in ("", "?provider=openai"):
                    answer = family.ok(user, f"GET {_GATEWAY}/{line}{query}", prefix=prefix)
                    assert {row[field] for row in answer[rows]} == expected
    for path in ("model-definitions/list", "endpoints/list"):
        line = f"GET {_GATEWAY}/{path}?secret_id={chain.secret}"
        family.ok(family.reader, line)
        family.denied((family.other, family.stranger), line)
    for user, expected in ((family.editor, {chain.name}), (family.reader, set())):
        answer = family.ok(user, "GET /gateway/mlflow/v1/models")
        assert {row["id"] for row in answer["data"]} == expected


def test_changing_things_takes_update(family: Family, chain: Chain, foreign: Chain) -> None:
    before, theirs = chain.state(family), foreign.state(family)
    endpoint, key = {"endpoint_id": chain.endpoint}, {"key": "k", "value": "v"}
    changes: tuple[tuple[str, dict[str, Any]], ...] = (
        ("POST secrets/update", {"secret_id": chain.secret, "secret_value": {"api_key": "new"}}),
        (
            "POST model-definitions/update",
            {"model_definition_id": chain.definition, "model_name": "new"},
        ),
        ("POST endpoints/update", endpoint | {"routing_strategy": "REQUEST_BASED_TRAFFIC_SPLIT"}),
        ("POST endpoints/set-tag", endpoint | key),
        ("DELETE endpoints/delete-tag", endpoint | key),
    )
    for line, body in changes:
        method, path = line.split()
        below = (family.reader, family.other, family.stranger)
        family.denied(below, f"{method} {_GATEWAY}/{path}", body)
    assert chain.state(family) == before
    for line, body in changes:
        method, path = line.split()
        family.ok(family.editor, f"{method} {_GATEWAY}/{path}", body)
    assert chain.state(family) != before
    assert foreign.state(family) == theirs


def test_linking_takes_use_of_what_is_linked(family: Family, chain: Chain, foreign: Chain) -> None:
    before = chain.state(family)
    definition = {"model_definition_id": chain.definition}
    endpoint = {"endpoint_id": chain.endpoint}
    linked: tuple[tuple[str, dict[str, Any]], ...] = (
        ("model-definitions/update", definition | {"secret_id": foreign.secret}),
        ("endpoints/update", endpoint | {"model_configs": [_mapped(foreign.definition)]}),
        (
            "endpoints/update",
            endpoint | {"model_configs": [_mapped(chain.definition), _mapped(foreign.definition)]},
        ),
        ("endpoints/models/attach", endpoint | {"model_config": _mapped(foreign.definition)}),
        ("endpoints/update", endpoint | {"experiment_id": family.others}),
        ("endpoints/models/detach", endpoint | {"model_definition_id": foreign.definition}),
    )
    for path, body in linked:
        family.denied((family.owner, family.editor), f"POST {_GATEWAY}/{path}", body)
    camel = {"modelDefinitionId": foreign.definition, "linkage_type": "PRIMARY", "weight": 1}
    for body in ({"model_configs": [camel]}, {"modelConfigs": [_mapped(foreign.definition)]}):
        answer = family.call(family.owner, f"POST {_GATEWAY}/endpoints/update", endpoint | body)
        assert answer.status_code == 400, answer.text
    assert chain.state(family) == before
    user = family.person()
    for kind, thing in chain.things:
        family.grant(user, kind, thing, "EDIT")
    for kind, thing in foreign.things[:2]:
        family.grant(user, kind, thing, "READ")
    for path, body in linked[:4]:
        family.denied((user,), f"POST {_GATEWAY}/{path}", body)
    assert chain.state(family) == before
    mine = _make(family, ADMIN)
    for kind, thing in mine.things:
        family.grant(user, kind, thing, "USE")
    fallback = _mapped(mine.definition) | {"linkage_type": "FALLBACK", "fallback_order": 1}
    body = endpoint | {"model_config": fallback}
    family.ok(user, f"POST {_GATEWAY}/endpoints/models/attach", body)
    body = endpoint | {"model_definition_id": mine.definition}
    family.ok(user, f"POST {_GATEWAY}/endpoints/models/detach", body)
    family.grant(user, "experiment", family.experiment, "EDIT")
    body = endpoint | {"experiment_id": family.experiment}
    family.ok(user, f"POST {_GATEWAY}/endpoints/update", body)


def test_bindings_are_their_endpoints(family: Family, chain: Chain) -> None:
    body = {"endpoint_id": chain.endpoint, "resource_type": "scorer", "resource_id": unique()}
    line = f"{_GATEWAY}/endpoints/bindings"
    below = (family.reader, family.other, family.stranger)
    family.denied(below, f"POST {line}/create", body)
    made = family.ok(family.editor, f"POST {line}/create", body)
    family.denied(below, f"DELETE {line}/delete", body)
    query = {"endpoint_id": chain.endpoint}
    assert made["binding"] in family.ok(family.reader, f"GET {line}/list", **query)["bindings"]
    family.denied((family.other, family.stranger), f"GET {line}/list", **query)
    unnamed = {"resource_type": "scorer"}
    assert made["binding"] in family.ok(family.reader, f"GET {line}/list", **unnamed)["bindings"]
    for user in (family.other, family.stranger):
        assert family.ok(user, f"GET {line}/list", **unnamed)["bindings"] == []
    family.ok(family.editor, f"DELETE {line}/delete", body)


def test_a_secret_that_is_denied_is_named_nowhere(family: Family, chain: Chain) -> None:
    """MLflow shows what a definition uses to whoever may read it, but for what is denied."""
    for kind in ("gateway_secret", "gateway_model_definition"):
        for thing in ("*", dict(chain.things)[kind]):
            user = family.person()
            for held, held_thing in chain.things[1:]:
                if held != kind:
                    family.grant(user, held, held_thing, "EDIT")
            family.grant(user, kind, thing, "DENY")
            lines = [*_lines(chain)[1:], "model-definitions/list", "endpoints/list"]
            if kind == "gateway_model_definition":
                lines = [lines[1], lines[3]]
            for line in lines:
                answer = family.call(user, f"GET {_GATEWAY}/{line}")
                assert answer.status_code == 200
                assert chain.definition in answer.text or kind == "gateway_model_definition"
                assert dict(chain.things)[kind] not in answer.text
                assert "secret_name" not in answer.text


def test_what_nobody_but_administrators_may(family: Family, chain: Chain) -> None:
    endpoint = {"endpoint_id": chain.endpoint, "guardrail_id": "g"}
    for line in (
        *(f"GET {_GATEWAY}/{path}" for path in ("budgets/get", "budgets/list", "budgets/windows")),
        *(f"GET {_GATEWAY}/guardrails/{path}" for path in ("get", "list", "list-for-endpoint")),
    ):
        family.denied((family.owner, family.stranger), line, **endpoint)
    for line in (
        *(f"POST {_GATEWAY}/budgets/{path}" for path in ("create", "update")),
        f"DELETE {_GATEWAY}/budgets/delete",
        *(f"POST {_GATEWAY}/guardrails/{path}" for path in ("create", "add-to-endpoint")),
        f"DELETE {_GATEWAY}/guardrails/delete",
        f"DELETE {_GATEWAY}/guardrails/remove-from-endpoint",
        f"PATCH {_GATEWAY}/guardrails/update-config",
    ):
        family.denied((family.owner, family.stranger), line, endpoint)
    family.ok(ADMIN, f"GET {_GATEWAY}/budgets/list")


def test_only_administrators_are_told_how_secrets_are_encrypted(family: Family) -> None:
    line = "GET /ajax-api/3.0/mlflow/gateway/secrets/config"
    assert set(family.ok(ADMIN, line)) == {"secrets_available", "using_default_passphrase"}
    for user in (family.owner, family.stranger):
        assert family.ok(user, line) == {"secrets_available": True}


def test_the_value_of_a_secret_is_told_to_nobody(family: Family, chain: Chain) -> None:
    lists = ("secrets/list", "model-definitions/list", "endpoints/list")
    for user in (ADMIN, family.owner):
        for line in (*_lines(chain), *lists):
            answer = family.call(user, f"GET {_GATEWAY}/{line}")
            assert answer.status_code == 200
            assert chain.key not in answer.text
    assert chain.key.encode() not in family.server.log.read_bytes()
    for path in family.server.folder.glob("*.db*"):
        assert chain.key.encode() not in path.read_bytes(), path
