"""A memory with so much room: what was used longest ago is forgotten first."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Bounded(Generic[K, V]):
    """Values under keys, each of a weight, that weigh at most `room` together.

    One value alone may weigh more: it would be asked for over and over otherwise.
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self._held: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._weight = 0

    def __len__(self) -> int:
        return len(self._held)

    def get(self, key: K) -> V | None:
        """The value under a key, used now; None where there is none."""
        found = self._held.get(key)
        if found is None:
            return None
        self._held.move_to_end(key)
        return found[0]

    def put(self, key: K, value: V, weight: int = 1) -> None:
        """Remember a value, in the place of what was under its key."""
        self._weight += weight - self._held.get(key, (None, 0))[1]
        self._held[key] = (value, weight)
        self._held.move_to_end(key)
        while self._weight > self._room and len(self._held) > 1:
            _, (_, gone) = self._held.popitem(last=False)
            self._weight -= gone
