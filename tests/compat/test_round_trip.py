"""authctl on the database of a running MLflow before 3.13."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.environments import python_with_mlflow
from tests.round_trip import RoundTrip, opened_beside, told
from tests.servers import mlflow_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from authctl.model import Resource
    from authctl.store.sql import SqlStore
    from tests.live import Server

pytestmark = [
    pytest.mark.compat,
    pytest.mark.timeout(900),
    pytest.mark.parametrize("server", ["3.4.0", "3.12.0"], indirect=True, scope="module"),
]


@pytest.fixture(scope="module")
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    python = python_with_mlflow(request.param)
    with mlflow_server(tmp_path_factory.mktemp("mlflow"), python=python, cached=0) as running:
        yield running


@pytest.fixture(scope="module")
def store(server: Server) -> Iterator[SqlStore]:
    with opened_beside(server) as store:
        yield store


class TestBeforeMlflow313(RoundTrip):
    def grant(self, server: Server, username: str, thing: Resource, level: str) -> None:
        path, field = permissions(thing)
        given = {field: thing.id, "username": username, "permission": level}
        told(server, "POST", f"{path}/create", given)

    def revoke(self, server: Server, username: str, thing: Resource) -> None:
        path, field = permissions(thing)
        told(server, "DELETE", f"{path}/delete", {field: thing.id, "username": username})


def permissions(thing: Resource) -> tuple[str, str]:
    """Where grants on a thing are, and the field that names it."""
    return {
        "experiment": ("2.0/mlflow/experiments/permissions", "experiment_id"),
        "registered_model": ("2.0/mlflow/registered-models/permissions", "name"),
    }[thing.type]
