"""A data scientist's day with the real client, under each level."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.live import authctl_server
from tests.scripts import run_script

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.live import Server

pytestmark = pytest.mark.mlflow

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
    print([point.value for point in client.get_metric_history(run.info.run_id, "loss")])
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


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with authctl_server(tmp_path_factory.mktemp("tour")) as running:
        yield running


@pytest.fixture(scope="module")
def trained(server: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An editor's work in an administrator's experiment and model."""
    editor = server.add_user("editor")
    made = server.call("POST", "/api/2.0/mlflow/experiments/create", {"name": "fraud"})
    experiment = made.json()["experiment_id"]
    server.call("POST", "/api/2.0/mlflow/registered-models/create", {"name": "churn"})
    for kind, name in (("experiment", experiment), ("registered_model", "churn")):
        granted = server.call(
            "POST",
            "/api/3.0/mlflow/users/permissions/grant",
            {
                "username": "editor",
                "resource_type": kind,
                "resource_id": name,
                "permission": "EDIT",
            },
        )
        assert granted.status_code == 200, granted.text
    # A model is registered by its name: the editor's may be made only where it exists already.
    code = _TRAIN.format(url=server.url, experiment=experiment, model="churn")
    printed = run_script(
        code,
        tmp_path_factory.mktemp("editor"),
        MLFLOW_TRACKING_USERNAME=editor[0],
        MLFLOW_TRACKING_PASSWORD=editor[1],
    )
    *lines, run = printed.strip().splitlines()
    return {"printed": "\n".join(lines[-7:]), "run": run, "experiment": experiment}


def look(server: Server, trained: dict[str, str], user: tuple[str, str], home: Path) -> list[str]:
    code = _LOOK.format(
        url=server.url, experiment=trained["experiment"], run=trained["run"], model="churn"
    )
    printed = run_script(
        code, home, MLFLOW_TRACKING_USERNAME=user[0], MLFLOW_TRACKING_PASSWORD=user[1]
    )
    known = (*READS, *WRITES, "experiments", "runs", "models", "versions")
    return [line for line in printed.splitlines() if line.startswith(known)]


def test_edit_logs_params_metrics_files_and_a_model_version(trained: dict[str, str]) -> None:
    assert trained["printed"] == (
        "{'depth': '3'} {'loss': 0.125} dev\n"
        "[0.25, 0.125]\n"
        "['notes/hello.txt']\n"
        "hello\n"
        "1\n"
        "['again']\n"
        "1 1"
    )


def test_read_sees_everything_and_changes_nothing(
    server: Server, trained: dict[str, str], tmp_path: Path
) -> None:
    reader = server.add_user("reader")  # READ is the default
    assert look(server, trained, reader, tmp_path) == [
        *(f"{name} done" for name in READS),
        *(f"{name} refused" for name in WRITES),
        "experiments ['Default', 'fraud']",
        "runs 1",
        "models ['churn']",
        "versions ['churn']",
    ]


def test_no_permissions_sees_and_changes_nothing(
    server: Server, trained: dict[str, str], tmp_path: Path
) -> None:
    outsider = server.add_user("outsider")
    grants = (
        ("experiments", "experiment_id", trained["experiment"]),
        ("registered-models", "name", "churn"),
    )
    for family, field, name in grants:
        denied = server.call(
            "POST",
            f"/api/2.0/mlflow/{family}/permissions/create",
            {field: name, "username": "outsider", "permission": "NO_PERMISSIONS"},
        )
        assert denied.status_code == 200, denied.text
    assert look(server, trained, outsider, tmp_path) == [
        *(f"{name} refused" for name in (*READS, *WRITES)),
        "experiments ['Default']",
        "runs 0",
        "models []",
        "versions []",
    ]
