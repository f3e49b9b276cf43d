"""Jobs are those of whoever's request started them; only administrators start them outright."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import sys
from typing import TYPE_CHECKING, Any

import pytest

from authctl.model import PROMPT_TAG
from tests.live import ADMIN, free_port, running
from tests.server.families import SAFETY, make_family, unique

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.server.families import Family, User

pytestmark = pytest.mark.mlflow

_READ = ("GET {root}/jobs/{job}", "GET {root}/mlflow/jobs/{job}")
_CANCEL = ("PATCH {root}/jobs/cancel/{job}", "PATCH {root}/mlflow/jobs/cancel/{job}")
_ROOT = "/ajax-api/3.0"


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Family]:
    """On a server that writes jobs down, but has nothing that would do them."""
    folder, port = tmp_path_factory.mktemp("jobs"), free_port()
    config = folder / "basic_auth.ini"
    config.write_text("[mlflow]\ndefault_permission = NO_PERMISSIONS\n")
    env = {
        "MLFLOW_AUTH_ADMIN_PASSWORD": ADMIN[1],
        "MLFLOW_AUTH_CONFIG_PATH": str(config),
        "MLFLOW_FLASK_SERVER_SECRET_KEY": "a-key",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "true",
        "MLFLOW_SERVER_JOB_EXECUTION_ENGINE": "executor",
        "_MLFLOW_SERVER_FILE_STORE": f"sqlite:///{folder / 'mlflow.db'}",
        "_MLFLOW_SERVER_ARTIFACT_ROOT": "mlflow-artifacts:/",
        "_MLFLOW_SERVER_ARTIFACT_DESTINATION": str(folder / "mlartifacts"),
        "_MLFLOW_SERVER_SERVE_ARTIFACTS": "true",
    }
    command = [sys.executable, "-m", "uvicorn", "--factory", "authctl.server.plugin:create_app"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    with running(command, folder, port, env=env) as server:
        yield make_family(server)


@pytest.fixture
def jobs(family: Family) -> dict[str, str]:
    """A job of the owner's, one of the editor's, and one of nobody's."""
    made = {
        "owner": family.make_job(family.owner),
        "editor": family.make_job(family.editor),
        "nobody": family.make_job(ADMIN),
    }
    with contextlib.closing(sqlite3.connect(family.server.folder / "mlflow.db")) as database:
        database.execute("UPDATE jobs SET creator = NULL WHERE id = ?", (made["nobody"],))
        database.commit()
    return made


def _status(family: Family, job: str) -> str:
    return str(family.ok(ADMIN, f"GET {_ROOT}/jobs/{job}")["status"])


def _found(family: Family, user: User, **asked: Any) -> dict[str, str | None]:
    rows = family.ok(user, f"POST {_ROOT}/jobs/search", asked)["jobs"]
    return {row["job_id"]: row["creator"] for row in rows}


def test_a_job_is_shown_to_whoever_started_it(family: Family, jobs: dict[str, str]) -> None:
    for line in _READ:
        for name, user in (("owner", family.owner), ("editor", family.editor)):
            family.ok(user, line.format(root=_ROOT, job=jobs[name]))
            for other, job in jobs.items():
                if other != name:
                    family.denied((user,), line.format(root=_ROOT, job=job))
        for job in jobs.values():
            family.denied((family.reader, family.stranger), line.format(root=_ROOT, job=job))
            family.ok(ADMIN, line.format(root=_ROOT, job=job))
        for unknown in ("0" * 32, "nothing"):
            family.denied((family.owner,), line.format(root=_ROOT, job=unknown))
        for job in jobs.values():  # MLflow has them here alone
            assert family.call(family.stranger, line.format(root="/api/3.0", job=job)).is_error


@pytest.mark.parametrize("line", _CANCEL)
def test_a_job_is_cancelled_by_whoever_started_it(
    family: Family, jobs: dict[str, str], line: str
) -> None:
    before = {name: _status(family, job) for name, job in jobs.items()}
    for name, job in jobs.items():
        users = tuple(
            user
            for other, user in (("owner", family.owner), ("editor", family.editor))
            if other != name
        )
        family.denied((*users, family.stranger), line.format(root=_ROOT, job=job))
    assert {name: _status(family, job) for name, job in jobs.items()} == before
    family.ok(family.editor, line.format(root=_ROOT, job=jobs["editor"]))
    after = {name: _status(family, job) for name, job in jobs.items()}
    assert after == before | {"editor": "CANCELED"}


def test_a_search_finds_ones_own_jobs(family: Family, jobs: dict[str, str]) -> None:
    for asked in ({}, {"job_name": "invoke_scorer"}, {"params": {}}):
        for name, user in (("owner", family.owner), ("editor", family.editor)):
            found = _found(family, user, **asked)
            assert jobs[name] in found
            assert set(found.values()) == {user[0]}
        assert _found(family, family.stranger, **asked) == {}
        assert set(jobs.values()) <= set(_found(family, ADMIN, **asked))
    body = {"params": {"experiment_id": family.experiment}}
    assert jobs["editor"] not in _found(family, family.owner, **body)


def test_only_administrators_start_jobs_outright(family: Family) -> None:
    params = {"experiment_id": family.experiment, "serialized_scorer": SAFETY, "trace_ids": ["t"]}
    params |= {"username": family.stranger[0]}
    body = {"job_name": "invoke_scorer", "params": params}
    before = _found(family, ADMIN)
    family.denied(family.people, f"POST {_ROOT}/jobs/", body)
    family.denied(family.people, f"POST {_ROOT}/jobs", body)
    assert _found(family, ADMIN) == before
    forged = body | {"creator": family.stranger[0]}
    assert family.ok(ADMIN, f"POST {_ROOT}/jobs/", forged)["creator"] == ADMIN[0]


def test_a_job_has_the_name_of_whoever_asked_for_what_it_does(family: Family) -> None:
    prompt = {"name": unique(), "tags": [{"key": PROMPT_TAG, "value": "true"}]}
    family.ok(family.editor, "POST 2.0/mlflow/registered-models/create", prompt)
    trace = family.make_trace(family.editor, family.experiment)
    asked = {"experiment_id": family.experiment, "trace_ids": [trace]}
    before = _found(family, ADMIN)
    for line, body in (
        (f"POST {_ROOT}/mlflow/scorer/invoke", asked | {"serialized_scorer": SAFETY}),
        (f"POST {_ROOT}/mlflow/genai/evaluate/invoke", asked | {"serialized_scorers": [SAFETY]}),
        (
            "POST 3.0/mlflow/prompt-optimization/jobs",
            {
                "experiment_id": family.experiment,
                "source_prompt_uri": f"prompts:/{prompt['name']}/1",
                "config": {"optimizer_type": "OPTIMIZER_TYPE_GEPA"},
            },
        ),
    ):
        for header in ("X-Forwarded-User", "X-MLflow-Authorization"):
            client = family.server.client(family.editor)
            path = line.split()[1]
            path = path if path.startswith("/") else f"/api/{path}"
            answer = client.post(path, json=body, headers={header: family.stranger[0]})
            assert answer.status_code == 200, answer.text
    made = {job: who for job, who in _found(family, ADMIN).items() if job not in before}
    assert list(made.values()) == [family.editor[0]] * 6
    assert set(made) <= set(_found(family, family.editor))


def test_who_optimises_prompts_reads_and_deletes_the_jobs_of_others(family: Family) -> None:
    """Those jobs hang on their experiment, through routes of their own."""
    body = {"experiment_id": family.experiment, "config": {"optimizer_type": "OPTIMIZER_TYPE_GEPA"}}
    prompt = {"name": unique(), "tags": [{"key": PROMPT_TAG, "value": "true"}]}
    family.ok(family.editor, "POST 2.0/mlflow/registered-models/create", prompt)
    body["source_prompt_uri"] = f"prompts:/{prompt['name']}/1"
    made = family.ok(family.editor, "POST 3.0/mlflow/prompt-optimization/jobs", body)["job"]
    line = f"3.0/mlflow/prompt-optimization/jobs/{made['job_id']}"
    family.denied((family.reader, family.other, family.stranger), f"POST {line}/cancel", {})
    family.denied((family.editor, family.reader, family.other), f"DELETE {line}")
    assert family.ok(family.reader, f"GET {line}")["job"]["run_id"] == made["run_id"]
    assert _status(family, made["job_id"]) == "PENDING"
    no_runs = family.without("run")
    family.denied((no_runs,), f"POST {line}/cancel", {})
    family.denied((no_runs,), f"DELETE {line}")
    run = family.ok(ADMIN, "GET 2.0/mlflow/runs/get", run_id=made["run_id"])["run"]["info"]
    assert (run["status"], run["lifecycle_stage"]) == ("RUNNING", "active")
    family.ok(family.editor, f"POST {line}/cancel", {})
    assert _status(family, made["job_id"]) == "CANCELED"
    family.ok(family.owner, f"DELETE {line}")
    assert made["job_id"] not in json.dumps(_found(family, ADMIN))
    run = family.ok(ADMIN, "GET 2.0/mlflow/runs/get", run_id=made["run_id"])["run"]["info"]
    assert run["lifecycle_stage"] == "deleted"
