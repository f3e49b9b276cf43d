"""All that clients of other releases can do, with today's MLflow inside and with their own."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

import pytest

from tests.environments import python_with_authctl, python_with_mlflow
from tests.live import authctl_server
from tests.tour.journey import PARTS, PARTS_OF_2, Journey, options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.live import Server

TODAY = "today's"

# The MLflow that is embedded, and the client's release.
PAIRS = [(TODAY, "2.22.5"), (TODAY, "3.4.0"), ("3.4.0", "3.4.0"), ("3.12.0", "3.12.0")]

pytestmark = [
    pytest.mark.compat,
    pytest.mark.timeout(900),
    pytest.mark.parametrize("pair", PAIRS, ids=" with ".join, indirect=True, scope="module"),
]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Server]]:
    """Servers by the release they embed, each started when first asked for."""
    started: dict[str, Server] = {}
    with contextlib.ExitStack() as stack:

        def server(embedded: str) -> Server:
            if embedded not in started:
                python = sys.executable if embedded == TODAY else python_with_authctl(embedded)
                folder = tmp_path_factory.mktemp("server")
                running = authctl_server(folder, *options(folder), python=python)
                started[embedded] = stack.enter_context(running)
            return started[embedded]

        yield server


@pytest.fixture(scope="module")
def pair(request: pytest.FixtureRequest) -> tuple[str, str]:
    found: tuple[str, str] = request.param
    return found


@pytest.fixture(scope="module")
def journey(
    pair: tuple[str, str],
    servers: Callable[[str], Server],
    tmp_path_factory: pytest.TempPathFactory,
) -> Journey:
    embedded, client = pair
    return Journey.take(
        servers(embedded),
        tmp_path_factory.mktemp("homes"),
        client,
        python=python_with_mlflow(client),
        ascii_files=embedded != TODAY,  # older ones cannot give out files of other names
    )


def test_who_owns_what_they_make_does_everything(journey: Journey, pair: tuple[str, str]) -> None:
    assert journey.parts() == (PARTS_OF_2 if pair[1].startswith("2.") else PARTS)
    assert journey.went_wrong() == {}


def test_who_may_read_sees_everything_and_changes_nothing(journey: Journey) -> None:
    assert journey.reader_missed() == {}
    assert journey.reader_wrote() == {}
    assert journey.after == journey.before


def test_who_has_no_grant_sees_and_changes_nothing(journey: Journey) -> None:
    assert journey.outsider_reached() == {}
    assert journey.outsider_found() == {}
    assert journey.after == journey.before
