"""A flood of wrong passwords at a server with several workers, and everybody else meanwhile."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.live import authctl_server
from tests.servers import recording_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.live import Server

pytestmark = pytest.mark.mlflow

WORKERS = 4
LIMIT = 10
ELSEWHERE = "127.0.0.2"
ME = "/api/2.0/mlflow/users/get"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose every worker answers by itself, so that none has to load MLflow."""
    folder = tmp_path_factory.mktemp("workers")
    with (
        recording_server() as upstream,
        authctl_server(folder, "--upstream", upstream.url, "--workers", str(WORKERS)) as running,
    ):
        yield running


def ask(
    server: Server, user: tuple[str, str], *, address: str = "127.0.0.1", accept: str = "*/*"
) -> httpx.Response:
    """One request on a connection of its own, which any of the workers may take."""
    with httpx.Client(
        transport=httpx.HTTPTransport(local_address=address), timeout=60, auth=user
    ) as client:
        return client.get(
            f"{server.url}{ME}", params={"username": user[0]}, headers={"Accept": accept}
        )


def test_a_flood_at_one_user_is_stopped_by_all_workers_and_hurts_nobody_else(
    server: Server,
) -> None:
    alice, bob = server.add_user("alice"), server.add_user("bob")
    session = server.client(alice)  # one connection, kept

    def guess(number: int) -> httpx.Response:
        return ask(server, ("alice", f"guess-{number}"), address=ELSEWHERE)

    assert session.get(ME, params={"username": "alice"}).status_code == 200
    with ThreadPoolExecutor(8) as pool:
        guesses = [pool.submit(guess, number) for number in range(60)]
        while not all(one.done() for one in guesses):
            assert session.get(ME, params={"username": "alice"}).status_code == 200
            assert ask(server, alice).status_code == 200
            assert ask(server, bob).status_code == 200
    answers = [one.result() for one in guesses]
    statuses = Counter(answer.status_code for answer in answers)
    assert set(statuses) == {401, 429}
    # Each worker has one turn at least under way when a limit is reached, and another minute
    # may have begun.
    assert LIMIT <= statuses[401] <= 2 * (LIMIT + 2 * WORKERS)

    refused = next(answer for answer in answers if answer.status_code == 429)
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.json()["error_code"] == "REQUEST_LIMIT_EXCEEDED"
    assert ask(server, alice).status_code == 200
    assert ask(server, bob, address=ELSEWHERE).status_code == 200
    assert session.get(ME, params={"username": "alice"}).status_code == 200
    log = server.log.read_text()
    assert f"too many wrong passwords for a user: now for 'alice' from {ELSEWHERE}" in log
    assert "guess-" not in log


def test_a_browser_is_told_on_a_page(server: Server) -> None:
    page = None
    for number in range(200):
        page = ask(server, ("carol", f"guess-{number}"), address=ELSEWHERE, accept="text/html")
        if page.status_code == 429:
            break
    assert page is not None
    assert page.status_code == 429
    assert page.headers["Content-Type"].startswith("text/html")
    assert int(page.headers["Retry-After"]) >= 1
    assert "Too many wrong passwords" in page.text
