"""A transaction that several methods of a store share."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from authctl.store.sql_engine import Database

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

T = TypeVar("T")


class Joined(Database):
    """An auth database in the middle of a transaction: all work is done inside it.

    Whoever began the transaction ends it, makes foreign errors ours and tries again.
    """

    def __init__(self, connection: Connection, place: str) -> None:
        super().__init__(connection.engine, place)
        self._connection = connection

    def read(self, work: Callable[[Connection], T]) -> T:
        """Run work that changes nothing."""
        return work(self._connection)

    def snapshot(self, work: Callable[[Connection], T]) -> T:
        """Run work that sees what the transaction sees."""
        return work(self._connection)

    def write(self, work: Callable[[Connection], T]) -> T:
        """Run work that stands or falls with the transaction."""
        return work(self._connection)

    def close(self) -> None:
        """Do nothing: the connection is not this one's to give back."""
