"""Who asks: HTTP basic authentication, verified once and remembered only while it stays true."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol

import anyio
import anyio.to_thread
from starlette.datastructures import Headers

from authctl.model import Principal
from authctl.server.bounded import Bounded
from authctl.server.failed_logins import Origin
from authctl.server.hashing import Hashing
from authctl.server.in_flight import InFlight
from authctl.store.passwords import verify_password

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.types import Scope

    from authctl.model import Account
    from authctl.server.failed_logins import FailedLogins

_REMEMBERED = 10_000
_WAITING = 64
_CHECKING = 2
_PATIENCE = 1.0
"""Seconds for which the next password waits until a wrong one is written down."""

# Room for the longest name and password that can be kept, in UTF-8 and base64.
_MAX_HEADER = 24 * 1024


class Accounts(Protocol):
    """What the auth database says at this moment."""

    async def account(self, username: str) -> Account | None:
        """The account of exactly this name with its password hash, or None. Unavailable."""


class Authenticator:
    """Proves callers by what is known at this moment.

    What is remembered is that a password fits a hash, under an HMAC of the username, the password
    and that hash: a changed password misses by itself, and failures are never remembered. Whoever
    is remembered passes at once, whatever anybody else does.

    All others take turns at being verified, and in each turn, before anything is hashed, `failed`
    may refuse. The turn ends when a wrong password is counted, so the limits of a minute are
    passed by no more than the turns that all workers have at once, however many guesses come
    together. A guess counts although whoever made it has gone away. A user who does not exist is
    limited like any other, and verified against no hash, which takes as long. What comes several
    times at once from one address is verified once.
    """

    def __init__(
        self,
        failed: FailedLogins,
        *,
        verify: Callable[[str, str | None], bool] = verify_password,
        hashing: int | None = None,
        waiting: int = _WAITING,
    ) -> None:
        """Limit by `failed`; `hashing` turns at once, and room for `waiting` more."""
        self._failed = failed
        self._key = secrets.token_bytes(32)
        self._verified: Bounded[bytes, bool] = Bounded(_REMEMBERED)
        self._in_flight: InFlight[tuple[bytes, str], bool] = InFlight()
        self._hashing = Hashing(verify, threads=hashing, room=waiting)
        # Threads of their own, so that a flood takes none from those who have been verified.
        self._checking = anyio.CapacityLimiter(_CHECKING)
        self._saving = ThreadPoolExecutor(1, thread_name_prefix="failed-logins")

    async def __call__(self, scope: Scope, known: Accounts) -> Principal | None:
        """Whoever the request's Authorization header proves, or None.

        TooManyRequests after too many wrong passwords; Unavailable where too many wait, and where
        the database cannot be asked.
        """
        credentials = read_basic(Headers(scope=scope).getlist("authorization"))
        if credentials is None:
            return None
        username, password = credentials
        account = await known.account(username)
        stored = account.password_hash if account else None
        message = f"{username}\x00{password}\x00{stored}".encode()
        fingerprint = hmac.digest(self._key, message, "sha256")
        if not self._verified.get(fingerprint):
            origin = Origin.of(username, scope)
            self._failed.check_again(origin)
            if not await self._in_flight.once(
                (fingerprint, origin.address), lambda: self._fits(origin, password, stored)
            ):
                return None
            self._verified.put(fingerprint, True)
        return Principal(account.user) if account else None

    async def _fits(self, origin: Origin, password: str, stored: str | None) -> bool:
        await self._check(origin)
        async with self._hashing.turn():
            await self._check(origin)  # others have been counted since
            fits = await self._hashing.fits(password, stored)
            if fits:
                self._failed.prove(origin)
                self._save()
            else:
                self._failed.count(origin)
                await asyncio.wait([self._save()], timeout=_PATIENCE)
        return fits

    async def _check(self, origin: Origin) -> None:
        await anyio.to_thread.run_sync(self._failed.check, origin, limiter=self._checking)

    def _save(self) -> asyncio.Future[None]:
        return asyncio.get_running_loop().run_in_executor(self._saving, self._failed.save)


def read_basic(authorization: Sequence[str]) -> tuple[str, str] | None:
    """The username and password of one well-formed Basic header, in UTF-8; else None."""
    if len(authorization) != 1 or len(authorization[0]) > _MAX_HEADER:
        return None
    scheme, _, encoded = authorization[0].partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return None
    username, colon, password = text.partition(":")
    if not colon or not username or "\0" in text:
        return None
    return username, password
