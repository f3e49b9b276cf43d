"""Who asks: HTTP basic authentication, verified once and remembered only while it stays true."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from collections import OrderedDict
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
from starlette.datastructures import Headers

from authctl.model import Principal
from authctl.store.passwords import verify_password

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.types import Scope

    from authctl.store.base import DoorStore

_REMEMBERED = 10_000
# Room for the longest name and password that can be kept, in UTF-8 and base64.
_MAX_HEADER = 24 * 1024


class Authenticator:
    """Proves callers against the store.

    The account is read on every request. What is remembered is that a password fits a hash, under
    an HMAC of the username, the password and that hash: a changed password misses by itself, and
    failures are never remembered. `verify` runs in `hashing` threads of its own; a user who does
    not exist is verified against no hash, which takes as long.
    """

    def __init__(
        self,
        store: DoorStore,
        *,
        verify: Callable[[str, str | None], bool] = verify_password,
        hashing: int = 2,
    ) -> None:
        self._store = store
        self._verify = verify
        self._key = secrets.token_bytes(32)
        self._verified: OrderedDict[bytes, None] = OrderedDict()
        self._hashing = anyio.CapacityLimiter(hashing)

    async def __call__(self, scope: Scope) -> Principal | None:
        """Whoever the request's Authorization header proves, or None."""
        credentials = read_basic(Headers(scope=scope).getlist("authorization"))
        if credentials is None:
            return None
        username, password = credentials
        account = await anyio.to_thread.run_sync(self._store.account, username)
        stored = account.password_hash if account else None
        if await self._fits(username, password, stored) and account:
            return Principal(account.user)
        return None

    async def _fits(self, username: str, password: str, stored: str | None) -> bool:
        message = f"{username}\x00{password}\x00{stored}".encode()
        fingerprint = hmac.digest(self._key, message, "sha256")
        if fingerprint in self._verified:
            self._verified.move_to_end(fingerprint)
            return True
        fits = await anyio.to_thread.run_sync(self._verify, password, stored, limiter=self._hashing)
        if fits:
            self._verified[fingerprint] = None
            if len(self._verified) > _REMEMBERED:
                self._verified.popitem(last=False)
        return fits


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
