"""What the auth database says, remembered for as long as nothing in it changes."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio.to_thread

from authctl.policy.narrowing import levels_of
from authctl.server.bounded import Bounded
from authctl.server.in_flight import InFlight, seen
from authctl.service_token import digest
from authctl.store.freshness import Busy

if TYPE_CHECKING:
    from collections.abc import Hashable

    from authctl.model import Account, Limits, Permission, Principal, User
    from authctl.policy.resolution import Levels
    from authctl.service_token import Bearer
    from authctl.store.base import Store
    from authctl.store.freshness import Freshness

_ACCOUNTS = 100_000
_BEARERS = 100_000
_GRANTS = 250_000
"""How many rows of grants are remembered; some 40 MB of them."""


class Known:
    """What the auth database said at one moment, asked for as it is needed.

    Remembered is only what there is: a flood of invented names drives nothing out.
    """

    def __init__(self, store: Store, default: Permission) -> None:
        self._store = store
        self._default = default
        self._accounts: Bounded[str, Account] = Bounded(_ACCOUNTS)
        self._bearers: Bounded[str, Bearer] = Bounded(_BEARERS)
        self._levels: Bounded[tuple[User, Limits | None], Levels] = Bounded(_GRANTS)
        self._asking_accounts: InFlight[str, Account | None] = InFlight()
        self._asking_bearers: InFlight[str, Bearer | None] = InFlight()
        self._asking_levels: InFlight[tuple[User, Limits | None], Levels] = InFlight()

    async def account(self, username: str) -> Account | None:
        """The account of exactly this name with its password hash, or None."""
        found = self._accounts.get(username)
        if found is not None:
            return found
        return await self._asking_accounts.once(username, lambda: self._ask_account(username))

    async def bearer(self, secret: str) -> Bearer | None:
        """The service token with this secret, expired or not, and its user, or None."""
        key = digest(secret)  # the secret itself is not kept
        found = self._bearers.get(key)
        if found is not None:
            return found
        return await self._asking_bearers.once(key, lambda: self._ask_bearer(key, secret))

    async def levels(self, principal: Principal) -> Levels:
        """The levels of whoever asks."""
        key = (principal.user, principal.limits)
        found = self._levels.get(key)
        if found is not None:
            return found
        return await self._asking_levels.once(key, lambda: self._ask_levels(principal))

    async def _ask_account(self, username: str) -> Account | None:
        found = await anyio.to_thread.run_sync(self._store.account, username)
        if found is not None:
            self._accounts.put(username, found)
        return found

    async def _ask_bearer(self, key: str, secret: str) -> Bearer | None:
        found = await anyio.to_thread.run_sync(self._store.bearer, secret)
        if found is not None:
            self._bearers.put(key, found)
        return found

    async def _ask_levels(self, principal: Principal) -> Levels:
        grants = await anyio.to_thread.run_sync(self._store.grants_of, principal.user)
        found = levels_of(
            principal, grants, default=self._default, generation=self._store.generation
        )
        self._levels.put((principal.user, principal.limits), found, weight=len(grants) + 1)
        return found


class Memory:
    """Gives what is known now: all that was committed before it was asked is in it.

    The database is asked for proof on every request, so nothing is ever stale, whoever wrote. What
    was being looked up when something changed is not remembered for those who ask afterwards. Where
    no proof can be had, nothing is remembered.
    """

    def __init__(self, store: Store, freshness: Freshness, *, default: Permission) -> None:
        self._store = store
        self._freshness = freshness
        self._default = default
        self._token: Hashable | None = None
        self._known = self._nothing()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="freshness")
        self._proving: asyncio.Task[Known] | None = None
        self._next: asyncio.Task[Known] | None = None

    async def now(self) -> Known:
        """What is known at this moment. Unavailable where the database cannot be asked."""
        if self._freshness.is_quick and self._proving is None and self._next is None:
            try:
                return self._under(self._freshness.token(wait=False))
            except Busy:
                pass  # another process is in the middle of a commit, which is worth a thread
        if self._next is None:
            self._next = asyncio.create_task(self._prove(self._proving))
            self._next.add_done_callback(seen)
        return await asyncio.shield(self._next)

    async def _prove(self, before: asyncio.Task[Known] | None) -> Known:
        """Ask for proof once for all who have asked by the time that the one before is over.

        One that had begun already might not have seen what was committed since.
        """
        if before is not None:
            await asyncio.wait([before])
        self._proving, self._next = self._next, None
        try:
            loop = asyncio.get_running_loop()
            token = await loop.run_in_executor(self._thread, self._freshness.token)
            return self._under(token)
        finally:
            if self._next is None:
                self._proving = None

    def _under(self, token: Hashable | None) -> Known:
        if token is None:
            return self._nothing()
        if token != self._token:
            self._token, self._known = token, self._nothing()
        return self._known

    def _nothing(self) -> Known:
        return Known(self._store, self._default)


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever was proven to ask, and what was known then."""

    principal: Principal
    known: Known

    async def levels(self) -> Levels:
        """What the caller may do."""
        return await self.known.levels(self.principal)
