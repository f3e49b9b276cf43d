"""What is refused and what is left out of answers where all of a kind is denied to somebody.

Everyone here manages the experiment, the model and the prompt: nothing but the denial is between
them and what they ask for.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from authctl.model import PROMPT_TAG
from tests.live import ADMIN
from tests.server.families import PREFIXES, Family, make_family, unique
from tests.server.things import otlp

if TYPE_CHECKING:
    from tests.server.families import User
    from tests.server.world import World

pytestmark = pytest.mark.mlflow

_KINDS = (
    "run",
    "logged_model",
    "trace",
    "assessment",
    "registered_model_version",
    "prompt_version",
)


@dataclass(frozen=True)
class Hidden:
    """A run, a logged model, a trace and so on that name each other; their names in lines."""

    family: Family
    names: dict[str, str]
    shut: dict[str, User]

    def fill(self, thing: Any) -> Any:
        text = json.dumps(thing)
        for name, value in self.names.items():
            text = text.replace(f"<{name}>", value)
        return json.loads(text)

    def ask(self, user: User, line: str, body: Any = None, prefix: str = "/api") -> Any:
        return self.family.call(user, self.fill(line), self.fill(body), prefix=prefix)


@pytest.fixture(scope="module")
def hidden(embedded: World) -> Hidden:
    family = make_family(embedded.server)
    owner, experiment = family.owner, family.experiment
    names = {"E": experiment, "R": family.make_run(owner, experiment), "M": unique(), "P": unique()}
    names |= {"mark": unique(), "text": unique()}

    def ok(line: str, body: Any) -> Any:
        return family.ok(owner, f"POST {line}", body)

    body: dict[str, Any] = {"experiment_id": experiment, "source_run_id": names["R"]}
    made = ok("2.0/mlflow/logged-models", body | {"name": unique()})
    names["L"] = made["model"]["info"]["model_id"]
    metric = {"run_id": names["R"], "key": "m", "value": 1, "timestamp": 1, "model_id": names["L"]}
    ok("2.0/mlflow/runs/log-metric", metric)
    linked = {"run_id": names["R"], "models": [{"model_id": names["L"], "step": 0}]}
    ok("2.0/mlflow/runs/outputs", linked)
    ok("2.0/mlflow/runs/log-inputs", linked)
    ok("2.0/mlflow/registered-models/create", {"name": names["M"]})
    body = {"name": names["M"], "source": f"models:/{names['L']}", "run_id": names["R"]}
    ok("2.0/mlflow/model-versions/create", body | {"model_id": names["L"]})
    alias = {"name": names["M"], "alias": "best", "version": "1"}
    ok("2.0/mlflow/registered-models/alias", alias)
    tags = [{"key": PROMPT_TAG, "value": "true"}]
    ok("2.0/mlflow/registered-models/create", {"name": names["P"], "tags": tags})
    tags = [*tags, {"key": "mlflow.prompt.text", "value": names["text"]}]
    body = {"name": names["P"], "source": "dummy-source", "tags": tags}
    ok("2.0/mlflow/model-versions/create", body)
    from_run = {"mlflow.sourceRun": names["R"], "mlflow.modelId": names["L"]}
    names["T"] = family.make_trace(owner, experiment, trace_metadata=from_run)
    spans, headers = (
        otlp(names["T"].removeprefix("tr-"), "span"),
        {"X-MLflow-Experiment-Id": experiment},
    )
    sent = family.server.client(owner).post("/v1/traces", json=spans, headers=headers)
    assert sent.status_code == 200, sent.text
    mark = {"assessment_name": names["mark"], "feedback": {"value": True}}
    mark |= {"source": {"source_type": "HUMAN", "source_id": "x"}}
    made = ok(f"3.0/mlflow/traces/{names['T']}/assessments", {"assessment": mark})
    names["A"] = made["assessment"]["assessment_id"]
    shut = {kind: family.without(kind) for kind in _KINDS}
    for user in shut.values():
        family.grant(user, "registered_model", names["M"], "MANAGE")
        family.grant(user, "prompt", names["P"], "MANAGE")
    return Hidden(family, names, shut)


_HERE = {"locations": [{"mlflow_experiment": {"experiment_id": "<E>"}}]}
_NAMED = {"experiment_ids": ["<E>"]}
_FILES = "2.0/mlflow-artifacts/artifacts"
_TRACES = (
    "GET 3.0/mlflow/traces/<T>",
    "GET 3.0/mlflow/traces/get?trace_id=<T>&allow_partial=true",
    "GET 3.0/mlflow/traces/batchGet?trace_ids=<T>",
    ("POST 3.0/mlflow/traces/batchGetInfos", {"trace_ids": ["<T>"]}),
    ("POST 3.0/mlflow/traces/search", _HERE),
)
_OLD_TRACES = ("GET 2.0/mlflow/traces/<T>/info", "GET 2.0/mlflow/traces?experiment_ids=<E>")
_VERSIONS = (
    "GET 2.0/mlflow/model-versions/get?name=<M>&version=1",
    "GET 2.0/mlflow/registered-models/alias?name=<M>&alias=best",
    "GET 2.0/mlflow/registered-models/get-latest-versions?name=<M>",
    ("POST 2.0/mlflow/registered-models/get-latest-versions", {"name": "<M>"}),
)
_MODELS = (
    "GET 2.0/mlflow/registered-models/get?name=<M>",
    "GET 2.0/mlflow/registered-models/search?filter=name%3D'<M>'",
    ("PATCH 2.0/mlflow/registered-models/update", {"name": "<M>", "description": "d"}),
)
_PROMPTS = (
    "GET 2.0/mlflow/registered-models/get?name=<P>",
    "GET 2.0/mlflow/registered-models/search?filter=tags.%60mlflow.prompt.is_prompt%60%3D'true'",
    ("PATCH 2.0/mlflow/registered-models/update", {"name": "<P>", "description": "d"}),
)
_RUNS = (
    "GET 2.0/mlflow/runs/get?run_id=<R>",
    ("POST 2.0/mlflow/runs/search", _NAMED),
    "GET 2.0/mlflow/metrics/get-history?run_id=<R>&metric_key=m",
)
_LOGGED = (
    "GET 2.0/mlflow/logged-models/<L>",
    ("POST 2.0/mlflow/logged-models/search", _NAMED),
)
_FILTERED_TRACES = (
    ("POST 3.0/mlflow/traces/search", _HERE | {"filter": "attributes.run_id = '<R>'"}),
    ("POST 3.0/mlflow/traces/search", _HERE | {"order_by": ["timestamp_ms"]}),
    "GET 2.0/mlflow/traces?experiment_ids=<E>&filter=tags.x%3D'1'",
)
_GET_RUN = "query q($i: MlflowGetRunInput!) { mlflowGetRun(input: $i) { run { %s } } }"
_INPUT = {"variables": {"i": {"runId": "<R>"}}}
_MARK = {"assessment_name": "m", "feedback": {"value": True}}
_MARK |= {"source": {"source_type": "HUMAN", "source_id": "x"}}

# Of a kind: what an answer leaves out, and what is still in it.
_LEFT_OUT: dict[str, tuple[tuple[str, tuple[Any, ...], str], ...]] = {
    "run": (
        ("<R>", _VERSIONS, "<M>"),
        ("<R>", _MODELS, "<M>"),
        ("<R>", ("GET 2.0/mlflow/model-versions/search",), "<M>"),
        ("<R>", _LOGGED, "<L>"),
        ("<R>", (*_TRACES, *_OLD_TRACES), "<T>"),
    ),
    "logged_model": (
        ("<L>", _RUNS[:2], "<R>"),
        ("<L>", (*_TRACES, *_OLD_TRACES), "<T>"),
    ),
    "trace": (),
    "assessment": (("<mark>", _TRACES, "<T>"),),
    "registered_model_version": (("<L>", _MODELS, "<M>"),),
    "prompt_version": (("<text>", _PROMPTS, "<P>"),),
}

_REFUSED: dict[str, tuple[Any, ...]] = {
    "run": (
        _RUNS[0],
        _RUNS[2],
        *_FILTERED_TRACES,
        ("POST 2.0/mlflow/runs/create", {"experiment_id": "<E>"}),
        ("POST 2.0/mlflow/runs/update", {"run_id": "<R>", "status": "FAILED"}),
        ("POST 2.0/mlflow/runs/delete", {"run_id": "<R>"}),
        ("POST 2.0/mlflow/experiments/delete", {"experiment_id": "<E>"}),
        ("POST 2.0/mlflow/runs/create-promptlab-run", {"experiment_id": "<E>"}),
        ("POST 2.0/mlflow/logged-models/search", _NAMED | {"filter": "source_run_id = '<R>'"}),
        ("POST 2.0/mlflow/logged-models", {"experiment_id": "<E>", "source_run_id": "<R>"}),
        ("POST 2.0/mlflow/model-versions/create", {"name": "<M>", "run_id": "<R>", "source": "x"}),
        "GET 2.0/mlflow/model-versions/search?filter=run_id%3D'<R>'",
        "GET 2.0/mlflow/artifacts/list?run_id=<R>",
        f"GET {_FILES}?path=<E>",
        f"GET {_FILES}?path=<E>/<R>/artifacts",
        f"DELETE {_FILES}/<E>/<R>/artifacts/x",
        f"DELETE {_FILES}/<E>",
        ("POST 2.0/mlflow/artifacts/presigned-download-url", {"run_id": "<R>", "path": "x"}),
        ("POST /graphql", {"query": _GET_RUN % "info { runId }"} | _INPUT),
    ),
    "logged_model": (
        _LOGGED[0],
        *_FILTERED_TRACES,
        ("POST 2.0/mlflow/logged-models", {"experiment_id": "<E>"}),
        ("PATCH 2.0/mlflow/logged-models/<L>", {"model_id": "<L>", "status": "FAILED"}),
        "DELETE 2.0/mlflow/logged-models/<L>",
        ("POST 2.0/mlflow/runs/log-metric", {"run_id": "<R>", "key": "k", "model_id": "<L>"}),
        ("POST 2.0/mlflow/runs/outputs", {"run_id": "<R>", "models": [{"model_id": "<L>"}]}),
        f"GET {_FILES}?path=<E>/models/<L>",
        *(
            ("POST /graphql", {"query": _GET_RUN % wanted} | _INPUT)
            for wanted in ("inputs { modelInputs { modelId } }", "data { metrics { modelId } }")
        ),
    ),
    "trace": (
        *_TRACES,
        *_OLD_TRACES,
        ("PATCH 3.0/mlflow/traces/<T>/tags", {"key": "k", "value": "v"}),
        ("POST 3.0/mlflow/traces/delete-traces", {"experiment_id": "<E>", "request_ids": ["<T>"]}),
        ("POST 3.0/mlflow/traces/<T>/assessments", {"assessment": _MARK}),
        ("POST 2.0/mlflow/traces/link-to-run", {"run_id": "<R>", "trace_ids": ["<T>"]}),
        f"GET {_FILES}?path=<E>/traces/<T>",
    ),
    "assessment": (
        *_FILTERED_TRACES,
        "GET 3.0/mlflow/traces/<T>/assessments/<A>",
        "DELETE 3.0/mlflow/traces/<T>/assessments/<A>",
        ("POST 3.0/mlflow/traces/<T>/assessments", {"assessment": _MARK}),
        ("POST 3.0/mlflow/traces/delete-traces", {"experiment_id": "<E>", "request_ids": ["<T>"]}),
    ),
    "registered_model_version": (
        *_VERSIONS,
        "GET 2.0/mlflow/model-versions/get-download-uri?name=<M>&version=1",
        ("POST 2.0/mlflow/model-versions/create", {"name": "<M>", "source": "models:/<L>"}),
        ("PATCH 2.0/mlflow/model-versions/update", {"name": "<M>", "version": "1"}),
        ("DELETE 2.0/mlflow/model-versions/delete", {"name": "<M>", "version": "1"}),
        ("DELETE 2.0/mlflow/registered-models/delete", {"name": "<M>"}),
    ),
    "prompt_version": (
        "GET 2.0/mlflow/model-versions/get?name=<P>&version=1",
        ("POST 2.0/mlflow/model-versions/create", {"name": "<P>", "source": "dummy-source"}),
        ("DELETE 2.0/mlflow/model-versions/delete", {"name": "<P>", "version": "1"}),
        ("DELETE 2.0/mlflow/registered-models/delete", {"name": "<P>"}),
    ),
}


def _split(line: Any) -> tuple[str, Any]:
    return line if isinstance(line, tuple) else (line, None)


def _state(hidden: Hidden) -> list[str]:
    lines = (*_RUNS[:1], _LOGGED[0], _TRACES[0], *_VERSIONS[:1], _PROMPTS[0])
    return [hidden.ask(ADMIN, line).text for line in lines]


@pytest.mark.parametrize("kind", _KINDS)
def test_what_a_kind_is_needed_for_is_refused(hidden: Hidden, kind: str) -> None:
    before = _state(hidden)
    for line, body in map(_split, _REFUSED[kind]):
        filled = hidden.fill([line, body])
        hidden.family.denied((hidden.shut[kind],), *filled)
    assert _state(hidden) == before


@pytest.mark.parametrize("kind", [kind for kind, rows in _LEFT_OUT.items() if rows])
def test_what_tells_of_a_kind_is_left_out(hidden: Hidden, kind: str) -> None:
    for word, lines, rest in _LEFT_OUT[kind]:
        for line, body in map(_split, lines):
            for prefix in PREFIXES:
                for user, told in ((hidden.family.owner, True), (hidden.shut[kind], False)):
                    answer = hidden.ask(user, line, body, prefix)
                    assert answer.status_code == 200, (line, answer.text)
                    assert hidden.fill(rest).strip() in answer.text, line
                    assert (hidden.fill(word) in answer.text) is told, (line, answer.text)


def test_searches_find_nothing_of_a_kind(hidden: Hidden) -> None:
    for kind, line, body, rows in (
        ("run", "POST 2.0/mlflow/runs/search", _NAMED, "runs"),
        ("logged_model", "POST 2.0/mlflow/logged-models/search", _NAMED, "models"),
        (
            "registered_model_version",
            "GET 2.0/mlflow/model-versions/search",
            None,
            "model_versions",
        ),
    ):
        for user, found in ((hidden.family.owner, True), (hidden.shut[kind], False)):
            answer = hidden.ask(user, line, body)
            assert answer.status_code == 200
            assert bool(answer.json().get(rows)) is found


@pytest.mark.parametrize("kind", ["logged_model", "trace", "registered_model_version"])
def test_one_kind_denied_leaves_the_others(hidden: Hidden, kind: str) -> None:
    user = hidden.shut[kind]
    assert hidden.names["R"] in hidden.ask(user, _RUNS[0]).text
    assert hidden.ask(user, f"GET {_FILES}?path=<E>").status_code == 200
    query = {"query": _GET_RUN % "info { runId }"} | _INPUT
    assert hidden.names["R"] in hidden.ask(user, "POST /graphql", query).text


def test_to_whom_nothing_is_denied_answers_come_as_mlflow_wrote_them(hidden: Hidden) -> None:
    reader = hidden.family.reader
    hidden.family.grant(reader, "registered_model", hidden.names["M"], "READ")
    for line, body in map(_split, (*_RUNS, *_LOGGED, *_TRACES, *_OLD_TRACES, *_VERSIONS)):
        answers = [hidden.ask(user, line, body) for user in (reader, ADMIN)]
        assert [answer.status_code for answer in answers] == [200, 200], line
        assert answers[0].content == answers[1].content, line
        types = {answer.headers["content-type"] for answer in answers}
        assert len(types) == 1
