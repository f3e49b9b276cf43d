"""The web UI in a real browser, logged in by HTTP basic authentication."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Error

from tests.browser import chromium

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page, Response

    from tests.live import Server

pytestmark = pytest.mark.mlflow


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


def test_the_first_page_shows_what_a_reader_may_read(server: Server, browser: Browser) -> None:
    reader = server.add_user("reader")
    for name in ("fraud-detection", "secret-project"):
        server.call("POST", "/api/2.0/mlflow/experiments/create", {"name": name})
    secret = server.call(
        "GET", "/api/2.0/mlflow/experiments/get-by-name", experiment_name="secret-project"
    ).json()["experiment"]["experiment_id"]
    server.call(
        "POST",
        "/api/2.0/mlflow/experiments/permissions/create",
        {"experiment_id": secret, "username": "reader", "permission": "NO_PERMISSIONS"},
    )
    with signed_in(browser, reader) as (page, failures):
        page.goto(f"{server.url}/#/experiments")
        page.get_by_text("fraud-detection").first.wait_for(timeout=60_000)
        page.screenshot(path=str(server.folder / "first-page.png"))
        assert page.get_by_text("secret-project").count() == 0
        assert failures == []


def test_a_reader_sees_a_run(server: Server, browser: Browser) -> None:
    api = "/api/2.0/mlflow"
    reader = server.add_user("reader-of-runs")
    made = server.call("POST", f"{api}/experiments/create", {"name": "forecasts"}).json()
    experiment = made["experiment_id"]
    body = {"experiment_id": experiment, "run_name": "tuesday"}
    run = server.call("POST", f"{api}/runs/create", body).json()["run"]["info"]["run_id"]
    metric = {"run_id": run, "key": "loss", "value": 0.125, "timestamp": 1}
    server.call("POST", f"{api}/runs/log-metric", metric)
    with signed_in(browser, reader) as (page, failures):
        page.goto(f"{server.url}/#/experiments/{experiment}/runs/{run}")
        page.get_by_role("heading", name="tuesday").first.wait_for(timeout=60_000)
        page.get_by_text(run).first.wait_for(timeout=60_000)
        page.screenshot(path=str(server.folder / "run-page.png"))
        assert failures == []


@contextlib.contextmanager
def signed_in(browser: Browser, user: tuple[str, str]) -> Iterator[tuple[Page, list[str]]]:
    """A page of this user's, and the requests that failed on it."""
    context = browser.new_context(
        http_credentials={"username": user[0], "password": user[1]},
        viewport={"width": 1280, "height": 800},
    )
    failures: list[str] = []

    def note(response: Response) -> None:
        # The assistant runs tools on the server's host: administrators only.
        if response.status >= 400 and "/mlflow/assistant/" not in response.url:
            failures.append(f"{response.status} {response.request.method} {response.url}")

    page = context.new_page()
    page.on("response", note)
    yield page, failures
    context.close()


def test_without_credentials_there_is_no_page(server: Server, browser: Browser) -> None:
    page = browser.new_page()
    with pytest.raises(Error, match="ERR_INVALID_AUTH_CREDENTIALS"):
        page.goto(server.url)
    page.close()
