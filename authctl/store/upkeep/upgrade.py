"""The safe way up: from the tables before MLflow 3.13 to those of roles, everybody's level kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from sqlalchemy import func, select

from authctl.errors import InvalidRequest
from authctl.model import Generation
from authctl.store import additions, history
from authctl.store.schema import Schema, alone, schema_at
from authctl.store.tables import HEAD
from authctl.store.upkeep.carry import Names, carry, known_prompts
from authctl.store.upkeep.climb import climb, stamp
from authctl.store.upkeep.proof import LevelsDiffer, Standing, differences

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from authctl.store.base import Resolve
    from authctl.store.sql_engine import Database

Progress: TypeAlias = "Callable[[str, int, int], None]"
"""What is told of long work: what is being done, how much of it is, and how much there is."""


@dataclass(frozen=True, slots=True)
class Upgraded:
    """What an upgrade did: rows carried over, users, and levels found to be as before."""

    before: str
    after: str
    users: int
    grants: int
    compared: int


def upgrade(
    database: Database,
    schema: Schema,
    resolve: Resolve,
    *,
    prompts: frozenset[str] | None = None,
    without_workspaces: bool = False,
    progress: Progress = lambda *_: None,
) -> Upgraded:
    """Take a legacy database to the tables of MLflow 3.13 and later, in one transaction.

    `prompts` names the registered models that are prompts, if that is known; where the registry
    is in the same database, it is asked. LevelsDiffer, with nothing changed, when anybody's level
    on anything would not be what it was; InvalidRequest for what only an administrator can
    settle. On MySQL the new tables stay, without effect, when the upgrade is not made.
    """

    def work(connection: Connection) -> Upgraded:
        with alone(connection):
            schema.hold(connection)
            _refuse_workspaces(connection, schema, leave=without_workspaces)
            progress("reading", 0, 1)
            before = Standing.read(connection, schema)
            progress("reading", 1, 1)
            additions.install(connection)
            middle = climb(connection, schema)
            middle.hold(connection)
            return _move(connection, middle, before)

    def _move(connection: Connection, middle: Schema, before: Standing) -> Upgraded:
        names = Names(known_prompts(connection) if prompts is None else prompts)
        grants = carry(
            connection, middle, names, progress=lambda done, all_: progress("writing", done, all_)
        )
        stamp(connection, HEAD)
        head = schema_at(HEAD, dialect=connection.dialect.name)
        after = Standing.read(connection, head)
        found, compared = differences(
            before,
            after,
            resolve,
            also_called=names,
            progress=lambda done, all_: progress("comparing", done, all_),
        )
        if found:
            raise LevelsDiffer(found)
        history.record(connection, history.Event.UPGRADED, f"{schema.revision} to {HEAD}")
        return Upgraded(schema.revision, HEAD, len(before.grants), grants, compared)

    if schema.generation is Generation.ROLES:
        raise InvalidRequest("The auth database has the tables of roles already.")
    return database.write(work)


def _refuse_workspaces(connection: Connection, schema: Schema, *, leave: bool) -> None:
    if leave or not schema.has("workspace_permissions"):
        return
    table = schema.table("workspace_permissions")
    count = connection.scalar(select(func.count()).select_from(table))
    if count:
        raise InvalidRequest(
            f"There are {count} permissions on workspaces, which count only where MLflow runs with"
            " workspaces; authctl does not support them.",
            hint="Let MLflow upgrade this database itself, or leave them behind with"
            " --without-workspaces.",
        )
