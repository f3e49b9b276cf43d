"""All that clients of other releases can do, with today's MLflow inside or their own behind."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

import pytest

from tests.environments import python_with_authctl, python_with_mlflow
from tests.live import authctl_server, free_port, running
from tests.tour.journey import PARTS, PARTS_OF_2, Journey, options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.live import Server

TODAY = "today's"
ELSEWHERE = "elsewhere "

# The MLflow that is embedded or stands elsewhere, and the client's release.
PAIRS = [
    *((TODAY, "2.22.5"), (TODAY, "3.4.0")),
    *((release, release) for release in ("3.4.0", "3.12.0")),
    *((ELSEWHERE + release, release) for release in ("3.4.0", "3.12.0")),
]

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

        def server(mlflow: str) -> Server:
            if mlflow not in started:
                folder = tmp_path_factory.mktemp("server")
                started[mlflow] = stack.enter_context(_served(mlflow, folder))
            return started[mlflow]

        yield server


@contextlib.contextmanager
def _served(mlflow: str, folder: Path) -> Iterator[Server]:
    """`authctl serve` with an MLflow inside, or in front of one of another release."""
    if not mlflow.startswith(ELSEWHERE):
        python = sys.executable if mlflow == TODAY else python_with_authctl(mlflow)
        with authctl_server(folder, *options(folder), python=python) as server:
            yield server
        return
    auth, store = options(folder)[:2], options(folder)[2:]
    port = free_port()
    command = [python_with_mlflow(mlflow.removeprefix(ELSEWHERE)), "-m", "mlflow", "server"]
    command += ["--port", str(port), "--workers", "1", *store]
    with (
        running(command, folder / "upstream", port) as upstream,
        authctl_server(folder, *auth, "--upstream", upstream.url) as server,
    ):
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
    mlflow, client = pair
    return Journey.take(
        servers(mlflow),
        tmp_path_factory.mktemp("homes"),
        client,
        python=python_with_mlflow(client),
        ascii_files=mlflow != TODAY,  # older ones cannot give out files of other names
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
