"""Datasets: those that runs were given, and those that models and agents are judged by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mlflow
import pandas as pd
from mlflow import MlflowClient
from steps.part import RELEASE, WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from steps.part import Made

if RELEASE >= (3, 4):
    from mlflow.genai import datasets as api


_LINKS = RELEASE > (3, 4)  # whose client has no way to send it


def edit(made: Made) -> Iterator[tuple[str, Any, Any]]:
    frame = pd.DataFrame({"x": [1, 2], "y": [WORDS, "b"]})
    with mlflow.start_run(made["run"]):
        given = mlflow.data.from_pandas(frame, name=f"frame {WORDS}", source="memory.csv")
        mlflow.log_input(given, context="training", tags={"a": "b"})
    found = MlflowClient().get_run(made["run"]).inputs.dataset_inputs
    yield "given", [item.dataset.name for item in found], [f"frame {WORDS}"]
    query = f"dataset.name = 'frame {WORDS}'"
    found = MlflowClient().search_runs([made["experiment"]], query)
    yield "runs by dataset", [run.info.run_id for run in found], [made["run"]]
    if RELEASE < (3, 4):
        return
    name = made["dataset name"] = made.name(f"questions {WORDS}")
    dataset = api.create_dataset(name=name, experiment_id=made["experiment"], tags={"stage": "dev"})
    made["dataset"] = dataset.dataset_id
    dataset.merge_records(
        [{"inputs": {"q": WORDS}, "expectations": {"a": 1}}, {"inputs": {"q": "two"}}]
    )
    yield "records", questions(made), sorted([WORDS, "two"])
    traces = mlflow.search_traces(experiment_ids=[made["experiment"]], return_type="list")
    dataset.merge_records(traces[:1])
    yield "from a trace", len(questions(made)), 3
    api.set_dataset_tags(dataset.dataset_id, {"stage": "prod", "passing": "by"})
    api.delete_dataset_tag(dataset.dataset_id, "passing")
    tags = api.get_dataset(dataset_id=made["dataset"]).tags
    yield "tags", [tags.get("stage"), tags.get("passing")], ["prod", None]
    yield "search", searched(made), [name]
    yield "by name", searched(made, filter_string=f"name = '{name}'"), [name]
    if _LINKS:
        other = MlflowClient().get_experiment_by_name(made.name("made by setting")).experiment_id
        api.add_dataset_to_experiments(dataset_id=made["dataset"], experiment_ids=[other])
        found = api.get_dataset(dataset_id=made["dataset"])
        yield "of two", sorted(found.experiment_ids), sorted([made["experiment"], other])
        api.remove_dataset_from_experiments(dataset_id=made["dataset"], experiment_ids=[other])
    passing = api.create_dataset(name=made.name("passing"), experiment_id=made["experiment"])
    api.delete_dataset(dataset_id=passing.dataset_id)
    yield "deleted", searched(made), [name]


def questions(made: Made) -> list[str]:
    frame = api.get_dataset(dataset_id=made["dataset"]).to_df()
    return sorted(str(row.get("q", row)) for row in frame["inputs"])


def searched(made: Made, **query: Any) -> list[str]:
    found = api.search_datasets(experiment_ids=[made["experiment"]], **query)
    return sorted(item.name for item in found)


def reads(made: Made) -> dict[str, Any]:
    if RELEASE < (3, 4):
        return {}
    return {
        "dataset": lambda: api.get_dataset(dataset_id=made["dataset"]).name,
        "records": lambda: questions(made),
        "experiments": lambda: api.get_dataset(dataset_id=made["dataset"]).experiment_ids,
    }


def writes(made: Made) -> dict[str, Any]:
    given = mlflow.data.from_pandas(pd.DataFrame({"x": [3]}), name="mine")
    found: dict[str, Any] = {
        "log": lambda: MlflowClient().log_inputs(
            made["run"], [mlflow.entities.DatasetInput(given._to_mlflow_entity())]
        )
    }
    if RELEASE < (3, 4):
        return found
    number = made["dataset"]
    found |= {
        "create": lambda: api.create_dataset(name="mine", experiment_id=made["experiment"]),
        "tag": lambda: api.set_dataset_tags(number, {"stage": "mine"}),
        "delete tag": lambda: api.delete_dataset_tag(number, "stage"),
        "records": lambda: api.get_dataset(dataset_id=number).merge_records(
            [{"inputs": {"q": "mine"}}]
        ),
        "delete": lambda: api.delete_dataset(dataset_id=number),
    }
    if _LINKS:
        unlink = api.remove_dataset_from_experiments
        found["remove"] = lambda: unlink(number, [made["experiment"]])
    return found


def searches(made: Made) -> dict[str, Any]:
    if RELEASE < (3, 4):
        return {}
    return {
        "datasets": lambda: searched(made),
        "by name": lambda: searched(made, filter_string=f"name = '{made['dataset name']}'"),
    }
