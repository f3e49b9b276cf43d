"""Rows of the users table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select, update

from authctl.errors import AlreadyExists, NotFound, Refused
from authctl.model import Account, Generation, User, synthetic_role
from authctl.store.sql_engine import insert_row

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from authctl.store.schema import Schema


def find_account(connection: Connection, schema: Schema, username: str) -> Account | None:
    """The account of exactly this name, or None.

    MySQL's collations find more than the exact name, PostgreSQL rejects a NUL in a parameter.
    Unavailable once the database was upgraded: grants then count in other tables, so whoever
    goes on reading these would let pass what has been taken away since.
    """
    if "\0" in username:
        return None
    for row in connection.execute(schema.accounts_called, {"username": username}).all():
        schema.confirm(connection, row.revision)
        if row.username == username:
            return Account(User(row.id, row.username, bool(row.is_admin)), row.password_hash)
    return None


def require_user(connection: Connection, schema: Schema, username: str) -> User:
    """The user of exactly this name. NotFound."""
    account = find_account(connection, schema, username)
    if account is None:
        raise NotFound(f"User with username={username} not found")
    return account.user


def list_users(connection: Connection, schema: Schema) -> list[User]:
    """Every account, ordered by name."""
    users = schema.table("users")
    rows = connection.execute(select(users).where(users.c.username.is_not(None)))
    return sorted(
        (User(row.id, row.username, bool(row.is_admin)) for row in rows),
        key=lambda user: user.username,
    )


def add_user(
    connection: Connection, schema: Schema, username: str, password_hash: str, *, is_admin: bool
) -> User:
    """Make an account that starts with nothing. AlreadyExists.

    SQLite gives a deleted user's id out again, and a deletion by other hands may have left
    grants under it.
    """
    if find_account(connection, schema, username) is not None:
        raise AlreadyExists(f"User (username={username}) already exists")
    user_id = insert_row(
        connection,
        schema.table("users"),
        username=username,
        password_hash=password_hash,
        is_admin=is_admin,
    )
    user = User(user_id, username, is_admin)
    _clear(connection, schema, user)
    return user


def change_user(connection: Connection, schema: Schema, user: User, **values: object) -> None:
    """Set columns of an account."""
    users = schema.table("users")
    connection.execute(update(users).where(users.c.id == user.id).values(**values))


def remove_user(connection: Connection, schema: Schema, user: User) -> None:
    """Delete an account and all that is its own."""
    _clear(connection, schema, user)
    users = schema.table("users")
    connection.execute(delete(users).where(users.c.id == user.id))


def keep_an_admin(connection: Connection, schema: Schema, user: User, change: str) -> None:
    """Refuse a change that would leave nobody to administer."""
    users = schema.table("users")
    others = select(func.count()).where(users.c.is_admin.is_(True), users.c.id != user.id)
    if user.is_admin and not connection.scalar(others):
        raise Refused(
            f"User '{user.username}' is the last admin and cannot be {change}.",
            hint="Promote somebody else first, or insist with --force.",
        )


def _clear(connection: Connection, schema: Schema, user: User) -> None:
    """Remove a user's grants and assignments (contract 1.3).

    The role of the user's own goes from every workspace. Before the roles generation its name
    is nothing special.
    """
    if schema.generation is Generation.ROLES:
        roles = schema.table("roles")
        own = connection.scalars(select(roles.c.id).where(roles.c.name == synthetic_role(user.id)))
        for role_id in own.all():
            remove_role(connection, schema, role_id)
    for table in schema.tables.tables.values():
        if "user_id" in table.c:
            connection.execute(delete(table).where(table.c.user_id == user.id))


def remove_role(connection: Connection, schema: Schema, role_id: int) -> None:
    """Delete a role with its permissions and assignments."""
    for name in ("role_permissions", "user_role_assignments"):
        table = schema.table(name)
        connection.execute(delete(table).where(table.c.role_id == role_id))
    roles = schema.table("roles")
    connection.execute(delete(roles).where(roles.c.id == role_id))
