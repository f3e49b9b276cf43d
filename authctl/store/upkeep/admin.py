"""The way in when nobody can log in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from authctl.model import checked_password, checked_username
from authctl.store import sql_users
from authctl.store.base import NewAccount
from authctl.store.passwords import hash_password

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from authctl.store.schema import Schema
    from authctl.store.sql_engine import Database


def reset_admin(database: Database, schema: Schema, username: str, password: str) -> bool:
    """Make a user an admin with a new password, in one transaction; True if they had to be made.

    InvalidRequest for a name or password that is not allowed.
    """
    password_hash = hash_password(checked_password(password))

    def work(connection: Connection) -> bool:
        schema.hold(connection)
        account = sql_users.find_account(connection, schema, username)
        if account is None:
            checked_username(username)
            new = NewAccount(username, password_hash, is_admin=True)
            sql_users.add_users(connection, schema, [new])
            return True
        sql_users.change_users(
            connection, schema, [account.user], password_hash=password_hash, is_admin=True
        )
        return False

    return database.write(work)
