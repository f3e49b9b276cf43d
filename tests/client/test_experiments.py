from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from authctl.client.experiments import find_experiment
from authctl.client.transport import connect
from authctl.errors import NotAuthenticated, NotFound

if TYPE_CHECKING:
    from pathlib import Path

    from authctl.client.transport import Transport
    from tests.live import Server
    from tests.servers import Recorder

pytestmark = pytest.mark.mlflow


@pytest.fixture(scope="module", autouse=True)
def experiments(mlflow: Server) -> None:
    for name in ("fraud-detection", "größe & co?"):
        mlflow.call("POST", "/api/2.0/mlflow/experiments/create", {"name": name})


def test_an_experiment_is_found_by_its_exact_name(admin: Transport) -> None:
    assert find_experiment(admin, "Default") == "0"
    assert find_experiment(admin, "fraud-detection") == "1"
    assert find_experiment(admin, "größe & co?") == "2"


def test_a_misspelt_name_is_answered_with_the_one_most_like_it(admin: Transport) -> None:
    with pytest.raises(NotFound, match="Experiment 'fraud-detecton' does not exist") as raised:
        find_experiment(admin, "fraud-detecton")
    assert raised.value.hint == "Did you mean 'fraud-detection'?"


def test_a_name_like_no_other_is_answered_with_none(admin: Transport) -> None:
    with pytest.raises(NotFound) as raised:
        find_experiment(admin, "zzz")
    assert raised.value.hint is None


def test_who_is_not_signed_in_finds_nothing(mlflow: Server, tmp_path: Path) -> None:
    transport = connect(mlflow.url, {}, tmp_path)
    with pytest.raises(NotAuthenticated):
        find_experiment(transport, "Default")
    transport.close()


def test_without_suggestions_a_missing_name_is_still_not_found(
    recorder: Recorder, tmp_path: Path
) -> None:
    recorder.will_answer(404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "gone"})
    recorder.will_answer(403, b"Permission denied")
    transport = connect(recorder.url, {}, tmp_path)
    with pytest.raises(NotFound, match="'x' does not exist"):
        find_experiment(transport, "x")
    transport.close()
