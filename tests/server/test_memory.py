"""What is remembered of the auth database, and that none of it is ever stale."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest

from authctl.errors import Unavailable
from authctl.model import Account, Generation, Grant, Limits, Permission, Principal, Resource, User
from authctl.server.bounded import Bounded
from authctl.server.in_flight import InFlight
from authctl.server.memory import Memory
from authctl.service_token import Bearer, Scope, ServiceToken, new_secret, start_of
from authctl.store.freshness import Busy

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Hashable

    from authctl.server.memory import Known

ALICE = User(2, "alice", is_admin=False)
FRAUD = Resource("experiment", "42")
SECRET = new_secret()


class Rows:
    """A store that counts what it is asked, and can be changed."""

    generation = Generation.ROLES

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.level = Permission.READ
        self.meanwhile: Callable[[], None] = lambda: None

    def account(self, username: str) -> Account | None:
        self.asked.append(f"account {username}")
        found = Account(ALICE, f"hash for {self.level}") if username == "alice" else None
        self.meanwhile()
        return found

    def bearer(self, secret: str) -> Bearer | None:
        self.asked.append("bearer")
        made: Any = None  # when it was made is not what this is about
        token = ServiceToken(7, "ci", "alice", start_of(secret), Scope.ALL, None, made, None, None)
        return Bearer(token, ALICE) if secret == SECRET else None

    def grants_of(self, user: User) -> list[Grant]:
        self.asked.append(f"grants of {user.username}")
        return [Grant(user.username, FRAUD, self.level)]


class Proof:
    """A freshness that says what it is told to, once it is let."""

    def __init__(self, token: Hashable | None = 1, *, is_quick: bool = True) -> None:
        self.is_quick = is_quick
        self.now = token
        self.is_busy = False
        self.fails = False
        self.asked = 0
        self.begun = threading.Semaphore(0)
        self.let = threading.Semaphore(1_000_000)

    def token(self, *, wait: bool = True) -> Hashable | None:
        self.asked += 1
        seen = self.now
        if self.fails:
            raise Unavailable("The auth database cannot be reached.")
        if self.is_busy and not wait:
            raise Busy
        if wait:
            self.begun.release()
            self.let.acquire()
        return seen

    def close(self) -> None:
        pass


def remembering(rows: Rows, proof: Proof) -> Memory:
    return Memory(rows, proof, default=Permission.NO_PERMISSIONS)  # type: ignore[arg-type]


def run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(work())


async def level(known: Known, limits: Limits | None = None) -> Permission:
    return (await known.levels(Principal(ALICE, limits=limits))).on(FRAUD)


@pytest.mark.parametrize("is_quick", [True, False])
def test_what_is_proven_is_asked_for_once(is_quick: bool) -> None:
    rows, proof = Rows(), Proof(is_quick=is_quick)

    async def work() -> None:
        memory = remembering(rows, proof)
        for _ in range(3):
            known = await memory.now()
            assert await known.account("alice") == Account(ALICE, "hash for READ")
            assert await level(known) is Permission.READ
            bearer = await known.bearer(SECRET)
            assert bearer is not None
            assert bearer.user == ALICE
        assert rows.asked == ["account alice", "grants of alice", "bearer"]
        assert proof.asked == 3

    run(work)


def test_all_of_it_is_asked_for_again_once_something_changed() -> None:
    rows, proof = Rows(), Proof()

    async def work() -> None:
        memory = remembering(rows, proof)
        before = await memory.now()
        assert await level(before) is Permission.READ
        rows.level, proof.now = Permission.MANAGE, 2
        after = await memory.now()
        assert await level(after) is Permission.MANAGE
        assert await after.account("alice") == Account(ALICE, "hash for MANAGE")

    run(work)


def test_where_no_proof_can_be_had_nothing_is_remembered() -> None:
    rows, proof = Rows(), Proof(None)

    async def work() -> None:
        memory = remembering(rows, proof)
        for expected in (Permission.READ, Permission.EDIT):
            rows.level = expected
            assert await level(await memory.now()) is expected

    run(work)


@pytest.mark.parametrize("is_quick", [True, False])
def test_a_database_that_cannot_be_asked_lets_nobody_pass(is_quick: bool) -> None:
    rows, proof = Rows(), Proof(is_quick=is_quick)

    async def work() -> None:
        memory = remembering(rows, proof)
        await (await memory.now()).account("alice")
        proof.fails = True
        for _ in range(2):
            with pytest.raises(Unavailable):
                await memory.now()
        proof.fails = False
        assert await (await memory.now()).account("alice") is not None
        assert rows.asked == ["account alice"]

    run(work)


def test_a_commit_in_the_middle_is_waited_for_beside_all_else() -> None:
    rows, proof = Rows(), Proof()
    proof.is_busy = True

    async def work() -> None:
        known = await remembering(rows, proof).now()
        assert await known.account("alice") is not None

    run(work)
    assert proof.asked == 2


def test_what_is_not_there_is_not_remembered() -> None:
    rows, proof = Rows(), Proof()

    async def work() -> None:
        known = await remembering(rows, proof).now()
        for _ in range(2):
            assert await known.account("nobody") is None
            assert await known.bearer(new_secret()) is None
        assert rows.asked == ["account nobody", "bearer"] * 2

    run(work)


def test_a_proof_that_had_begun_proves_nothing_to_whoever_asks_later() -> None:
    """It may have looked before the change that the later one knows of."""
    rows, proof = Rows(), Proof("old", is_quick=False)
    proof.let = threading.Semaphore(0)

    async def work() -> None:
        memory = remembering(rows, proof)
        first = asyncio.create_task(memory.now())
        await asyncio.to_thread(proof.begun.acquire)  # it has looked, and not answered yet
        proof.now = "new"
        later = [asyncio.create_task(memory.now()) for _ in range(5)]
        await asyncio.sleep(0)
        proof.let.release(2)
        old = await first
        new = {id(await task) for task in later}
        assert len(new) == 1
        assert id(old) not in new
        assert proof.asked == 2  # once for all five

    run(work)


def test_what_was_looked_up_before_a_change_is_not_remembered_after_it() -> None:
    rows, proof = Rows(), Proof()

    async def work() -> None:
        memory = remembering(rows, proof)

        def change() -> None:
            rows.level, proof.now = Permission.MANAGE, 2
            rows.meanwhile = lambda: None

        rows.meanwhile = change  # between the reading of the row and the remembering of it
        before = await memory.now()
        looking = asyncio.create_task(before.account("alice"))
        assert await looking == Account(ALICE, "hash for READ")
        after = await memory.now()
        assert await after.account("alice") == Account(ALICE, "hash for MANAGE")

    run(work)


def test_a_tokens_limits_have_levels_of_their_own() -> None:
    rows, proof = Rows(), Proof()
    elsewhere = Limits(resources=frozenset({Resource("experiment", "7")}))

    async def work() -> None:
        known = await remembering(rows, proof).now()
        for _ in range(2):
            assert await level(known) is Permission.READ
            assert await level(known, elsewhere) is Permission.NO_PERMISSIONS
        assert len(rows.asked) == 2

    run(work)


def test_many_who_ask_the_same_at_once_are_one_look_up() -> None:
    rows, proof = Rows(), Proof()

    async def work() -> None:
        known = await remembering(rows, proof).now()
        found = await asyncio.gather(*(known.account("alice") for _ in range(10)))
        assert len(found) == 10
        assert rows.asked == ["account alice"]

    run(work)


def test_whoever_goes_away_leaves_the_work_to_the_others() -> None:
    async def work() -> None:
        flight: InFlight[str, int] = InFlight()
        may_end = asyncio.Event()

        async def slow() -> int:
            await may_end.wait()
            return 7

        leaving = asyncio.create_task(flight.once("x", slow))
        staying = asyncio.create_task(flight.once("x", slow))
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.sleep(0)
        may_end.set()
        assert await staying == 7
        assert leaving.cancelled()

    run(work)


def test_an_error_is_everybodys_and_is_not_kept() -> None:
    async def work() -> None:
        flight: InFlight[str, int] = InFlight()

        async def failing() -> int:
            await asyncio.sleep(0)
            raise Unavailable("no")

        async def fine() -> int:
            return 7

        both = await asyncio.gather(
            flight.once("x", failing), flight.once("x", failing), return_exceptions=True
        )
        assert [type(error) for error in both] == [Unavailable, Unavailable]
        assert await flight.once("x", fine) == 7

    run(work)


def test_what_was_used_longest_ago_is_forgotten_first() -> None:
    held: Bounded[str, int] = Bounded(10)
    held.put("a", 1, weight=4)
    held.put("b", 2, weight=4)
    assert held.get("a") == 1
    held.put("c", 3, weight=4)
    assert [held.get(key) for key in "abc"] == [1, None, 3]
    held.put("a", 4, weight=1)
    held.put("d", 5, weight=5)
    assert [held.get(key) for key in "acd"] == [4, 3, 5]
    held.put("e", 6, weight=1000)
    assert len(held) == 1
    assert held.get("e") == 6
