"""An MLflow that knows every name it is asked for, and keeps what the door passes on to it.

There are two experiments. Whatever is asked for is in one of them, by its name alone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from authctl.model import PROMPT_TAG

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Receive, Scope, Send

USER = ("ann", "anns-password-1")
MINE, THEIRS = "1", "666"

# In the scope of what comes from outside, and so not in that of the door's own questions.
MARK = "fuzz"


@dataclass
class World:
    """Answers look-ups; `is_mine` tells by a name whether the thing is the user's."""

    is_mine: Callable[[str], bool]
    prefix: str = ""
    passed: list[tuple[dict[str, Any], bytes]] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        status, found = 404, {}
        if MARK in scope:
            self.passed.append((dict(scope), await _whole(receive)))
        elif known := self._known(scope):
            status, found = 200, known
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": json.dumps(found).encode()})

    def _known(self, scope: Scope) -> dict[str, Any] | None:
        _, _, _, *words = scope["path"].removeprefix(self.prefix).split("/")
        query = {key: values[0] for key, values in parse_qs(scope["query_string"].decode()).items()}
        name = query.get("name") or next(iter(query.values()), "")
        if words[0] == "jobs":
            return {"creator": USER[0] if self.is_mine(words[1]) else "somebody"}
        if words[-1] not in ("get", "get-by-name", "experiment-ids"):
            name = words[-1]
        elif words[-1] == "experiment-ids":
            name = words[-2]
        mine = self.is_mine(name)
        home = {"experiment_id": MINE if mine else THEIRS}
        stored = {**home, "artifact_uri": f"s3://bucket/{name}"}
        queue = {**home, "queue_id": name, "name": name, "users": [], "created_by": "nobody"}
        place = {"trace_id": name, "trace_location": {"mlflow_experiment": home}, "tags": {}}
        tags = [{"key": PROMPT_TAG, "value": "true"}] if "prompt" in name else []
        return {
            "runs": {"run": {"info": {**stored, "run_id": name}}},
            "logged-models": {"model": {"info": {**stored, "model_id": name}}},
            "experiments": {"experiment": {**home, "name": name}},
            "traces": {"trace": {"trace_info": place}},
            "datasets": {"experiment_ids": [home["experiment_id"]]},
            "issues": {"issue": home},
            "label-schemas": {"label_schema": home},
            "review-queues": {"review_queue": queue},
            "gateway": {"endpoint": {"endpoint_id": f"id-of-{name}", "name": name}},
            "registered-models": {"registered_model": {"name": name, "tags": tags}},
            "prompt-optimization": {"job": home},
        }.get(words[1])


async def _whole(receive: Receive) -> bytes:
    chunks: list[bytes] = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(chunks)
