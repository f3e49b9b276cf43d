from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.environments import python_with_mlflow
from tests.servers import mlflow_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.live import Server


@pytest.fixture(scope="module")
def legacy(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """MLflow's own server of the release that the test is parametrized with."""
    python = python_with_mlflow(request.param)
    with mlflow_server(tmp_path_factory.mktemp("mlflow"), python=python) as server:
        yield server
