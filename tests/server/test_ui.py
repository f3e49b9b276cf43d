"""The web UI in a real browser, logged in by HTTP basic authentication."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Error

from tests.browser import chromium

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
    context = browser.new_context(
        http_credentials={"username": reader[0], "password": reader[1]},
        viewport={"width": 1280, "height": 800},
    )
    page = context.new_page()
    failures: list[str] = []
    page.on(
        "response",
        lambda response: (
            failures.append(f"{response.status} {response.request.method} {response.url}")
            if response.status >= 400
            else None
        ),
    )
    page.goto(f"{server.url}/#/experiments")
    page.get_by_text("fraud-detection").first.wait_for(timeout=60_000)
    page.screenshot(path=str(server.folder / "first-page.png"))
    assert page.get_by_text("secret-project").count() == 0
    # The assistant runs tools on the server's host: administrators only.
    assert [line for line in failures if "/mlflow/assistant/" not in line] == []
    context.close()


def test_without_credentials_there_is_no_page(server: Server, browser: Browser) -> None:
    page = browser.new_page()
    with pytest.raises(Error, match="ERR_INVALID_AUTH_CREDENTIALS"):
        page.goto(server.url)
    page.close()
