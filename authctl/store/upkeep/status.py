"""What an auth database is and holds, at a glance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from authctl.model import SYNTHETIC_ROLE_PREFIX, Permission
from authctl.store import additions, history, sql_users
from authctl.store.grants import grants_in
from authctl.store.upkeep.check import LEVELS
from authctl.store.upkeep.denials import lost_denials

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from authctl.model import Generation
    from authctl.store.history import Entry
    from authctl.store.schema import Schema
    from authctl.store.sql_engine import Database


@dataclass(frozen=True, slots=True)
class Status:
    """Counts are of what counts: users who have a name, their own grants, named roles.

    `additions` is the version of authctl's own tables, None where there are none.
    """

    engine: str
    revision: str
    version_table: str
    generation: Generation
    mlflow: str
    writable: bool
    users: int
    admins: int
    grants: int
    denials: int
    lost_denials: int
    roles: int
    additions: str | None
    history: tuple[Entry, ...]


def status(database: Database, schema: Schema) -> Status:
    """Look at a database."""
    return database.snapshot(lambda connection: _status(connection, schema))


def _status(connection: Connection, schema: Schema) -> Status:
    users = sql_users.list_users(connection, schema)
    words = [held.grant.permission for held in grants_in(schema).find(connection)]
    return Status(
        engine=connection.dialect.name,
        revision=schema.revision,
        version_table=schema.version_table.name,
        generation=schema.generation,
        mlflow=schema.mlflow,
        writable=schema.known,
        users=len(users),
        admins=sum(user.is_admin for user in users),
        grants=len(words),
        denials=sum(word not in LEVELS or Permission(word).denies for word in words),
        lost_denials=len(lost_denials(connection, schema)),
        roles=_named_roles(connection, schema),
        additions=additions.version(connection),
        history=tuple(history.entries(connection)),
    )


def _named_roles(connection: Connection, schema: Schema) -> int:
    if not schema.has("roles"):
        return 0
    roles = schema.table("roles")
    own = roles.c.name.startswith(SYNTHETIC_ROLE_PREFIX, autoescape=True)
    return connection.scalar(select(func.count()).select_from(roles).where(~own)) or 0
