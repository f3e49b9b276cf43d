"""Debian's Chromium, driven by Playwright; a visible skip where it is missing, not in CI."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import pytest
from playwright.sync_api import Error, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Dialog, Page, Request, Response

_QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_SECONDS = 60
_BAD = (400, 401, 403)
_SERVER_ERROR = 500


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail("Chromium is not installed, and CI must have it")
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_QUIET)
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Visit:
    """A user's page of the web UI, and what its requests to the server came to."""

    page: Page
    url: str
    responses: list[Response] = field(default_factory=list)
    open: set[Request] = field(default_factory=set)

    def begin(self, request: Request) -> None:
        # Playwright does not tell when the script of a worker is there.
        if request.url.startswith(self.url) and not request.url.endswith(".worker.js"):
            self.open.add(request)

    def note(self, response: Response) -> None:
        self.responses.append(response)

    def end(self, request: Request) -> None:
        self.open.discard(request)

    def go(self, path: str, *texts: str) -> None:
        """Open a page of the UI, and wait until it shows these texts and asks for nothing more."""
        self.responses.clear()
        self.page.goto(f"{self.url}/#/{path}")
        for text in texts:
            shown = self.page.get_by_text(text).locator("visible=true").first
            shown.wait_for(timeout=_SECONDS * 1000)
        self.settle()

    def settle(self) -> None:
        """Wait until every request is answered, and nothing drawn since has asked for more."""
        deadline = time.monotonic() + _SECONDS
        quiet = 0
        while quiet < _QUIET_FRAMES:
            assert time.monotonic() < deadline, [request.url for request in self.open]
            self.page.evaluate("() => new Promise(done => requestAnimationFrame(done))")
            quiet = 0 if self.open else quiet + 1

    def failures(self) -> list[str]:
        """The requests of this page that were refused, or broke the server."""
        return [
            f"{response.status} {_line(response.request)}"
            for response in self.responses
            if response.status in _BAD or response.status >= _SERVER_ERROR
        ]

    def answers(self) -> Iterator[tuple[str, str]]:
        """What each request asked, and all that it was told but for the UI's own code."""
        for response in self.responses:
            if "/static-files/" in response.url:
                continue
            with contextlib.suppress(Error):  # a redirect has no body
                told = response.body().decode("utf-8", errors="replace")
                yield _line(response.request), f"{response.headers} {told}"

    def text(self) -> str:
        return self.page.locator("body").inner_text()


_QUIET_FRAMES = 12


def _line(request: Request) -> str:
    return f"{request.method} {request.url} {request.post_data or ''}".strip()


@dataclass
class Paper:
    """A page that runs no scripts of its own, and whatever a browser found wrong with it."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def press(self, role: Literal["link", "button"], name: str, *, exact: bool = False) -> None:
        """Click the first of this name, and wait until the page that it leads to is there."""
        with self.page.expect_navigation():
            self.page.get_by_role(role, name=name, exact=exact).first.click()

    def rows(self) -> list[list[str]]:
        """The cells of every row, as they are seen."""
        found = self.page.locator("tr").all()
        return [
            [" ".join(text.split()) for text in row.locator("th, td").all_inner_texts()]
            for row in found
        ]

    def width_needed(self) -> int:
        """How many pixels the page is wide, more than there are where it must be scrolled."""
        return int(self.page.locator("html").evaluate("element => element.scrollWidth"))


@contextlib.contextmanager
def paper(
    browser: Browser, user: tuple[str, str], *, javascript: bool = True, width: int = 900
) -> Iterator[Paper]:
    """A page for a user; nothing that it shows may speak up, load or leave the server."""
    context = browser.new_context(
        http_credentials={"username": user[0], "password": user[1]},
        viewport={"width": width, "height": 640},
        java_script_enabled=javascript,
    )
    found = Paper(context.new_page())

    def dismiss(dialog: Dialog) -> None:
        found.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    found.page.on("console", lambda message: found.complaints.append(message.text))
    found.page.on("pageerror", lambda error: found.complaints.append(str(error)))
    found.page.on("dialog", dismiss)
    try:
        yield found
    finally:
        context.close()


@contextlib.contextmanager
def signed_in(browser: Browser, url: str, user: tuple[str, str]) -> Iterator[Visit]:
    """A page of this user's, who asks this server alone."""
    context = browser.new_context(
        http_credentials={"username": user[0], "password": user[1]},
        viewport={"width": 1400, "height": 1000},
    )
    context.route(lambda address: not address.startswith(url), lambda route: route.abort())
    visit = Visit(context.new_page(), url)

    visit.page.on("request", visit.begin)
    visit.page.on("response", visit.note)
    visit.page.on("requestfinished", visit.end)
    visit.page.on("requestfailed", visit.end)
    try:
        yield visit
    finally:
        context.close()
