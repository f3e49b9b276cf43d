"""What a server receives from MLflow 3.4, the oldest that authctl serves, and from authctl."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.client.sent import sent_by
from tests.client.ways import DIFFERENCES, DIFFERENCES_TO_3_4, MATRIX, ODD
from tests.environments import python_with_mlflow

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.compat, pytest.mark.timeout(900)]

LISTED = [*DIFFERENCES, *DIFFERENCES_TO_3_4]


def test_the_same_is_sent_as_by_the_client_of_3_4_but_for_what_is_listed(tmp_path: Path) -> None:
    ways = [*MATRIX, *ODD]
    ours = sent_by("authctl", ways, tmp_path / "ours", sys.executable)
    theirs = sent_by("mlflow", ways, tmp_path / "theirs", python_with_mlflow("3.4.0"))
    listed = {way.name for way in ways if any(each.of(way) for each in LISTED)}
    assert {way.name for way in ways if ours[way.name] != theirs[way.name]} == listed
