"""Databases with grants of every kind, for commands that tell which levels they make."""

from __future__ import annotations

from typing import TYPE_CHECKING

from authctl.model import Permission, Resource
from authctl.store import tables
from tests.cli.commands import Shell
from tests.live import ADMIN
from tests.store.databases import execute, make_tables, opened

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from authctl.store.sql import SqlStore

PASSWORD = ADMIN[1]
"""Everybody's."""
E7 = Resource("experiment", "7")
E12 = Resource("experiment", "12")
EVERY = Resource("experiment", "*")
CHURN = Resource("registered_model", "churn")
MODELS = Resource("registered_model", "*")
GREETING = Resource("prompt", "greeting")
WORKSPACE = Resource("workspace", "*")

USERS = ("admin", "alice", "bob", "carol", "dan", "eve")
OWN = (
    ("alice", E7, Permission.READ),
    ("alice", CHURN, Permission.READ),
    ("bob", E7, Permission.NO_PERMISSIONS),
    ("bob", E12, Permission.MANAGE),
    ("eve", E12, Permission.EDIT),
)
ROLES: dict[str, tuple[tuple[str, ...], Sequence[tuple[Resource, Permission]]]] = {
    "ds-team": (("alice", "bob"), [(MODELS, Permission.EDIT), (E12, Permission.EDIT)]),
    "outcasts": (
        ("eve",),
        [(EVERY, Permission.NO_PERMISSIONS), (CHURN, Permission.NO_PERMISSIONS)],
    ),
    "managers": (("dan",), [(WORKSPACE, Permission.MANAGE)]),
}


def on_tables_of(revision: str, folder: Path) -> Shell:
    """A shell on an auth database of this revision, which has these users and grants.

    The roles are those that it has tables for: of MLflow 3.12 on.
    """
    url = f"sqlite:///{folder / 'auth.db'}"
    (folder / "auth.db").touch()
    make_tables(url, revision)
    with opened(url) as store:
        fill(store)
    if tables.reaches(revision, tables.ROLE_TABLES) and not tables.reaches(revision, tables.ROLES):
        write_roles(url)
    return Shell(folder, {"AUTHCTL_DB": url})


def fill(store: SqlStore) -> None:
    present = {user.username for user in store.list_users()}
    for name in USERS:
        if name not in present:
            store.create_user(name, PASSWORD, is_admin=name == "admin")
    for name, resource, level in OWN:
        store.grant(name, resource, level)
    if tables.reaches(store.schema.revision, tables.ROLES):
        for name, (holders, rows) in ROLES.items():
            role = store.create_role(name, "default", None)
            for resource, level in rows:
                store.add_role_permission(role.id, resource, level)
            for holder in holders:
                store.assign_role(holder, role.id)


def write_roles(url: str) -> None:
    """Write the roles as MLflow 3.12 would, which authctl leaves to it."""
    for number, (name, (holders, rows)) in enumerate(ROLES.items(), 1):
        execute(
            url, f"INSERT INTO roles (id, name, workspace) VALUES ({number}, '{name}', 'default')"
        )
        for resource, level in rows:
            execute(
                url,
                "INSERT INTO role_permissions"
                " (role_id, resource_type, resource_pattern, permission)"
                f" VALUES ({number}, '{resource.type}', '{resource.id}', '{level}')",
            )
        for holder in holders:
            execute(
                url,
                "INSERT INTO user_role_assignments (user_id, role_id)"
                f" SELECT id, {number} FROM users WHERE username = '{holder}'",
            )
