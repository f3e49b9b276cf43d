"""A configuration file may leave out what MLflow's own authentication wants in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.live import authctl_server

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.mlflow


def test_runs_are_found_where_the_configuration_leaves_the_database_out(tmp_path: Path) -> None:
    config = tmp_path / "basic_auth.ini"
    config.write_text("[mlflow]\ndefault_permission = READ\n")
    with authctl_server(tmp_path, "--auth-config", str(config)) as server:
        reader = server.add_user("reader")
        api = "/api/2.0/mlflow/runs"
        made = server.call("POST", f"{api}/create", {"experiment_id": "0"}).json()["run"]["info"]
        found = server.call("POST", f"{api}/search", {"experiment_ids": ["0"]}, user=reader)
        assert found.status_code == 200
        assert [run["info"]["run_id"] for run in found.json()["runs"]] == [made["run_id"]]
