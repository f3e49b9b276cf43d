"""Calls of the gateway's endpoints: what is allowed arrives at the provider, and nothing else."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.live import ADMIN, authctl_server
from tests.server.attack import Case, send
from tests.server.families import Family, make_family, unique
from tests.server.world import World
from tests.servers import recording_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.server.families import User
    from tests.servers import Recorder

pytestmark = pytest.mark.mlflow

_GATEWAY = "3.0/mlflow/gateway"
_MESSAGES = {"messages": [{"role": "user", "content": "hello"}]}
_CHAT = {
    "id": "1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [
        {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hi"}}
    ],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}


@dataclass(frozen=True)
class Gateway:
    """Endpoints by name, whose provider writes down what it is sent, and with which key."""

    family: Family
    provider: Recorder
    ids: dict[str, str]

    def sent(
        self, user: User, line: str, body: Any, *headers: tuple[str, str]
    ) -> tuple[int, list[str]]:
        """The status, and the names of the endpoints whose keys arrived at the provider."""
        before = len(self.provider.requests)
        case = Case("a call", line, body, headers or None)
        answer = send(World(self.family.server, ()), user, case)
        keys = [item.headers["authorization"] for item in self.provider.requests[before:]]
        return answer.status, [key.removeprefix("Bearer key-of-") for key in keys]

    def person(self, **levels: str) -> User:
        """Someone with levels on endpoints."""
        user = self.family.person()
        for name, level in levels.items():
            self.family.grant(user, "gateway_endpoint", self.ids[name], level)
        return user


def _make(family: Family, name: str, url: str, key: str = "") -> str:
    """The id of a new endpoint; what it uses is named by its key."""
    key = key or name
    body: dict[str, Any] = {"secret_name": key, "secret_value": {"api_key": f"key-of-{key}"}}
    body |= {"provider": "openai", "auth_config": {"api_base": url}}
    secret = family.ok(ADMIN, f"POST {_GATEWAY}/secrets/create", body)["secret"]["secret_id"]
    body = {"name": key, "secret_id": secret, "provider": "openai", "model_name": "m"}
    made = family.ok(ADMIN, f"POST {_GATEWAY}/model-definitions/create", body)["model_definition"]
    config = {"model_definition_id": made["model_definition_id"], "linkage_type": "PRIMARY"}
    body = {"name": name, "model_configs": [config | {"weight": 1}]}
    made = family.ok(ADMIN, f"POST {_GATEWAY}/endpoints/create", body)["endpoint"]
    return str(made["endpoint_id"])


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("traffic")
    config = folder / "basic_auth.ini"
    config.write_text("[mlflow]\ndefault_permission = NO_PERMISSIONS\n")
    with recording_server() as provider:
        provider.will_answer(200, _CHAT, {"Content-Type": "application/json"})
        env = {
            "MLFLOW_GATEWAY_API_BASE_ALLOWED_SCHEMES": "http",
            "MLFLOW_GATEWAY_API_BASE_ALLOW_PRIVATE_IPS": "true",
            "MLFLOW_DEPLOYMENTS_TARGET": provider.url,
        }
        with authctl_server(folder, "--auth-config", str(config), env=env) as server:
            family = make_family(server)
            names = ("mine", "theirs", "proxy", "mlflow")
            ids = {name: _make(family, name, provider.url) for name in names}
            yield Gateway(family, provider, ids)


@pytest.fixture(scope="module")
def user(gateway: Gateway) -> User:
    """Someone who may use one endpoint, and read another."""
    return gateway.person(mine="USE", theirs="READ", mlflow="USE")


_ROUTES = {
    "chat": ("POST /gateway/mlflow/v1/chat/completions", {"model": "{name}"} | _MESSAGES),
    "openai": ("POST /gateway/openai/v1/chat/completions", {"model": "{name}"} | _MESSAGES),
    "embeddings": ("POST /gateway/openai/v1/embeddings", {"model": "{name}", "input": "x"}),
    "responses": ("POST /gateway/openai/v1/responses", {"model": "{name}", "input": "x"}),
    "compact": ("POST /gateway/openai/v1/responses/compact", {"model": "{name}", "input": "x"}),
    "invocations": ("POST /gateway/{name}/mlflow/invocations", _MESSAGES),
    "raw": ("POST /gateway/proxy/{name}/chat/completions", {"model": "m"} | _MESSAGES),
}
_ELSEWHERE = {
    "anthropic": ("POST /gateway/anthropic/v1/messages", {"model": "{name}"} | _MESSAGES),
    "systemone": ("POST /gateway/typesafe/v1/systemone", {"model": "{name}"} | _MESSAGES),
    "gemini": ("POST /gateway/gemini/v1beta/models/{name}:generateContent", {"contents": []}),
    "gemini stream": (
        "POST /gateway/gemini/v1beta/models/{name}:streamGenerateContent",
        {"contents": []},
    ),
}


def _named(thing: Any, name: str) -> Any:
    return json.loads(json.dumps(thing).replace("{name}", name))


@pytest.mark.parametrize("route", _ROUTES)
def test_a_call_takes_use_of_the_endpoint(gateway: Gateway, user: User, route: str) -> None:
    line, body = _ROUTES[route]
    status, arrived = gateway.sent(user, _named(line, "mine"), _named(body, "mine"))
    assert (status, set(arrived)) == (200, {"mine"})
    for refused in ("theirs", "no-such-endpoint", gateway.ids["mine"], "Mine", " mine"):
        if " " in refused and "{name}" in line:
            continue
        found = gateway.sent(user, _named(line, refused), _named(body, refused))
        assert found == (403, [])
    for nobody in gateway.family.people:
        found = gateway.sent(nobody, _named(line, "mine"), _named(body, "mine"))
        assert found == (403, [])
    status, arrived = gateway.sent(ADMIN, _named(line, "theirs"), _named(body, "theirs"))
    assert (status, set(arrived)) == (200, {"theirs"})


@pytest.mark.parametrize("route", _ELSEWHERE)
def test_routes_of_other_providers_are_judged_alike(
    gateway: Gateway, user: User, route: str
) -> None:
    line, body = _ELSEWHERE[route]
    assert gateway.sent(user, _named(line, "theirs"), _named(body, "theirs")) == (403, [])
    # Whoever may hears from MLflow that this endpoint is of another kind.
    status, arrived = gateway.sent(user, _named(line, "mine"), _named(body, "mine"))
    assert (status != 403, arrived) == (True, [])


@pytest.mark.parametrize("route", ["chat", "openai", "embeddings", "responses"])
def test_a_body_that_names_an_endpoint_in_two_ways_is_refused(
    gateway: Gateway, user: User, route: str
) -> None:
    line, body = _ROUTES[route]
    rest = json.dumps({key: value for key, value in body.items() if key != "model"})[1:]
    for twice in (
        f'{{"model": "mine", "model": "theirs", {rest}',
        f'{{"model": "theirs", "mod\\u0065l": "mine", {rest}',
        f'{{"model": ["mine", "theirs"], {rest}',
        f'{{"model": {{"mine": "theirs"}}, {rest}',
        f'{{"model": "", {rest}',
        f'{{"model": null, {rest}',
        f"{{{rest}",
        json.dumps(f'{{"model": "mine", {rest}'),
        f'\ufeff{{"model": "mine", {rest}',
    ):
        status, arrived = gateway.sent(user, line, twice)
        assert (status, arrived) == (400, []), twice
    query = gateway.sent(user, f"{line}?model=mine", _named(body, "theirs"))
    assert query == (400, [])
    types = (("Content-Type", "application/json"), ("Content-Encoding", "zstd"))
    assert gateway.sent(user, line, _named(body, "mine"), *types) == (400, [])


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/gateway/%6dine/mlflow/invocations", (200, {"mine"})),
        ("/gateway/%74heirs/mlflow/invocations", (403, set())),
        ("/gateway/mine/../theirs/mlflow/invocations", (400, set())),
        ("/gateway/mine%2f..%2ftheirs/mlflow/invocations", (400, set())),
        ("/gateway/%2574heirs/mlflow/invocations", (400, set())),
        ("/gateway//theirs/mlflow/invocations", (400, set())),
        ("//gateway/theirs/mlflow/invocations", (400, set())),
        ("/gateway/theirs/mlflow/invocations/", (403, set())),
        ("/Gateway/theirs/mlflow/invocations", (403, set())),
        ("/gateway/theirs/mlflow/%69nvocations", (403, set())),
        ("/api/gateway/theirs/mlflow/invocations", (403, set())),
        ("/gateway/proxy/%74heirs/chat/completions", (403, set())),
        ("/gateway/proxy/mine/%2e%2e/theirs/chat", (400, set())),
        # The route of invocations comes first: this is the endpoint called proxy.
        ("/gateway/proxy/mlflow/invocations", (403, set())),
        ("/gateway/proxy/mlflow/chat/completions", (200, {"mlflow"})),
    ],
)
def test_a_path_names_the_endpoint_that_is_judged(
    gateway: Gateway, user: User, path: str, expected: tuple[int, set[str]]
) -> None:
    status, arrived = gateway.sent(user, f"POST {path}", _MESSAGES)
    assert (status, set(arrived)) == expected


def test_a_grant_goes_with_its_endpoint(gateway: Gateway) -> None:
    family = gateway.family
    name = unique()
    gateway.ids[name] = _make(family, name, gateway.provider.url)
    user = gateway.person(**{name: "USE"})
    line, body = _ROUTES["invocations"]
    assert gateway.sent(user, _named(line, name), body) == (200, [name])
    gone = {"endpoint_id": gateway.ids[name]}
    family.denied((user,), f"DELETE {_GATEWAY}/endpoints/delete", gone)
    family.ok(ADMIN, f"DELETE {_GATEWAY}/endpoints/delete", gone)
    assert gateway.sent(user, _named(line, name), body) == (403, [])
    made = _make(family, name, gateway.provider.url, key=unique())
    assert made != gateway.ids[name]
    assert gateway.sent(user, _named(line, name), body) == (403, [])


def test_denied_endpoints_are_denied_to_who_may_use_one(gateway: Gateway) -> None:
    user = gateway.person(mine="MANAGE")
    gateway.family.grant(user, "gateway_endpoint", "*", "DENY")
    for line, body in _ROUTES.values():
        assert gateway.sent(user, _named(line, "mine"), _named(body, "mine")) == (403, [])


def test_what_the_deployments_target_has_is_for_administrators(
    gateway: Gateway, user: User
) -> None:
    line = "GET /ajax-api/2.0/mlflow/gateway-proxy"
    listing = "gateway_path=api/2.0/endpoints/"
    gateway.provider.answers.insert(0, (200, {}, b'{"endpoints": [{"name": "hush"}]}'))
    assert gateway.family.ok(user, f"{line}?{listing}") == {"endpoints": []}
    before = len(gateway.provider.requests)
    for query in (
        "gateway_path=gateway/hush/invocations",
        "gateway_path=api/2.0/endpoints/hush",
        "gateway_path=/api/2.0/endpoints/",
        "gateway_path=api/2.0/endpoints/&json_data=x&gateway_path=gateway/hush/invocations",
        "",
    ):
        answer = gateway.family.call(user, f"{line}?{query}")
        assert answer.status_code in (400, 403), (query, answer.text)
    body = {"gateway_path": "gateway/hush/invocations", "json_data": {}}
    gateway.family.denied((user,), "POST /ajax-api/2.0/mlflow/gateway-proxy", body)
    assert len(gateway.provider.requests) == before
