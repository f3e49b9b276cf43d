"""What an MLflow before 3.13 answers about its auth database; run as a file, by its interpreter.

It makes the tables, and says so in its first line. Then each line of its input is a question in
JSON, each line of its output the answer: for every user and every default the actions allowed on
each resource, or None for what makes MLflow fail.
"""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace
from typing import Any

from flask import Flask
from mlflow.exceptions import MlflowException
from mlflow.server import auth
from mlflow.server.auth.sqlalchemy_store import SqlAlchemyStore

ACTIONS = ("read", "use", "update", "delete", "manage")
# By resource type: the function that MLflow's routes ask, and the parameters it reads.
ASKED = {
    "experiment": ("_get_permission_from_experiment_id", ("experiment_id",)),
    "run": ("_get_permission_from_run_id", ("run_id",)),
    "logged_model": ("_get_permission_from_model_id", ("model_id",)),
    "registered_model": ("_get_permission_from_registered_model_name", ("name",)),
    "scorer": ("_get_permission_from_scorer_name", ("experiment_id", "name")),
    "gateway_secret": ("_get_permission_from_gateway_secret_id", ("secret_id",)),
    "gateway_endpoint": ("_get_permission_from_gateway_endpoint_id", ("endpoint_id",)),
    "gateway_model_definition": (
        "_get_permission_from_gateway_model_definition_id",
        ("model_definition_id",),
    ),
}


class Things:
    """Everything there is; runs and logged models are called as the experiments they are in."""

    def __getattr__(self, name: str) -> Any:
        return lambda *names, **more: SimpleNamespace(
            workspace="default",
            experiment_id=next(iter((*names, *more.values()))),
            info=SimpleNamespace(experiment_id=next(iter((*names, *more.values())))),
        )


def allowed(app: Flask, resource_type: str, names: list[str]) -> list[str] | None:
    function, parameters = ASKED[resource_type]
    with app.test_request_context(query_string=dict(zip(parameters, names, strict=True))):
        try:
            level = getattr(auth, function)()
        except (KeyError, MlflowException) as error:
            if not isinstance(error.__cause__ or error, KeyError):
                raise
            return None
    return [action for action in ACTIONS if getattr(level, f"can_{action}", False)]


def main() -> None:
    store = SqlAlchemyStore()
    store.init_db(sys.argv[1])
    auth.store = store
    auth._get_tracking_store = auth._get_model_registry_store = Things
    app = Flask("asked")
    say([name for name, (function, _) in ASKED.items() if hasattr(auth, function)])
    for line in sys.stdin:
        asked = json.loads(line)
        answers = []
        for default in asked["defaults"]:
            auth.auth_config = auth.auth_config._replace(default_permission=default)
            for user in asked["users"]:
                auth.authenticate_request = lambda user=user: SimpleNamespace(username=user)
                answers += [allowed(app, *resource) for resource in asked["resources"]]
        say(answers)


def say(answer: object) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
