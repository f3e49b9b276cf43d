"""Runs: parameters, metrics singly and in batches, tags, nested runs, ends and searches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag, ViewType
from steps.part import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from steps.part import Made


def edit(made: Made) -> Iterator[tuple[str, Any, Any]]:
    client = MlflowClient()
    experiment = made["experiment"]
    mlflow.set_experiment(experiment_id=experiment)
    with mlflow.start_run(run_name=f"parent {WORDS}", description="a run", tags={"a": "b"}) as run:
        made["run"] = run.info.run_id
        mlflow.log_param("depth", 3)
        mlflow.log_params({WORDS: WORDS, "seed": 1})
        mlflow.log_metric("loss", 0.5)
        mlflow.log_metrics({"loss": 0.25, "accuracy": 0.75}, step=1)
        mlflow.log_metric("loss", 0.125, step=2, synchronous=False).wait()
        mlflow.set_tag("stage", "dev")
        mlflow.set_tags({"passing": "by", "team": WORDS})
        mlflow.delete_tag("passing")
        with mlflow.start_run(run_name="child", nested=True) as child:
            made["child"] = child.info.run_id
            mlflow.log_metric("loss", 9)
    batch = [Metric("batched", value / 10, 1_700_000_000_000 + value, value) for value in range(5)]
    client.log_batch(made["run"], metrics=batch, params=[Param("p", "1")], tags=[RunTag("t", "1")])
    found = client.get_run(made["run"])
    params = {"depth": "3", WORDS: WORDS, "seed": "1", "p": "1"}
    yield "params", found.data.params, params
    yield "metrics", found.data.metrics, {"loss": 0.125, "accuracy": 0.75, "batched": 0.4}
    tags = {name: found.data.tags.get(name) for name in ("stage", "team", "passing", "t", "a")}
    yield "tags", tags, {"stage": "dev", "team": WORDS, "passing": None, "t": "1", "a": "b"}
    yield "end", found.info.status, "FINISHED"
    yield "history", history(made), [[0, 0.5], [1, 0.25], [2, 0.125]]
    yield "parent", client.get_parent_run(made["child"]).info.run_id, made["run"]
    client.update_run(made["child"], name="child renamed")
    client.set_terminated(made["child"], "KILLED")
    killed = client.get_run(made["child"]).info
    yield "killed", [killed.run_name, killed.status], ["child renamed", "KILLED"]
    client.delete_run(made["child"])
    yield "deleted", ids(made, view=ViewType.DELETED_ONLY), [made["child"]]
    client.restore_run(made["child"])
    yield "restored", ids(made), sorted([made["child"], made["run"]])
    yield "search", ids(made, "metrics.loss < 0.2 and params.depth = '3'"), [made["run"]]
    frame = mlflow.search_runs([experiment], order_by=["metrics.loss DESC"])
    yield "frame", list(frame["run_id"]), [made["child"], made["run"]]


def history(made: Made) -> list[list[float]]:
    found = MlflowClient().get_metric_history(made["run"], "loss")
    return [[metric.step, metric.value] for metric in found]


def ids(made: Made, query: str = "", view: int = ViewType.ACTIVE_ONLY) -> list[str]:
    found = MlflowClient().search_runs([made["experiment"]], query, view)
    return sorted(run.info.run_id for run in found)


def reads(made: Made) -> dict[str, Any]:
    client = MlflowClient()
    return {
        "run": lambda: client.get_run(made["run"]).to_dictionary(),
        "history": lambda: history(made),
        "parent": lambda: client.get_parent_run(made["child"]).info.run_id,
    }


def writes(made: Made) -> dict[str, Any]:
    client = MlflowClient()
    run, experiment = made["run"], made["experiment"]

    def start() -> None:
        with mlflow.start_run(experiment_id=experiment):
            pass

    return {
        "start": start,
        "create": lambda: client.create_run(experiment),
        "param": lambda: client.log_param(run, "new", 1),
        "metric": lambda: client.log_metric(run, "loss", 0),
        "tag": lambda: client.set_tag(run, "stage", "mine"),
        "delete tag": lambda: client.delete_tag(run, "stage"),
        "batch": lambda: client.log_batch(run, tags=[RunTag("stage", "mine")]),
        "rename": lambda: client.update_run(run, name="mine"),
        "end": lambda: client.set_terminated(run, "FAILED"),
        "delete": lambda: client.delete_run(run),
        "restore": lambda: client.restore_run(run),
    }


def searches(made: Made) -> dict[str, Any]:
    return {
        "runs": lambda: ids(made),
        "filtered": lambda: ids(made, "metrics.loss < 0.2"),
        "fluent": lambda: [
            run.info.run_id
            for run in mlflow.search_runs([made["experiment"]], output_format="list")
        ],
        "by name": lambda: [
            run.info.run_id
            for run in mlflow.search_runs(
                experiment_names=[made["experiment name"]], output_format="list"
            )
        ],
    }
