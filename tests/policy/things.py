"""An upstream in which everything there may be is there, to be looked up."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from authctl.model import PROMPT_TAG

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Receive, Scope, Send

PASSED = 202  # what anything else is answered: not as when MLflow has made or deleted a thing


def _run(name: str, home: dict[str, str]) -> dict[str, Any]:
    return {"run": {"info": {"run_id": name, **home}}}


def _logged_model(name: str, home: dict[str, str]) -> dict[str, Any]:
    return {"model": {"info": {"model_id": name, **home}}}


def _trace(name: str, home: dict[str, str]) -> dict[str, Any]:
    return {"trace": {"trace_info": {"trace_id": name, "trace_location": _place(home)}}}


def _place(home: dict[str, str]) -> dict[str, Any]:
    return {"mlflow_experiment": home}


def _queue(name: str, _: dict[str, str]) -> dict[str, Any]:
    kind = "USER" if name == "bobs-1" else "CUSTOM"
    queue = {"users": ["bob"], "created_by": "ann", "queue_type": kind, "experiment_id": "1"}
    return {"review_queue": queue}


def _model(name: str, _: dict[str, str]) -> dict[str, Any]:
    tags = [{"key": PROMPT_TAG, "value": "true"}] if name == "greeting" else []
    return {"registered_model": {"name": name, "tags": tags}}


# By the path of a look-up; the thing's name is in the query, or is the segment in parentheses.
_LOOKUPS: dict[str, Callable[[str, dict[str, str]], dict[str, Any]]] = {
    "runs/get": _run,
    r"logged-models/([^/]+)": _logged_model,
    r"traces/([^/]+)": _trace,
    "experiments/get-by-name": lambda name, home: {"experiment": {"name": name, **home}},
    r"datasets/([^/]+)/experiment-ids": lambda name, _: {"experiment_ids": name.split("-")[1:]},
    r"issues/([^/]+)": lambda _, home: {"issue": home},
    "label-schemas/get": lambda _, home: {"label_schema": home},
    r"prompt-optimization/jobs/([^/]+)": lambda _, home: {"job": home},
    "review-queues/get(?:-by-name)?": _queue,
    "gateway/endpoints/get": lambda name, _: {"endpoint": {"endpoint_id": "e-1", "name": name}},
    "registered-models/get": _model,
}


async def things(scope: Scope, _: Receive, send: Send) -> None:
    """Answer one request; the id of a thing ends in those of the experiments it hangs on."""
    status, answer = PASSED, {}
    query = [value for _, value in parse_qsl(scope["query_string"].decode())]
    for pattern, lookup in _LOOKUPS.items():
        found = re.fullmatch(f"/api/[23].0/mlflow/{pattern}", scope["path"])
        if found and scope["method"] == "GET":
            name = found[1] if found.groups() else next(iter(query), "")
            status = 404 if name == "tr-new" else 200
            answer = lookup(name, {"experiment_id": name.rpartition("-")[2]})
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(answer).encode()})
