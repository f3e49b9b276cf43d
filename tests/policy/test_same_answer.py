"""Same database, same answer: authctl's resolution beside the installed MLflow's own."""

from __future__ import annotations

import json
import random
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from authctl.model import Generation, Permission, Resource
from authctl.policy.resolution import Levels, resolve_with
from authctl.store.sql import SqlStore

if TYPE_CHECKING:
    from pathlib import Path

USERS = 120
DEFAULTS = ["NO_PERMISSIONS", "READ", "EDIT", "MANAGE"]
ASKED = [
    ("experiment", "1"),
    ("experiment", "2"),
    ("experiment", "3"),
    ("registered_model", "churn"),
    ("prompt", "churn"),
]
LEVELS = ["NO_PERMISSIONS", "READ", "USE", "EDIT", "MANAGE", "DENY"]

# Their resolver asks the database; what it finds is raised to the default as MLflow does.
THEIRS = """
import json, sys
from mlflow.server.auth.permissions import get_permission
from mlflow.server.auth.requirements import floor_positive_permission
from mlflow.server.auth.sqlalchemy_store import SqlAlchemyStore

store = SqlAlchemyStore()
store.init_db(sys.argv[1])
asked, defaults, users = json.loads(sys.argv[2])
answers = []
for user in users:
    for kind, name in asked:
        found = store.get_role_permission_for_resource(user, kind, name, "default")
        for default in defaults:
            level = floor_positive_permission(found, default) if found else get_permission(default)
            answers.append(level.name)
print(json.dumps(answers))
"""


def fill(file: Path, chance: random.Random) -> None:
    """Random roles of users' own and of names, with random rows, some for the workspace."""
    with sqlite3.connect(file) as database:
        role = 0
        for user in range(1, USERS + 1):
            database.execute(
                "INSERT INTO users VALUES (?, ?, '!', 0)",
                (user, f"user{user}"),
            )
            for name in [
                f"__user_{user}__",
                *(f"r{user}-{n}" for n in range(chance.randint(0, 2))),
            ]:
                role += 1
                database.execute("INSERT INTO roles VALUES (?, ?, 'default', NULL)", (role, name))
                database.execute(
                    "INSERT INTO user_role_assignments (user_id, role_id) VALUES (?, ?)",
                    (user, role),
                )
                for kind, pattern in chance.sample(
                    [*ASKED, ("experiment", "*"), ("registered_model", "*"), ("prompt", "*")],
                    chance.randint(0, 4),
                ):
                    insert(database, role, kind, pattern, chance.choice(LEVELS))
                if chance.random() < 0.1:
                    insert(database, role, "workspace", "*", chance.choice(["USE", "MANAGE"]))
    database.close()


def insert(database: sqlite3.Connection, role: int, kind: str, pattern: str, level: str) -> None:
    database.execute(
        "INSERT INTO role_permissions (role_id, resource_type, resource_pattern, permission)"
        " VALUES (?, ?, ?, ?)",
        (role, kind, pattern, level),
    )


@pytest.mark.mlflow
def test_on_random_databases_both_resolutions_agree(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'auth.db'}"
    with_any = resolve_with(Permission.READ)
    SqlStore.open(url, create=True, resolve=with_any).close()
    fill(tmp_path / "auth.db", random.Random(20_26))
    store = SqlStore.open(url, resolve=with_any)
    users = store.list_users()
    ours = [
        Levels(store.grants_of(user), default=Permission(default), generation=Generation.ROLES).on(
            Resource(kind, name)
        )
        for user in users
        for kind, name in ASKED
        for default in DEFAULTS
    ]
    store.close()
    asked = json.dumps([ASKED, DEFAULTS, [user.id for user in users]])
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", THEIRS, url, asked],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    theirs = json.loads(done.stdout.splitlines()[-1])
    assert len(ours) == USERS * len(ASKED) * len(DEFAULTS)
    assert [str(level) for level in ours] == theirs
    assert set(theirs) == {"NO_PERMISSIONS", "READ", "USE", "EDIT", "MANAGE", "DENY"}
