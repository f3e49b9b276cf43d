"""Ten thousand experiments, ten of them readable: a page costs a bounded number of calls."""

from __future__ import annotations

import re
import sqlite3
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.live import authctl_server, free_port, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.live import Server

pytestmark = pytest.mark.mlflow

API = "/api/2.0/mlflow"
COUNT = 10_000
READABLE = [str(number) for number in range(1_000, COUNT + 1, 1_000)]
# What the first page of any size costs: one call for the page as asked for, one for each thousand.
MOST_CALLS = 12


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Server]]:
    """A plain MLflow with ten thousand experiments, whose log lists its requests; the door."""
    folder = tmp_path_factory.mktemp("plain")
    port = free_port()
    store = f"sqlite:///{folder / 'mlflow.db'}"
    command = [sys.executable, "-m", "mlflow", "server", "--port", str(port), "--workers", "1"]
    with running([*command, "--backend-store-uri", store], folder, port) as plain:
        fill(folder / "mlflow.db")
        config = tmp_path_factory.mktemp("door") / "basic_auth.ini"
        config.write_text(
            "[mlflow]\ndefault_permission = NO_PERMISSIONS\n"
            "database_uri = sqlite:///basic_auth.db\nadmin_username = admin\n"
        )
        options = ("--upstream", plain.url, "--auth-config", str(config))
        with authctl_server(config.parent, *options) as door:
            yield plain, door


def fill(database: Path) -> None:
    rows = [
        (number, f"experiment {number}", f"mlflow-artifacts:/{number}", "active", number, number)
        for number in range(1, COUNT + 1)
    ]
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.executemany(
            "INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage,"
            " creation_time, last_update_time) VALUES (?, ?, ?, ?, ?, ?)",
            rows,
        )


def searches(plain: Server) -> int:
    return len(
        re.findall(r'"(?:GET|POST) /api/2.0/mlflow/experiments/search', plain.log.read_text())
    )


@pytest.mark.parametrize("size", [5, 100])
def test_a_page_of_the_little_one_may_read_costs_a_bounded_number_of_calls(
    servers: tuple[Server, Server], size: int, capsys: pytest.CaptureFixture[str]
) -> None:
    plain, door = servers
    user = door.add_user(f"eve-{size}")
    for experiment in READABLE:
        grant = {"experiment_id": experiment, "username": user[0], "permission": "READ"}
        made = door.call("POST", f"{API}/experiments/permissions/create", grant)
        assert made.status_code == 200, made.text
    before = searches(plain)
    body = {"max_results": size, "order_by": ["experiment_id ASC"]}
    found = door.call("POST", f"{API}/experiments/search", body, user=user).json()
    calls = searches(plain) - before
    with capsys.disabled():
        sys.stdout.write(f"\n{COUNT} experiments, {len(READABLE)} readable: {calls} calls\n")
    assert [row["experiment_id"] for row in found["experiments"]] == READABLE[:size]
    assert ("next_page_token" in found) is (size < len(READABLE))
    assert 0 < calls <= MOST_CALLS
