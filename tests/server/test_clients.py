"""All that MLflow's own client can do, by its three kinds of users."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.live import authctl_server
from tests.tour.journey import PARTS, Journey, options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.live import Server

pytestmark = [pytest.mark.mlflow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("clients")
    with authctl_server(folder, *options(folder)) as running:
        yield running


@pytest.fixture(scope="module")
def journey(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Journey:
    return Journey.take(server, tmp_path_factory.mktemp("homes"), "today")


def test_who_owns_what_they_make_does_everything(journey: Journey) -> None:
    assert journey.parts() == PARTS
    assert journey.went_wrong() == {}


def test_who_may_read_sees_everything_and_changes_nothing(journey: Journey) -> None:
    assert journey.reader_missed() == {}
    assert journey.reader_wrote() == {}
    assert journey.after == journey.before


def test_who_has_no_grant_sees_and_changes_nothing(journey: Journey) -> None:
    assert journey.outsider_reached() == {}
    assert journey.outsider_found() == {}
    assert journey.after == journey.before
