"""Issues and the optimisation of prompts hang on their experiment, and name runs and more."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from authctl.model import PROMPT_TAG
from tests.live import ADMIN
from tests.server.families import PREFIXES, make_family, unique

if TYPE_CHECKING:
    from tests.server.families import Family, User
    from tests.server.world import World

pytestmark = pytest.mark.mlflow

_ISSUES = "3.0/mlflow/issues"
_JOBS = "3.0/mlflow/prompt-optimization/jobs"


@pytest.fixture(scope="module")
def family(embedded: World) -> Family:
    return make_family(embedded.server)


# Issues


@dataclass(frozen=True)
class Issue:
    """An issue of the family's experiment, which names the run it came from."""

    id: str
    run: str


@pytest.fixture(scope="module")
def issue(family: Family) -> Issue:
    run = family.make_run(family.owner, family.experiment)
    body = {"experiment_id": family.experiment, "name": unique(), "description": "d"}
    made = family.ok(family.editor, f"POST {_ISSUES}", body | {"source_run_id": run})["issue"]
    return Issue(made["issue_id"], run)


@pytest.fixture(scope="module")
def foreign(family: Family) -> Issue:
    """An issue of the other's experiment."""
    run = family.make_run(family.other, family.others)
    body = {"experiment_id": family.others, "name": unique(), "description": "d"}
    made = family.ok(family.other, f"POST {_ISSUES}", body | {"source_run_id": run})["issue"]
    return Issue(made["issue_id"], run)


def _found(family: Family, user: User, body: dict[str, Any]) -> set[str]:
    answers = [family.ok(user, f"POST {_ISSUES}/search", body, prefix=item) for item in PREFIXES]
    assert answers[0] == answers[1]
    return {row["issue_id"] for row in answers[0]["issues"]}


def test_making_an_issue_takes_update_and_reading_its_run(
    family: Family, issue: Issue, foreign: Issue
) -> None:
    body = {"experiment_id": family.experiment, "name": unique(), "description": "d"}
    before = _found(family, ADMIN, {"experiment_id": family.experiment})
    family.denied((family.reader, family.other, family.stranger), f"POST {_ISSUES}", body)
    for run in (foreign.run, "0" * 32):
        named = body | {"source_run_id": run}
        family.denied((family.owner, family.editor), f"POST {_ISSUES}", named)
    no_runs = family.without("run")
    family.denied((no_runs,), f"POST {_ISSUES}", body | {"source_run_id": issue.run})
    assert _found(family, ADMIN, {"experiment_id": family.experiment}) == before
    family.ok(no_runs, f"POST {_ISSUES}", body)


def test_an_issue_is_read_and_changed_by_level(family: Family, issue: Issue) -> None:
    line, shut = f"{_ISSUES}/{issue.id}", (family.other, family.stranger)
    before = family.ok(family.reader, f"GET {line}")
    family.denied(shut, f"GET {line}")
    change = {"issue_id": issue.id, "name": unique(), "status": "resolved"}
    family.denied((*shut, family.reader), f"PATCH {line}", change)
    family.denied(shut, f"PATCH {line}", change | {"experiment_id": family.others})
    assert family.ok(ADMIN, f"GET {line}") == before
    family.ok(family.editor, f"PATCH {line}", change)
    assert family.ok(family.reader, f"GET {line}")["issue"]["name"] == change["name"]
    family.denied((family.owner,), f"GET {_ISSUES}/iss-{'0' * 32}")


def test_an_own_path_does_not_open_the_issue_in_the_body(
    family: Family, issue: Issue, foreign: Issue
) -> None:
    before = family.ok(ADMIN, f"GET {_ISSUES}/{foreign.id}")
    body = {"issue_id": foreign.id, "name": unique()}
    answer = family.call(family.editor, f"PATCH {_ISSUES}/{issue.id}", body)
    assert answer.status_code == 400, answer.text
    assert family.ok(ADMIN, f"GET {_ISSUES}/{foreign.id}") == before


def test_a_search_stays_within_a_readable_experiment(
    family: Family, issue: Issue, foreign: Issue
) -> None:
    body: dict[str, Any] = {"experiment_id": family.experiment}
    for user in (family.reader, family.owner):
        assert issue.id in _found(family, user, body)
    family.denied((family.other, family.stranger), f"POST {_ISSUES}/search", body)
    for unnamed in ({}, {"experiment_id": ""}, {"experimentId": "1"}, {"experiment_id": None}):
        answer = family.call(family.owner, f"POST {_ISSUES}/search", unnamed)
        assert answer.status_code == 400, answer.text
    # MLflow reads a body up to a field of the wrong type; without the id it finds every issue.
    for odd in ({"max_results": "x"}, {"max_results": 1.5}, {"page_token": 5}, {"include": [{}]}):
        for order in (odd | body, body | odd):
            answer = family.call(family.owner, f"POST {_ISSUES}/search", order)
            assert foreign.id not in answer.text
    assert foreign.id in _found(family, ADMIN, {})


def test_the_run_of_an_issue_is_hidden_where_runs_are_denied(family: Family, issue: Issue) -> None:
    no_runs = family.without("run")
    body = {"experiment_id": family.experiment}
    line = f"{_ISSUES}/{issue.id}"
    for user, told in ((family.reader, True), (no_runs, False)):
        for prefix in PREFIXES:
            for answer in (
                family.call(user, f"GET {line}", prefix=prefix),
                family.call(user, f"POST {_ISSUES}/search", body, prefix=prefix),
            ):
                assert answer.status_code == 200
                assert issue.id in answer.text
                assert (issue.run in answer.text) is told
    changed = family.ok(no_runs, f"PATCH {line}", {"issue_id": issue.id, "name": unique()})
    assert issue.run not in json.dumps(changed)
    by_run = body | {"filter_string": f"source_run_id = '{issue.run}'"}
    assert _found(family, family.reader, by_run) == {issue.id}
    family.denied((no_runs,), f"POST {_ISSUES}/search", by_run)


def test_finding_issues_takes_all_that_it_touches(embedded: World, family: Family) -> None:
    trace = family.make_trace(family.owner, family.experiment)
    foreign = family.make_trace(family.other, family.others)
    body = {"experiment_id": family.experiment, "trace_ids": [trace], "categories": ["c"]}
    body |= {"provider": "openai", "model": "m"}
    secret = {"secret_id": embedded.names["secretV"]}
    endpoint = {"endpoint_name": f"{embedded.names['wordV']}-endpoint"}
    runs = {"experiment_ids": [family.experiment]}
    before = family.ok(ADMIN, "POST 2.0/mlflow/runs/search", runs)
    line = "POST /ajax-api/3.0/mlflow/issues/invoke"
    family.denied((family.reader, family.other, family.stranger), line, body)
    family.denied((family.without("run"), family.without("trace")), line, body)
    for more in (secret, endpoint, {"trace_ids": [trace, foreign]}):
        family.denied((family.owner, family.editor), line, body | more)
    assert family.ok(ADMIN, "POST 2.0/mlflow/runs/search", runs) == before
    user = family.person()
    family.grant(user, "experiment", family.experiment, "EDIT")
    family.grant(user, "gateway_secret", embedded.names["secretV"], "USE")
    family.grant(user, "gateway_endpoint", embedded.names["endV"], "USE")
    for more in (secret, endpoint):  # MLflow goes about it, but this server has no queue of jobs
        assert family.call(user, line, body | more).status_code == 500


# Prompt optimisation


@dataclass(frozen=True)
class Asked:
    """What optimising the owner's prompt in the family's experiment takes."""

    prompt: str
    dataset: str
    foreign_dataset: str

    def body(self, family: Family, **config: Any) -> dict[str, Any]:
        return {
            "experiment_id": family.experiment,
            "source_prompt_uri": f"prompts:/{self.prompt}/1",
            "config": {"optimizer_type": "OPTIMIZER_TYPE_GEPA", **config},
        }


@pytest.fixture(scope="module")
def asked(family: Family) -> Asked:
    prompt = unique()
    tags = [{"key": PROMPT_TAG, "value": "true"}]
    body: dict[str, Any] = {"name": prompt, "tags": tags}
    family.ok(family.owner, "POST 2.0/mlflow/registered-models/create", body)
    body["tags"] = [*tags, {"key": "mlflow.prompt.text", "value": "{{question}}"}]
    body["source"] = "dummy-source"
    family.ok(family.owner, "POST 2.0/mlflow/model-versions/create", body)
    datasets = []
    for experiment in (family.experiment, family.others):
        made = {"name": unique(), "experiment_ids": [experiment]}
        answer = family.ok(ADMIN, "POST 3.0/mlflow/datasets/create", made)
        datasets.append(answer["dataset"]["dataset_id"])
    return Asked(prompt, *datasets)


def test_optimising_a_prompt_takes_all_that_it_names(
    embedded: World, family: Family, asked: Asked
) -> None:
    hidden = embedded.names["wordV"]
    runs = {"experiment_ids": [family.experiment]}
    before = family.ok(ADMIN, "POST 2.0/mlflow/runs/search", runs)
    editor = family.person()
    family.grant(editor, "experiment", family.experiment, "EDIT")
    body = asked.body(family)
    # An editor who may not read the prompt.
    family.denied((editor, family.reader, family.other), f"POST {_JOBS}", body)
    family.grant(editor, "prompt", asked.prompt, "READ")
    for uri in (f"prompts:/{hidden}-prompt/1", f"prompts:/{hidden}-prompt@best", "prompts:/"):
        family.denied((editor,), f"POST {_JOBS}", body | {"source_prompt_uri": uri})
    for config in (
        {"dataset_id": asked.foreign_dataset},
        {"dataset_id": "d-" + "0" * 32},
        {"optimizer_config_json": f'{{"reflection_model": "gateway:/{hidden}-endpoint"}}'},
    ):
        family.denied((editor, family.owner), f"POST {_JOBS}", asked.body(family, **config))
    for kind in ("run", "prompt_version", "scorer_version"):
        shut = family.without(kind)
        family.grant(shut, "prompt", asked.prompt, "MANAGE")
        family.denied((shut,), f"POST {_JOBS}", body)
    no_scorer = family.person()
    family.grant(no_scorer, "experiment", family.experiment, "EDIT")
    family.grant(no_scorer, "prompt", asked.prompt, "READ")
    family.grant(no_scorer, "scorer", f"{family.experiment}/s%2F1", "DENY")
    family.denied((no_scorer,), f"POST {_JOBS}", asked.body(family, scorers=["Safety", "s/1"]))
    assert family.ok(ADMIN, "POST 2.0/mlflow/runs/search", runs) == before
    # Whoever may gets as far as the queue of jobs, which this server has not.
    whole = asked.body(family, dataset_id=asked.dataset, scorers=["Safety"])
    for user in (editor, family.owner):
        assert "job execution" in family.call(user, f"POST {_JOBS}", whole).text


def test_a_run_of_the_prompt_lab_takes_update(family: Family) -> None:
    line = "POST /ajax-api/2.0/mlflow/runs/create-promptlab-run"
    body: dict[str, Any] = {"experiment_id": family.experiment, "prompt_template": "{{ q }}"}
    body |= {"prompt_parameters": [{"key": "q", "value": "v"}], "model_input": "i"}
    body |= {"model_route": "r", "model_output": "o", "mlflow_version": "3.17.2"}
    runs = {"experiment_ids": [family.experiment]}
    before = family.ok(ADMIN, "POST 2.0/mlflow/runs/search", runs)
    below = (family.reader, family.other, family.stranger, family.without("run"))
    family.denied(below, line, body)
    assert family.ok(ADMIN, "POST 2.0/mlflow/runs/search", runs) == before
    made = family.ok(family.editor, line, body)["run"]["info"]
    assert made["experiment_id"] == family.experiment


def test_a_job_is_read_cancelled_and_deleted_by_level(embedded: World) -> None:
    family = make_family(embedded.server)
    job = embedded.names["jobV"]
    line, home = f"{_JOBS}/{job}", embedded.names["V"]
    family.denied(family.people, f"GET {line}")
    family.denied(family.people, f"GET {_JOBS}/search", experiment_id=home)
    family.denied(family.people, f"POST {_JOBS}/search", {"experiment_id": home})
    before = family.ok(ADMIN, f"GET {line}")
    family.grant(family.reader, "experiment", home, "READ")
    family.grant(family.editor, "experiment", home, "EDIT")
    for prefix in PREFIXES:
        assert family.ok(family.reader, f"GET {line}", prefix=prefix) == before
        for answer in (
            family.ok(family.reader, f"GET {_JOBS}/search", prefix=prefix, experiment_id=home),
            family.ok(family.reader, f"POST {_JOBS}/search", {"experiment_id": home}),
        ):
            assert job in {row["job_id"] for row in answer["jobs"]}
    no_runs = family.person()
    family.grant(no_runs, "experiment", home, "MANAGE")
    family.grant(no_runs, "run", "*", "DENY")
    below = (family.reader, family.other, family.stranger, no_runs)
    family.denied(below, f"POST {line}/cancel", {})
    family.denied((*below, family.editor), f"DELETE {line}")
    family.denied((no_runs,), f"GET {line}")
    family.denied((no_runs,), f"GET {_JOBS}/search", experiment_id=home)
    assert family.ok(ADMIN, f"GET {line}") == before


def test_an_unknown_job_is_denied_like_a_forbidden_one(embedded: World, family: Family) -> None:
    answers = {
        family.call(family.owner, f"GET {_JOBS}/{job}").text
        for job in (embedded.names["jobV"], "0" * 32, "nothing")
    }
    assert len(answers) == 1
    family.denied((family.owner,), f"DELETE {_JOBS}/{'0' * 32}")
    family.denied((family.owner,), f"POST {_JOBS}/{'0' * 32}/cancel", {})
