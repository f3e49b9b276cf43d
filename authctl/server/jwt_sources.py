"""Where the keys of an issuer are had from: a file that may change, or an address."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import anyio
import anyio.to_thread
import httpx

from authctl.errors import InvalidRequest, Unavailable
from authctl.loopback import is_loopback
from authctl.server.jwt_keys import KeySet

if TYPE_CHECKING:
    from collections.abc import Callable

    import jwt

    from authctl.config import JwtSettings

PAUSE = 30.0
"""Seconds between two fetches, whatever tokens name."""

FRESH = 600.0
"""Seconds after which keys are fetched again: one that its issuer has withdrawn goes then."""

KEPT = 3600.0
"""Seconds for which keys count while they cannot be fetched again."""

_PATIENCE = 10.0
_MOST_BYTES = 256 * 1024
_OK = 200

_log = logging.getLogger("authctl.jwt")


class Source(Protocol):
    """Finds the key that a token may be verified with."""

    async def find(self, kid: str | None, algorithm: str) -> jwt.PyJWK | None:
        """See `KeySet.pick`. Unavailable where the keys cannot be had."""


def source_of(settings: JwtSettings, clock: Callable[[], float] = time.monotonic) -> Source:
    """The source that the settings name; a file is read now. InvalidRequest for what is none."""
    if "://" not in settings.keys:
        return FileKeys(Path(settings.keys), settings.algorithms)
    try:
        url = httpx.URL(settings.keys)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.userinfo or url.fragment:
        raise InvalidRequest("The address in jwt_keys must hold no credentials and no fragment.")
    is_safe = url.scheme == "https" or (url.scheme == "http" and is_loopback(url.host))
    if not url.host or not is_safe:
        raise InvalidRequest(
            "jwt_keys is neither a file nor the https address of a JWKS.",
            hint="http is for this machine alone: elsewhere the keys could be changed on the way.",
        )
    return UrlKeys(url, settings.algorithms, clock)


class FileKeys:
    """The keys in a file, read again when it changes."""

    def __init__(self, path: Path, algorithms: tuple[str, ...]) -> None:
        self._path = path
        self._algorithms = algorithms
        try:
            self._state = self._look()
            self._keys = self._read()
        except OSError as error:
            raise InvalidRequest(f"jwt_keys, {path}, cannot be read: {error.strerror}.") from error
        except InvalidRequest as error:
            raise InvalidRequest(f"jwt_keys, {path}, cannot be used. {error.message}") from error
        if not self._keys:
            raise InvalidRequest(
                f"jwt_keys, {path}, has no key for {' or '.join(algorithms)}.",
                hint="A key must be public, for signatures, and not too short.",
            )

    async def find(self, kid: str | None, algorithm: str) -> jwt.PyJWK | None:
        """The key in the file as it is now. Unavailable where there is no such file any more."""
        keys = await anyio.to_thread.run_sync(self._current)
        return keys.pick(kid, algorithm)

    def _current(self) -> KeySet:
        try:
            state = self._look()
            if state != self._state:
                # In this order: what changes in between is read once more, not missed.
                self._keys, self._state = self._read(), state
        except (OSError, InvalidRequest) as error:
            raise Unavailable("The file of keys for tokens cannot be read.") from error
        return self._keys

    def _look(self) -> tuple[int, int, int]:
        found = self._path.stat()
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _read(self) -> KeySet:
        return KeySet.read(self._path.read_bytes(), self._algorithms)


class UrlKeys:
    """The keys at an address, remembered for a while.

    They are fetched when they are no longer fresh and when a token names a key that is not among
    them, by one caller at a time and once in PAUSE at most, so that nobody can make this server
    press another. Where fetching fails, known keys go on counting until they are KEPT seconds old.
    """

    def __init__(
        self,
        url: httpx.URL,
        algorithms: tuple[str, ...],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._algorithms = algorithms
        self._clock = clock
        self._lock = anyio.Lock()
        self._keys = KeySet(())
        self._fetched: float | None = None
        self._tried: float | None = None

    async def find(self, kid: str | None, algorithm: str) -> jwt.PyJWK | None:
        """The key among those remembered, else among those fetched now. Unavailable."""
        if not self._is_younger_than(FRESH):
            # While another caller waits for new keys, the known ones will do.
            if not (self._lock.locked() and self._is_younger_than(KEPT)):
                await self._refresh()
            if not self._is_younger_than(KEPT):
                raise Unavailable("The keys for tokens cannot be fetched.")
        key = self._keys.pick(kid, algorithm)
        if key is None:
            await self._refresh()
            key = self._keys.pick(kid, algorithm)
        return key

    def _is_younger_than(self, seconds: float) -> bool:
        return self._fetched is not None and self._clock() - self._fetched < seconds

    async def _refresh(self) -> None:
        async with self._lock:
            now = self._clock()
            if self._tried is not None and now - self._tried < PAUSE:
                return
            self._tried = now
            try:
                with anyio.fail_after(_PATIENCE):
                    document = await self._fetch()
                self._keys = KeySet.read(document, self._algorithms)
                self._fetched = now
            except (Unavailable, InvalidRequest) as error:
                _log.warning("the keys at %s cannot be used: %s", self._url, error.message)
            except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
                _log.warning("the keys at %s cannot be had: %s", self._url, type(error).__name__)

    async def _fetch(self) -> bytes:
        # Reading the authorities to trust takes long, and has no place in the event loop.
        client = await anyio.to_thread.run_sync(self._client)
        async with client, client.stream("GET", self._url) as answer:
            if answer.status_code != _OK:
                raise Unavailable(f"The answer is {answer.status_code}.")
            if "content-encoding" in answer.headers:
                raise Unavailable("The answer is compressed, though that was not asked for.")
            document = b""
            async for chunk in answer.aiter_raw():
                document += chunk
                if len(document) > _MOST_BYTES:
                    raise Unavailable(f"The answer has more than {_MOST_BYTES} bytes.")
            return document

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            headers={"accept": "application/json", "accept-encoding": "identity"},
            timeout=_PATIENCE,
            follow_redirects=False,  # the address is trusted, not whatever it names
            trust_env=self._url.scheme == "https",  # no proxy gets what has no TLS
        )
