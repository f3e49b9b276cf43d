"""A memory for doors that tests make: it asks the store each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from authctl.server.memory import Memory

if TYPE_CHECKING:
    from authctl.model import Permission
    from authctl.store.base import Store


class Unproven:
    """A freshness that never proves anything."""

    is_quick = True

    def token(self, *, wait: bool = True) -> None:
        del wait

    def close(self) -> None:
        pass


def forgetful(store: Store, default: Permission) -> Memory:
    return Memory(store, Unproven(), default=default)
