"""Auth databases of the roles generation with whatever may stand in them, for hypothesis."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from authctl.model import WILDCARD, WILDCARD_ONLY, Permission, ResourceType, synthetic_role

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hypothesis.strategies import DrawFn

# Ids that are asked about, and beside them what must not be taken for them.
IDS: dict[str, tuple[str, ...]] = {
    ResourceType.EXPERIMENT: ("1", "2", "01", " 1", "1/name%20x"),
    ResourceType.REGISTERED_MODEL: ("churn", "Churn", "1"),
    ResourceType.PROMPT: ("greeting", "churn", "greeting*"),
    ResourceType.SCORER: ("1/name%20x", "1/name x", "1/*", "1", "2/a%2Fb"),
    ResourceType.GATEWAY_SECRET: ("s-1", "s-2"),
    ResourceType.GATEWAY_ENDPOINT: ("e-1", "E-1"),
    ResourceType.GATEWAY_MODEL_DEFINITION: ("d-1",),
    ResourceType.MCP_SERVER: ("io/a", "io/*"),
    ResourceType.SKILL: ("sort",),
    "galaxy": ("1", "churn"),
    "Experiment": ("1",),
    **dict.fromkeys(sorted(WILDCARD_ONLY), ("1", "churn")),
}
WORKSPACE = (ResourceType.WORKSPACE, WILDCARD)
# Often what is asked about, with its wildcard; seldom anything else.
PLACES = [
    (kind, name)
    for kind, names in IDS.items()
    for name in ([WILDCARD] * (6 if kind in WILDCARD_ONLY else 3) + [names[0], *names])
    if (kind, name) != WORKSPACE
]

KNOWN = frozenset(str(level) for level in Permission)
UNKNOWN = ("OWNER", "read", "")
USERS = ("ann", "Ann", "bob")
OTHER = "other"
DEFAULTS = tuple(level for level in Permission if level is not Permission.DENY)


@dataclass(frozen=True)
class Role:
    """A role; of those named after a user, one that others hold counts for them too."""

    name: str
    workspace: str
    holders: frozenset[int]
    rows: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Database:
    """The roles of some users, whose ids count from 1, and the defaults to ask it with."""

    roles: tuple[Role, ...]
    defaults: tuple[Permission, ...]


@dataclass(frozen=True)
class Words:
    """The words to draw from for rows, and for those of sub-resource types."""

    whole: Sequence[str]
    parts: Sequence[str]


_ANY = (*sorted(KNOWN) * 8, *UNKNOWN)
ANYTHING = Words(_ANY, _ANY)
# What can be granted through MLflow's API. A denial beats other rows: it is drawn seldom, and
# more often where it would go unnoticed if only the whole were looked at.
GRANTABLE = Words(
    ("READ", "USE", "EDIT", "EDIT", "MANAGE", "MANAGE", "DENY"),
    ("DENY", "DENY", "READ", "EDIT", "MANAGE"),
)


@st.composite
def _rows(draw: DrawFn, words: Words) -> tuple[tuple[str, str, str], ...]:
    size = draw(st.sampled_from((0, 8, 16, 28)))
    places = st.lists(st.sampled_from(PLACES), unique=True, min_size=size, max_size=size + 4)
    found = {
        place: draw(st.sampled_from(words.parts if place[0] in WILDCARD_ONLY else words.whole))
        for place in draw(places)
    }
    if draw(st.sampled_from((True, *[False] * 5))):
        found[WORKSPACE] = draw(st.sampled_from(words.whole))
    return tuple((*place, word) for place, word in found.items())


@st.composite
def databases(draw: DrawFn, words: Words = ANYTHING) -> Database:
    """Users' own roles, held by their owners or not, roles for several, other workspaces."""
    ids = range(1, len(USERS) + 1)
    some = st.frozensets(st.sampled_from(ids), max_size=len(USERS))
    roles: dict[tuple[str, str], Role] = {}
    for user in ids:
        for workspace in draw(st.sampled_from([("default",), (), ("default", OTHER)])):
            holders = draw(st.sampled_from([frozenset({user}), frozenset(), frozenset(ids)]))
            name = synthetic_role(user)
            roles[name, workspace] = Role(name, workspace, holders, draw(_rows(words)))
    for name in ("readers", "writers", "__user_"):
        workspace = draw(st.sampled_from(["default", "default", "default", OTHER]))
        roles[name, workspace] = Role(name, workspace, draw(some), draw(_rows(words)))
    defaults = st.lists(st.sampled_from(DEFAULTS), min_size=2, max_size=2, unique=True)
    return Database(tuple(roles.values()), tuple(draw(defaults)))


def drawn(examples: int, *, always_the_same: bool) -> settings:
    """How many are drawn. They are large: a counterexample is looked at, not made smaller."""
    return settings(
        max_examples=examples,
        derandomize=always_the_same,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def write(database: Database, file: Path) -> None:
    """Put it in a file that has the tables, in place of what was there."""
    with closing(sqlite3.connect(file)) as connection, connection:
        for table in ("role_permissions", "user_role_assignments", "roles", "users"):
            connection.execute(f"DELETE FROM {table}")
        connection.executemany("INSERT INTO users VALUES (?, ?, '!', 0)", enumerate(USERS, 1))
        for role_id, role in enumerate(database.roles, 1):
            connection.execute(
                "INSERT INTO roles VALUES (?, ?, ?, NULL)", (role_id, role.name, role.workspace)
            )
            connection.executemany(
                "INSERT INTO user_role_assignments (user_id, role_id) VALUES (?, ?)",
                [(user, role_id) for user in sorted(role.holders)],
            )
            connection.executemany(
                "INSERT INTO role_permissions"
                " (role_id, resource_type, resource_pattern, permission) VALUES (?, ?, ?, ?)",
                [(role_id, *row) for row in role.rows],
            )
