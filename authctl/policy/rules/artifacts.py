"""Files: the artifact proxy, whose paths begin with an experiment id, and files of runs."""

from __future__ import annotations

from authctl.policy.needs import delete, if_given, read, update
from authctl.policy.rule import Body, Rule, rule
from authctl.policy.selectors import artifact, logged_model, run, version

_FILE = "/mlflow-artifacts/artifacts/{artifact_path:path}"

RULES: tuple[Rule, ...] = (
    rule("GET /mlflow-artifacts/artifacts", read(artifact("path"))),
    rule(f"GET {_FILE}", read(artifact())),
    rule(f"HEAD {_FILE}", read(artifact())),
    rule(f"PUT {_FILE}", update(artifact()), body=Body.STREAM),
    rule(f"DELETE {_FILE}", delete(artifact()), body=Body.NONE),
    rule("GET /mlflow-artifacts/presigned/{artifact_path:path}", read(artifact())),
    rule("POST /mlflow-artifacts/mpu/create/{artifact_path:path}", update(artifact())),
    rule("POST /mlflow-artifacts/mpu/complete/{artifact_path:path}", update(artifact())),
    rule("POST /mlflow-artifacts/mpu/abort/{artifact_path:path}", update(artifact())),
    # Files of a run, a model version, a logged model
    rule("GET /mlflow/artifacts/list", read(run())),
    rule("GET /get-artifact", read(run())),
    rule("POST /mlflow/upload-artifact", update(run()), body=Body.STREAM),
    rule("GET /model-versions/get-artifact", read(version())),
    rule("GET /mlflow/logged-models/{model_id}/artifacts/directories", read(logged_model())),
    rule("GET /mlflow/logged-models/{model_id}/artifacts/files", read(logged_model())),
    rule("POST /mlflow/artifacts/presigned-download-url", read(run("run_id")), reads=True),
    rule(
        "POST /mlflow/artifacts/presigned-upload-url",
        if_given(update(run("run_id"))),
        if_given(update(logged_model("model_id"))),
    ),
)
