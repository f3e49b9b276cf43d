"""What can be done with users' own grants, in whichever tables they lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from sqlalchemy import delete

from authctl.errors import InvalidRequest
from authctl.model import Grant, Permission, Resource, ResourceType, User
from authctl.store.among import delete_among, update_among

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection, Table

OwnLevels: TypeAlias = "Mapping[User, Mapping[Resource, Permission]]"
"""OwnLevels that users are to have of their own."""


@dataclass(frozen=True, slots=True)
class Held:
    """A user's own grant and the row it lies in."""

    table: Table
    row_id: int
    grant: Grant

    def remove(self, connection: Connection) -> None:
        """Delete the row."""
        connection.execute(delete(self.table).where(self.table.c.id == self.row_id))


class Grants(Protocol):
    """The tables of one generation; every method works inside its caller's transaction."""

    def key(self, resource: Resource) -> Resource:
        """The resource under which this one's grants are kept."""

    def keeps(self, kind: ResourceType) -> bool:
        """Whether grants on resources of a type have a place in these tables."""

    def check(self, resource: Resource, permission: Permission) -> None:
        """Raise InvalidRequest for a type, id or level these tables cannot keep."""

    def find(
        self,
        connection: Connection,
        *,
        user: User | None = None,
        resource: Resource | None = None,
    ) -> list[Held]:
        """Users' own grants, narrowed to one user or one exact resource."""

    def put(self, connection: Connection, levels: OwnLevels) -> None:
        """Give users levels of their own, over those there may be. InvalidRequest."""

    def move(self, connection: Connection, held: Held, new: Resource) -> None:
        """Let a grant speak of another resource."""

    def counting(self, connection: Connection, user: User | None = None) -> Sequence[Grant]:
        """Every grant that counts for a user, their own and those through roles.

        Everybody's, in no order, if nobody is named.
        """


def set_levels(connection: Connection, table: Table, levels: Mapping[int, Permission]) -> None:
    """Set the levels of many rows, named by their ids."""
    rows: dict[Permission, list[int]] = {}
    for row_id, level in levels.items():
        rows.setdefault(level, []).append(row_id)
    for level, row_ids in rows.items():
        update_among(connection, table.c.id, row_ids, permission=str(level))


def remove_rows(connection: Connection, table: Table, row_ids: Iterable[int]) -> None:
    """Delete many rows, named by their ids."""
    delete_among(connection, table.c.id, row_ids)


def refuse_level(permission: Permission, resource_type: str, valid: Iterable[Permission]) -> None:
    """Raise InvalidRequest for a level that is not among the valid ones."""
    valid = frozenset(valid)
    if permission not in valid:
        scope = "Workspace-wide" if resource_type == ResourceType.WORKSPACE else "Resource-level"
        words = ", ".join(f"'{level}'" for level in sorted(valid))
        raise InvalidRequest(
            f"Invalid permission '{permission}' for resource_type='{resource_type}'."
            f" {scope} grants accept only: ({words})."
        )
