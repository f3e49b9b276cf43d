"""Links to files are given to whoever may read or write the files.

The storage under test cannot make such links: MLflow's own refusal shows that a request arrived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.server.families import Family, make_family

if TYPE_CHECKING:
    from tests.server.world import World

pytestmark = pytest.mark.mlflow

_READ = "POST 2.0/mlflow/artifacts/presigned-download-url"
_WRITE = "POST 2.0/mlflow/artifacts/presigned-upload-url"


@pytest.fixture(scope="module")
def family(embedded: World) -> Family:
    return make_family(embedded.server)


@pytest.fixture(scope="module")
def things(family: Family) -> dict[str, str]:
    """A run and a logged model, and a run of the other's."""
    body = {"experiment_id": family.experiment}
    made = family.ok(family.owner, "POST 2.0/mlflow/logged-models", body)
    return {
        "run": family.make_run(family.owner, family.experiment),
        "model": made["model"]["info"]["model_id"],
        "foreign": family.make_run(family.other, family.others),
    }


def _arrived(answer: Any) -> bool:
    return answer.status_code == 501 or "is not supported for" in answer.text


def test_reading_takes_read(family: Family, things: dict[str, str]) -> None:
    body = {"run_id": things["run"], "path": "f"}
    path = f"GET 2.0/mlflow-artifacts/presigned/{family.experiment}/{things['run']}/artifacts/f"
    no_runs = family.without("run")
    for user in (family.reader, family.editor):
        assert _arrived(family.call(user, _READ, body))
        assert _arrived(family.call(user, path))
    for users in ((family.other, family.stranger), (no_runs,)):
        family.denied(users, _READ, body)
        family.denied(users, path)
    family.denied((family.owner,), _READ, {"run_id": things["foreign"], "path": "f"})
    family.denied((family.owner,), _READ, {"run_id": "0" * 32, "path": "f"})


def test_writing_takes_update(family: Family, things: dict[str, str]) -> None:
    for kind, body in (
        ("run", {"run_id": things["run"], "path": "f"}),
        ("logged_model", {"model_id": things["model"], "path": "f"}),
    ):
        assert _arrived(family.call(family.editor, _WRITE, body))
        below = (family.reader, family.other, family.stranger, family.without(kind))
        family.denied(below, _WRITE, body)


def test_one_of_ones_own_does_not_open_another(family: Family, things: dict[str, str]) -> None:
    own, foreign = {"run_id": things["foreign"]}, {"model_id": things["model"]}
    for body in (own | foreign, foreign | own):
        family.denied((family.other,), _WRITE, body | {"path": "f"})
    for odd in (
        {"run_id": [things["foreign"], things["run"]]},
        {"run_id": 5, "model_id": None},
        {"runId": things["run"]},
        {"run_id": things["foreign"], "modelId": things["model"]},
        {},
    ):
        answer = family.call(family.other, _WRITE, odd | {"path": "f"})
        assert answer.status_code == 400, odd
        assert not _arrived(answer)
