"""Logged models: begun, given parameters, tags, metrics and files, finished and searched."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlflow
from mlflow import MlflowClient
from steps.part import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from steps.part import Made

SINCE = (3, 4)


def edit(made: Made) -> Iterator[tuple[str, Any, Any]]:
    client = MlflowClient()
    begun = mlflow.initialize_logged_model(
        name="by_hand",
        source_run_id=made["run"],
        experiment_id=made["experiment"],
        params={"depth": "3"},
        tags={"a": "b"},
        model_type="agent",
    )
    number = made["logged by hand"] = begun.model_id
    mlflow.log_model_params({WORDS: WORDS}, model_id=number)
    mlflow.set_logged_model_tags(number, {"stage": "dev", "passing": "by"})
    mlflow.delete_logged_model_tag(number, "passing")
    client.log_metric(made["run"], "of a model", 0.5, model_id=number)
    Path("weights.txt").write_text("1 2 3", encoding="utf-8")
    client.log_model_artifact(number, "weights.txt")
    client.log_model_artifacts(number, "up")
    mlflow.finalize_logged_model(number, "READY")
    found = client.get_logged_model(number)
    tags = [found.tags.get(key) for key in ("a", "stage", "passing")]
    yield "params", found.params, {"depth": "3", WORDS: WORDS}
    yield "tags", tags, ["b", "dev", None]
    yield "status", str(found.status), "READY"
    yield "metrics", [[item.key, item.value] for item in found.metrics], [["of a model", 0.5]]
    files = sorted(file.path for file in client.list_logged_model_artifacts(number))
    yield "files", files, ["empty.txt", "in", "top.txt", "weights.txt"]
    yield "search", searched(made), ["by_hand", "model"]
    yield "filtered", searched(made, filter_string="tags.stage = 'dev'"), ["by_hand"]
    with mlflow.start_run(made["run"]):
        mlflow.log_outputs([mlflow.entities.LoggedModelOutput(number, 0)])
    found = client.get_run(made["run"]).outputs.model_outputs
    yield "outputs", number in [item.model_id for item in found], True
    passing = client.create_logged_model(made["experiment"], name="passing")
    client.delete_logged_model(passing.model_id)
    yield "deleted", searched(made), ["by_hand", "model"]
    mlflow.set_active_model(name="active")
    yield "active", searched(made), ["active", "by_hand", "model"]
    mlflow.clear_active_model()


def searched(made: Made, **query: Any) -> list[str]:
    found = mlflow.search_logged_models([made["experiment"]], output_format="list", **query)
    return sorted(model.name for model in found)


def reads(made: Made) -> dict[str, Any]:
    client, number = MlflowClient(), made["logged by hand"]
    return {
        "model": lambda: client.get_logged_model(number).params,
        "files": lambda: sorted(file.path for file in client.list_logged_model_artifacts(number)),
        "file": lambda: mlflow.artifacts.load_text(
            f"{client.get_logged_model(number).artifact_location}/weights.txt"
        ),
        "load": lambda: mlflow.pyfunc.load_model(f"models:/{made['logged']}").predict(["a"]),
    }


def writes(made: Made) -> dict[str, Any]:
    client, number = MlflowClient(), made["logged by hand"]
    Path("mine.txt").write_text("mine", encoding="utf-8")
    return {
        "create": lambda: client.create_logged_model(made["experiment"], name="mine"),
        "params": lambda: client.log_model_params(number, {"mine": "1"}),
        "tags": lambda: client.set_logged_model_tags(number, {"stage": "mine"}),
        "delete tag": lambda: client.delete_logged_model_tag(number, "stage"),
        "file": lambda: client.log_model_artifact(number, "mine.txt"),
        "finish": lambda: client.finalize_logged_model(number, "FAILED"),
        "metric": lambda: client.log_metric(made["run"], "mine", 1, model_id=number),
        "delete": lambda: client.delete_logged_model(number),
    }


def searches(made: Made) -> dict[str, Any]:
    return {
        "models": lambda: searched(made),
        "by tag": lambda: searched(made, filter_string="tags.stage = 'dev'"),
    }
