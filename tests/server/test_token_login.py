"""The door's part of service tokens: what header is one, and what becomes of it."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from authctl.errors import NotAuthenticated, Unavailable
from authctl.model import Limits, Principal, Resource, User
from authctl.server.token_login import TokenLogin, read_token
from authctl.service_token import Bearer, Scope, ServiceToken, new_secret, start_of

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
ALICE = User(2, "alice", is_admin=False)
OTHERWISE = Principal(User(3, "otherwise", is_admin=False))
SECRET = new_secret()
TOKEN = ServiceToken(7, "ci", "alice", start_of(SECRET), Scope.ALL, None, NOW, None, None)


class Rows:
    """What is known and where uses are noted: one token."""

    def __init__(self, token: ServiceToken = TOKEN, *, fails: bool = False) -> None:
        self.token = token
        self.fails = fails
        self.asked: list[str] = []
        self.used: list[datetime] = []

    async def bearer(self, secret: str) -> Bearer | None:
        self.asked.append(secret)
        if self.fails:
            raise Unavailable("The auth database is locked.")
        return Bearer(self.token, ALICE) if secret == SECRET else None

    def note_use(self, _: ServiceToken, now: datetime) -> None:
        self.used.append(now)


async def _otherwise(*_: Any) -> Principal:
    return OTHERWISE


def ask(rows: Rows, *headers: str, now: Callable[[], datetime] = lambda: NOW) -> Any:
    """What a request with these Authorization headers proves, once its use is noted."""

    async def inside() -> Any:
        login = TokenLogin(rows, _otherwise, now=now)  # type: ignore[arg-type]
        raw = [(b"authorization", header.encode("latin-1")) for header in headers]
        found = await login({"type": "http", "headers": raw}, rows)  # type: ignore[arg-type]
        await asyncio.gather(*login._noting.values())
        return found

    return asyncio.run(inside())


def test_a_token_proves_its_user_and_says_which_it_is() -> None:
    assert ask(Rows(), f"Bearer {SECRET}") == Principal(ALICE, "token", "ci", None)
    assert ask(Rows(), f"bearer  {SECRET} ") == Principal(ALICE, "token", "ci", None)


def test_its_limits_go_with_it() -> None:
    fraud = Resource("experiment", "42")
    rows = Rows(replace(TOKEN, scope=Scope.READ, resources=(fraud,)))
    limits = Limits(read_only=True, resources=frozenset({fraud}))
    assert ask(rows, f"Bearer {SECRET}") == Principal(ALICE, "token", "ci", limits)


@pytest.mark.parametrize(
    "shown",
    [new_secret(), SECRET[:-1], f"{SECRET}x", "authctl_", SECRET[:-1] + "é", f"{SECRET} {SECRET}"],
    ids=["unknown", "too short", "too long", "nothing", "another alphabet", "two"],
)
def test_what_begins_like_a_token_and_is_none_proves_nobody(shown: str) -> None:
    assert ask(Rows(), f"Bearer {shown}") is None


def test_what_cannot_be_a_token_is_not_even_looked_up() -> None:
    rows = Rows()
    ask(rows, "Bearer authctl_" + "a" * 5000)
    assert rows.asked == []


@pytest.mark.parametrize(
    "headers",
    [
        (),
        ("Basic YTpi",),
        ("Bearer eyJhbGciOiJub25lIn0.e30.",),
        ("Bearer",),
        (f"Token {SECRET}",),
        (f"Basic {SECRET}",),
        (SECRET,),
        (f"Bearer {SECRET}", f"Bearer {SECRET}"),
        (f"Bearer x{SECRET}",),
    ],
)
def test_all_else_is_left_to_the_other_way_to_log_in(headers: tuple[str, ...]) -> None:
    rows = Rows()
    assert ask(rows, *headers) == OTHERWISE
    assert rows.asked == []


def test_an_expired_token_proves_nobody_from_that_moment_on() -> None:
    rows = Rows(replace(TOKEN, expires_at=NOW))
    assert ask(rows, f"Bearer {SECRET}", now=lambda: NOW - timedelta(seconds=1)) is not None
    with pytest.raises(NotAuthenticated, match="The service token 'ci' has expired"):
        ask(rows, f"Bearer {SECRET}")


def test_a_database_that_fails_lets_nobody_pass() -> None:
    with pytest.raises(Unavailable):
        ask(Rows(fails=True), f"Bearer {SECRET}")


def test_use_is_noted_at_most_once_a_minute() -> None:
    for last, noted in ((None, [NOW]), (NOW - timedelta(seconds=59), []), (NOW, [])):
        rows = Rows(replace(TOKEN, last_used_at=last))
        ask(rows, f"Bearer {SECRET}")
        assert rows.used == noted
    rows = Rows(replace(TOKEN, last_used_at=NOW - timedelta(seconds=60)))
    ask(rows, f"Bearer {SECRET}")
    assert rows.used == [NOW]


def test_a_use_that_cannot_be_noted_is_no_hindrance(caplog: pytest.LogCaptureFixture) -> None:
    class Full(Rows):
        def note_use(self, _: ServiceToken, __: datetime) -> None:
            raise Unavailable("There is no space left.")

    with caplog.at_level(logging.WARNING):
        assert ask(Full(), f"Bearer {SECRET}") is not None
    assert "was not noted: There is no space left." in caplog.text


def test_no_log_has_the_token_in_it(caplog: pytest.LogCaptureFixture) -> None:
    other = new_secret()
    with caplog.at_level(logging.DEBUG):
        ask(Rows(), f"Bearer {other}")
        ask(Rows(), f"Bearer {SECRET[:-1]}")
    assert len(caplog.records) >= 2
    for secret in (other, SECRET):
        assert secret[12:20] not in caplog.text


def test_only_one_bearer_header_is_read() -> None:
    assert read_token([f"Bearer {SECRET}"]) == SECRET
    assert read_token([]) is None
    assert read_token([f"Bearer {SECRET}", "Basic YTpi"]) is None
