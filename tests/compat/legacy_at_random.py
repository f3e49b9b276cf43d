"""Auth databases from before MLflow 3.13 with whatever may stand in them, for hypothesis."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from hypothesis import strategies as st

from authctl.model import WILDCARD, Permission, Resource, ResourceType
from tests.policy.databases_at_random import DEFAULTS, OTHER, UNKNOWN, USERS, Role

if TYPE_CHECKING:
    from pathlib import Path

    from hypothesis.strategies import DrawFn

# By resource type: its table, the columns that name the resource, and names.
TABLES: dict[str, tuple[str, tuple[str, ...], tuple[tuple[str, ...], ...]]] = {
    ResourceType.EXPERIMENT: (
        "experiment_permissions",
        ("experiment_id",),
        (("1",), ("2",), ("01",), (WILDCARD,)),
    ),
    ResourceType.REGISTERED_MODEL: (
        "registered_model_permissions",
        ("name",),
        (("churn",), ("Churn",), (WILDCARD,)),
    ),
    ResourceType.SCORER: (
        "scorer_permissions",
        ("experiment_id", "scorer_name"),
        (("1", "plain"), ("1", "a name/x%2F"), ("2", "plain"), ("1", WILDCARD)),
    ),
    ResourceType.GATEWAY_SECRET: ("gateway_secret_permissions", ("secret_id",), (("s",), ("S",))),
    ResourceType.GATEWAY_ENDPOINT: ("gateway_endpoint_permissions", ("endpoint_id",), (("e",),)),
    ResourceType.GATEWAY_MODEL_DEFINITION: (
        "gateway_model_definition_permissions",
        ("model_definition_id",),
        (("d",),),
    ),
}
VERSIONS = {
    ResourceType.REGISTERED_MODEL: (ResourceType.REGISTERED_MODEL_VERSION,),
    ResourceType.SCORER: (ResourceType.SCORER_VERSION,),
}
_MODEL = ResourceType.REGISTERED_MODEL
# What is in an experiment, by what MLflow is asked about.
INSIDE: dict[str, tuple[ResourceType, ...]] = {
    "run": (ResourceType.RUN, ResourceType.TRACE, ResourceType.ASSESSMENT),
    "logged_model": (ResourceType.LOGGED_MODEL,),
}
# In roles, which 3.12 had beside those tables, a scorer's name is not quoted, and a role that is
# called as a user's own is like any other.
IN_ROLES = [
    *((kind, "/".join(name)) for kind, (_, _, names) in TABLES.items() for name in names),
    *((kind, WILDCARD) for kind in (*TABLES, "run", "prompt", "galaxy")),
    ("run", "1"),
    (ResourceType.WORKSPACE, WILDCARD),
    (ResourceType.WORKSPACE, "1"),
]


@dataclass(frozen=True)
class Direct:
    """A user's own row on one resource."""

    kind: str
    name: tuple[str, ...]
    user: int
    workspace: str | None
    word: str | None


@dataclass(frozen=True)
class Database:
    """The rows of some users, whose ids count from 1, and the defaults to ask with."""

    direct: tuple[Direct, ...]
    roles: tuple[Role, ...]
    defaults: tuple[Permission, ...]


@st.composite
def databases(draw: DrawFn, *, kinds: list[str], words: list[str], with_roles: bool) -> Database:
    """Own rows on things of these types, with words a release of MLflow knows and with others."""
    ids = range(1, len(USERS) + 1)
    known = st.sampled_from([*words * 6, *UNKNOWN])
    # Names of models are told apart by workspace, since there are workspaces.
    places = [
        (kind, name, user, workspace)
        for kind in kinds
        if kind in TABLES
        for name in TABLES[kind][2]
        for user in ids
        for workspace in (("default", OTHER) if with_roles and kind == _MODEL else (None,))
    ]
    rows = st.dictionaries(
        st.sampled_from(places), st.none() | known | known | known, min_size=2, max_size=30
    )
    direct = tuple(Direct(*place, word) for place, word in draw(rows).items())
    roles: list[Role] = []
    for name in ("readers", "writers", "__user_1__") if with_roles else ():
        for workspace in draw(st.sampled_from([("default",), (), ("default", OTHER)])):
            held = draw(st.dictionaries(st.sampled_from(IN_ROLES), known, max_size=8))
            holders = draw(st.frozensets(st.sampled_from(ids), min_size=1))
            shown = tuple((*place, word) for place, word in held.items())
            roles.append(Role(name, workspace, holders, shown))
    defaults = st.sampled_from([level for level in DEFAULTS if level in words])
    asked = draw(st.lists(defaults, min_size=2, max_size=2, unique=True))
    return Database(direct, tuple(roles), tuple(asked))


@dataclass(frozen=True)
class Asked:
    """What MLflow is asked about, and what authctl takes it for."""

    kind: str
    name: tuple[str, ...]
    resource: Resource
    tiers: tuple[ResourceType | None, ...]


def things_asked_about(kinds: list[str]) -> list[Asked]:
    """Everything that may have rows, and runs and logged models, which are in experiments."""
    found = [
        Asked(kind, name, _resource(kind, name), (None, *VERSIONS.get(ResourceType(kind), ())))
        for kind in kinds
        if kind in TABLES
        for name in TABLES[kind][2]
        if WILDCARD not in name
    ]
    inside = [
        Asked(kind, thing.name, thing.resource, INSIDE[kind])
        for kind in kinds
        if kind in INSIDE
        for thing in found
        if thing.kind == ResourceType.EXPERIMENT
    ]
    return found + inside


def _resource(kind: str, name: tuple[str, ...]) -> Resource:
    return Resource(kind, "/".join([name[0], *(quote(text, safe="") for text in name[1:])]))


def write(database: Database, file: Path) -> None:
    """Put it in a file that has the tables, in place of what was there."""
    with closing(sqlite3.connect(file)) as connection, connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        for table in ("role_permissions", "user_role_assignments", "roles"):
            if table in tables:
                connection.execute(f"DELETE FROM {table}")
        for table, _, _ in TABLES.values():
            if table in tables:
                connection.execute(f"DELETE FROM {table}")
        connection.execute("DELETE FROM users")
        connection.executemany("INSERT INTO users VALUES (?, ?, '!', 0)", enumerate(USERS, 1))
        for row in database.direct:
            table, columns, _ = TABLES[row.kind]
            values: dict[str, object] = dict(zip(columns, row.name, strict=True))
            values |= {"user_id": row.user, "permission": row.word}
            if row.workspace is not None:
                values["workspace"] = row.workspace
            _insert(connection, table, values)
        for role_id, role in enumerate(database.roles, 1):
            _insert(
                connection, "roles", {"id": role_id, "name": role.name, "workspace": role.workspace}
            )
            for user in sorted(role.holders):
                _insert(connection, "user_role_assignments", {"user_id": user, "role_id": role_id})
            for kind, pattern, word in role.rows:
                place = {"role_id": role_id, "resource_type": kind, "resource_pattern": pattern}
                _insert(connection, "role_permissions", {**place, "permission": word})


def _insert(connection: sqlite3.Connection, table: str, values: dict[str, object]) -> None:
    names = ", ".join(values)
    marks = ", ".join("?" * len(values))
    connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(values.values()))
