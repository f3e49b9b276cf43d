"""The web UI in a real browser, logged in by HTTP basic authentication."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Error

from tests.browser import chromium, signed_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

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
    with signed_in(browser, server.url, reader) as visit:
        visit.go("experiments", "fraud-detection")
        visit.page.screenshot(path=str(server.folder / "first-page.png"))
        assert "secret-project" not in visit.text()
        assert visit.failures() == []


def test_a_reader_sees_a_run(server: Server, browser: Browser) -> None:
    api = "/api/2.0/mlflow"
    reader = server.add_user("reader-of-runs")
    made = server.call("POST", f"{api}/experiments/create", {"name": "forecasts"}).json()
    experiment = made["experiment_id"]
    body = {"experiment_id": experiment, "run_name": "tuesday"}
    run = server.call("POST", f"{api}/runs/create", body).json()["run"]["info"]["run_id"]
    metric = {"run_id": run, "key": "loss", "value": 0.125, "timestamp": 1}
    server.call("POST", f"{api}/runs/log-metric", metric)
    with signed_in(browser, server.url, reader) as visit:
        visit.go(f"experiments/{experiment}/runs/{run}", "tuesday", run)
        visit.page.screenshot(path=str(server.folder / "run-page.png"))
        assert visit.failures() == []


def test_without_credentials_there_is_no_page(server: Server, browser: Browser) -> None:
    page = browser.new_page()
    with pytest.raises(Error, match="ERR_INVALID_AUTH_CREDENTIALS"):
        page.goto(server.url)
    page.close()
