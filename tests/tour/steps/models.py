"""Registered models: versions of a logged model, aliases, stages, tags, searches and loading."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import mlflow
from mlflow import MlflowClient
from steps.part import RELEASE, WORDS, names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from steps.part import Made

warnings.simplefilter("ignore")


class Echo(mlflow.pyfunc.PythonModel):
    """A model that needs nothing installed."""

    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:  # noqa: ARG002
        return list(model_input)


def edit(made: Made) -> Iterator[tuple[str, Any, Any]]:
    client = MlflowClient()
    name = made["model"] = made.grant("registered_model", made.name(f"churn {WORDS}"))
    with mlflow.start_run(made["run"]):
        where = {"name": "model"} if RELEASE >= (3, 0) else {"artifact_path": "model"}
        info = mlflow.pyfunc.log_model(python_model=Echo(), pip_requirements=["mlflow"], **where)
    made["logged"] = getattr(info, "model_id", None)
    first = mlflow.register_model(info.model_uri, name, tags={"made": "by registering"})
    yield "first", first.version, "1"
    made["source"] = client.get_model_version(name, "1").source
    second = add_version(made, name, description="the second")
    yield "second", [second.version, second.run_id], ["2", made["run"]]
    client.update_registered_model(name, f"about {WORDS}")
    client.set_registered_model_tag(name, "team", WORDS)
    client.set_registered_model_tag(name, "passing", "by")
    client.delete_registered_model_tag(name, "passing")
    client.set_registered_model_alias(name, "best", "2")
    client.set_registered_model_alias(name, "worst", "1")
    client.delete_registered_model_alias(name, "worst")
    found = client.get_registered_model(name)
    wanted = [f"about {WORDS}", {"team": WORDS}, {"best": "2"}]
    yield "model", [found.description, found.tags, found.aliases], wanted
    client.update_model_version(name, "1", "the first")
    client.set_model_version_tag(name, "1", "checked", "yes")
    client.set_model_version_tag(name, "1", "passing", "by")
    client.delete_model_version_tag(name, "1", "passing")
    client.transition_model_version_stage(name, "2", "Staging")
    version = client.get_model_version(name, "1")
    wanted = ["the first", {"made": "by registering", "checked": "yes"}]
    yield "version", [version.description, version.tags], wanted
    yield "by alias", client.get_model_version_by_alias(name, "best").version, "2"
    yield "by stage", latest(made, "Staging"), ["2"]
    yield "latest", sorted(latest(made)), ["1", "2"]
    yield "loaded", load(f"models:/{name}@best"), ["again"]
    yield "loaded by stage", load(f"models:/{name}/Staging"), ["again"]
    copy = client.copy_model_version(f"models:/{name}/1", made.name("copy"))
    made.grant("registered_model", copy.name)
    yield "copy", load(f"models:/{copy.name}/1"), ["again"]
    client.rename_registered_model(name, made.name("renamed"))
    yield "renamed", client.get_registered_model(made.name("renamed")).aliases, {"best": "2"}
    client.rename_registered_model(made.name("renamed"), name)
    client.create_registered_model(made.name("passing"), {"a": "b"}, "passing by")
    add_version(made, made.name("passing"))
    client.delete_model_version(made.name("passing"), "1")
    client.delete_registered_model(made.name("passing"))
    yield "search", names(_models(made)), sorted([made.name("copy"), name])
    yield "versions", versions(made, f"name = '{name}'"), [[name, "1"], [name, "2"]]
    yield "of a run", versions(made, f"run_id = '{made['run']}'"), _of_run(name, copy.name)


def _of_run(name: str, copy: str) -> list[list[str]]:
    return sorted([[name, "1"], [name, "2"], [copy, "1"]])


def add_version(made: Made, name: str, **more: Any) -> Any:
    """A version of the files that the run logged."""
    if made["logged"]:
        more["model_id"] = made["logged"]
    return MlflowClient().create_model_version(name, made["source"], made["run"], **more)


def load(uri: str) -> Any:
    return mlflow.pyfunc.load_model(uri).predict(["again"])


def latest(made: Made, *stages: str) -> list[str]:
    found = MlflowClient().get_latest_versions(made["model"], list(stages) or None)
    return [version.version for version in found]


def versions(made: Made, query: str) -> list[list[str]]:
    found = MlflowClient().search_model_versions(query)
    ours = f" of {made['word']}"
    return sorted([row.name, str(row.version)] for row in found if row.name.endswith(ours))


def _models(made: Made, query: str = "") -> Any:
    like = f"name LIKE '%of {made['word']}'"
    return MlflowClient().search_registered_models(f"{query}{like}")


def reads(made: Made) -> dict[str, Any]:
    client = MlflowClient()
    name = made["model"]
    return {
        "model": lambda: client.get_registered_model(name).aliases,
        "version": lambda: client.get_model_version(name, "1").tags,
        "by alias": lambda: client.get_model_version_by_alias(name, "best").version,
        "by stage": lambda: latest(made, "Staging"),
        "place": lambda: client.get_model_version_download_uri(name, "1"),
        "load": lambda: load(f"models:/{name}@best"),
    }


def writes(made: Made) -> dict[str, Any]:
    client = MlflowClient()
    name = made["model"]
    return {
        "describe": lambda: client.update_registered_model(name, "mine"),
        "rename": lambda: client.rename_registered_model(name, made.name("mine")),
        "tag": lambda: client.set_registered_model_tag(name, "team", "mine"),
        "delete tag": lambda: client.delete_registered_model_tag(name, "team"),
        "alias": lambda: client.set_registered_model_alias(name, "best", "1"),
        "delete alias": lambda: client.delete_registered_model_alias(name, "best"),
        "new version": lambda: add_version(made, name),
        "describe version": lambda: client.update_model_version(name, "1", "mine"),
        "stage": lambda: client.transition_model_version_stage(name, "1", "Production"),
        "tag version": lambda: client.set_model_version_tag(name, "1", "checked", "mine"),
        "delete version tag": lambda: client.delete_model_version_tag(name, "1", "checked"),
        "delete version": lambda: client.delete_model_version(name, "1"),
        "delete": lambda: client.delete_registered_model(name),
    }


def searches(made: Made) -> dict[str, Any]:
    return {
        "models": lambda: names(_models(made)),
        "by tag": lambda: names(_models(made, f"tags.team = '{WORDS}' AND ")),
        "fluent": lambda: names(
            mlflow.search_registered_models(filter_string=f"name = '{made['model']}'")
        ),
        "versions": lambda: versions(made, f"name = '{made['model']}'"),
        "of a run": lambda: versions(made, f"run_id = '{made['run']}'"),
    }
