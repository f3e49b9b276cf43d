"""Registered models with their versions, aliases, tags and stages; prompts are among them."""

from __future__ import annotations

from authctl.model import PROMPT_TAG, ResourceType
from authctl.policy.needs import (
    create,
    delete,
    forget,
    if_given,
    own,
    read,
    rename,
    unless_denied,
    update,
    where_given,
)
from authctl.policy.rule import Access, Hide, Keep, Need, Rule, closed, rule
from authctl.policy.selectors import logged_model, model, run, storage, version

_RUN = ResourceType.RUN
_MODEL = ResourceType.REGISTERED_MODEL
# It makes a model a prompt, which has grants of its own: those on the model would count no more.
_PROMPT_TAG = (("key", PROMPT_TAG),)


def _links(path: str) -> tuple[Hide, ...]:
    """What a version tells of the run and the logged model that it was made from."""
    return (
        *(Hide(f"{path}/{field}", _RUN) for field in ("run_id", "run_link")),
        Hide(f"{path}/model_id", ResourceType.LOGGED_MODEL),
    )


def _latest(path: str) -> tuple[Hide, ...]:
    return (
        Hide(f"{path}/latest_versions", ResourceType.REGISTERED_MODEL_VERSION),
        Hide(f"{path}/latest_versions", ResourceType.PROMPT_VERSION),
        *_links(f"{path}/latest_versions"),
    )


def _of_a_version(route: str, demand: Need) -> Rule:
    return rule(route, demand, hide=_links("model_version"))


RULES: tuple[Rule, ...] = (
    rule(
        "POST /mlflow/registered-models/create",
        Access.SIGNED_IN,
        unless_denied(_MODEL, "name"),
        then=own(_MODEL, "name"),
    ),
    rule("GET /mlflow/registered-models/get", read(model()), hide=_latest("registered_model")),
    rule(
        "GET /mlflow/registered-models/search",
        Access.SIGNED_IN,
        keep=Keep("registered_models", read(model("name"))),
        hide=_latest("registered_models"),
        many=("order_by",),
    ),
    rule(
        "PATCH /mlflow/registered-models/update",
        update(model()),
        hide=_latest("registered_model"),
    ),
    rule(
        "POST /mlflow/registered-models/rename",
        update(model()),
        hide=_latest("registered_model"),
        then=rename(_MODEL, "name", "new_name"),
    ),
    rule(
        "DELETE /mlflow/registered-models/delete",
        delete(model()),
        delete(version()),
        then=forget(_MODEL, "name"),
    ),
    rule("POST /mlflow/registered-models/set-tag", update(model()), never=_PROMPT_TAG),
    rule("DELETE /mlflow/registered-models/delete-tag", update(model()), never=_PROMPT_TAG),
    _of_a_version("GET /mlflow/registered-models/alias", read(version())),
    rule("POST /mlflow/registered-models/alias", update(model()), read(version())),
    rule("DELETE /mlflow/registered-models/alias", delete(model()), read(version())),
    rule(
        "GET /mlflow/registered-models/get-latest-versions",
        read(version()),
        hide=_links("model_versions"),
        many=("stages",),
    ),
    rule(
        "POST /mlflow/registered-models/get-latest-versions",
        read(version()),
        hide=_links("model_versions"),
        reads=True,
    ),
    # Versions
    rule(
        "POST /mlflow/model-versions/create",
        create(version()),
        if_given(read(run("run_id"))),
        if_given(read(logged_model("model_id"))),
        if_given(read(storage("source"))),
        hide=_links("model_version"),
    ),
    _of_a_version("GET /mlflow/model-versions/get", read(version())),
    rule("GET /mlflow/model-versions/get-download-uri", read(version())),
    rule(
        "GET /mlflow/model-versions/search",
        Access.SIGNED_IN,
        where_given("filter", unless_denied(_RUN)),
        where_given("order_by", unless_denied(_RUN)),
        keep=Keep("model_versions", read(version("name"))),
        hide=_links("model_versions"),
        many=("order_by",),
    ),
    _of_a_version("PATCH /mlflow/model-versions/update", update(version())),
    _of_a_version("POST /mlflow/model-versions/transition-stage", update(version())),
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
