"""Webhooks, the gateway, jobs, and what else hangs on experiments: nothing of anothers is reached.

Whoever may is an administrator here: owners may as well, where a row of the policy says so.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.live import ADMIN
from tests.server.attack import Case, attack, cases, control

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.server.world import World

pytestmark = pytest.mark.mlflow

A2, A3 = "/api/2.0/mlflow", "/api/3.0/mlflow"
J3 = "/ajax-api/3.0"
GATEWAY = f"{A3}/gateway"
GEMINI = "/gateway/gemini/v1beta/models"
PROXY = "/ajax-api/2.0/mlflow/gateway-proxy"
DEFINITION = {"model_definition_id": "<defV>"}
HOOK = {"name": "x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]}
CHAT = {"messages": [{"role": "user", "content": "x"}]}
# Answers of MLflow itself, which the tests run without jobs and without the rest of the world.
NO_JOBS = {"passes": (400, 500, 503)}
NO_NETWORK = {"passes": (400, 404, 422, 500, 502)}
NO_SUCH = {"passes": (400, 404)}
TOO_LONG: dict[str, Any] = {"passes": ()}
GATEWAY_GOES, GENAI_GOES = {"spoils": "gateway"}, {"spoils": "genai"}
SCORER = json.dumps({"name": "s", "builtin_scorer_class": "Safety"})
RECORDS = {"records": json.dumps([{"inputs": {"q": "x"}}])}
HERE = {"experiment_id": "<V>"}
THE_SCORER = "experiment_id=<V>&name=<SV>"
ITEMS = {"queue_id": "<queueV>", "item_type": "TRACE", "item_ids": ["<TV>"]}
CALL = CHAT | {"model": "<endNameV>"}
GUARD = {"endpoint_id": "<endV>", "guardrail_id": "x"}
NEW_SECRET = {"secret_name": "<wordV>-x", "provider": "openai", "secret_value": {"api_key": "k"}}
INVOKED = HERE | {"trace_ids": ["<TV>"], "provider": "openai", "model": "m", "categories": ["x"]}
JOBS = f"{A3}/prompt-optimization/jobs"

ROUTES: dict[str, list[tuple[Any, ...]]] = {
    "M7": [
        (f"GET {A2}/webhooks",),
        (f"POST {A2}/webhooks", HOOK | {"url": "https://93.184.215.14/x"}),
        (f"GET {A2}/webhooks/<hookV>",),
        (f"PATCH {A2}/webhooks/<hookV>", {"name": "<wordV>-renamed"}),
        (f"POST {A2}/webhooks/<hookV>/test", {}, TOO_LONG),
        (f"DELETE {A2}/webhooks/<hookV>", None, GATEWAY_GOES),
    ],
    "M8": [
        (f"POST {GATEWAY}/secrets/create", NEW_SECRET),
        (f"GET {GATEWAY}/secrets/get?secret_id=<secretV>",),
        (f"POST {GATEWAY}/secrets/update", {"secret_id": "<secretV>", "secret_value": {"k": "v"}}),
        (f"DELETE {GATEWAY}/secrets/delete", {"secret_id": "<secretV>"}, GATEWAY_GOES),
        (f"GET {GATEWAY}/model-definitions/get?model_definition_id=<defV>",),
        (f"POST {GATEWAY}/model-definitions/update", DEFINITION | {"model_name": "m"}),
        (f"DELETE {GATEWAY}/model-definitions/delete", DEFINITION, {"passes": (500,)}),
        (f"GET {GATEWAY}/endpoints/get?endpoint_id=<endV>",),
        (f"GET {GATEWAY}/endpoints/get?name=<endNameV>",),
        (f"POST {GATEWAY}/endpoints/update", {"endpoint_id": "<endV>", "name": "<endNameV>"}),
        (f"POST {GATEWAY}/endpoints/set-tag", {"endpoint_id": "<endV>", "key": "k", "value": "v"}),
        (f"DELETE {GATEWAY}/endpoints/delete-tag", {"endpoint_id": "<endV>", "key": "k"}),
        (f"GET {GATEWAY}/endpoints/bindings/list?endpoint_id=<endV>",),
        (f"DELETE {GATEWAY}/endpoints/delete", {"endpoint_id": "<endV>"}, GATEWAY_GOES),
        (f"GET {GATEWAY}/budgets/list",),
        (f"GET {GATEWAY}/budgets/windows",),
        (f"POST {GATEWAY}/budgets/create", {"budget_amount": 1.0}, NO_SUCH),
        (f"GET {GATEWAY}/guardrails/list",),
        (f"GET {GATEWAY}/guardrails/list-for-endpoint?endpoint_id=<endV>",),
        (f"GET {GATEWAY}/guardrails/get?guardrail_id=x", None, NO_SUCH),
        (f"POST {GATEWAY}/guardrails/create", {"name": "x"}, NO_SUCH),
        (f"POST {GATEWAY}/guardrails/add-to-endpoint", GUARD, NO_SUCH),
        (f"PATCH {GATEWAY}/guardrails/update-config", GUARD, NO_SUCH),
        (f"DELETE {GATEWAY}/guardrails/remove-from-endpoint", GUARD, NO_SUCH),
        (f"DELETE {GATEWAY}/guardrails/delete", {"guardrail_id": "x"}, NO_SUCH),
        (f"GET {J3}/mlflow/gateway/provider-config?provider=openai",),
        ("POST /gateway/mlflow/v1/chat/completions", CALL, NO_NETWORK),
        ("POST /gateway/<endNameV>/mlflow/invocations", CHAT, NO_NETWORK),
        ("POST /gateway/openai/v1/chat/completions", CALL, NO_NETWORK),
        ("POST /gateway/openai/v1/embeddings", {"model": "<endNameV>", "input": "x"}, NO_NETWORK),
        ("POST /gateway/proxy/<endNameV>/v1/x", CHAT, NO_NETWORK),
        (f"POST {GEMINI}/<endNameV>:generateContent", {"contents": []}, NO_NETWORK),
        (f"GET {PROXY}?gateway_path=<endNameV>", None, {"passes": (200, 400, 404)}),
        (f"POST {PROXY}", {"gateway_path": "x", "json_data": {}}),
    ],
    "M9": [
        (f"POST {J3}/mlflow/issues/invoke", INVOKED | {"secret_id": "<secretV>"}, NO_JOBS),
        (
            f"POST {J3}/mlflow/genai/evaluate/invoke",
            HERE | {"trace_ids": ["<TV>"], "serialized_scorers": [SCORER]},
            NO_JOBS,
        ),
        (
            f"POST {J3}/mlflow/scorer/invoke",
            HERE | {"trace_ids": ["<TV>"], "serialized_scorer": SCORER},
            NO_JOBS,
        ),
        (f"PUT {A3}/scorers/online-config", HERE | {"name": "<SV>", "sample_rate": 0.5}, NO_SUCH),
        (f"POST {J3}/mlflow/demo/delete", {}),
        (f"POST {J3}/mlflow/demo/generate", {}, TOO_LONG),
    ],
    "M10": [
        (f"GET {J3}/jobs/<jobV>",),
        (f"GET {J3}/mlflow/jobs/<jobV>",),
        (f"PATCH {J3}/jobs/cancel/<jobV>", None, NO_JOBS),
        (f"PATCH {J3}/mlflow/jobs/cancel/<jobV>", None, NO_JOBS),
        (f"POST {J3}/jobs/", {"job_name": "optimize_prompts", "params": {}}, NO_JOBS),
    ],
    "M11": [
        (f"GET {A3}/datasets/<DV>",),
        (f"GET {A3}/datasets/<DV>/records",),
        (f"GET {A3}/datasets/<DV>/experiment-ids",),
        (f"POST {A3}/datasets/<DV>/records", RECORDS),
        (f"PATCH {A3}/datasets/<DV>/tags", {"tags": json.dumps({"k": "v"})}),
        (f"DELETE {A3}/datasets/<DV>/tags/k",),
        (f"DELETE {A3}/datasets/<DV>/records", {"dataset_record_ids": ["x"]}),
        (f"POST {A3}/datasets/<DV>/add-experiments", {"experiment_ids": ["<O>"]}, GENAI_GOES),
        (f"POST {A3}/datasets/<DV>/remove-experiments", {"experiment_ids": ["<O>"]}),
        (f"GET {A3}/datasets/search?experiment_ids=<V>",),
        (f"POST {A3}/datasets/search", {"experiment_ids": ["<V>"]}),
        (f"POST {A3}/datasets/create", {"name": "<wordV>-new", "experiment_ids": ["<V>"]}),
        (f"DELETE {A3}/datasets/<DV>", None, GENAI_GOES),
        (f"GET {A3}/scorers/get?{THE_SCORER}",),
        (f"GET {A3}/scorers/versions?{THE_SCORER}",),
        (f"POST {A3}/scorers/register", HERE | {"name": "new", "serialized_scorer": SCORER}),
        (f"DELETE {A3}/scorers/delete", HERE | {"name": "<SV>"}, GENAI_GOES),
        (f"GET {A3}/label-schemas/get?schema_id=<schemaV>",),
        (f"GET {A3}/label-schemas/get-by-name?experiment_id=<V>&name=<schemaNameV>",),
        (f"GET {A3}/label-schemas/list?experiment_id=<V>",),
        (f"PATCH {A3}/label-schemas/update", {"schema_id": "<schemaV>", "name": "<schemaNameV>"}),
        (f"DELETE {A3}/label-schemas/delete", {"schema_id": "<schemaV>"}, GENAI_GOES),
        (f"GET {A3}/review-queues/get?queue_id=<queueV>",),
        (f"GET {A3}/review-queues/get-by-name?experiment_id=<V>&name=<queueNameV>",),
        (f"GET {A3}/review-queues/list?experiment_id=<V>",),
        (f"POST {A3}/review-queues/create", HERE | {"name": "x", "queue_type": "CUSTOM"}),
        (f"POST {A3}/review-queues/get-or-create-user", HERE | {"user": "bob"}),
        (f"POST {A3}/review-queues/update", {"queue_id": "<queueV>", "name": "<queueNameV>"}),
        (f"POST {A3}/review-queues/items/add", ITEMS),
        (f"GET {A3}/review-queues/items/list?queue_id=<queueV>",),
        (f"POST {A3}/review-queues/items/remove", ITEMS),
        (f"POST {A3}/review-queues/items/set-status", ITEMS, NO_SUCH),
        (f"POST {A3}/review-queues/delete", {"queue_id": "<queueV>"}, GENAI_GOES),
        (f"POST {A3}/issues", HERE | {"name": "x", "description": "x"}),
        (f"POST {A3}/issues/search", HERE),
        (f"GET {A3}/issues/<issueV>",),
        (f"PATCH {A3}/issues/<issueV>", {"issue_id": "<issueV>", "name": "x"}),
        (f"GET {JOBS}/search?experiment_id=<V>",),
        (f"GET {JOBS}/<jobV>", None, {"passes": (200, 400, 404, 500)}),
        (f"POST {JOBS}/<jobV>/cancel", {}, {"passes": (200, 400, 404, 500)}),
        (
            f"DELETE {JOBS}/<jobV>",
            None,
            {"passes": (200, 400, 404, 500), "spoils": "jobs"},
        ),
        (f"POST {JOBS}", HERE | {"source_prompt_uri": "prompts:/<PV>/1"}, NO_JOBS),
        (f"GET {A3}/mcp-servers",),
        (f"GET {A3}/mcp-servers/<mcpV>",),
        (f"PATCH {A3}/mcp-servers/<mcpV>", {"description": "x"}),
        (f"POST {A3}/mcp-servers/<mcpV>/tags", {"key": "k", "value": "v"}),
        (f"DELETE {A3}/mcp-servers/<mcpV>", None, GATEWAY_GOES),
        (f"POST {J3}/mlflow/assistant/message", {"message": "x"}),
        (f"GET {A3}/workspaces", None, {"passes": (503,)}),
    ],
}


def _cases() -> Iterator[Case]:
    for name, rows in ROUTES.items():
        for line, *rest in rows:
            body, said = (*rest, *(None, {})[len(rest) :])
            yield Case(f"{name} {line}", line, body, by=ADMIN, **({"passes": (200,)} | said))


@cases(*_cases())
def test_a_route_is_refused_without_a_right(local: World, case: Case) -> None:
    attack(local, case)


@cases(*(case for case in _cases() if case.passes))
def test_an_administrator_passes(embedded: World, case: Case) -> None:
    control(embedded, case)
