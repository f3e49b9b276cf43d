"""The AI gateway: its secrets, models and endpoints, which have grants of their own, its use."""

from __future__ import annotations

from authctl.model import ResourceType
from authctl.policy.needs import (
    delete,
    forget,
    if_given,
    manage,
    own,
    read,
    unless_denied,
    update,
    use,
    where_missing,
)
from authctl.policy.rule import Access, Body, Hide, Keep, Need, Rule, Then, closed, rule
from authctl.policy.selectors import (
    each,
    endpoint,
    endpoint_named,
    experiment,
    model_definition,
    secret,
    workspace,
)

_V3 = ("3.0",)
_SECRET = ResourceType.GATEWAY_SECRET
_DEFINITION = ResourceType.GATEWAY_MODEL_DEFINITION
_ENDPOINT = ResourceType.GATEWAY_ENDPOINT
# What is made may reach any address from the server: only whoever keeps the workspace makes it.
_KEEPER = manage(workspace())
_ITS_MODELS = if_given(use(each(model_definition("model_configs.model_definition_id"))))
# What an endpoint's use is recorded in.
_ITS_EXPERIMENT = if_given(update(experiment()))


def _admin(
    route: str,
    demand: Access | Need,
    *more: Need,
    keep: Keep | None = None,
    hide: tuple[Hide, ...] = (),
    then: Then | None = None,
) -> Rule:
    return rule(
        f"{route.split(maxsplit=1)[0]} /mlflow/gateway/{route.split()[1]}",
        demand,
        *more,
        keep=keep,
        hide=hide,
        then=then,
        versions=_V3,
    )


def _of(definition: str) -> tuple[Hide, ...]:
    """What a model definition tells of its secret, the id last: it is what is judged."""
    return tuple(
        Hide(f"{definition}/{field}", _SECRET, by="secret_id")
        for field in ("secret_name", "secret_id")
    )


def _mapped(path: str) -> tuple[Hide, ...]:
    """What an endpoint tells of its models and their secrets."""
    return (
        *_of(f"{path}/model_definition"),
        *(
            Hide(f"{path}/{field}", _DEFINITION, by="model_definition_id")
            for field in ("model_definition", "model_definition_id")
        ),
    )


_SECRETS = (
    _admin(
        "POST secrets/create",
        _KEEPER,
        then=own(_SECRET, "answer:secret.secret_id"),
    ),
    _admin("GET secrets/get", read(secret())),
    _admin("GET secrets/list", Access.SIGNED_IN, keep=Keep("secrets", read(secret()))),
    _admin("POST secrets/update", update(secret())),
    _admin("DELETE secrets/delete", delete(secret()), then=forget(_SECRET, "secret_id")),
    _admin("GET secrets/config", Access.SIGNED_IN, hide=(Hide("using_default_passphrase"),)),
)

_MODEL_DEFINITIONS = (
    _admin(
        "POST model-definitions/create",
        _KEEPER,
        use(secret()),
        then=own(_DEFINITION, "answer:model_definition.model_definition_id"),
    ),
    _admin("GET model-definitions/get", read(model_definition()), hide=_of("model_definition")),
    _admin(
        "GET model-definitions/list",
        Access.SIGNED_IN,
        if_given(read(secret())),
        keep=Keep("model_definitions", read(model_definition())),
        hide=_of("model_definitions"),
    ),
    _admin(
        "POST model-definitions/update",
        update(model_definition()),
        if_given(use(secret())),
        hide=_of("model_definition"),
    ),
    _admin(
        "DELETE model-definitions/delete",
        delete(model_definition()),
        then=forget(_DEFINITION, "model_definition_id"),
    ),
)

_ENDPOINTS = (
    _admin(
        "POST endpoints/create",
        _KEEPER,
        _ITS_MODELS,
        _ITS_EXPERIMENT,
        hide=_mapped("endpoint/model_mappings"),
        then=own(_ENDPOINT, "answer:endpoint.endpoint_id"),
    ),
    _admin(
        "GET endpoints/get",
        Access.SIGNED_IN,
        if_given(read(endpoint())),
        if_given(read(endpoint_named("name"))),
        hide=_mapped("endpoint/model_mappings"),
    ),
    _admin(
        "GET endpoints/list",
        Access.SIGNED_IN,
        if_given(read(secret())),
        keep=Keep("endpoints", read(endpoint())),
        hide=_mapped("endpoints/model_mappings"),
    ),
    _admin(
        "POST endpoints/update",
        update(endpoint()),
        _ITS_MODELS,
        _ITS_EXPERIMENT,
        where_missing("experiment_id", unless_denied(ResourceType.EXPERIMENT)),
        hide=_mapped("endpoint/model_mappings"),
    ),
    _admin("DELETE endpoints/delete", delete(endpoint()), then=forget(_ENDPOINT, "endpoint_id")),
    _admin(
        "POST endpoints/models/attach",
        update(endpoint()),
        if_given(use(model_definition("model_config.model_definition_id"))),
        hide=_mapped("mapping"),
    ),
    _admin("POST endpoints/models/detach", update(endpoint()), if_given(read(model_definition()))),
    _admin("POST endpoints/bindings/create", update(endpoint())),
    _admin("DELETE endpoints/bindings/delete", update(endpoint())),
    _admin(
        "GET endpoints/bindings/list",
        Access.SIGNED_IN,
        if_given(read(endpoint())),
        keep=Keep("bindings", read(endpoint())),
    ),
    _admin("POST endpoints/set-tag", update(endpoint())),
    _admin("DELETE endpoints/delete-tag", update(endpoint())),
)

_FOR_EVERYONE = (
    _admin("GET supported-models", Access.SIGNED_IN),
    _admin("GET supported-providers", Access.SIGNED_IN),
    _admin("GET provider-config", _KEEPER),
)


def _by_model(route: str) -> Rule:
    return rule(route, use(endpoint_named("model")), versions=(), body=Body.JSON)


def _by_path(route: str) -> Rule:
    return rule(route, use(endpoint_named("endpoint_name")), versions=(), body=Body.STREAM)


_TRAFFIC = (
    _by_model("POST /gateway/anthropic/v1/messages"),
    _by_model("POST /gateway/mlflow/v1/chat/completions"),
    _by_model("POST /gateway/openai/v1/chat/completions"),
    _by_model("POST /gateway/openai/v1/embeddings"),
    _by_model("POST /gateway/openai/v1/responses"),
    _by_model("POST /gateway/openai/v1/responses/compact"),
    _by_model("POST /gateway/typesafe/v1/systemone"),
    _by_path("POST /gateway/gemini/v1beta/models/{endpoint_name}:generateContent"),
    _by_path("POST /gateway/gemini/v1beta/models/{endpoint_name}:streamGenerateContent"),
    # In this order, which is MLflow's: an endpoint may be called proxy, another one mlflow.
    _by_path("POST /gateway/{endpoint_name}/mlflow/invocations"),
    _by_path("POST /gateway/proxy/{endpoint_name}/{key:path}"),
    rule(
        "GET /gateway/mlflow/v1/models",
        Access.SIGNED_IN,
        keep=Keep("data", use(endpoint_named("id"))),
    ),
    # What MLFLOW_DEPLOYMENTS_TARGET names has no grants; the web UI asks for the list all the same.
    rule(
        "GET /mlflow/gateway-proxy",
        Access.SIGNED_IN,
        hide=(Hide("endpoints"),),
        only=(("gateway_path", "api/2.0/endpoints/"),),
    ),
)

RULES: tuple[Rule, ...] = (
    *_SECRETS,
    *_MODEL_DEFINITIONS,
    *_ENDPOINTS,
    *_FOR_EVERYONE,
    *_TRAFFIC,
    *closed("POST /mlflow/gateway-proxy"),
    *closed(
        *(
            f"{route.split()[0]} /mlflow/gateway/{route.split()[1]}"
            for route in (
                "POST budgets/create",
                "DELETE budgets/delete",
                "GET budgets/get",
                "GET budgets/list",
                "POST budgets/update",
                "GET budgets/windows",
                "POST guardrails/add-to-endpoint",
                "POST guardrails/create",
                "DELETE guardrails/delete",
                "GET guardrails/get",
                "GET guardrails/list",
                "GET guardrails/list-for-endpoint",
                "DELETE guardrails/remove-from-endpoint",
                "PATCH guardrails/update-config",
            )
        ),
        versions=_V3,
    ),
)
