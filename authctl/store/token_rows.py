"""Rows of authctl's own table of service tokens."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import (
    Column,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    delete,
    select,
    update,
)

from authctl.errors import AlreadyExists, NotFound
from authctl.model import Resource, User
from authctl.service_token import Bearer, Scope, ServiceToken, digest, start_of
from authctl.store.among import delete_among
from authctl.store.sql_engine import insert_row
from authctl.store.tables import as_exact

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from sqlalchemy import Connection, Row, Select

    from authctl.service_token import Asked
    from authctl.store.schema import Schema

_METADATA = MetaData()
# MLflow's table, of which no more is said here than what the foreign key needs.
_USERS = Table("users", _METADATA, Column("id", Integer, primary_key=True))

TABLE = as_exact(
    Table(
        "authctl_tokens",
        _METADATA,
        Column("id", Integer, primary_key=True),
        # Whoever deletes a user, MLflow or a person with SQL, the tokens go too. SQLite gives ids
        # out again, and not everyone tells it to heed foreign keys: hence the name as well.
        Column(
            "user_id",
            Integer,
            ForeignKey(_USERS.c.id, name="authctl_tokens_user", ondelete="CASCADE"),
            nullable=False,
        ),
        Column("username", String(255), nullable=False),
        Column("name", String(255), nullable=False),
        Column("digest", String(64), nullable=False),
        Column("start", String(16), nullable=False),
        Column("scope", String(16), nullable=False),
        Column("resources", Text, nullable=True),
        Column("created_at", String(32), nullable=False),
        Column("created_by", String(255), nullable=True),
        Column("expires_at", String(32), nullable=True),
        Column("last_used_at", String(32), nullable=True),
        UniqueConstraint("user_id", "name", name="authctl_tokens_name"),
        UniqueConstraint("digest", name="authctl_tokens_digest"),
    )
)


def find_bearer(connection: Connection, schema: Schema, secret: str) -> Bearer | None:
    """The token with this secret, expired or not, and its user; None where there is none.

    Unavailable once the database was upgraded, as when an account is looked up by its name.
    """
    users, version = schema.table("users"), schema.version_table
    found = connection.execute(
        _with_users(schema)
        .add_columns(users.c.is_admin, select(version.c[0]).scalar_subquery().label("revision"))
        .where(TABLE.c.digest == digest(secret))
    ).first()
    if found is None:
        return None
    schema.confirm(connection, found.revision)
    return Bearer(_token(found), User(found.user_id, found.username, bool(found.is_admin)))


def list_tokens(
    connection: Connection, schema: Schema, user: User | None = None
) -> list[ServiceToken]:
    """Every token, or those of a user, by the names of users and tokens."""
    query = _with_users(schema)
    if user is not None:
        query = query.where(TABLE.c.user_id == user.id)
    found = [_token(row) for row in connection.execute(query)]
    return sorted(found, key=lambda token: (token.username, token.name))


def add_token(
    connection: Connection,
    user: User,
    asked: Asked,
    secret: str,
    *,
    now: datetime,
    created_by: str | None,
) -> ServiceToken:
    """Write a new token down. AlreadyExists."""
    named = (TABLE.c.user_id == user.id) & (TABLE.c.name == asked.name)
    if connection.execute(select(TABLE.c.id).where(named)).first() is not None:
        raise AlreadyExists(f"User '{user.username}' has a token '{asked.name}' already.")
    resources = asked.resources
    values: dict[str, Any] = {
        "username": user.username,
        "name": asked.name,
        "start": start_of(secret),
        "scope": asked.scope,
        "created_by": created_by,
    }
    token_id = insert_row(
        connection,
        TABLE,
        **values,
        user_id=user.id,
        digest=digest(secret),
        resources=None if resources is None else json.dumps([[r.type, r.id] for r in resources]),
        created_at=_written(now),
        expires_at=asked.expires_at and _written(asked.expires_at),
    )
    return ServiceToken(
        **values,
        id=token_id,
        resources=resources,
        created_at=now,
        expires_at=asked.expires_at,
    )


def remove_token(connection: Connection, user: User, name: str) -> None:
    """Revoke a token by its name. NotFound."""
    named = (TABLE.c.user_id == user.id) & (TABLE.c.name == name)
    if not connection.execute(delete(TABLE).where(named)).rowcount:
        raise no_token(user, name)


def no_token(user: User, name: str) -> NotFound:
    """Say that a user has no token of this name."""
    return NotFound(f"User '{user.username}' has no token '{name}'.")


def remove_tokens_of(connection: Connection, users: Iterable[User]) -> None:
    """Take away what was left under new users' ids by whoever deleted the last who had them."""
    delete_among(connection, TABLE.c.user_id, [user.id for user in users])


def note_use(connection: Connection, token: ServiceToken, now: datetime) -> None:
    """Write down that a token was used."""
    used = update(TABLE).where(TABLE.c.id == token.id).values(last_used_at=_written(now))
    connection.execute(used)


def _with_users(schema: Schema) -> Select[tuple[Any, ...]]:
    users = schema.table("users")
    return select(TABLE).join(
        users, (users.c.id == TABLE.c.user_id) & (users.c.username == TABLE.c.username)
    )


def _token(row: Row[Any]) -> ServiceToken:
    scope, resources = _limits(row.scope, row.resources)
    return ServiceToken(
        id=row.id,
        name=row.name,
        username=row.username,
        start=row.start,
        scope=scope,
        resources=resources,
        created_at=datetime.fromisoformat(row.created_at),
        created_by=row.created_by,
        expires_at=_read(row.expires_at),
        last_used_at=_read(row.last_used_at),
    )


def _limits(scope: str, resources: str | None) -> tuple[Scope, tuple[Resource, ...] | None]:
    """What a token is for; one with limits that this release does not know is for nothing."""
    try:
        known = Scope(scope)
        named = None if resources is None else _resources(json.loads(resources))
    except (ValueError, TypeError):
        return Scope.READ, ()
    return known, named


def _resources(pairs: Sequence[Sequence[str]]) -> tuple[Resource, ...]:
    return tuple(Resource(str(kind), str(name)) for kind, name in pairs)


def _written(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="seconds")


def _read(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
