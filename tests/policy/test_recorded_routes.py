"""Every route of every recorded release has a row, and every row is served by some release."""

from __future__ import annotations

import pytest

from authctl.policy.shape import fold, shapes
from authctl.policy.table import ALL_RULES
from tests.environments import python_with_mlflow
from tests.policy.recorder import record
from tests.policy.routes import (
    folded,
    installed,
    recorded,
    recorded_releases,
    recording,
)

RELEASES = recorded_releases()
ARTIFACT = "/mlflow-artifacts/mpu/create/{:path}"
ROWS = {row for rule in ALL_RULES for row in shapes(rule)}


def test_the_oldest_and_the_newest_release_are_recorded_and_some_between() -> None:
    assert RELEASES == ["3.4", "3.9", "3.12", "3.14", "3.16", "3.17", "3.18"]


@pytest.mark.parametrize("release", RELEASES)
def test_every_recorded_route_has_a_row(release: str) -> None:
    routes = folded(recorded(release))
    assert len(routes) > 100
    assert sorted(routes - ROWS) == []


def test_every_row_that_is_not_answered_here_is_served_by_a_recorded_release() -> None:
    served = folded(route for release in RELEASES for route in recorded(release))
    rows = {
        ("GET" if method == "HEAD" else method, version, path)
        for rule in ALL_RULES
        if not rule.here
        for method, version, path in shapes(rule)
    }
    assert sorted(rows - served) == []


@pytest.mark.mlflow
def test_every_route_of_the_installed_mlflow_has_a_row() -> None:
    assert sorted(folded(installed().routes) - ROWS) == []


@pytest.mark.mlflow
def test_the_installed_mlflow_serves_what_is_recorded_of_its_release() -> None:
    version = installed().version
    assert recording(version).exists(), f"run `python -m tests.policy.recorder {version}`"
    assert set(installed().routes) == {route for route in recorded(version) if not route.switch}


@pytest.mark.compat
@pytest.mark.timeout(900)
@pytest.mark.parametrize("version", ["3.4.0", "3.12.0"])
def test_recording_a_release_again_gives_the_same(version: str) -> None:
    assert record(python_with_mlflow(version)) == recording(version).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("spelling", "version", "path"),
    [
        ("/api/2.0/mlflow/runs/get", "2.0", "/mlflow/runs/get"),
        ("/ajax-api/3.0/mlflow/traces/<trace_id>", "3.0", "/mlflow/traces/{}"),
        ("/api/2.0/mlflow-artifacts/mpu/create/<path:rest>", "2.0", ARTIFACT),
        ("/api/2.0/mlflow-artifacts/mpu/create/{rest:path}", "2.0", ARTIFACT),
        ("/ajax-api/3.0/mlflow/skills/@{organization}/{name}", "3.0", "/mlflow/skills/@{}/{}"),
        ("/gateway/proxy/{endpoint_name}/{path:path}", "", "/gateway/proxy/{}/{:path}"),
        ("/api/2.0mlflow/search-datasets", "", "/api/2.0mlflow/search-datasets"),
    ],
)
def test_the_spellings_of_a_route_fold_into_one(spelling: str, version: str, path: str) -> None:
    assert fold(spelling) == (version, path)


@pytest.mark.parametrize("path", ["/runs/<int:n>", "/runs/{n:int}", "/runs/{run-id}", "/runs/<a"])
def test_a_placeholder_of_an_unknown_kind_is_never_folded_away(path: str) -> None:
    with pytest.raises(ValueError, match="placeholder"):
        fold(path)
