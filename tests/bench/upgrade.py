"""The way up for 1,000 users and 100,000 grants: seconds, memory, and the ratio to bare SQL.

Each engine is measured several times in turn, each time in a process of its own: the upgrade, with
its proof, and beside it the same rows written by the driver alone, which is what any upgrade must
pay. Run it as `python -m tests.bench.upgrade [--quick]`.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert

from authctl.model import Permission
from authctl.policy.resolution import resolve_with
from authctl.store import schema, tables
from authctl.store.sql import SqlStore
from authctl.store.sql_engine import connect
from authctl.store.upkeep.upgrade import upgrade
from tests.bench.figures import Figure, Report, Spread
from tests.store.databases import Backend, auth_database

if TYPE_CHECKING:
    from multiprocessing.connection import Connection as Pipe

    from sqlalchemy import Connection

USERS, GRANTS, ROUNDS = 1_000, 100_000, 3
DIALECTS = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
_OURS, _RAW = "authctl db upgrade", "raw SQL"
_AT_ONCE = 5_000
_LEVELS = ("READ", "EDIT", "MANAGE", "NO_PERMISSIONS")


def main() -> None:
    report(quick="--quick" in sys.argv[1:]).show()


def report(*, quick: bool = False) -> Report:
    users, grants, rounds = (50, 5_000, 2) if quick else (USERS, GRANTS, ROUNDS)
    figures = [
        figure
        for dialect, engine in DIALECTS.items()
        for figure in _figures(dialect, engine, users, grants, rounds)
    ]
    return Report(
        "upgrade",
        "authctl db upgrade, with the proof that nobody's level changes, against raw SQL",
        figures,
        (
            "Raw SQL is the rows that the upgrade writes, which SQLAlchemy's executemany puts into",
            "tables that are there, in one transaction. Memory is what the process took at most,",
            "beside what it took before it began. Neither includes the start of a command.",
        ),
    )


def _figures(dialect: str, engine: str, users: int, grants: int, rounds: int) -> list[Figure]:
    ups: list[dict[str, Any]] = []
    raws: list[dict[str, Any]] = []
    for _ in range(rounds):
        for work, found in ((_upgrade, ups), (_raw, raws)):
            with tempfile.TemporaryDirectory() as folder:
                backend = Backend(dialect, tables.WORKSPACES)
                with auth_database(backend, Path(folder)) as url:
                    _fill(url, users, grants)
                    found.append(_in_a_process(work, url))
    name, setting = "the whole way up", f"{users:,} users, {grants:,} grants on {engine}"
    seconds = [up["seconds"] for up in ups]
    raw = [one["seconds"] for one in raws]
    memory = {
        "MiB": max(up["memory"] for up in ups),
        "MiB before": max(up["before"] for up in ups),
        "levels compared": ups[0]["compared"],
    }
    return [
        Figure(
            name,
            setting,
            _OURS,
            "s",
            Spread.of(seconds),
            base=_RAW,
            ratio=Spread.of_ratios(seconds, raw),
            more=memory,
        ),
        Figure(name, setting, _RAW, "s", Spread.of(raw)),
    ]


def _fill(url: str, users: int, grants: int) -> None:
    """Make users who hold grants on experiments and models, each on things of their own choice."""

    def work(connection: Connection) -> None:
        made = schema.schema_at(tables.WORKSPACES, dialect=connection.dialect.name)
        people = [
            {"id": n, "username": f"user-{n}", "password_hash": "!", "is_admin": n == 1}
            for n in range(1, users + 1)
        ]
        connection.execute(insert(made.table("users")), people)
        each = grants // users
        rows = [(user, thing) for user in range(1, users + 1) for thing in range(each)]
        for name, column, half in (
            ("experiment_permissions", "experiment_id", 0),
            ("registered_model_permissions", "name", 1),
        ):
            values = [
                {
                    column: str((user * 7 + thing) % (grants // 2)),
                    "user_id": user,
                    "permission": _LEVELS[(user + thing) % len(_LEVELS)],
                }
                for user, thing in rows
                if thing % 2 == half
            ]
            connection.execute(insert(made.table(name)), values)

    database = connect(url)
    database.write(work)
    database.close()


def _upgrade(url: str) -> dict[str, Any]:
    store = SqlStore.open(url, resolve=resolve_with(Permission.READ))
    begin = time.perf_counter()
    done = upgrade(store.database, store.schema, store.resolve)
    seconds = time.perf_counter() - begin
    store.close()
    return {"seconds": seconds, "compared": done.compared}


def _raw(url: str) -> dict[str, Any]:
    """Write the rows that the upgrade writes, into tables that are there."""
    database = connect(url)
    made = database.read(
        lambda connection: schema.schema_at(tables.HEAD, dialect=connection.dialect.name)
    )
    rows = database.read(
        lambda connection: [
            (table, row.user_id, row[1], row.permission)
            for table in ("experiment_permissions", "registered_model_permissions")
            for row in connection.execute(made.table(table).select())
        ]
    )
    database.write(made.tables.create_all)
    begin = time.perf_counter()

    def work(connection: Connection) -> None:
        owners = sorted({user for _, user, _, _ in rows})
        roles = [
            {"id": user, "name": f"__user_{user}__", "workspace": "default"} for user in owners
        ]
        connection.execute(insert(made.table("roles")), roles)
        held = [{"user_id": user, "role_id": user} for user in owners]
        connection.execute(insert(made.table("user_role_assignments")), held)
        kinds = {"experiment_permissions": ("experiment",)}
        new = [
            {
                "role_id": user,
                "resource_type": kind,
                "resource_pattern": thing,
                "permission": level,
            }
            for table, user, thing, level in rows
            for kind in kinds.get(table, ("registered_model", "prompt"))
        ]
        for start in range(0, len(new), _AT_ONCE):
            some = new[start : start + _AT_ONCE]
            connection.execute(insert(made.table("role_permissions")), some)

    database.write(work)
    seconds = time.perf_counter() - begin
    database.close()
    return {"seconds": seconds}


def _in_a_process(work: Any, url: str) -> dict[str, Any]:
    ours, theirs = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(target=_answer, args=(work, url, theirs))
    process.start()
    found: dict[str, Any] = ours.recv()
    process.join()
    return found


def _answer(work: Any, url: str, pipe: Pipe) -> None:
    before = _memory()
    pipe.send({**work(url), "memory": _memory(), "before": before})


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
