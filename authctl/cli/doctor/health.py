"""Whether what answers is a server, is well, and agrees on the time: asked without a login."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from authctl.cli.doctor.attempt import Stop
from authctl.cli.doctor.finding import error, info, ok, warning
from authctl.client.http import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator

    from authctl.cli.doctor.exchange import Exchange
    from authctl.cli.doctor.finding import Finding

GUARDED = (401, 403)
"""What gateways answer to who is not signed in."""

_HEALTH = "/health"
_MOST_SKEW_SECONDS = 60
_OK = 200
_NOBODY_BEHIND = (502, 503, 504)


def health(exchange: Exchange, url: str, *, guarded: bool = False) -> Iterator[Finding]:
    """Ask whether it is well, and look what time it has there. Stop.

    What is `guarded`, by a gateway that asks for signatures, may not answer that to everybody.
    """
    asked = time.time()
    try:
        answer = exchange.get(_HEALTH)
    except httpx.RequestError as failure:
        yield _silence(failure, url)
        raise Stop from failure
    took = time.time() - asked
    if answer.is_redirect:
        yield redirect(answer, url)
        raise Stop
    if answer.status_code in _NOBODY_BEHIND:
        yield error(
            "http",
            url,
            f"It answers {answer.status_code}: a proxy is there, the server behind it is not.",
            "Start the server, and look at its log.",
        )
        raise Stop
    if answer.status_code == _OK:
        yield ok("http", url, f"It is well; the answer took {took * 1000:.0f} ms.")
    elif guarded and answer.status_code in GUARDED:
        yield info("http", url, f"It does not answer {_HEALTH} to who is not signed in.")
    else:
        yield warning(
            "http",
            url,
            f"It answers {answer.status_code} for {_HEALTH}.",
            "Check the address, with the server's static prefix if it has one.",
        )
    yield _clock(answer, asked + took / 2, url)


def redirect(answer: httpx.Response, url: str) -> Finding:
    """Say where a server sends its callers on to."""
    try:
        target = urlsplit(urljoin(str(answer.url), answer.headers.get("location", "")))
        where = f"{target.scheme}://{target.hostname}{target.path}"
    except ValueError:
        where = "an address that cannot be read"
    return error(
        "redirect",
        url,
        f"It sends its callers on to {where}; no credential is carried there.",
        "If that is where the server lives, use that address. If it is a login page, use an address"
        " that scripts can log in at.",
    )


def _silence(failure: httpx.RequestError, url: str) -> Finding:
    if isinstance(failure, httpx.TimeoutException):
        return error("http", url, "It gave no answer in time.", "Look at the server's log.")
    if isinstance(failure, httpx.ProxyError):
        return error(
            "http",
            url,
            "The proxy does not let the request through.",
            "Check HTTP_PROXY and HTTPS_PROXY, or name the host in NO_PROXY.",
        )
    return error(
        "http",
        url,
        f"What answers there is no {'HTTPS' if url.startswith('https:') else 'HTTP'} server.",
        "Check the port, and whether the address begins with http:// or https://.",
    )


def _clock(answer: httpx.Response, now: float, url: str) -> Finding:
    try:
        there = parsedate_to_datetime(answer.headers["date"]).timestamp()
    except (KeyError, ValueError):
        return info("clock", url, "The server does not tell what time it has.")
    ahead = round(now - there)
    if abs(ahead) <= _MOST_SKEW_SECONDS:
        return ok("clock", url, "This machine and the server agree on the time.")
    return warning(
        "clock",
        url,
        f"This machine's clock is {abs(ahead)} seconds {'ahead of' if ahead > 0 else 'behind'} the"
        " server's: tokens and certificates may count as expired.",
        "Set both by NTP, for example: timedatectl set-ntp true",
    )
