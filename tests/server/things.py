"""What attacks are about: an experiment with all that can hang on it, a model and a prompt."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from authctl.model import PROMPT_TAG
from tests.live import ADMIN

if TYPE_CHECKING:
    from tests.server.world import World

ALICE, BOB, EVE = ((name, f"{name}-password-1") for name in ("alice", "bob", "eve"))
"""The victim, an owner of other things, and a stranger who owns nothing."""

SECRET = (b"hush-bytes " * 1000)[:7919]
"""The victim's file; its length is one that nothing else has."""

_A2, _A3 = "/api/2.0/mlflow", "/api/3.0/mlflow"


def make_things(world: World, owner: tuple[str, str], end: str, *families: str) -> dict[str, str]:
    """An experiment with all that can hang on it, a model, a prompt and more; their ids by name.

    With families, only those of them are made, in the experiment that there is.
    """
    word = f"{'hush' if end == 'V' else 'plain'}-{uuid.uuid4().hex[:8]}"
    names = world.names | {f"word{end}": word}
    maker = _Maker(replace(world, names=names), owner, end, word)
    for family in families or FAMILIES:
        getattr(maker, family)()
    return {key: value for key, value in names.items() if key.endswith(end)}


FAMILIES = ("tracking", "registry", "tracing", "genai", "gateway", "jobs")
"""What can be made anew by itself, but for the first, on which the others hang."""


@dataclass(frozen=True)
class _Maker:
    """Makes one owner's things; what an owner may not make everywhere, an administrator does."""

    world: World
    owner: tuple[str, str]
    end: str
    word: str

    def tracking(self) -> None:
        new = {"name": f"{self.word}-experiment"}
        self.make("", f"POST {_A2}/experiments/create", new, "experiment_id")
        tag = _tag("k", self.word)
        begun = {"experiment_id": "<>", "run_name": f"{self.word}-run", "tags": [tag]}
        self.make("R", f"POST {_A2}/runs/create", begun, "run", "info", "run_id")
        metric = {"run_id": "<R>", "key": "metric", "value": 0.5, "timestamp": 1}
        self.do(f"POST {_A2}/runs/log-metric", metric)
        logged = {"experiment_id": "<>", "name": f"{self.word}-logged", "source_run_id": "<R>"}
        self.make("L", f"POST {_A2}/logged-models", logged, "model", "info", "model_id")
        self.write("<>/<R>/artifacts/secret.txt", SECRET if self.end == "V" else b"plain bytes")

    def registry(self) -> None:
        for kind, tags, source in (
            ("M", [], {"source": "mlflow-artifacts:/<>/<R>/artifacts", "run_id": "<R>"}),
            ("P", [_tag(PROMPT_TAG, "true")], {"source": "dummy-source"}),
        ):
            new = {"name": f"{self.word}-{kind}", "tags": tags}
            line = f"POST {_A2}/registered-models/create"
            self.make(kind, line, new, "registered_model", "name")
            text = {"tags": [*tags, _tag("mlflow.prompt.text", self.word)]}
            self.do(f"POST {_A2}/model-versions/create", new | source | text)
        one = {"name": "<M>", "version": "1"}
        self.do(f"POST {_A2}/registered-models/set-tag", {"name": "<M>"} | _tag("k", self.word))
        self.do(f"POST {_A2}/model-versions/set-tag", one | _tag("k", self.word))
        self.do(f"POST {_A2}/registered-models/alias", one | {"alias": "champion"})

    def tracing(self) -> None:
        number = uuid.uuid4().hex
        self.world.names |= {f"T{self.end}": f"tr-{number}", f"hexT{self.end}": number}
        info = trace_info("<>", "<T>", self.word)
        self.do(f"POST {_A3}/traces", {"trace": {"trace_info": info}})
        mark = {"assessment_name": f"{self.word}-mark", "feedback": {"value": True}}
        mark |= {"source": {"source_type": "HUMAN", "source_id": self.owner[0]}}
        line = f"POST {_A3}/traces/<T>/assessments"
        self.make("A", line, {"assessment": mark}, "assessment", "assessment_id")
        if self.end == "V":  # a trace without spans is read from files, as MLflow once kept them
            into = {"X-MLflow-Experiment-Id": self.world.names["V"]}
            spans = otlp(number, f"{self.word}-span")
            sent = self.world.server.client(self.owner).post("/v1/traces", json=spans, headers=into)
            assert sent.status_code == 200, sent.text
        data = json.dumps({"spans": [], "x": self.word}).encode()
        self.write("<>/traces/<T>/artifacts/traces.json", data)
        self.write("<>/traces/<T>/artifacts/traces.pb", f"{self.word} archived".encode())

    def genai(self) -> None:
        for name, line, body, *way in _HANGING:
            self.make(name, line, body, *way, by=ADMIN)

    def gateway(self) -> None:
        for name, line, body, *way in _OF_THE_SERVER:
            self.make(name, line, body, *way, by=ADMIN)
        for kind, name in _GRANTED.items():
            thing = {"resource_type": kind, "resource_id": f"<{name}>", "permission": "MANAGE"}
            line = f"POST {_A3}/users/permissions/grant"
            self.do(line, thing | {"username": self.owner[0]}, by=ADMIN)

    def jobs(self) -> None:
        """A finished job, as MLflow's queue leaves it: running one would take a second server."""
        number = uuid.uuid4().hex
        params = json.dumps({"experiment_id": self.world.names[self.end], "note": self.word})
        row = (number, "optimize_prompts", params, self.owner[0])
        path = self.world.folders[-1] / "mlflow.db"
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.execute(
                "INSERT INTO jobs (id, job_name, params, creation_time, status, retry_count,"
                " last_update_time, creator) VALUES (?, ?, ?, 1, 2, 0, 1, ?)",
                row,
            )
            database.commit()
        self.world.names[f"job{self.end}"] = number

    def do(self, line: str, body: Any, by: tuple[str, str] | None = None) -> Any:
        text = json.dumps([line, body]).replace("<word>", self.word)
        line, body = json.loads(re.sub(r"<(\w*)>", rf"<\g<1>{self.end}>", text))
        return self.world.ok(line, body, by or self.owner)

    def make(
        self, name: str, line: str, body: Any, *way: str, by: tuple[str, str] | None = None
    ) -> None:
        found = self.do(line, body, by)
        for key in way:
            found = found[key]
        self.world.names[name + self.end] = str(found)
        if "name" in body:
            called = body["name"].replace("<word>", self.word)
            self.world.names[f"{name}Name{self.end}"] = called

    def write(self, path: str, content: bytes) -> None:
        url = re.sub(r"<(\w*)>", rf"<\g<1>{self.end}>", path)
        url = self.world.fill(f"/api/2.0/mlflow-artifacts/artifacts/{url}")
        assert self.world.server.client(self.owner).put(url, content=content).status_code == 200


def _tag(key: str, value: str) -> dict[str, str]:
    return {"key": key, "value": value}


_EVENTS = [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]
_SCORER = json.dumps({"name": "s", "builtin_scorer_class": "Safety"})

# What else an administrator gives its owner.
_GRANTED = {
    "gateway_secret": "secret",
    "gateway_model_definition": "def",
    "gateway_endpoint": "end",
    "mcp_server": "mcp",
}

# What hangs on the experiment: name, route, body, and the way to the id in the answer.
_HANGING: tuple[tuple[Any, ...], ...] = (
    (
        *("D", f"POST {_A3}/datasets/create"),
        {"name": "<word>-dataset", "experiment_ids": ["<>"]},
        *("dataset", "dataset_id"),
    ),
    (
        *("S", f"POST {_A3}/scorers/register"),
        {"experiment_id": "<>", "name": "<word>-scorer", "serialized_scorer": _SCORER},
        "name",
    ),
    (
        *("schema", f"POST {_A3}/label-schemas/create"),
        {"experiment_id": "<>", "name": "<word>-s", "type": "FEEDBACK", "input": {"text": {}}},
        *("label_schema", "schema_id"),
    ),
    (
        *("queue", f"POST {_A3}/review-queues/create"),
        {"experiment_id": "<>", "name": "<word>-queue", "queue_type": "CUSTOM"},
        *("review_queue", "queue_id"),
    ),
    (
        *("issue", f"POST {_A3}/issues"),
        {"experiment_id": "<>", "name": "<word>-issue", "description": "<word>"},
        *("issue", "issue_id"),
    ),
)

# What hangs on nothing.
_OF_THE_SERVER: tuple[tuple[Any, ...], ...] = (
    (
        *("secret", f"POST {_A3}/gateway/secrets/create"),
        {"secret_name": "<word>-s", "secret_value": {"api_key": "<word>-k"}, "provider": "openai"},
        *("secret", "secret_id"),
    ),
    (
        *("def", f"POST {_A3}/gateway/model-definitions/create"),
        {"name": "<word>-d", "secret_id": "<secret>", "provider": "openai", "model_name": "m"},
        *("model_definition", "model_definition_id"),
    ),
    (
        *("end", f"POST {_A3}/gateway/endpoints/create"),
        {
            "name": "<word>-endpoint",
            "model_configs": [
                {"model_definition_id": "<def>", "linkage_type": "PRIMARY", "weight": 1}
            ],
        },
        *("endpoint", "endpoint_id"),
    ),
    (
        *("hook", f"POST {_A2}/webhooks"),
        {"name": "<word>-hook", "url": "https://93.184.215.14/<word>", "events": _EVENTS},
        *("webhook", "webhook_id"),
    ),
    ("mcp", f"POST {_A3}/mcp-servers", {"name": "<word>/mcp", "description": "<word>"}, "name"),
)


def trace_info(experiment: str, trace: str, word: str, **more: Any) -> dict[str, Any]:
    """A trace as the 3.0 API begins it."""
    return {
        "trace_id": trace,
        "trace_location": {
            "type": "MLFLOW_EXPERIMENT",
            "mlflow_experiment": {"experiment_id": experiment},
        },
        "request_time": "2026-01-01T00:00:00Z",
        "state": "OK",
        "request_preview": f"{word}-question",
        **more,
    }


def otlp(number: str, name: str, **attributes: str) -> dict[str, Any]:
    """One root span of a trace, as OpenTelemetry sends it in JSON."""
    span = {
        "traceId": number,
        "spanId": "1" * 16,
        "name": name,
        "kind": 1,
        "startTimeUnixNano": "1767225600000000000",
        "endTimeUnixNano": "1767225601000000000",
        "attributes": [{"key": k, "value": {"stringValue": v}} for k, v in attributes.items()],
    }
    return {"resourceSpans": [{"resource": {}, "scopeSpans": [{"spans": [span]}]}]}
