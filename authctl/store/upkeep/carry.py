"""Grants carried from the tables before MLflow 3.13 into those of roles, denials too.

What MLflow's own upgrade does (contract 1.6), but for what it changes about anybody's level: it
drops NO_PERMISSIONS, and leaves behind what a grant on a model says about a prompt, what
MLflow 3.12 let a role say about its whole workspace, and how it wrote scorers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy
from sqlalchemy import column, delete, insert, select, table, update

from authctl.errors import InvalidRequest
from authctl.model import (
    DEFAULT_WORKSPACE,
    PROMPT_TAG,
    SYNTHETIC_ROLE_PREFIX,
    WILDCARD,
    Permission,
    Resource,
    ResourceType,
    synthetic_role,
)
from authctl.store.grants_legacy import LegacyGrants, quoted
from authctl.store.upkeep.proof import TYPES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sqlalchemy import Connection

    from authctl.store.schema import Schema

_WORKSPACE = Resource(ResourceType.WORKSPACE, WILDCARD)
_AT_ONCE = 5_000
"""How many rows go into one statement."""

READABLE = frozenset({Permission.READ, Permission.USE, Permission.EDIT, Permission.MANAGE})
"""The levels that every MLflow since 3.13 takes; any other text in a legacy row denies."""


@dataclass(frozen=True, slots=True)
class Names:
    """What legacy grants on models are about since MLflow 3.13, where prompts are a type apart.

    `prompts` are the names of those that are prompts; None where nobody can tell, and a grant
    becomes one on the model and one on the prompt, of which only one can exist.
    """

    prompts: frozenset[str] | None

    def __call__(self, resource: Resource) -> list[Resource]:
        """The resources that a legacy grant on this one is about."""
        if resource.type != ResourceType.REGISTERED_MODEL:
            return [resource]
        twin = Resource(ResourceType.PROMPT, resource.id)
        if self.prompts is None or resource.id == WILDCARD:
            return [resource, twin]
        return [twin if resource.id in self.prompts else resource]


def known_prompts(connection: Connection) -> frozenset[str] | None:
    """The names of the prompts in a database that holds MLflow's registry; None in any other."""
    if not sqlalchemy.inspect(connection).has_table("registered_model_tags"):
        return None
    tags = table("registered_model_tags", column("name"), column("key"), column("value"))
    rows = connection.execute(select(tags.c.name, tags.c.value).where(tags.c.key == PROMPT_TAG))
    return frozenset(name for name, value in rows if str(value).lower() == "true")


def carry(
    connection: Connection,
    schema: Schema,
    names: Names,
    *,
    progress: Callable[[int, int], None],
) -> int:
    """Write everybody's grants into roles of their own; how many rows there were to carry.

    InvalidRequest where roles of MLflow 3.12 have names that are kept for users' own since.
    """
    _refuse_taken_names(connection, schema)
    _translate_roles(connection, schema, names)
    rows = [row for row in LegacyGrants(schema).every(connection) if row.resource.id != WILDCARD]
    roles = _own_roles(connection, schema, {(row.user_id, row.workspace) for row in rows})
    new = [
        {
            "role_id": roles[row.user_id, row.workspace],
            "resource_type": resource.type,
            "resource_pattern": resource.id,
            "permission": _readable(row.permission),
        }
        for row in rows
        for resource in names(row.resource)
    ]
    for start in range(0, len(new), _AT_ONCE):
        progress(start, len(new))
        some = new[start : start + _AT_ONCE]
        connection.execute(insert(schema.table("role_permissions")), some)
    progress(len(new), len(new))
    return len(rows)


def _readable(word: str | None) -> str:
    return word if word in READABLE else str(Permission.NO_PERMISSIONS)


def _refuse_taken_names(connection: Connection, schema: Schema) -> None:
    roles = schema.table("roles")
    kept = roles.c.name.startswith(SYNTHETIC_ROLE_PREFIX, autoescape=True)
    for name in connection.scalars(select(roles.c.name).where(kept).order_by(roles.c.id)):
        raise InvalidRequest(
            f"There is a role called '{name}', but MLflow 3.13 keeps that name for a user's own"
            " grants.",
            hint="Rename the role while MLflow 3.12 still serves this database.",
        )


def _own_roles(
    connection: Connection, schema: Schema, wanted: Iterable[tuple[int, str]]
) -> dict[tuple[int, str], int]:
    """Make a role of their own for each user and workspace, held by the user; its id."""
    roles, assignments = schema.table("roles"), schema.table("user_role_assignments")
    pairs = sorted(wanted)
    if not pairs:
        return {}
    connection.execute(
        insert(roles),
        [
            {"name": synthetic_role(user_id), "workspace": workspace, "description": None}
            for user_id, workspace in pairs
        ],
    )
    ids = {
        (row.name, row.workspace): row.id
        for row in connection.execute(select(roles.c.id, roles.c.name, roles.c.workspace))
    }
    made = {pair: ids[synthetic_role(pair[0]), pair[1]] for pair in pairs}
    connection.execute(
        insert(assignments),
        [{"user_id": user_id, "role_id": role_id} for (user_id, _), role_id in made.items()],
    )
    return made


def _translate_roles(connection: Connection, schema: Schema, names: Names) -> None:
    """Let the rows of MLflow 3.12's roles say in words of 3.13 what they said there.

    There NO_PERMISSIONS in a role said nothing; a row on the workspace spoke of all in it. Other
    workspaces than the default one count only where MLflow runs with workspaces.
    """
    roles, held = schema.table("roles"), schema.table("role_permissions")
    rows = connection.execute(
        select(held)
        .join(roles, roles.c.id == held.c.role_id)
        .where(roles.c.workspace == DEFAULT_WORKSPACE)
        .order_by(held.c.id)
    ).all()
    present = {(row.role_id, row.resource_type, row.resource_pattern): row for row in rows}
    wanted: dict[tuple[int, str, str], Permission] = {}
    for row in rows:
        said = Resource(row.resource_type, row.resource_pattern)
        for resource, level in _since_3_13(said, row.permission, names):
            key = (row.role_id, resource.type, resource.id)
            wanted[key] = _higher(wanted.get(key), level)
    for key, row in present.items():
        same = held.c.id == row.id
        if key not in wanted:
            connection.execute(delete(held).where(same))
        elif wanted[key] != row.permission:
            connection.execute(update(held).where(same).values(permission=str(wanted[key])))
    new = [
        {"role_id": role, "resource_type": kind, "resource_pattern": pattern, "permission": level}
        for (role, kind, pattern), level in wanted.items()
        if (role, kind, pattern) not in present
    ]
    if new:
        connection.execute(insert(held), new)


def _since_3_13(
    resource: Resource, word: str, names: Names
) -> Iterator[tuple[Resource, Permission]]:
    """What a row of a role of MLflow 3.12 said, in rows as they are understood since 3.13."""
    if word == Permission.NO_PERMISSIONS:
        return
    level = Permission(_readable(word))
    if resource == _WORKSPACE:
        if level is Permission.MANAGE:
            yield resource, level
            return
        if not level.denies:
            yield resource, Permission.USE
        for kind in TYPES:
            yield Resource(kind, WILDCARD), level
    elif resource.type in TYPES and resource.type != ResourceType.PROMPT:
        for named in names(quoted(resource)):
            yield named, level


def _higher(one: Permission | None, other: Permission) -> Permission:
    return one if one is not None and one.at_least(other) else other
