"""Users, roles and grants as they are, in the form in which they are held against a manifest."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from authctl.errors import InvalidRequest
from authctl.model import DEFAULT_WORKSPACE, Permission, Resource

if TYPE_CHECKING:
    from collections.abc import Mapping

    from authctl.store.base import Survey


class Kind(StrEnum):
    """What a manifest speaks of."""

    USER = "user"
    ROLE = "role"
    MEMBER = "member"
    GRANT = "grant"


@dataclass(frozen=True, order=True, slots=True)
class Holder:
    """Who has a grant: a user, or a role."""

    kind: Kind
    name: str

    def __str__(self) -> str:
        return f"'{self.name}'" if self.kind is Kind.USER else f"role '{self.name}'"


@dataclass(frozen=True, slots=True)
class RoleState:
    """A role that there is; an empty description is none."""

    id: int
    description: str = ""
    members: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class State:
    """Who is there, and who has which level on what.

    `roles` is None where none can be. Levels are the words of the rows, known ones or not. It is
    not `complete` where a server cannot list its users; `elsewhere` counts roles of other
    workspaces than the default one, of which manifests do not speak.
    """

    users: Mapping[str, bool] = field(default_factory=dict)
    roles: Mapping[str, RoleState] | None = field(default_factory=dict)
    grants: Mapping[tuple[Holder, Resource], str] = field(default_factory=dict)
    complete: bool = True
    elsewhere: int = 0

    @classmethod
    def of(cls, found: Survey) -> State:
        """Arrange what a store has found."""
        users = {user.username: user.is_admin for user in found.users}
        grants = {
            (Holder(Kind.USER, grant.username), grant.resource): grant.permission
            for grant in found.grants
        }
        if found.roles is None:
            return cls(users, None, grants, found.complete)
        name_of = {user.id: user.username for user in found.users}
        shared = [(role, holders) for role, holders in found.roles if not role.is_synthetic]
        here = [(role, held) for role, held in shared if role.workspace == DEFAULT_WORKSPACE]
        roles = {
            role.name: RoleState(
                role.id,
                role.description or "",
                frozenset(name_of[user_id] for user_id in holders if user_id in name_of),
            )
            for role, holders in here
        }
        grants |= {
            (Holder(Kind.ROLE, role.name), row.resource): row.permission
            for role, _ in here
            for row in role.permissions
        }
        return cls(users, roles, grants, found.complete, len(shared) - len(here))

    def grants_by_holder(self) -> dict[Holder, dict[Resource, str]]:
        """Every holder's grants, both in order."""
        found: dict[Holder, dict[Resource, str]] = defaultdict(dict)
        for holder, resource in sorted(self.grants):
            found[holder][resource] = self.grants[holder, resource]
        return found


def can_be_said(resource: Resource, level: str) -> bool:
    """Whether a manifest has words for a grant; else it is neither exported nor pruned.

    Rows may hold levels, types and ids that other hands or later releases wrote.
    """
    try:
        known = Resource.checked(resource.type, resource.id)
    except InvalidRequest:
        return False
    return known == resource and level in Permission.__members__
