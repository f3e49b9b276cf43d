"""Experiments: made, found, tagged, renamed, deleted and restored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mlflow
from mlflow import MlflowClient
from mlflow.entities import ViewType
from steps.part import RELEASE, WORDS, names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from steps.part import Made


def edit(made: Made) -> Iterator[tuple[str, Any, Any]]:
    client = MlflowClient()
    name = made["experiment name"] = made.name(f"tour {WORDS}")
    number = made["experiment"] = client.create_experiment(name, tags={"team": "fraud"})
    made.grant("experiment", number)
    yield "by name", client.get_experiment_by_name(name).experiment_id, number
    yield "no such name", client.get_experiment_by_name(made.name("no such")), None
    client.set_experiment_tag(number, "stage", "dev")
    if RELEASE >= (3, 0):
        client.set_experiment_tag(number, "passing", "by")
        client.delete_experiment_tag(number, "passing")
    found = client.get_experiment(number)
    yield "tags", found.tags, found.tags | {"team": "fraud", "stage": "dev"}
    yield "no tag", "passing" in found.tags, False
    client.rename_experiment(number, made.name("renamed"))
    yield "renamed", client.get_experiment(number).name, made.name("renamed")
    client.rename_experiment(number, name)
    client.delete_experiment(number)
    gone = client.search_experiments(ViewType.DELETED_ONLY, filter_string=f"name = '{name}'")
    yield "deleted", names(gone), [name]
    client.restore_experiment(number)
    yield "restored", client.get_experiment(number).lifecycle_stage, "active"
    mlflow.set_experiment(made.name("made by setting"))
    again = mlflow.set_experiment(made.name("made by setting"))
    yield "set by name", again.name, made.name("made by setting")
    made.grant("experiment", again.experiment_id)
    yield "search", *searched(made, [made.name("made by setting"), name])


def searched(made: Made, wanted: list[str]) -> tuple[Any, Any]:
    return names(MlflowClient().search_experiments(filter_string=_like(made))), wanted


def _like(made: Made) -> str:
    return f"name LIKE '%of {made['word']}'"


def reads(made: Made) -> dict[str, Any]:
    client = MlflowClient()
    return {
        "experiment": lambda: client.get_experiment(made["experiment"]).name,
        "by name": lambda: client.get_experiment_by_name(made["experiment name"]).experiment_id,
        "set": lambda: mlflow.set_experiment(made["experiment name"]).experiment_id,
    }


def writes(made: Made) -> dict[str, Any]:
    client = MlflowClient()
    number = made["experiment"]
    return {
        "rename": lambda: client.rename_experiment(number, "mine"),
        "tag": lambda: client.set_experiment_tag(number, "team", "mine"),
        **(
            {"delete tag": lambda: client.delete_experiment_tag(number, "team")}
            if RELEASE >= (3, 0)
            else {}
        ),
        "delete": lambda: client.delete_experiment(number),
        "restore": lambda: client.restore_experiment(number),
    }


def searches(made: Made) -> dict[str, Any]:
    client = MlflowClient()
    return {
        "all": lambda: names(client.search_experiments(filter_string=_like(made))),
        "by tag": lambda: names(
            client.search_experiments(filter_string=f"tags.team = 'fraud' AND {_like(made)}")
        ),
        "fluent": lambda: names(mlflow.search_experiments(filter_string=_like(made))),
    }
