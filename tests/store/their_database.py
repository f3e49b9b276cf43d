"""A small auth database of the MLflow whose interpreter runs this file, with a URL and a password.

It comes to hold what this release's own store takes of the rows below: a type, a level or a table
that came later, or went, is left out.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from mlflow.exceptions import MlflowException
from mlflow.server.auth.sqlalchemy_store import SqlAlchemyStore

try:
    from mlflow.utils.workspace_context import WorkspaceContext
except ImportError:  # before 3.10
    WorkspaceContext = None

USERS = {"admin": True, "alice": False, "o'brien": False, "zoë": True, "bob": False, "eve": False}
"""Who is an admin; bob has nothing but roles, and eve has nothing."""

GRANTS = (
    ("alice", "experiment", ("1",), "MANAGE"),
    ("alice", "experiment", ("2",), "READ"),
    ("alice", "experiment", ("3",), "USE"),
    ("alice", "experiment", ("*",), "READ"),
    ("alice", "registered_model", ("churn",), "EDIT"),
    ("alice", "registered_model", ("größer/大きい 100%",), "MANAGE"),
    ("alice", "prompt", ("greeting",), "EDIT"),
    ("alice", "scorer", ("1", "is it/good"), "EDIT"),
    ("alice", "gateway_secret", ("s-1",), "USE"),
    ("alice", "gateway_endpoint", ("e-1",), "MANAGE"),
    ("alice", "gateway_model_definition", ("d-1",), "READ"),
    ("alice", "run", ("*",), "READ"),
    ("o'brien", "experiment", ("1",), "EDIT"),
    ("o'brien", "experiment", ("2",), "NO_PERMISSIONS"),
    ("o'brien", "experiment", ("3",), "DENY"),
    ("o'brien", "registered_model", ("churn",), "NO_PERMISSIONS"),
    ("o'brien", "registered_model", ("fraud",), "DENY"),
    ("o'brien", "scorer", ("1", "plain"), "NO_PERMISSIONS"),
    ("o'brien", "gateway_secret", ("s-1",), "NO_PERMISSIONS"),
    ("zoë", "registered_model", ("churn",), "MANAGE"),
)
ELSEWHERE = (
    ("alice", "registered_model", ("churn",), "MANAGE"),
    ("o'brien", "registered_model", ("fraud",), "READ"),
)
WORKSPACES = (
    ("alice", "default", "USE"),
    ("o'brien", "default", "READ"),
    ("o'brien", "elsewhere", "MANAGE"),
    ("zoë", "default", "EDIT"),
    ("bob", "elsewhere", "NO_PERMISSIONS"),
)
ROLES = (
    (
        ("readers", "default", "May look"),
        (
            ("experiment", "*", "READ"),
            ("registered_model", "größer/大きい 100%", "EDIT"),
            ("scorer", "1/is it/good", "MANAGE"),
        ),
        ("alice", "bob"),
    ),
    (("readers", "elsewhere", None), (("experiment", "*", "MANAGE"),), ("bob",)),
    (("stewards", "default", None), (("workspace", "*", "MANAGE"),), ("zoë",)),
    (
        ("outcasts", "default", None),
        (
            ("experiment", "2", "NO_PERMISSIONS"),
            ("experiment", "3", "DENY"),
            ("registered_model", "churn", "NO_PERMISSIONS"),
            ("trace", "*", "DENY"),
        ),
        ("bob",),
    ),
    (("spare", "default", ""), (("experiment", "1", "EDIT"),), ()),
)
"""Roles: name, workspace and description; rows; holders."""


def grant(
    store: SqlAlchemyStore, username: str, kind: str, name: tuple[str, ...], level: str
) -> None:
    with suppress(MlflowException):
        if hasattr(store, "grant_user_resource_permission"):  # since 3.13
            pattern = store._scorer_pattern(*name) if kind == "scorer" else name[0]
            store.grant_user_resource_permission(username, kind, pattern, level)
        elif "*" not in name and hasattr(store, f"create_{kind}_permission"):
            getattr(store, f"create_{kind}_permission")(*name, username, level)


def fill_workspaces(store: SqlAlchemyStore) -> None:
    os.environ["MLFLOW_ENABLE_WORKSPACES"] = "true"
    with WorkspaceContext("elsewhere"):
        for row in ELSEWHERE:
            grant(store, *row)
    for username, workspace, level in WORKSPACES:
        with suppress(MlflowException):
            store.set_workspace_permission(workspace, username, level)


def make_roles(store: SqlAlchemyStore) -> None:
    for described, rows, holders in ROLES:
        role = store.create_role(*described)
        for row in rows:
            with suppress(MlflowException):
                store.add_role_permission(role.id, *row)
        for username in holders:
            store.assign_role_to_user(store.get_user(username).id, role.id)


def main() -> None:
    url, password = sys.argv[1:]
    store = SqlAlchemyStore()
    store.init_db(url)
    for username, is_admin in USERS.items():
        store.create_user(username, password, is_admin)
    for row in GRANTS:
        grant(store, *row)
    if WorkspaceContext is not None:
        fill_workspaces(store)
    if hasattr(store, "create_role"):
        make_roles(store)
    store.engine.dispose()


if __name__ == "__main__":
    main()
