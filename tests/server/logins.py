"""What logins are tested with: requests that log in, a still clock, a record in memory."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from authctl.errors import Unavailable
from authctl.store.failed_login_rows import Count, Found, Place
from tests.exchanges import scope_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from authctl.model import Account
    from authctl.store.sql import SqlStore

START = 30_000_000 * 60


def basic(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def scope_for(username: str, password: str, address: str = "127.0.0.1") -> dict[str, Any]:
    scope = scope_of("GET", "/", {"authorization": basic(username, password)})
    return {**scope, "client": (address, 50000)}


class Now:
    """What a store says at this moment."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store

    async def account(self, username: str) -> Account | None:
        return self._store.account(username)


@dataclass
class Clock:
    """Stands still until it is set."""

    now: float = START

    def __call__(self) -> float:
        return self.now


@dataclass
class Ledger:
    """A record in memory, which may fail or have no room."""

    counts: dict[Count, int] = field(default_factory=dict)
    places: dict[Place, int] = field(default_factory=dict)
    fails: bool = False
    has_tables: bool = True
    asked: int = 0
    writes: int = 0

    def failed_logins(
        self, digests: Collection[str], minute: int, place: Place, now: int
    ) -> Found | None:
        self.asked += 1
        if self.fails:
            raise Unavailable("The auth database is gone.")
        if not self.has_tables:
            return None
        found = {
            d: self.counts[Count(d, minute)] for d in digests if Count(d, minute) in self.counts
        }
        return Found(found, self.places.get(place, 0) > now)

    def note_logins(
        self, failures: Mapping[Count, int], places: Mapping[Place, int], minute: int
    ) -> bool:
        del minute
        self.writes += 1
        if self.fails:
            raise Unavailable("The auth database is gone.")
        if not self.has_tables:
            return False
        for count, number in failures.items():
            self.counts[count] = self.counts.get(count, 0) + number
        self.places.update(places)
        return True
