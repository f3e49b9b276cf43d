"""Rows of the users table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from authctl.errors import AlreadyExists, NotFound, Refused
from authctl.model import Account, Generation, User, synthetic_role
from authctl.store.among import delete_among, insert_rows, rows_among, update_among
from authctl.store.passwords import NO_PASSWORD

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy import Connection

    from authctl.store.base import NewAccount
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
        raise _no_user(username)
    return account.user


def require_users(connection: Connection, schema: Schema, usernames: Iterable[str]) -> list[User]:
    """The users of exactly these names, where writers are kept out. NotFound for the first."""
    wanted = list(usernames)
    found = {user.username: user for user in _called(connection, schema, wanted)}
    for username in wanted:
        if username not in found:
            raise _no_user(username)
    return [found[username] for username in wanted]


def list_users(connection: Connection, schema: Schema) -> list[User]:
    """Every account, ordered by name."""
    users = schema.table("users")
    rows = connection.execute(select(users).where(users.c.username.is_not(None)))
    return sorted(
        (User(row.id, row.username, bool(row.is_admin)) for row in rows),
        key=lambda user: user.username,
    )


def add_users(connection: Connection, schema: Schema, new: Sequence[NewAccount]) -> list[User]:
    """Make accounts that start with nothing. AlreadyExists for the first that is there.

    SQLite gives a deleted user's id out again, and a deletion by other hands may have left
    grants under it.
    """
    names = [account.username for account in new]
    taken = {user.username for user in _called(connection, schema, names)}
    for name in names:
        if name in taken:
            raise AlreadyExists(f"User (username={name}) already exists")
        taken.add(name)
    rows = [
        {
            "username": account.username,
            "password_hash": NO_PASSWORD
            if account.password_hash is None
            else account.password_hash,
            "is_admin": account.is_admin,
        }
        for account in new
    ]
    insert_rows(connection, schema.table("users"), rows)
    made = require_users(connection, schema, names)
    _clear(connection, schema, made)
    return made


def change_users(
    connection: Connection, schema: Schema, users: Iterable[User], **values: object
) -> None:
    """Set columns of accounts."""
    ids = [user.id for user in users]
    update_among(connection, schema.table("users").c.id, ids, **values)


def remove_users(connection: Connection, schema: Schema, users: Sequence[User]) -> None:
    """Delete accounts and all that is their own."""
    _clear(connection, schema, users)
    delete_among(connection, schema.table("users").c.id, [user.id for user in users])


def keep_an_admin(
    connection: Connection, schema: Schema, users: Iterable[User], change: str
) -> None:
    """Refuse a change of users, one after another, that would leave nobody to administer."""
    table = schema.table("users")
    left = set(connection.scalars(select(table.c.id).where(table.c.is_admin.is_(True))))
    for user in users:
        left.discard(user.id)
        if user.is_admin and not left:
            raise Refused(
                f"User '{user.username}' is the last admin and cannot be {change}.",
                hint="Promote somebody else first, or insist with --force.",
            )


def remove_roles(connection: Connection, schema: Schema, role_ids: Sequence[int]) -> None:
    """Delete roles with their permissions and assignments."""
    for name in ("role_permissions", "user_role_assignments"):
        delete_among(connection, schema.table(name).c.role_id, role_ids)
    delete_among(connection, schema.table("roles").c.id, role_ids)


def _called(connection: Connection, schema: Schema, usernames: Iterable[str]) -> Iterator[User]:
    """The users of exactly these names that there are; see `find_account`."""
    wanted = {name for name in usernames if "\0" not in name}
    users = schema.table("users")
    for row in rows_among(connection, select(users), users.c.username, sorted(wanted)):
        if row.username in wanted:
            yield User(row.id, row.username, bool(row.is_admin))


def _no_user(username: str) -> NotFound:
    return NotFound(f"User with username={username} not found")


def _clear(connection: Connection, schema: Schema, users: Iterable[User]) -> None:
    """Remove users' grants and assignments (contract 1.3).

    The role of a user's own goes from every workspace. Before the roles generation its name
    is nothing special.
    """
    ids = [user.id for user in users]
    if schema.generation is Generation.ROLES:
        roles, own = schema.table("roles"), {synthetic_role(user_id) for user_id in ids}
        found = rows_among(connection, select(roles), roles.c.name, sorted(own))
        remove_roles(connection, schema, [row.id for row in found if row.name in own])
    for table in schema.tables.tables.values():
        if "user_id" in table.c:
            delete_among(connection, table.c.user_id, ids)
