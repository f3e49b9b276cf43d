"""authctl serve --check: what the policy and the MLflow at hand do not share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from authctl.policy.rule import Access, closed, rule
from authctl.policy.shape import coverage
from authctl.policy.table import Table
from tests.cli.commands import Shell
from tests.live import authctl_server
from tests.policy.routes import installed, recorded, recorded_releases

if TYPE_CHECKING:
    from pathlib import Path


def test_a_route_without_a_row_and_a_row_that_is_not_served_are_told() -> None:
    table = Table([*closed("GET /mlflow/a/{id}", "POST /b"), rule("GET /c", Access.PUBLIC)])
    routes = [
        ("GET", "/x/api/2.0/mlflow/a/<name>"),
        ("GET", "/x/ajax-api/2.0/mlflow/a/<name>"),
        ("GET", "/x/c"),
        ("DELETE", "/x/d/{rest:path}"),
    ]
    found = coverage(table, "9.9", routes, "/x")
    assert (found.unlisted, found.unserved) == (("DELETE /x/d/{rest:path}",), ("POST /b",))
    assert str(found) == "MLflow 9.9: 3 routes, 1 without a row; 1 rows are for other releases."


@pytest.mark.parametrize("release", recorded_releases())
def test_no_route_of_a_recorded_release_is_without_a_row(release: str) -> None:
    routes = [(served.method, served.path) for served in recorded(release)]
    assert coverage(Table(), release, routes).unlisted == ()


@pytest.mark.mlflow
def test_the_mlflow_at_hand_has_a_row_for_each_of_its_routes(tmp_path: Path) -> None:
    done = Shell(tmp_path).run("serve", "--check")
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert (done.code, {verdict for _, verdict in lines}) == (0, {"for other releases"})
    assert ["POST /api/3.0/mlflow/skills/bulk-register", "for other releases"] in lines
    assert list(tmp_path.glob("*.db")) == []


def test_an_mlflow_that_runs_elsewhere_cannot_be_checked(tmp_path: Path) -> None:
    done = Shell(tmp_path).run("serve", "--check", "--upstream", "http://127.0.0.1:1")
    assert done.code == 2
    assert "does not tell which routes it has" in done.stderr


@pytest.mark.mlflow
def test_a_server_that_starts_says_what_it_found(tmp_path: Path) -> None:
    with authctl_server(tmp_path) as server:
        log = server.log.read_text()
    assert f"MLflow {installed().version}: " in log
    assert " routes, each with a row; " in log
