"""Who has which level on what, and why: the rows of the page of access, a page at a time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Generic, TypeVar

from authctl.model import WILDCARD, Permission, Resource, ResourceType
from authctl.policy.explanation import Default
from authctl.policy.reasons import Reasons
from authctl.policy.resolution import HEIGHT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from authctl.model import User
    from authctl.policy.explanation import Verdict
    from authctl.store.base import Store

T = TypeVar("T")

ROWS = 100
"""How many rows a page has at most."""

ELSE = Resource("", "")
"""Whatever no grant names: no grant can."""

_WORKSPACE = Resource(ResourceType.WORKSPACE, WILDCARD)
_ORIGIN = "It is this server's default permission."


@dataclass(frozen=True, slots=True)
class Person:
    """A user, and why they have their levels."""

    user: User
    reasons: Reasons

    @property
    def has_everything(self) -> bool:
        """Whether no grant can add to what the user may do."""
        return self.user.is_admin or self.reasons.manages is not None

    def resources(self) -> list[Resource]:
        """What the user's grants name, in order, and then all else."""
        if self.has_everything:
            return [ELSE]
        named = self.reasons.named()
        if self.reasons.speaking(_WORKSPACE):
            named.add(_WORKSPACE)
        return [*sorted(named, key=as_people_count), ELSE]


@dataclass(frozen=True, slots=True)
class Row:
    """A user's level on a resource, and where it is from."""

    person: Person
    resource: Resource
    verdict: Verdict

    @classmethod
    def of(cls, person: Person, resource: Resource) -> Row:
        """Find the level."""
        return cls(person, resource, person.reasons.on(resource))

    @property
    def level(self) -> Permission:
        """The level in effect, which a server always knows."""
        return self.verdict.level or Permission.NO_PERMISSIONS

    @property
    def is_else(self) -> bool:
        """Whether it is about all that the user's grants do not name."""
        return self.resource == ELSE

    @property
    def is_by_wildcard(self) -> bool:
        """Whether a grant on everything of its type decides."""
        grant = self.verdict.grant
        return grant is not None and grant.resource.id == WILDCARD != self.resource.id

    @property
    def is_raised(self) -> bool:
        """Whether there are grants, and the default is higher."""
        return self.verdict.grant is None and bool(self.person.reasons.speaking(self.resource))


@dataclass(frozen=True, slots=True)
class Sheet(Generic[T]):
    """One page of rows; `number` counts from 1."""

    rows: Sequence[T]
    number: int
    last: int
    first_row: int
    total: int

    @classmethod
    def cut(cls, rows: Sequence[T], number: int) -> Sheet[T]:
        """Take the page of this number, the last one where there are fewer."""
        last = max(1, -(-len(rows) // ROWS))
        number = min(max(number, 1), last)
        start = (number - 1) * ROWS
        return cls(rows[start : start + ROWS], number, last, start + 1, len(rows))

    @property
    def last_row(self) -> int:
        """The number of its last row."""
        return self.first_row + len(self.rows) - 1


def people_of(store: Store, default: Permission) -> list[Person]:
    """Everybody, ordered by name, as one reading of the database tells it. Unavailable."""
    found = store.everybody()
    generation = store.generation
    told = Default(default, _ORIGIN)
    return [
        Person(
            user,
            Reasons(grants, default=told, generation=generation, is_admin=user.is_admin),
        )
        for user, grants in found
    ]


def people_called(people: Sequence[Person], text: str) -> list[Person]:
    """Whoever has exactly this name, else all whose names contain it in any letter case."""
    exact = [person for person in people if person.user.username == text]
    part = text.strip().casefold()
    return exact or [person for person in people if part in person.user.username.casefold()]


def everything_named(people: Iterable[Person]) -> set[Resource]:
    """All that any grant names, short of the workspace."""
    return {resource for person in people for resource in person.reasons.named()}


def by_person(people: Iterable[Person], number: int) -> Sheet[Row]:
    """What each user's grants name, and what they may do with all else."""
    pairs = [(person, resource) for person in people for resource in person.resources()]
    cut = Sheet.cut(pairs, number)
    rows = [Row.of(person, resource) for person, resource in cut.rows]
    return Sheet(rows, cut.number, cut.last, cut.first_row, cut.total)


def grouped(rows: Iterable[Row]) -> list[tuple[Person, list[Row]]]:
    """Rows that lie together, by the user they are about."""
    found = groupby(rows, key=lambda row: row.person.user.id)
    groups = [list(rows) for _, rows in found]
    return [(rows[0].person, rows) for rows in groups]


def on_resource(
    people: Iterable[Person], resource: Resource, number: int
) -> tuple[Sheet[Row], list[tuple[Permission, int]]]:
    """Everybody's level on a resource, the highest first, and how many have each."""
    rows = [Row.of(person, resource) for person in people]
    rows.sort(key=lambda row: (-_HEIGHT[row.level], row.person.user.username))
    counts = Counter(row.level for row in rows)
    return Sheet.cut(rows, number), sorted(counts.items(), key=lambda item: -_HEIGHT[item[0]])


def as_people_count(resource: Resource) -> tuple[str, int, str]:
    """Experiment 7 comes before experiment 12, and a wildcard before both."""
    number = resource.id.isascii() and resource.id.isdecimal()
    return resource.type, int(resource.id) if number else -1, resource.id


_HEIGHT = {**HEIGHT, Permission.DENY: -1}
