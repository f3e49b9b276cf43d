"""The installed MLflow's own answers about an auth database; run as a file, it asks MLflow alone.

Each line of its input is a question in JSON, each line of its output the answer: what users may
do by their grants, or which requests its own auth lets pass. What makes MLflow fail is None.
"""

from __future__ import annotations

import asyncio
import functools
import json
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import mlflow.server.jobs
from mlflow.exceptions import MlflowException
from mlflow.genai.review_queues import ReviewQueueType
from mlflow.server import app, auth
from mlflow.server.auth.requirements import Requirement
from mlflow.server.auth.sqlalchemy_store import SqlAlchemyStore
from starlette.requests import Request

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator


class Remembering(SqlAlchemyStore):
    """MLflow's store, which reads the rows of one database once."""

    def list_grants(self, user_id: int, workspace: str, resource_types: Collection[str]) -> Any:
        return self.remembered(user_id, workspace, frozenset(resource_types))

    @functools.cache  # noqa: B019 - there is one store, and it lives as long as the process
    def remembered(self, user_id: int, workspace: str, resource_types: frozenset[str]) -> Any:
        return super().list_grants(user_id, workspace, resource_types)

    @functools.cache  # noqa: B019 - likewise
    def get_user(self, username: str) -> Any:
        return super().get_user(username)

    def forget(self) -> None:
        Remembering.remembered.cache_clear()
        Remembering.get_user.cache_clear()


class Things:
    """Everything there is; the id of a thing ends in those of the experiments it hangs on."""

    def __getattr__(self, name: str) -> Any:
        return lambda *names, **more: self.thing(str(next(iter((*names, *more.values())))))

    def thing(self, name: str) -> Any:
        experiment = name.rpartition("-")[2]
        return SimpleNamespace(
            experiment_id=experiment,
            info=SimpleNamespace(experiment_id=experiment),
            endpoint_id="e-1",
            params=json.dumps({"experiment_id": experiment}),
            users=["bob"],
            created_by="ann",
            queue_type=ReviewQueueType.USER if name == "bobs-1" else ReviewQueueType.CUSTOM,
            _is_prompt=lambda: name == "greeting",
        )

    def get_dataset_experiment_ids(self, dataset_id: str) -> list[str]:
        return dataset_id.split("-")[1:]

    def get_review_queue_by_name(self, experiment_id: str, name: str) -> Any:
        return self.thing(f"{name}-{experiment_id}")


# By grants


def by_grants(asked: dict[str, Any]) -> Iterator[object]:
    """For every default and user: do they manage the workspace, all levels, are demands met."""
    for default in asked["defaults"]:
        auth.auth_config = auth.auth_config._replace(default_permission=default)
        for user in asked["users"]:
            yield auth.store.is_workspace_admin(auth.store.get_user(user).id, "default")
            yield from (level(user, *resource) for resource in asked["levels"])
            yield from (may(user, *demand) for demand in asked["demands"])


def level(username: str, resource_type: str, resource_id: str) -> str | None:
    """What the permission API and every route without a tier ask."""
    found = auth._role_permission_for(
        username, resource_type, resource_id, resource_id, lambda _: None, resource_type
    )
    try:
        return str(auth._get_role_permission_or_default(found).name)
    except KeyError:
        return None


def may(
    username: str,
    action: str,
    resource_type: str,
    resource_id: str,
    tier: str | None,
    inherited: str | None,
) -> bool | None:
    """What a route asks about a thing, or about a part of it: reading the whole is needed then.

    What is about to be made needs that nothing denies it and, in a thing, that one may update it.
    """
    parent = (resource_type, resource_id)
    if action == "create" and tier is None:
        needs = [Requirement(*parent, "not_denied")]
    elif action == "create":
        needs = [Requirement(*parent, "update"), Requirement(tier, "*", "not_denied")]
    elif tier is None:
        needs = [Requirement(*parent, action)]
    else:
        fallback = Requirement(*parent, inherited) if inherited else parent
        needs = [
            Requirement(*parent, "read"),
            Requirement(tier, "*", action, fallback_if_no_grant=(fallback,)),
        ]
    try:
        return bool(auth.authorize(username, parent, needs))
    except KeyError:
        return None


# By requests


def passes(asked: dict[str, Any]) -> bool | None:
    auth.auth_config = auth.auth_config._replace(default_permission=asked["default"])
    auth.authenticate_request = lambda: SimpleNamespace(username=asked["user"])
    try:
        native = auth._find_fastapi_validator(asked["path"], asked["method"])
        if native is not None:
            return bool(asyncio.run(native(asked["user"], native_request(asked))))
        return passes_flask(asked)
    except (MlflowException, KeyError):
        return None


def passes_flask(asked: dict[str, Any]) -> bool:
    """What MLflow's own hook does after it has seen who asks."""
    given = "query_string" if asked["method"] == "GET" else "json"
    with app.test_request_context(
        asked["path"], method=asked["method"], headers=asked["headers"], **{given: asked["given"]}
    ) as context:
        validator = auth._find_validator(context.request)
        if validator is None and auth._is_proxy_artifact_path(context.request.path):
            validator = auth._get_proxy_artifact_validator(
                asked["method"], context.request.view_args
            )
        if validator is not None:
            return bool(validator())
        return bool(auth._authorized_outside_before_request(context.request))


def native_request(asked: dict[str, Any]) -> Request:
    body = json.dumps(asked["given"]).encode()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    headers = [(name.lower().encode(), text.encode()) for name, text in asked["headers"].items()]
    scope = {
        "type": "http",
        "method": asked["method"],
        "path": asked["path"],
        "raw_path": asked["path"].encode(),
        "root_path": "",
        "query_string": b"",
        "headers": headers,
        "server": ("127.0.0.1", 5000),
        "scheme": "http",
    }
    return Request(scope, receive)


def main() -> None:
    store = Remembering()
    store.init_db(sys.argv[1])
    auth.store = store
    auth._get_tracking_store = auth._get_model_registry_store = Things
    auth.get_job = mlflow.server.jobs.get_job = Things().thing
    for line in sys.stdin:
        asked = json.loads(line)
        store.forget()
        answers = [passes(one) for one in asked] if isinstance(asked, list) else by_grants(asked)
        sys.stdout.write(json.dumps(list(answers)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
