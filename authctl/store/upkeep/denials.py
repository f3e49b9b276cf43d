"""Denials that MLflow's own upgrade to 3.13 dropped: which they are, and putting them back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from authctl.errors import InvalidRequest
from authctl.model import DEFAULT_WORKSPACE, WILDCARD, Generation, Permission, User
from authctl.store import additions, history
from authctl.store.grants_legacy import LegacyGrants
from authctl.store.grants_roles import RoleGrants
from authctl.store.schema import alone
from authctl.store.upkeep.carry import READABLE, Names, known_prompts

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from authctl.model import Resource
    from authctl.store.base import Resolve
    from authctl.store.schema import Schema
    from authctl.store.sql_engine import Database

_SETTLED = frozenset(
    {history.Event.CREATED, history.Event.UPGRADED, history.Event.DENIALS_RESTORED}
    | {history.Event.DENIALS_FORGOTTEN}
)
"""After these the legacy tables tell nothing any more."""


@dataclass(frozen=True, slots=True)
class Denial:
    """A user who was shut out of a resource before MLflow's upgrade, and has no grant there now."""

    user: User
    resource: Resource


@dataclass(frozen=True, slots=True)
class PutBack:
    """A denial that is in the tables again, and the level that counts: a role may outweigh it."""

    denial: Denial
    level: Permission


def lost_denials(connection: Connection, schema: Schema) -> list[Denial]:
    """Every denial that was dropped and has not been settled since.

    The legacy tables are still there, as they were before the upgrade. Where the user has been
    given another grant on the resource, that one is what somebody wanted.
    """
    if schema.generation is Generation.LEGACY or not schema.has("experiment_permissions"):
        return []
    if any(entry.event in _SETTLED for entry in history.entries(connection)):
        return []
    names = Names(known_prompts(connection))
    held = {
        (found.grant.username, found.grant.resource)
        for found in RoleGrants(schema).find(connection)
    }
    return [
        Denial(User(row.user_id, row.username, is_admin=False), resource)
        for row in LegacyGrants(schema).every(connection)
        if row.permission not in READABLE
        and row.workspace == DEFAULT_WORKSPACE
        and row.username is not None
        and row.resource.id != WILDCARD
        for resource in names(row.resource)
        if (row.username, resource) not in held
    ]


def put_back(database: Database, schema: Schema, resolve: Resolve) -> list[PutBack]:
    """Write every lost denial into its user's own role, in one transaction.

    InvalidRequest where a user's own role is held by others, whom it would shut out too.
    """

    def work(connection: Connection) -> list[PutBack]:
        found = _settle(connection, schema, history.Event.DENIALS_RESTORED)
        grants = RoleGrants(schema)
        lost: dict[User, dict[Resource, Permission]] = {denial.user: {} for denial in found}
        for denial in found:
            lost[denial.user][denial.resource] = Permission.NO_PERMISSIONS
        grants.put(connection, lost)
        levels = {
            user.id: resolve(grants.counting(connection, user), schema.generation) for user in lost
        }
        return [PutBack(denial, levels[denial.user.id].on(denial.resource)) for denial in found]

    return database.write(work)


def forget(database: Database, schema: Schema) -> list[Denial]:
    """Write down that the lost denials are not wanted, so that nobody is told of them again."""
    return database.write(
        lambda connection: _settle(connection, schema, history.Event.DENIALS_FORGOTTEN)
    )


def _settle(connection: Connection, schema: Schema, event: history.Event) -> list[Denial]:
    if schema.generation is Generation.LEGACY:
        raise InvalidRequest(
            "This database has lost no denials: MLflow has not upgraded it.",
            hint="authctl db upgrade keeps them.",
        )
    with alone(connection):
        schema.hold(connection)
        found = lost_denials(connection, schema)
        if found:
            additions.install(connection)
            schema.hold(connection)
            history.record(connection, event, f"{len(found)} denials")
        return found
