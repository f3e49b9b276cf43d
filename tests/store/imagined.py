"""What writers do to an auth database at random, and what it must hold when they have done so."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, TypeAlias

from authctl.model import (
    DEFAULT_WORKSPACE,
    SYNTHETIC_ROLE_PREFIX,
    Generation,
    Permission,
    Resource,
    ResourceType,
)
from authctl.policy.resolution import resolve_with
from authctl.store.sql import SqlStore
from tests.store.databases import quick_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Step: TypeAlias = tuple[str, tuple[object, ...]]
"""A method of `Imagined` and `Writer`, and what it is called with."""

HASH = quick_hash("a password that nobody types")
"""What stands where hashes do: a writer that hashes would spend all its time so."""

LEVELS = (Permission.READ, Permission.EDIT, Permission.MANAGE, Permission.NO_PERMISSIONS)


@dataclass
class Imagined:
    """An auth database in memory: what a real one must hold that was told the same."""

    users: dict[str, bool] = field(default_factory=dict)
    grants: dict[tuple[str, Resource], str] = field(default_factory=dict)
    roles: dict[str, dict[Resource, str]] = field(default_factory=dict)
    holders: dict[str, set[str]] = field(default_factory=dict)

    def add_user(self, name: str, is_admin: bool = False) -> None:
        self.users[name] = is_admin

    def delete_user(self, name: str) -> None:
        del self.users[name]
        self.grants = {key: level for key, level in self.grants.items() if key[0] != name}
        for held in self.holders.values():
            held.discard(name)

    def set_admin(self, name: str, is_admin: bool) -> None:
        self.users[name] = is_admin

    def grant(self, name: str, resource: Resource, level: Permission) -> None:
        self.grants[name, resource] = str(level)

    def revoke(self, name: str, resource: Resource) -> None:
        del self.grants[name, resource]

    def own(self, name: str, resource: Resource) -> None:
        self.forget(resource)
        self.grant(name, resource, Permission.MANAGE)

    def forget(self, resource: Resource) -> None:
        self.grants = {key: level for key, level in self.grants.items() if key[1] != resource}

    def rename(self, old: Resource, new: Resource) -> None:
        self.forget(new)
        self.grants = {
            (name, new if resource == old else resource): level
            for (name, resource), level in self.grants.items()
        }

    def add_role(self, role: str) -> None:
        self.roles[role], self.holders[role] = {}, set()

    def add_row(self, role: str, resource: Resource, level: Permission) -> None:
        self.roles[role][resource] = str(level)

    def assign(self, name: str, role: str) -> None:
        self.holders[role].add(name)

    def drop_role(self, role: str) -> None:
        del self.roles[role], self.holders[role]


class Writer(SqlStore):
    """A store that knows roles by their names and makes users without the time a hash takes."""

    def add_user(self, name: str, is_admin: bool = False) -> None:
        self.add_account(name, HASH, is_admin=is_admin)

    def add_role(self, role: str) -> None:
        self.create_role(role, DEFAULT_WORKSPACE, None)

    def add_row(self, role: str, resource: Resource, level: Permission) -> None:
        self.add_role_permission(self._id(role), resource, level)

    def assign(self, name: str, role: str) -> None:
        self.assign_role(name, self._id(role))

    def drop_role(self, role: str) -> None:
        self.delete_role(self._id(role))

    def seen(self) -> Imagined:
        """What the database holds."""
        users = self.list_users()
        names = {user.id: user.username for user in users}
        found = Imagined({user.username: user.is_admin for user in users})
        found.grants = {(g.username, g.resource): g.permission for g in self.list_grants()}
        if self.generation is Generation.ROLES:
            for role, holders in self.list_holders():
                if not role.name.startswith(SYNTHETIC_ROLE_PREFIX):
                    found.roles[role.name] = {r.resource: r.permission for r in role.permissions}
                    found.holders[role.name] = {names.get(one, f"id {one}") for one in holders}
        return found

    def _id(self, name: str) -> int:
        return next(role.id for role in self.list_roles() if role.name == name)


@contextmanager
def writer(url: str, kind: type[Writer] = Writer) -> Iterator[Writer]:
    """A writer of a database of its own process."""
    store = kind.open(url, resolve=resolve_with(Permission.READ))
    try:
        yield store
    finally:
        store.close()


@dataclass(frozen=True)
class Cast:
    """Whom and what the steps of one writer are about; another writer's have another number."""

    number: int = 0
    roles: bool = True
    only: str = ""
    """The one kind of steps to take, if not all."""

    @property
    def admins(self) -> tuple[str, ...]:
        return f"root-{self.number}", f"alice-{self.number}"

    @property
    def keepers(self) -> tuple[str, ...]:
        """They hold grants on a model that is renamed again and again."""
        return tuple(f"{name}-{self.number}" for name in ("ann", "ben", "cat", "dan", "eve"))

    @property
    def waiter(self) -> str:
        """Whoever holds grants on names that the model may get."""
        return f"wendy-{self.number}"

    @property
    def guest(self) -> str:
        return f"guest-{self.number}"

    @property
    def role(self) -> str:
        return f"readers-{self.number}"

    @property
    def sides(self) -> tuple[Resource, Resource]:
        left, right = (f"{side}-{self.number}" for side in ("left", "right"))
        return (
            Resource(ResourceType.REGISTERED_MODEL, left),
            Resource(ResourceType.REGISTERED_MODEL, right),
        )

    @property
    def made(self) -> Resource:
        """What is made, and gone, again and again."""
        return Resource(ResourceType.REGISTERED_MODEL, f"made-{self.number}")

    @property
    def experiments(self) -> tuple[Resource, ...]:
        return tuple(
            Resource(ResourceType.EXPERIMENT, str(100 * self.number + i)) for i in range(1, 6)
        )

    def enter(self, stage: Imagined | Writer) -> None:
        """Make the users that stay, and their grants."""
        for name in self.admins:
            stage.add_user(name, is_admin=True)
        stage.add_user(self.waiter)
        for name, level in zip(self.keepers, LEVELS * 2, strict=False):
            stage.add_user(name)
            stage.grant(name, self.sides[0], level)

    def next_step(self, random: Random, world: Imagined) -> Step:
        """Something that can be done now."""
        kinds = {
            "renames": self._renames(world),
            "guests": self._guests(random, world),
            "makings": self._makings(random),
            "promotions": self._promotions(world),
            "revocations": self._revocations(world),
            "roles": self._role_steps(random, world) if self.roles else [],
        }
        possible = [steps for name, steps in kinds.items() if steps and self.only in ("", name)]
        return random.choice(random.choice(possible))

    def _renames(self, world: Imagined) -> list[Step]:
        old, new = self.sides
        if (self.keepers[0], old) not in world.grants:
            old, new = new, old
        waits = ("grant", (self.waiter, new, Permission.EDIT))
        return [("rename", (old, new)), ("rename", (old, new)), waits]

    def _guests(self, random: Random, world: Imagined) -> list[Step]:
        if self.guest not in world.users:
            return [("add_user", (self.guest,))]
        level = random.choice(LEVELS)
        gifts: list[Step] = [("grant", (self.guest, thing, level)) for thing in self.experiments]
        return [*gifts, ("delete_user", (self.guest,)), ("delete_user", (self.guest,))]

    def _makings(self, random: Random) -> list[Step]:
        who = random.choice(self.keepers)
        return [
            ("own", (who, self.made)),
            ("forget", (self.made,)),
            *(("grant", (name, self.made, Permission.EDIT)) for name in self.keepers[1:]),
        ]

    def _promotions(self, world: Imagined) -> list[Step]:
        one, other = self.admins
        if world.users[one] and world.users[other]:
            return [("set_admin", (one, False)), ("set_admin", (other, False))]
        return [("set_admin", (one if world.users[other] else other, True))]

    def _revocations(self, world: Imagined) -> list[Step]:
        mine = {self.made, *self.experiments}
        return [
            ("revoke", (name, resource))
            for name, resource in world.grants
            if resource in mine and (name == self.guest or name in self.keepers)
        ]

    def _role_steps(self, random: Random, world: Imagined) -> list[Step]:
        if self.role not in world.roles:
            return [("add_role", (self.role,))]
        level = random.choice(LEVELS)
        new = [thing for thing in self.experiments if thing not in world.roles[self.role]]
        people = set(self.keepers) | ({self.guest} & world.users.keys())
        return [
            *(("add_row", (self.role, thing, level)) for thing in new),
            *(("assign", (name, self.role)) for name in sorted(people - world.holders[self.role])),
            ("drop_role", (self.role,)),
        ]


def take(stage: Imagined | Writer, step: Step) -> None:
    """Do a step, in a database or in the imagination."""
    method, arguments = step
    getattr(stage, method)(*arguments)


def write_for_ever(
    url: str,
    cast: Cast,
    world: Imagined,
    seed: int,
    step: Callable[[], None],
    *,
    kind: type[Writer] = Writer,
) -> None:
    """Do one step after the other, as work of a child that is killed."""
    random = Random(seed)
    with writer(url, kind) as store:
        step()
        while True:
            now = cast.next_step(random, world)
            take(store, now)
            take(world, now)
            step()
