"""A request for every route that both MLflow's own auth and authctl judge by grants.

What is in a thing, or hangs on it, says so in its id: run r-1 is in experiment 1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

_V2, _V3 = "/api/2.0/mlflow", "/api/3.0/mlflow"
_AJAX = "/ajax-api/3.0/mlflow"
_FILES = "/api/2.0/mlflow-artifacts"
_RUN_FOLDER = "0123456789abcdef" * 2


@dataclass(frozen=True)
class Asked:
    """One request; a GET's parameters are its query, all others' are a JSON body."""

    method: str
    path: str
    given: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.given}"


def _ask(route: str, **given: Any) -> Asked:
    method, path = route.split()
    for short, long in (("2:", _V2), ("3:", _V3), ("ajax:", _AJAX), ("files:", _FILES)):
        path = path.replace(short, long, 1)
    return Asked(method, path, given)


def _location(experiment: str) -> dict[str, Any]:
    return {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment}}


def _begun(trace: str, **more: Any) -> dict[str, Any]:
    return {"trace_info": {"trace_id": trace, "trace_location": _location("1"), **more}}


_EXPERIMENTS = (
    _ask("POST 2:/experiments/create", name="new"),
    _ask("GET 2:/experiments/get", experiment_id="1"),
    _ask("GET 2:/experiments/get-by-name", experiment_name="name-1"),
    _ask("POST 2:/experiments/update", experiment_id="1", new_name="x"),
    _ask("POST 2:/experiments/set-experiment-tag", experiment_id="1", key="k", value="v"),
    _ask("POST 2:/experiments/delete-experiment-tag", experiment_id="1", key="k"),
    _ask("POST 2:/experiments/delete", experiment_id="1"),
    _ask("POST 2:/experiments/restore", experiment_id="1"),
    _ask("POST /ajax-api/2.0/mlflow/experiments/search-datasets", experiment_ids=["1", "2"]),
)
_RUNS = (
    _ask("POST 2:/runs/create", experiment_id="1"),
    _ask("GET 2:/runs/get", run_id="r-1"),
    _ask("GET 2:/runs/get", run_uuid="r-2"),
    _ask("POST 2:/runs/update", run_id="r-1"),
    _ask("POST 2:/runs/delete", run_id="r-1"),
    _ask("POST 2:/runs/restore", run_id="r-1"),
    _ask("POST 2:/runs/log-metric", run_id="r-1", key="k", value=1),
    _ask("POST 2:/runs/log-metric", run_id="r-1", key="k", value=1, model_id="m-2"),
    _ask("POST 2:/runs/log-parameter", run_id="r-1", key="k", value="v"),
    _ask("POST 2:/runs/log-batch", run_id="r-1"),
    _ask("POST 2:/runs/log-batch", run_id="r-1", metrics=[{"key": "k", "model_id": "m-2"}]),
    _ask("POST 2:/runs/log-model", run_id="r-1"),
    _ask("POST 2:/runs/log-inputs", run_id="r-1", models=[{"model_id": "m-2"}]),
    _ask("POST 2:/runs/outputs", run_id="r-1", models=[{"model_id": "m-2"}]),
    _ask("POST 2:/runs/set-tag", run_id="r-1", key="k", value="v"),
    _ask("POST 2:/runs/delete-tag", run_id="r-1", key="k"),
    _ask("GET 2:/metrics/get-history", run_id="r-1", metric_key="k"),
    _ask("GET /ajax-api/2.0/mlflow/metrics/get-history-bulk", run_id=["r-1", "r-2"]),
    _ask("GET 2:/metrics/get-history-bulk-interval", run_ids=["r-1", "r-2"]),
    _ask("GET 2:/artifacts/list", run_id="r-1"),
    _ask("GET /get-artifact", run_id="r-1", path="x"),
    _ask("POST /ajax-api/2.0/mlflow/runs/create-promptlab-run", experiment_id="1"),
    _ask("POST 2:/artifacts/presigned-download-url", run_id="r-1", path="x"),
    _ask("POST 2:/artifacts/presigned-upload-url", run_id="r-1", path="x"),
    _ask("POST 2:/artifacts/presigned-upload-url", model_id="m-1", path="x"),
)
_LOGGED_MODELS = (
    _ask("POST 2:/logged-models", experiment_id="1", name="n"),
    _ask("POST 2:/logged-models", experiment_id="1", name="n", source_run_id="r-2"),
    _ask("GET 2:/logged-models/m-1"),
    _ask("PATCH 2:/logged-models/m-1", status="LOGGED_MODEL_READY"),
    _ask("DELETE 2:/logged-models/m-1"),
    _ask("PATCH 2:/logged-models/m-1/tags", tags=[{"key": "k", "value": "v"}]),
    _ask("DELETE 2:/logged-models/m-1/tags/k"),
    _ask("POST 2:/logged-models/m-1/params", params=[{"key": "k", "value": "v"}]),
    _ask("GET 2:/logged-models/m-1/artifacts/directories"),
    _ask("GET /ajax-api/2.0/mlflow/logged-models/m-1/artifacts/files", artifact_file_path="x"),
)
_REGISTRY = (
    _ask("POST 2:/registered-models/create", name="churn"),
    _ask(
        "POST 2:/registered-models/create",
        name="greeting",
        tags=[{"key": "mlflow.prompt.is_prompt", "value": "true"}],
    ),
    *(
        asked
        for name in ("churn", "greeting")
        for asked in (
            _ask("GET 2:/registered-models/get", name=name),
            _ask("PATCH 2:/registered-models/update", name=name, description="d"),
            _ask("POST 2:/registered-models/rename", name=name, new_name="renamed"),
            _ask("DELETE 2:/registered-models/delete", name=name),
            _ask("POST 2:/registered-models/set-tag", name=name, key="k", value="v"),
            _ask("DELETE 2:/registered-models/delete-tag", name=name, key="k"),
            _ask("GET 2:/registered-models/alias", name=name, alias="a"),
            _ask("POST 2:/registered-models/alias", name=name, alias="a", version="1"),
            _ask("DELETE 2:/registered-models/alias", name=name, alias="a"),
            _ask("POST 2:/registered-models/get-latest-versions", name=name),
            _ask("POST 2:/model-versions/create", name=name, run_id="r-2"),
            _ask("POST 2:/model-versions/create", name=name, model_id="m-2"),
            _ask("GET 2:/model-versions/get", name=name, version="1"),
            _ask("GET 2:/model-versions/get-download-uri", name=name, version="1"),
            _ask("PATCH 2:/model-versions/update", name=name, version="1", description="d"),
            _ask("POST 2:/model-versions/transition-stage", name=name, version="1", stage="None"),
            _ask("POST 2:/model-versions/set-tag", name=name, version="1", key="k", value="v"),
            _ask("DELETE 2:/model-versions/delete-tag", name=name, version="1", key="k"),
            _ask("DELETE 2:/model-versions/delete", name=name, version="1"),
            _ask("GET /model-versions/get-artifact", name=name, version="1", path="x"),
        )
    ),
)
_ARTIFACTS = (
    *(
        asked
        for path in (
            "1/file",
            f"1/{_RUN_FOLDER}",
            f"1/{_RUN_FOLDER}/artifacts/x",
            "1/models/m-1/artifacts/x",
            "1/traces/tr-1/artifacts/x",
        )
        for asked in (
            _ask(f"GET files:/artifacts/{path}"),
            _ask("GET files:/artifacts", path=path),
            _ask(f"PUT files:/artifacts/{path}"),
            _ask(f"DELETE files:/artifacts/{path}"),
            _ask(f"POST files:/mpu/create/{path}", path="x", num_parts=1),
            _ask(f"GET files:/presigned/{path}"),
        )
    ),
    _ask("GET files:/artifacts", path="1"),
    _ask("DELETE files:/artifacts/1"),
)
_TRACES = (
    _ask("POST 2:/traces", experiment_id="1", timestamp_ms=1),
    _ask("GET 2:/traces", experiment_ids=["1", "2"]),
    _ask("GET 2:/traces/tr-1/info"),
    _ask("PATCH 2:/traces/tr-1", timestamp_ms=1, status="OK"),
    _ask("PATCH 2:/traces/tr-1/tags", key="k", value="v"),
    _ask("DELETE 2:/traces/tr-1/tags", key="k"),
    _ask("POST 2:/traces/delete-traces", experiment_id="1", request_ids=["tr-1"]),
    _ask("POST 2:/traces/link-to-run", run_id="r-1", trace_ids=["tr-2"]),
    _ask("POST 2:/traces/link-prompts", trace_id="tr-1"),
    _ask("POST 3:/traces", trace=_begun("tr-new")),
    _ask("POST 3:/traces", trace=_begun("tr-new", assessments=[{"assessment_name": "a"}])),
    _ask("POST 3:/traces/search", locations=[_location("1"), _location("2")]),
    _ask("POST 3:/traces/search", locations=[_location("1")], filter="run_id = 'r-1'"),
    _ask("POST 3:/traces/search", locations=[_location("1")], order_by=["run_id"]),
    _ask("GET 3:/traces/tr-1"),
    _ask("GET 3:/traces/get", trace_id="tr-1"),
    _ask("GET 3:/traces/batchGet", trace_ids=["tr-1", "tr-2"]),
    _ask("POST 3:/traces/batchGetInfos", trace_ids=["tr-1", "tr-2"]),
    _ask("PATCH 3:/traces/tr-1/tags", key="k", value="v"),
    _ask("DELETE 3:/traces/tr-1/tags", key="k"),
    _ask(
        "POST 3:/traces/calculate-filter-correlation",
        experiment_ids=["1", "2"],
        filter_string1="feedback.good = 'yes'",
        filter_string2="",
    ),
    _ask("POST 3:/traces/metrics", experiment_ids=["1", "2"], view_type="TRACES"),
    _ask("POST 3:/traces/metrics", experiment_ids=["1"], view_type="ASSESSMENTS"),
    _ask(f"GET {_AJAX}/get-trace-artifact", request_id="tr-1"),
    _ask("POST 3:/traces/tr-1/assessments", assessment={"assessment_name": "a"}),
    _ask("GET 3:/traces/tr-1/assessments/a-1"),
    _ask("PATCH 3:/traces/tr-1/assessments/a-1", assessment={"assessment_name": "a"}),
    _ask("DELETE 3:/traces/tr-1/assessments/a-1"),
)
_DATASETS = (
    _ask("POST 3:/datasets/create", name="n", experiment_ids=["1", "2"]),
    _ask("POST 3:/datasets/search", experiment_ids=["1", "2"]),
    *(
        asked
        for dataset in ("d-1", "d-1-2")
        for asked in (
            _ask(f"GET 3:/datasets/{dataset}"),
            _ask(f"DELETE 3:/datasets/{dataset}"),
            _ask(f"GET 3:/datasets/{dataset}/experiment-ids"),
            _ask(f"GET 3:/datasets/{dataset}/records"),
            _ask(f"POST 3:/datasets/{dataset}/records", records="[]"),
            _ask(f"DELETE 3:/datasets/{dataset}/records", dataset_record_ids=[]),
            _ask(f"PATCH 3:/datasets/{dataset}/tags", tags="{}"),
            _ask(f"DELETE 3:/datasets/{dataset}/tags/k"),
            _ask(f"POST 3:/datasets/{dataset}/add-experiments", experiment_ids=["2"]),
            _ask(f"POST 3:/datasets/{dataset}/remove-experiments", experiment_ids=["1"]),
        )
    ),
)
_SCORER = {"experiment_id": "1", "name": "name x"}
_SCORERS = (
    _ask("POST 3:/scorers/register", **_SCORER, serialized_scorer="{}"),
    _ask("GET 3:/scorers/get", **_SCORER),
    _ask("GET 3:/scorers/versions", **_SCORER),
    _ask("DELETE 3:/scorers/delete", **_SCORER),
    _ask("DELETE 3:/scorers/delete", **_SCORER, version=1),
    _ask("PUT 3:/scorers/online-config", **_SCORER, sample_rate=1),
    _ask("POST ajax:/scorer/invoke", experiment_id="1", serialized_scorer="{}", trace_ids=["tr-1"]),
    _ask(
        "POST ajax:/scorer/invoke",
        experiment_id="1",
        serialized_scorer="{}",
        scorer_name="name x",
        scorer_version=1,
        trace_ids=["tr-1"],
        log_assessments=True,
    ),
    _ask("POST ajax:/genai/evaluate/invoke", experiment_id="1", trace_ids=["tr-1"]),
)
_REVIEWS = (
    _ask("POST 3:/label-schemas/create", experiment_id="1", name="n"),
    _ask("GET 3:/label-schemas/get", schema_id="ls-1"),
    _ask("GET 3:/label-schemas/get-by-name", experiment_id="1", name="n"),
    _ask("GET 3:/label-schemas/list", experiment_id="1"),
    _ask("PATCH 3:/label-schemas/update", schema_id="ls-1"),
    _ask("DELETE 3:/label-schemas/delete", schema_id="ls-1"),
    _ask("POST 3:/review-queues/create", experiment_id="1", name="n"),
    _ask("POST 3:/review-queues/get-or-create-user", experiment_id="1", user="bob"),
    _ask("GET 3:/review-queues/list", experiment_id="1"),
    _ask("GET 3:/review-queues/get-by-name", experiment_id="1", name="rq-1"),
    *(
        asked
        for queue in ("rq-1", "bobs-1")
        for asked in (
            _ask("GET 3:/review-queues/get", queue_id=queue),
            _ask("GET 3:/review-queues/items/list", queue_id=queue),
            _ask("POST 3:/review-queues/update", queue_id=queue, name="other"),
            _ask("POST 3:/review-queues/update", queue_id=queue, new_owner="bob"),
            _ask("POST 3:/review-queues/delete", queue_id=queue),
            _ask("POST 3:/review-queues/items/add", queue_id=queue, item_ids=["tr-1"]),
            _ask("POST 3:/review-queues/items/remove", queue_id=queue, item_ids=["tr-1"]),
            _ask("POST 3:/review-queues/items/set-status", queue_id=queue, item_id="tr-1"),
        )
    ),
)
_ISSUES = (
    _ask("POST 3:/issues", experiment_id="1", name="n", description="d"),
    _ask("POST 3:/issues/search", experiment_id="1"),
    _ask("POST 3:/issues/search", experiment_id="1", filter_string="source_run_id = 'r-1'"),
    _ask("GET 3:/issues/iss-1"),
    _ask("PATCH 3:/issues/iss-1", name="n"),
    _ask("POST ajax:/issues/invoke", experiment_id="1", trace_ids=["tr-1"]),
    _ask("POST ajax:/issues/invoke", experiment_id="1", trace_ids=["tr-1"], secret_id="s-1"),
    _ask("GET 3:/prompt-optimization/jobs/search", experiment_id="1"),
    _ask(
        "POST 3:/prompt-optimization/jobs",
        experiment_id="1",
        source_prompt_uri="prompts:/greeting/1",
        config={
            "scorers": ["name x"],
            "optimizer_config_json": '{"reflection_model": "gateway:/chat"}',
        },
    ),
)
_USING = {"model_configs": [{"model_definition_id": "d-1", "linkage_type": "PRIMARY"}]}
_GATEWAY = (
    _ask("POST 3:/gateway/secrets/create", secret_name="n"),
    _ask("GET 3:/gateway/secrets/get", secret_id="s-1"),
    _ask("POST 3:/gateway/secrets/update", secret_id="s-1"),
    _ask("DELETE 3:/gateway/secrets/delete", secret_id="s-1"),
    _ask("POST 3:/gateway/model-definitions/create", name="n", secret_id="s-1"),
    _ask("GET 3:/gateway/model-definitions/get", model_definition_id="d-1"),
    _ask("GET 3:/gateway/model-definitions/list", secret_id="s-1"),
    _ask("POST 3:/gateway/model-definitions/update", model_definition_id="d-1"),
    _ask(
        "POST 3:/gateway/model-definitions/update",
        model_definition_id="d-1",
        secret_id="s-1",
    ),
    _ask("DELETE 3:/gateway/model-definitions/delete", model_definition_id="d-1"),
    _ask("POST 3:/gateway/endpoints/create", name="n", experiment_id="1", **_USING),
    _ask("GET 3:/gateway/endpoints/get", endpoint_id="e-1"),
    _ask("GET 3:/gateway/endpoints/get", name="chat"),
    _ask("POST 3:/gateway/endpoints/update", endpoint_id="e-1", experiment_id="1"),
    _ask("POST 3:/gateway/endpoints/update", endpoint_id="e-1", **_USING),
    _ask("POST 3:/gateway/endpoints/update", endpoint_id="e-1", usage_tracking=True),
    _ask("DELETE 3:/gateway/endpoints/delete", endpoint_id="e-1"),
    _ask(
        "POST 3:/gateway/endpoints/models/attach",
        endpoint_id="e-1",
        model_config={"model_definition_id": "d-1", "linkage_type": "PRIMARY"},
    ),
    _ask("POST 3:/gateway/endpoints/models/detach", endpoint_id="e-1", model_definition_id="d-1"),
    _ask("POST 3:/gateway/endpoints/set-tag", endpoint_id="e-1", key="k", value="v"),
    _ask("DELETE 3:/gateway/endpoints/delete-tag", endpoint_id="e-1", key="k"),
    _ask("GET 3:/gateway/endpoints/bindings/list", endpoint_id="e-1"),
    _ask(
        "POST 3:/gateway/endpoints/bindings/create",
        endpoint_id="e-1",
        resource_type="scorer",
        resource_id="x",
    ),
    _ask("POST /gateway/chat/mlflow/invocations"),
    _ask("POST /gateway/proxy/chat/v1/x"),
    _ask("POST /gateway/openai/v1/chat/completions", model="chat"),
    _ask("POST /gateway/gemini/v1beta/models/chat:generateContent"),
)

REQUESTS: tuple[Asked, ...] = (
    *_EXPERIMENTS,
    *_RUNS,
    *_LOGGED_MODELS,
    *_REGISTRY,
    *_ARTIFACTS,
    *_TRACES,
    *_DATASETS,
    *_SCORERS,
    *_REVIEWS,
    *_ISSUES,
    *_GATEWAY,
    Asked(
        "POST",
        "/v1/traces",
        headers={"X-MLflow-Experiment-Id": "1", "content-type": "application/x-protobuf"},
    ),
)
