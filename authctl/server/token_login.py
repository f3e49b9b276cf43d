"""Who asks: whoever a service token acts for, looked up on every request."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from starlette.datastructures import Headers

from authctl.errors import AuthctlError, NotAuthenticated
from authctl.model import Principal
from authctl.server.bounded import Bounded
from authctl.service_token import PREFIX, is_well_formed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.responses import Response
    from starlette.types import Scope

    from authctl.server.enforcement import Authenticate
    from authctl.server.memory import Known
    from authctl.service_token import ServiceToken
    from authctl.store.base import DoorStore

_USE_IS_NOTED_EVERY = timedelta(minutes=1)
_NOTED = 10_000

_log = logging.getLogger("authctl.door")


class TokenLogin:
    """Proves callers by their service token, and asks `otherwise` where none is shown.

    What is known of a token is proven on every request, so that one that was revoked a moment ago,
    by whoever and on whichever machine, is refused. What begins like a token and is none proves
    nobody.
    """

    def __init__(
        self,
        store: DoorStore,
        otherwise: Authenticate,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._otherwise = otherwise
        self._now = now
        self._noting: dict[int, asyncio.Future[None]] = {}
        self._noted: Bounded[tuple[int, datetime], datetime] = Bounded(_NOTED)

    async def __call__(self, scope: Scope, known: Known) -> Principal | Response | None:
        """Whoever the request's token acts for; else what the other way to log in says.

        NotAuthenticated for a token that has expired.
        """
        secret = read_token(Headers(scope=scope).getlist("authorization"))
        if secret is None:
            return await self._otherwise(scope, known)
        if not is_well_formed(secret):
            _log.info("refused: what is sent for a service token is none")
            return None
        bearer = await known.bearer(secret)
        if bearer is None:
            _log.info("refused: the service token is not known, or revoked")
            return None
        token, now = bearer.token, self._now()
        if token.is_expired(now):
            # Whoever has the secret may know what became of it.
            raise NotAuthenticated(
                f"You are not authenticated. The service token '{token.name}' has expired."
            )
        self._note_use(token, now)
        return Principal(bearer.user, "token", token.name, token.limits)

    def _note_use(self, token: ServiceToken, now: datetime) -> None:
        """Write down, once a minute and beside the request, that a token is in use."""
        noted = (token.id, token.created_at)  # ids may be given out again
        last = self._noted.get(noted) or token.last_used_at
        if token.id in self._noting or (last and now - last < _USE_IS_NOTED_EVERY):
            return
        self._noted.put(noted, now)
        loop = asyncio.get_running_loop()
        self._noting[token.id] = loop.run_in_executor(None, self._write_use, token, now)
        self._noting[token.id].add_done_callback(lambda _: self._noting.pop(token.id, None))

    def _write_use(self, token: ServiceToken, now: datetime) -> None:
        try:
            self._store.note_use(token, now)
        except AuthctlError as error:
            _log.warning("the use of a service token was not noted: %s", error.message)


def read_token(authorization: Sequence[str]) -> str | None:
    """What one Bearer header (RFC 6750) shows that begins as service tokens do; else None."""
    if len(authorization) != 1:
        return None
    scheme, _, shown = authorization[0].partition(" ")
    shown = shown.strip(" ")
    return shown if scheme.lower() == "bearer" and shown.startswith(PREFIX) else None
