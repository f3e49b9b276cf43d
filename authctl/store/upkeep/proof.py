"""The proof that a change of tables changed nobody's level on anything.

A user's level on a resource comes from the rows that speak of it, else from the user's wildcards
and the default. So the resources that one of a user's own rows names before or after, and one
resource of each type that no row names, stand for all there are: the levels on any other are
those on the last.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from authctl.errors import AuthctlError
from authctl.model import WILDCARD, Resource, ResourceType
from authctl.store import sql_users
from authctl.store.grants import grants_in

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from sqlalchemy import Connection

    from authctl.model import Generation, Grant, Permission
    from authctl.store.base import Resolve
    from authctl.store.schema import Schema

UNNAMED = "\0"
"""An id that no row can have: it stands for every resource without a grant."""

TYPES = (
    ResourceType.EXPERIMENT,
    ResourceType.REGISTERED_MODEL,
    ResourceType.PROMPT,
    ResourceType.SCORER,
    ResourceType.GATEWAY_SECRET,
    ResourceType.GATEWAY_ENDPOINT,
    ResourceType.GATEWAY_MODEL_DEFINITION,
)
"""The types that grants before MLflow 3.13 can be about."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A level that would not be what it was; a resource id of `UNNAMED` is every other one."""

    username: str
    resource: Resource
    before: Permission
    after: Permission

    @property
    def named(self) -> str:
        """The resource in words."""
        what = self.resource
        return f"any other {what.type}" if what.id == UNNAMED else str(what)

    def __str__(self) -> str:
        return f"{self.username} on {self.named}: {self.before} before, {self.after} after"


class LevelsDiffer(AuthctlError):
    """An upgrade would have changed what somebody may do, so it was not made."""

    error_code = "LEVELS_DIFFER"
    exit_code = 8

    def __init__(self, differences: Sequence[Difference]) -> None:
        more = f" (and {len(differences) - 1} more)" if len(differences) > 1 else ""
        super().__init__(
            f"The upgrade would change levels, so nothing was changed: {differences[0]}{more}.",
            hint="Change these grants, or default_permission, such that both generations can say"
            " them: since MLflow 3.13 a grant cannot give less than the default, but"
            " NO_PERMISSIONS.",
        )
        self.differences = tuple(differences)


@dataclass(frozen=True, slots=True)
class Standing:
    """Everybody's grants at one moment, and what they mean then."""

    grants: dict[str, list[Grant]]
    generation: Generation
    key: Callable[[Resource], Resource]

    @classmethod
    def read(cls, connection: Connection, schema: Schema) -> Standing:
        """Read every user's grants, of those without any too."""
        tables = grants_in(schema)
        held: dict[str, list[Grant]] = {
            user.username: [] for user in sql_users.list_users(connection, schema)
        }
        for grant in tables.counting(connection):
            held[grant.username].append(grant)
        return cls(held, schema.generation, tables.key)


def differences(
    before: Standing,
    after: Standing,
    resolve: Resolve,
    *,
    also_called: Callable[[Resource], Iterable[Resource]],
    progress: Callable[[int, int], None],
) -> tuple[list[Difference], int]:
    """Every level that differs, and how many were compared.

    `also_called` gives the names, since MLflow 3.13, of what a legacy row names; `progress` is
    told how many users of how many are done.
    """
    found: list[Difference] = []
    compared = 0
    for count, (username, grants) in enumerate(before.grants.items(), 1):
        old = resolve(grants, before.generation)
        new = resolve(after.grants.get(username, ()), after.generation)
        for resource in _asked(grants, after.grants.get(username, ()), also_called):
            levels = old.on(before.key(resource)), new.on(resource)
            compared += 1
            if not (levels[0].at_least(levels[1]) and levels[1].at_least(levels[0])):
                found.append(Difference(username, resource, *levels))
        progress(count, len(before.grants))
    missing = after.grants.keys() ^ before.grants.keys()
    assert not missing, missing  # noqa: S101 - an upgrade makes and removes no users
    return found, compared


def _asked(
    old: Collection[Grant],
    new: Collection[Grant],
    also_called: Callable[[Resource], Iterable[Resource]],
) -> set[Resource]:
    named = {name for grant in old for name in also_called(grant.resource)}
    named |= {grant.resource for grant in new if grant.resource.type in TYPES}
    exact = {resource for resource in named if resource.id != WILDCARD}
    return exact | {Resource(kind, UNNAMED) for kind in TYPES}
