"""Wrong passwords, limited a minute: for a user and for an address, by all workers together."""

from __future__ import annotations

import hashlib
import ipaddress
import logging
import math
import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from authctl.errors import AuthctlError, TooManyRequests
from authctl.server.bounded import Bounded
from authctl.store.failed_login_rows import Count, Found, Place

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from starlette.types import Scope

NO_ADDRESS = "no address"
"""Where callers are who come by a socket of this machine: all in one place."""

_MINUTE = 60
_PLACE_IS_KNOWN_FOR = 24 * 60 * _MINUTE
_REMEMBERED = 50_000
_SHOWN = 80
_IPV6_NETWORK = 64

_log = logging.getLogger("authctl.door")


class Record(Protocol):
    """Where wrong passwords are counted for all workers and machines; raises AuthctlError."""

    def failed_logins(
        self, digests: Collection[str], minute: int, place: Place, now: int
    ) -> Found | None:
        """What is counted in a minute, and whether a place is known; None where nothing can be."""

    def note_logins(
        self, failures: Mapping[Count, int], places: Mapping[Place, int], minute: int
    ) -> bool:
        """Count wrong passwords, and write down until when places are known; False if it cannot."""


@dataclass(frozen=True, slots=True)
class Origin:
    """As whom somebody wants to log in, and from where."""

    username: str
    address: str

    @classmethod
    def of(cls, username: str, scope: Scope) -> Origin:
        """The origin of a request; of an IPv6 address the network, of which one host has many."""
        client = scope.get("client")
        if not client:
            return cls(username, NO_ADDRESS)
        try:
            found = ipaddress.ip_address(client[0])
        except ValueError:
            return cls(username, str(client[0]))
        if isinstance(found, ipaddress.IPv6Address):
            if found.ipv4_mapped is None:
                network = ipaddress.ip_network((int(found), _IPV6_NETWORK), strict=False)
                return cls(username, str(network))
            found = found.ipv4_mapped
        return cls(username, str(found))

    @property
    def user_digest(self) -> str:
        """What the user is counted under."""
        return _digest("user", self.username)

    @property
    def address_digest(self) -> str:
        """What the address is counted under."""
        return _digest("address", self.address)

    @property
    def place(self) -> Place:
        """The user at this address."""
        return Place(self.user_digest, _digest("place", self.username, self.address))


class FailedLogins:
    """Counts wrong passwords, and refuses more of them than a minute allows.

    There are two kinds of origins. Where a user has proven the right password within a day, that
    user is in a known place, which has a count of its own and is held against no other: nobody
    elsewhere can lock a user out of there, nor can a program there that has an old password keep
    the user from logging in at a new place. Anywhere else a wrong password counts for the user
    and for the address, and either limit stops.

    A right password takes nothing back from any count. Whoever has one account could otherwise
    log in between guesses at the others, and begin anew each time. It makes a known place of that
    user at that address alone, so all other users' count of that address goes on; and of a user
    fifty places are known at most, so an owner of many addresses cannot fill the database.

    What cannot be written to `record` is counted in this process, as is what is just on its way
    there: a count is always the record's and that, and never less. Safe to share between threads.
    """

    def __init__(
        self,
        record: Record,
        *,
        per_user: int = 10,
        per_address: int = 60,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Count in `record`; a limit is of wrong passwords a minute, and 0 is none."""
        self._record = record
        self._per_user = per_user or math.inf
        self._per_address = per_address or math.inf
        self._clock = clock
        self._lock = threading.Lock()
        self._unsaved: Counter[Count] = Counter()
        self._new_places: dict[Place, int] = {}
        self._places: Bounded[Place, int] = Bounded(_REMEMBERED)  # until when they are known
        self._refused: Bounded[Place, int] = Bounded(_REMEMBERED)  # in which minute
        self._told: Bounded[str, int] = Bounded(_REMEMBERED)
        self._warned = False

    @property
    def is_limited(self) -> bool:
        """Whether there is any limit."""
        return min(self._per_user, self._per_address) < math.inf

    def check_again(self, origin: Origin) -> None:
        """TooManyRequests for an origin that was refused in this minute, at no cost."""
        with self._lock:
            is_refused = self._refused.get(origin.place) == self._minute()
        if is_refused:
            raise self._too_many()

    def check(self, origin: Origin) -> None:
        """TooManyRequests where no more wrong passwords are allowed; asks the database."""
        if not self.is_limited:
            return
        minute, place = self._minute(), origin.place
        counted = (origin.user_digest, origin.address_digest, place.place)
        found = self._found(counted, minute, place)
        with self._lock:
            failures = {
                digest: found.failures.get(digest, 0) + self._unsaved[Count(digest, minute)]
                for digest in counted
            }
            limits = {place.place: self._per_user}
            if not (found.is_known or self._is_known(place)):
                limits = {counted[0]: self._per_user, counted[1]: self._per_address}
            reached = [digest for digest, limit in limits.items() if failures[digest] >= limit]
            if not reached:
                return
            self._refused.put(place, minute)
            is_news = self._told.get(reached[0]) != minute
            self._told.put(reached[0], minute)
        if is_news:
            whose = "from an address" if reached[0] == counted[1] else "for a user"
            _log.warning(
                "too many wrong passwords %s: now for %r from %s",
                *(whose, origin.username[:_SHOWN], origin.address),
            )
        raise self._too_many()

    def count(self, origin: Origin) -> None:
        """Count a wrong password; `save` makes it known to other workers."""
        if not self.is_limited:
            return
        minute, place = self._minute(), origin.place
        with self._lock:
            counted = [place.place]
            if not self._is_known(place):
                counted = [origin.user_digest, origin.address_digest]
            for digest in counted:
                self._unsaved[Count(digest, minute)] += 1
            while len(self._unsaved) > _REMEMBERED:
                # The oldest goes. To get there takes more hashes than fit into a minute.
                del self._unsaved[next(iter(self._unsaved))]

    def prove(self, origin: Origin) -> None:
        """Take it that the user is where the right password came from; `save` tells others."""
        if not self.is_limited:
            return
        until = int(self._clock()) + _PLACE_IS_KNOWN_FOR
        with self._lock:
            self._places.put(origin.place, until)
            self._refused.put(origin.place, 0)
            self._new_places[origin.place] = until
            while len(self._new_places) > _REMEMBERED:
                del self._new_places[next(iter(self._new_places))]

    def save(self) -> None:
        """Write down all that was counted and proven since; one thread may do so at a time."""
        minute = self._minute()
        with self._lock:
            for count in [count for count in self._unsaved if count.minute < minute]:
                del self._unsaved[count]
            failures, places = dict(self._unsaved), dict(self._new_places)
        if not failures and not places:
            return
        try:
            is_saved = self._record.note_logins(failures, places, minute)
        except AuthctlError as error:
            self._warn(error.message)
            return
        if not is_saved:
            self._warn("there is no room for it in the auth database")
            return
        self._warned = False
        with self._lock:
            self._unsaved.subtract(failures)
            for count in failures:
                if self._unsaved[count] <= 0:
                    del self._unsaved[count]
            for place, until in places.items():
                if self._new_places.get(place) == until:
                    del self._new_places[place]

    def _found(self, digests: Collection[str], minute: int, place: Place) -> Found:
        """What the record has; nothing where it cannot be asked."""
        try:
            found = self._record.failed_logins(digests, minute, place, int(self._clock()))
        except AuthctlError as error:
            self._warn(error.message)
            return Found()
        if found is not None and found.is_known:
            with self._lock:
                if not self._is_known(place):
                    self._places.put(place, (minute + 2) * _MINUTE)
        return found or Found()

    def _is_known(self, place: Place) -> bool:
        return (self._places.get(place) or 0) > self._clock()

    def _minute(self) -> int:
        return int(self._clock()) // _MINUTE

    def _too_many(self) -> TooManyRequests:
        now = self._clock()
        seconds = max(1, math.ceil((int(now) // _MINUTE + 1) * _MINUTE - now))
        return TooManyRequests(
            f"Too many wrong passwords. Try again in {seconds} seconds.", retry_after=seconds
        )

    def _warn(self, why: str) -> None:
        """Say once that each process counts for itself."""
        if not self._warned:
            self._warned = True
            _log.warning("wrong passwords are counted by each process for itself: %s", why)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
