"""Registered models with their versions, aliases, tags and stages; prompts are among them."""

from __future__ import annotations

from authctl.model import PROMPT_TAG, ResourceType
from authctl.policy.rule import (
    Access,
    Keep,
    Rule,
    closed,
    delete,
    forget,
    if_given,
    logged_model,
    model,
    own,
    read,
    rename,
    rule,
    run,
    storage,
    update,
    version,
)

# It makes a model a prompt, which has grants of its own: those on the model would count no more.
_PROMPT_TAG = (("key", PROMPT_TAG),)

RULES: tuple[Rule, ...] = (
    rule(
        "POST /mlflow/registered-models/create",
        Access.SIGNED_IN,
        then=own(ResourceType.REGISTERED_MODEL, "name"),
    ),
    rule("GET /mlflow/registered-models/get", read(model())),
    rule(
        "GET /mlflow/registered-models/search",
        Access.SIGNED_IN,
        keep=Keep("registered_models", model("name")),
        many=("order_by",),
    ),
    rule("PATCH /mlflow/registered-models/update", update(model())),
    rule(
        "POST /mlflow/registered-models/rename",
        update(model()),
        then=rename(ResourceType.REGISTERED_MODEL, "name", "new_name"),
    ),
    rule(
        "DELETE /mlflow/registered-models/delete",
        delete(model()),
        then=forget(ResourceType.REGISTERED_MODEL, "name"),
    ),
    rule("POST /mlflow/registered-models/set-tag", update(model()), never=_PROMPT_TAG),
    rule("DELETE /mlflow/registered-models/delete-tag", update(model()), never=_PROMPT_TAG),
    rule("GET /mlflow/registered-models/alias", read(version())),
    rule("POST /mlflow/registered-models/alias", update(model())),
    rule("DELETE /mlflow/registered-models/alias", delete(model())),
    rule("GET /mlflow/registered-models/get-latest-versions", read(version()), many=("stages",)),
    rule("POST /mlflow/registered-models/get-latest-versions", read(version())),
    # Versions
    rule(
        "POST /mlflow/model-versions/create",
        update(version()),
        if_given(read(run("run_id"))),
        if_given(read(logged_model("model_id"))),
        if_given(read(storage("source"))),
    ),
    rule("GET /mlflow/model-versions/get", read(version())),
    rule("GET /mlflow/model-versions/get-download-uri", read(version())),
    rule(
        "GET /mlflow/model-versions/search",
        Access.SIGNED_IN,
        keep=Keep("model_versions", version("name")),
        many=("order_by",),
    ),
    rule("PATCH /mlflow/model-versions/update", update(version())),
    rule("POST /mlflow/model-versions/transition-stage", update(version())),
    rule("POST /mlflow/model-versions/set-tag", update(version())),
    rule("DELETE /mlflow/model-versions/delete-tag", delete(version())),
    rule("DELETE /mlflow/model-versions/delete", delete(version())),
    *closed(
        "GET /mlflow/webhooks",
        "POST /mlflow/webhooks",
        "GET /mlflow/webhooks/{webhook_id}",
        "PATCH /mlflow/webhooks/{webhook_id}",
        "DELETE /mlflow/webhooks/{webhook_id}",
        "POST /mlflow/webhooks/{webhook_id}/test",
    ),
)
