"""A data scientist's day: programs that use the real client, and what they should print."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.scripts import run_script

if TYPE_CHECKING:
    from pathlib import Path

    from tests.live import Server

_TRAIN = """
    import mlflow
    from mlflow import MlflowClient

    class Model(mlflow.pyfunc.PythonModel):
        def predict(self, model_input: list[str]) -> list[str]:
            return model_input

    mlflow.set_tracking_uri("{url}")
    mlflow.set_experiment(experiment_id="{experiment}")
    with mlflow.start_run() as run:
        mlflow.log_params({{"depth": 3}})
        mlflow.log_metrics({{"loss": 0.25}})
        mlflow.log_metric("loss", 0.125, step=1)
        mlflow.set_tag("stage", "dev")
        mlflow.log_text("hello", "notes/hello.txt")
        info = mlflow.pyfunc.log_model(name="model", python_model=Model())
    client = MlflowClient()
    version = mlflow.register_model(info.model_uri, "{model}")
    client.set_registered_model_alias("{model}", "best", version.version)
    found = client.get_run(run.info.run_id)
    print(found.data.params, found.data.metrics, found.data.tags["stage"])
    print(sorted({{p.value for p in client.get_metric_history(run.info.run_id, "loss")}}))
    print([file.path for file in client.list_artifacts(run.info.run_id, "notes")])
    print(mlflow.artifacts.load_text(run.info.artifact_uri + "/notes/hello.txt"))
    print(client.get_model_version_by_alias("{model}", "best").version)
    print(mlflow.pyfunc.load_model("models:/{model}@best").predict(["again"]))
    print(len(client.search_runs(["{experiment}"])), len(mlflow.search_logged_models(
        experiment_ids=["{experiment}"], output_format="list")))
    print(run.info.run_id)
"""

_LOOK = """
    import mlflow
    from mlflow import MlflowClient

    mlflow.set_tracking_uri("{url}")
    client = MlflowClient()

    def attempt(name, action):
        try:
            action()
            print(name, "done")
        except Exception as error:  # files are asked for over plain HTTP
            print(name, "refused" if "ermission denied" in str(error) else error)

    def start():
        with mlflow.start_run(experiment_id="{experiment}"):
            pass

    attempt("experiment", lambda: client.get_experiment("{experiment}"))
    attempt("run", lambda: client.get_run("{run}"))
    attempt("files", lambda: client.list_artifacts("{run}"))
    attempt("download", lambda: mlflow.artifacts.load_text(
        "mlflow-artifacts:/{experiment}/{run}/artifacts/notes/hello.txt"))
    attempt("history", lambda: client.get_metric_history("{run}", "loss"))
    attempt("model", lambda: client.get_registered_model("{model}"))
    attempt("version", lambda: client.get_model_version("{model}", "1"))
    attempt("start", start)
    attempt("param", lambda: client.log_param("{run}", "p", 1))
    attempt("metric", lambda: client.log_metric("{run}", "m", 1))
    attempt("tag", lambda: client.set_tag("{run}", "t", 1))
    attempt("batch", lambda: client.log_batch("{run}", tags=[mlflow.entities.RunTag("b", "1")]))
    attempt("upload", lambda: client.log_text("{run}", "x", "x.txt"))
    attempt("delete run", lambda: client.delete_run("{run}"))
    attempt("rename experiment", lambda: client.rename_experiment("{experiment}", "mine"))
    attempt("delete experiment", lambda: client.delete_experiment("{experiment}"))
    attempt("describe model", lambda: client.update_registered_model("{model}", "mine"))
    attempt("new version", lambda: client.create_model_version("{model}", "models:/{model}/1"))
    attempt("stage", lambda: client.set_model_version_tag("{model}", "1", "k", "v"))
    attempt("delete version", lambda: client.delete_model_version("{model}", "1"))
    attempt("delete model", lambda: client.delete_registered_model("{model}"))
    print("experiments", sorted(e.name for e in client.search_experiments()))
    print("runs", len(client.search_runs(["{experiment}"])))
    print("models", sorted(m.name for m in client.search_registered_models()))
    print("versions", sorted(v.name for v in client.search_model_versions()))
"""

READS = ["experiment", "run", "files", "download", "history", "model", "version"]
WRITES = [
    "start",
    "param",
    "metric",
    "tag",
    "batch",
    "upload",
    "delete run",
    "rename experiment",
    "delete experiment",
    "describe model",
    "new version",
    "stage",
    "delete version",
    "delete model",
]

PRINTED = """\
{'depth': '3'} {'loss': 0.125} dev
[0.125, 0.25]
['notes/hello.txt']
hello
1
['again']
1 1"""


@dataclass(frozen=True)
class Work:
    """An editor's run in an administrator's experiment, and what the program printed."""

    experiment: str
    run: str
    printed: str


def train(server: Server, home: Path, *, python: str = sys.executable) -> Work:
    """Let a user with EDIT on an experiment and a model of an administrator's do a day's work."""
    editor = server.add_user("editor")
    made = server.call("POST", "/api/2.0/mlflow/experiments/create", {"name": "fraud"})
    experiment = made.json()["experiment_id"]
    server.call("POST", "/api/2.0/mlflow/registered-models/create", {"name": "churn"})
    grant(server, "editor", experiment, "EDIT")
    code = _TRAIN.format(url=server.url, experiment=experiment, model="churn")
    printed = run_script(code, home, python=python, **as_user(editor))
    *lines, run = printed.strip().splitlines()
    return Work(experiment, run, "\n".join(lines[-7:]))


def grant(server: Server, username: str, experiment: str, level: str) -> None:
    """Give a level on the experiment and on the model."""
    for family, field, name in (
        ("experiments", "experiment_id", experiment),
        ("registered-models", "name", "churn"),
    ):
        granted = server.call(
            "POST",
            f"/api/2.0/mlflow/{family}/permissions/create",
            {field: name, "username": username, "permission": level},
        )
        assert granted.status_code == 200, granted.text


def look(
    server: Server, work: Work, user: tuple[str, str], home: Path, *, python: str = sys.executable
) -> list[str]:
    """What a user can do with the editor's work, a line an attempt."""
    code = _LOOK.format(url=server.url, experiment=work.experiment, run=work.run, model="churn")
    printed = run_script(code, home, python=python, **as_user(user))
    known = (*READS, *WRITES, "experiments", "runs", "models", "versions")
    return [line for line in printed.splitlines() if line.startswith(known)]


def reader_sees() -> list[str]:
    """What a user with READ is to see: everything, and change nothing."""
    return [
        *(f"{name} done" for name in READS),
        *(f"{name} refused" for name in WRITES),
        "experiments ['Default', 'fraud']",
        "runs 1",
        "models ['churn']",
        "versions ['churn']",
    ]


def outsider_sees() -> list[str]:
    """What a user with NO_PERMISSIONS is to see: nothing."""
    return [
        *(f"{name} refused" for name in (*READS, *WRITES)),
        "experiments ['Default']",
        "runs 0",
        "models []",
        "versions []",
    ]


def as_user(user: tuple[str, str]) -> dict[str, str]:
    return {"MLFLOW_TRACKING_USERNAME": user[0], "MLFLOW_TRACKING_PASSWORD": user[1]}
