"""Passwords are verified in turns, so that no flood of wrong ones keeps anybody else waiting."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread
import pytest

from authctl.errors import TooManyRequests, Unavailable
from authctl.model import Account, User
from authctl.server.authenticate import Authenticator
from authctl.server.failed_logins import FailedLogins
from tests.server.logins import Clock, Ledger, scope_for

if TYPE_CHECKING:
    from collections.abc import Iterator

ALICE = ("alice", "her password")
BOB = ("bob", "his password")
BROKEN = "breaks the verification"


class Accounts:
    """alice and bob, whose hashes are their passwords."""

    async def account(self, username: str) -> Account | None:
        for name, password in (ALICE, BOB):
            if name == username:
                return Account(User(1, name, is_admin=False), password)
        return None


@dataclass
class Gate:
    """Verifies when it is let, and counts what has come as far as that."""

    opened: threading.Event = field(default_factory=threading.Event)
    started: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    asked: list[str] = field(default_factory=list)
    inside: int = 0
    most: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, password: str, stored: str | None) -> bool:
        with self.lock:
            self.asked.append(password)
            self.inside += 1
            self.most = max(self.most, self.inside)
        self.started.release()
        assert self.opened.wait(60)
        with self.lock:
            self.inside -= 1
        if password == BROKEN:
            raise RuntimeError(BROKEN)
        return password == stored

    async def reached(self) -> None:
        await anyio.to_thread.run_sync(self.started.acquire)


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.opened.set()


def door(gate: Gate, *, user: int = 10, address: int = 60, **turns: int) -> Authenticator:
    failed = FailedLogins(Ledger(), per_user=user, per_address=address, clock=Clock())
    return Authenticator(failed, verify=gate, **turns)


async def ask(
    authenticator: Authenticator, username: str, password: str, address: str = "192.0.2.1"
) -> str:
    """What became of a request, in a word."""
    scope = scope_for(username, password, address)
    try:
        found = await authenticator(scope, Accounts())
    except (TooManyRequests, Unavailable, RuntimeError) as error:
        return type(error).__name__
    return "proven" if found else "nobody"


def test_wrong_passwords_do_not_keep_verified_callers_waiting(gate: Gate) -> None:
    authenticator = door(gate, hashing=2)

    async def flood() -> None:
        gate.opened.set()
        assert await ask(authenticator, *ALICE) == "proven"
        gate.opened.clear()
        async with asyncio.TaskGroup() as group:
            for number in range(20):
                group.create_task(ask(authenticator, "nobody", f"wrong {number}"))
            for _ in range(3):
                await gate.reached()
            assert await ask(authenticator, *ALICE) == "proven"
            gate.opened.set()

    anyio.run(flood)
    assert gate.most == 2


def test_guesses_that_come_together_pass_a_limit_by_less_than_the_turns(gate: Gate) -> None:
    authenticator = door(gate, user=5, hashing=2)

    async def flood() -> list[str]:
        async with asyncio.TaskGroup() as group:
            asked = [
                group.create_task(ask(authenticator, "alice", f"wrong {number}"))
                for number in range(40)
            ]
            await gate.reached()
            gate.opened.set()
        return [one.result() for one in asked]

    results = anyio.run(flood)
    assert set(results) == {"nobody", "TooManyRequests"}
    assert results.count("nobody") == len(gate.asked)
    assert 5 <= len(gate.asked) <= 5 + 1


def test_where_there_is_no_room_to_wait_nobody_passes(gate: Gate) -> None:
    authenticator = door(gate, hashing=1, waiting=3)

    async def flood() -> list[str]:
        async with asyncio.TaskGroup() as group:
            first = group.create_task(ask(authenticator, *BOB))
            await gate.reached()
            others = [*((f"user {number}", "wrong") for number in range(7)), ALICE]
            asked = [first, *(group.create_task(ask(authenticator, *other)) for other in others)]
            while sum(one.done() for one in asked) < 5:
                await asyncio.wait(
                    [one for one in asked if not one.done()],
                    return_when=asyncio.FIRST_COMPLETED,
                )
            gate.opened.set()
        return [one.result() for one in asked]

    results = anyio.run(flood)
    assert results[0] == "proven"
    assert results.count("Unavailable") == 5
    assert len(gate.asked) == 4
    assert anyio.run(ask, authenticator, *ALICE) == "proven"


def test_what_comes_several_times_at_once_is_verified_once(gate: Gate) -> None:
    authenticator = door(gate, hashing=2)

    async def together(password: str) -> list[str]:
        gate.opened.clear()
        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(ask(authenticator, "alice", password)) for _ in range(8)]
            await gate.reached()
            gate.opened.set()
        return [one.result() for one in asked]

    async def in_turn() -> None:
        assert await together(ALICE[1]) == ["proven"] * 8
        assert await together("wrong") == ["nobody"] * 8
        assert await together("wrong") == ["nobody"] * 8  # no failure is remembered
        assert await together(BROKEN) == ["RuntimeError"] * 8

    anyio.run(in_turn)
    assert gate.asked == [ALICE[1], "wrong", "wrong", BROKEN]


def test_the_same_guess_from_elsewhere_counts_by_itself(gate: Gate) -> None:
    authenticator = door(gate, hashing=2)

    async def together() -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(2):
                group.create_task(ask(authenticator, "alice", "wrong", f"192.0.2.{number}"))
                await gate.reached()
            gate.opened.set()

    anyio.run(together)
    assert gate.asked == ["wrong", "wrong"]


def test_whoever_goes_away_leaves_the_others_their_answer(gate: Gate) -> None:
    authenticator = door(gate, hashing=1)

    async def leave() -> str:
        one, other = (asyncio.create_task(ask(authenticator, *ALICE)) for _ in range(2))
        await gate.reached()
        one.cancel()
        await asyncio.wait([one])
        assert one.cancelled()
        gate.opened.set()
        return await other

    assert anyio.run(leave) == "proven"
    assert gate.asked == [ALICE[1]]


def test_a_guess_counts_although_whoever_made_it_goes_away(gate: Gate) -> None:
    authenticator = door(gate, user=2, hashing=1)

    async def hang_up() -> str:
        for number in range(2):
            gate.opened.clear()
            guess = asyncio.create_task(ask(authenticator, "alice", f"wrong {number}"))
            await gate.reached()
            guess.cancel()
            await asyncio.wait([guess])
            gate.opened.set()
        return await ask(authenticator, "alice", "wrong")

    assert anyio.run(hang_up) == "TooManyRequests"
    assert len(gate.asked) == 2


def test_over_a_limit_right_and_wrong_passwords_get_one_answer(gate: Gate) -> None:
    authenticator = door(gate, user=3)
    gate.opened.set()

    async def told(username: str, password: str) -> tuple[str, int]:
        with pytest.raises(TooManyRequests) as refusal:
            await authenticator(scope_for(username, password), Accounts())
        return refusal.value.message, refusal.value.retry_after

    async def flood() -> None:
        for name in ("alice", "nobody"):
            found = [await ask(authenticator, name, f"wrong {number}") for number in range(4)]
            assert found == ["nobody", "nobody", "nobody", "TooManyRequests"]
        pairs = (ALICE, ("alice", "wrong"), ("nobody", "wrong"))
        assert len({await told(*pair) for pair in pairs}) == 1
        assert len(gate.asked) == 6
        assert await ask(authenticator, *BOB) == "proven"

    anyio.run(flood)


def test_a_remembered_password_passes_over_every_limit(gate: Gate) -> None:
    authenticator = door(gate, user=3, address=3)
    gate.opened.set()

    async def flood() -> None:
        assert await ask(authenticator, *ALICE) == "proven"
        for number in range(10):
            await ask(authenticator, "alice", f"wrong {number}")
            await ask(authenticator, f"nobody {number}", "wrong")
            assert await ask(authenticator, *ALICE) == "proven"
            assert await ask(authenticator, *ALICE, "198.51.100.1") == "proven"
        assert await ask(authenticator, "alice", "wrong") == "TooManyRequests"
        assert await ask(authenticator, *BOB) == "TooManyRequests"

    anyio.run(flood)
    assert len(gate.asked) == 1 + 3 + 3


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priority of their own")
def test_verifying_gives_way_to_all_other_work() -> None:
    found: list[int] = []

    def verify(_: str, __: str | None) -> bool:
        found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        return False

    failed = FailedLogins(Ledger(), clock=Clock())
    before = os.getpriority(os.PRIO_PROCESS, 0)
    scope: dict[str, Any] = scope_for(*ALICE)
    assert anyio.run(Authenticator(failed, verify=verify), scope, Accounts()) is None
    assert found == [10]
    assert os.getpriority(os.PRIO_PROCESS, 0) == before
