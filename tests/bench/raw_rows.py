"""The rows of users and grants, written by SQLAlchemy alone: the least that making them can take.

Nothing is checked, nothing is read first, and every id is known beforehand. As a script it is what
somebody would write instead of a manifest: `python tests/bench/raw_rows.py URL USERS EACH`.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from sqlalchemy import column, create_engine, insert, table

if TYPE_CHECKING:
    from sqlalchemy import Connection

LEVELS = ("READ", "EDIT", "MANAGE")
FIRST_ID = 1_000
"""So that nobody who is there has the same."""

_USERS = table(
    "users", column("id"), column("username"), column("password_hash"), column("is_admin")
)
_ROLES = table("roles", column("id"), column("name"), column("workspace"))
_HELD = table("user_role_assignments", column("user_id"), column("role_id"))
_GRANTS = table(
    "role_permissions",
    column("role_id"),
    column("resource_type"),
    column("resource_pattern"),
    column("permission"),
)


def level(user: int, thing: int) -> str:
    """The level that a user has on a thing."""
    return LEVELS[(user + thing) % len(LEVELS)]


def write(url: str, users: int, each: int) -> None:
    """Write users without a password, each with so many grants, in one transaction."""
    engine = create_engine(url)
    with engine.begin() as connection:
        _write(connection, users, each)
    engine.dispose()


def _write(connection: Connection, users: int, each: int) -> None:
    numbers = range(users)
    connection.execute(
        insert(_USERS),
        [
            {
                "id": FIRST_ID + number,
                "username": f"user-{number}",
                "password_hash": "!",
                "is_admin": False,
            }
            for number in numbers
        ],
    )
    connection.execute(
        insert(_ROLES),
        [
            {
                "id": FIRST_ID + number,
                "name": f"__user_{FIRST_ID + number}__",
                "workspace": "default",
            }
            for number in numbers
        ],
    )
    connection.execute(
        insert(_HELD),
        [{"user_id": FIRST_ID + number, "role_id": FIRST_ID + number} for number in numbers],
    )
    connection.execute(
        insert(_GRANTS),
        [
            {
                "role_id": FIRST_ID + number,
                "resource_type": "experiment",
                "resource_pattern": str(thing),
                "permission": level(number, thing),
            }
            for number in numbers
            for thing in range(each)
        ],
    )


if __name__ == "__main__":
    write(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
