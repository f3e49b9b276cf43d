"""What can be done with users' own grants, in whichever tables they lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import bindparam, delete, update

from authctl.errors import InvalidRequest
from authctl.model import Grant, Permission, Resource, ResourceType

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection, Table

    from authctl.model import User


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

    def put(
        self, connection: Connection, user: User, resource: Resource, permission: Permission
    ) -> None:
        """Give a user a level of their own, over the one there may be."""

    def put_all(
        self, connection: Connection, user: User, levels: Mapping[Resource, Permission]
    ) -> None:
        """Do the same on many resources, in as few statements as it takes."""

    def move(self, connection: Connection, held: Held, new: Resource) -> None:
        """Let a grant speak of another resource."""

    def counting(self, connection: Connection, user: User | None = None) -> Sequence[Grant]:
        """Every grant that counts for a user, their own and those through roles.

        Everybody's, in no order, if nobody is named.
        """


def set_levels(connection: Connection, table: Table, levels: Mapping[int, Permission]) -> None:
    """Set the levels of many rows, named by their ids."""
    if levels:
        connection.execute(
            update(table)
            .where(table.c.id == bindparam("row_id"))
            .values(permission=bindparam("level")),
            [{"row_id": row_id, "level": str(level)} for row_id, level in levels.items()],
        )


def remove_rows(connection: Connection, table: Table, row_ids: Iterable[int]) -> None:
    """Delete many rows, named by their ids."""
    gone = [{"row_id": row_id} for row_id in row_ids]
    if gone:
        connection.execute(delete(table).where(table.c.id == bindparam("row_id")), gone)


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
