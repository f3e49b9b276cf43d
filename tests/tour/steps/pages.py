"""Searches page by page, where every other thing may be out of sight."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mlflow
from mlflow import MlflowClient
from steps.models import add_version
from steps.part import RELEASE, paged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from steps.part import Made

COUNT = 5
SHOWN = (0, 2, 4)
"""Which of the things made others are given READ on."""


def edit(made: Made) -> Iterator[tuple[str, Any, Any]]:
    client = MlflowClient()
    experiments = made["pages"] = []
    for index in range(COUNT):
        number = client.create_experiment(_name(made, index))
        experiments.append(number)
        client.create_registered_model(_name(made, index))
        add_version(made, _name(made, index))
        client.create_run(number, run_name=_name(made, index))
        if RELEASE >= (3, 4):
            client.create_logged_model(number, name=f"page_{index}")
            mlflow.genai.register_prompt(name=_prompt(made, index), template="a")
        if index in SHOWN:
            made.grant("experiment", number)
            made.grant("registered_model", _name(made, index))
            made.grant("prompt", _prompt(made, index))
    everything = [list(range(COUNT))[start : start + 2] for start in range(0, COUNT, 2)]
    for name, search in searches(made).items():
        yield name, search(), everything


def _name(made: Made, index: int) -> str:
    return f"page {index} in {made['word']}"


def _prompt(made: Made, index: int) -> str:
    return _name(made, index).replace(" ", "_")


def reads(made: Made) -> dict[str, Any]:
    del made
    return {}


writes = reads


def searches(made: Made) -> dict[str, Any]:
    """Each by pages of two, named by their number."""
    client = MlflowClient()
    like = f"name LIKE 'page %in {made['word']}'"
    prompts = f"name LIKE 'page_%_in_{made['word']}'"

    def index(row: Any) -> int:
        return int(row.name[5])

    def index_of_run(row: Any) -> int:
        return int(row.info.run_name[5])

    found: dict[str, Any] = {
        "experiments": lambda: paged(
            client.search_experiments,
            index,
            filter_string=like,
            order_by=["name ASC"],
            max_results=2,
        ),
        "models": lambda: paged(
            client.search_registered_models,
            index,
            filter_string=like,
            order_by=["name ASC"],
            max_results=2,
        ),
        "versions": lambda: paged(
            client.search_model_versions,
            index,
            filter_string=like,
            order_by=["name ASC"],
            max_results=2,
        ),
        "runs": lambda: paged(
            client.search_runs,
            index_of_run,
            experiment_ids=made["pages"],
            order_by=["attributes.run_name ASC"],
            max_results=2,
        ),
    }
    if RELEASE >= (3, 4):
        found["logged models"] = lambda: paged(
            client.search_logged_models,
            index,
            experiment_ids=made["pages"],
            order_by=[{"field_name": "name", "ascending": True}],
            max_results=2,
        )
        found["prompts"] = lambda: paged(
            client.search_prompts, index, filter_string=prompts, max_results=2
        )
    return found
