"""`authctl apply` of 10,000 grants for 100 users: seconds, and the ratio to bare inserting.

On each engine a fresh manifest is read, planned and applied in one transaction, several times in
turn with the same rows written by the driver alone. Through `authctl serve` a fiftieth of
the grants goes over HTTP. Run it as
`python -m tests.bench.manifest [USERS GRANTS ROUNDS]`.
"""

from __future__ import annotations

import json
import platform
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import insert

from authctl.client.transport import connect as connect_server
from authctl.manifest.apply import apply_together, change_on_server, role_ids
from authctl.manifest.plan import plan
from authctl.manifest.read import read_manifest
from authctl.manifest.saved import digest
from authctl.manifest.state import State
from authctl.manifest.wanted import Wanted
from authctl.model import synthetic_role
from authctl.store import tables
from authctl.store.rest import RestStore
from authctl.store.schema import schema_at
from authctl.store.sql_engine import connect
from tests.live import ADMIN, authctl_server
from tests.store.databases import DIALECTS, Backend, auth_database, opened, quick_hash

if TYPE_CHECKING:
    from collections.abc import Iterator

    from authctl.store.sql import SqlStore

USERS, GRANTS, ROUNDS = 100, 10_000, 3
_LEVELS = ("READ", "EDIT", "MANAGE")


@dataclass(frozen=True)
class Figure:
    """Medians over the rounds, with the least and the most."""

    place: str
    users: int
    grants: int
    seconds: float
    seconds_spread: tuple[float, float]
    transaction_seconds: float
    bare_seconds: float
    ratio: float


class _Names:
    def experiment_id(self, name: str) -> str:
        raise AssertionError(name)

    def stored(self, resource: object) -> object:
        return resource


def main() -> None:
    users, grants, rounds = [int(word) for word in sys.argv[1:]] or (USERS, GRANTS, ROUNDS)
    figures = [_in_database(dialect, users, grants, rounds) for dialect in DIALECTS]
    figures.append(_through_server(users, grants // 50))
    _print(figures)


def _in_database(dialect: str, users: int, grants: int, rounds: int) -> Figure:
    text = _manifest(users, grants)
    whole: list[float] = []
    inside: list[float] = []
    bare: list[float] = []
    for _ in range(rounds):
        with _database(dialect) as url, opened(url) as store:
            seconds, transaction = _apply(store, text)
            whole.append(seconds)
            inside.append(transaction)
        with _database(dialect) as url:
            bare.append(_insert(url, users, grants))
    return Figure(
        dialect,
        users,
        grants,
        round(statistics.median(whole), 2),
        (round(min(whole), 2), round(max(whole), 2)),
        round(statistics.median(inside), 2),
        round(statistics.median(bare), 2),
        round(statistics.median(a / b for a, b in zip(whole, bare, strict=True)), 1),
    )


@contextmanager
def _database(dialect: str) -> Iterator[str]:
    with (
        tempfile.TemporaryDirectory() as folder,
        auth_database(Backend(dialect, tables.HEAD), Path(folder)) as url,
    ):
        yield url


def _manifest(users: int, grants: int) -> bytes:
    tables = ["version = 1"]
    for user in range(users):
        tables.append(f'[[user]]\nname = "user-{user}"\npassword = "generate"')
        for thing in range(grants // users):
            level = _LEVELS[(user + thing) % len(_LEVELS)]
            tables.append(
                f'[[grant]]\nuser = "user-{user}"\nexperiment_id = {thing}\nlevel = "{level}"'
            )
    return "\n".join(tables).encode()


def _wanted(text: bytes) -> Wanted:
    asked = read_manifest(text, name="access.toml", folder=Path())
    return Wanted.of(asked, _Names())  # type: ignore[arg-type]


def _apply(store: SqlStore, text: bytes) -> tuple[float, float]:
    begin = time.perf_counter()
    state = State.of(store.survey())
    changes = plan(state, _wanted(text))
    # Passwords are hashed in no time here: how long a hash takes is its own business.
    hashes = {change.username or "": quick_hash("") for change in changes}
    transaction = time.perf_counter()
    apply_together(store, changes, digest(state, changes), hashes, force=False, tell=lambda _: None)
    end = time.perf_counter()
    assert plan(State.of(store.survey()), _wanted(text)) == []
    return end - begin, end - transaction


def _insert(url: str, users: int, grants: int) -> float:
    """Write the same rows into tables that are there, with the driver alone."""
    database = connect(url)
    made = database.read(lambda found: schema_at(tables.HEAD, dialect=found.dialect.name))
    ids = range(1, users + 1)
    rows = [
        {
            "role_id": user,
            "resource_type": "experiment",
            "resource_pattern": str(thing),
            "permission": _LEVELS[(user + thing) % len(_LEVELS)],
        }
        for user in ids
        for thing in range(grants // users)
    ]
    accounts = [
        {"id": user, "username": f"user-{user}", "password_hash": "!", "is_admin": False}
        for user in ids
    ]
    roles = [{"id": user, "name": synthetic_role(user), "workspace": "default"} for user in ids]
    held = [{"user_id": user, "role_id": user} for user in ids]
    begin = time.perf_counter()
    for name, values in (
        ("users", accounts),
        ("roles", roles),
        ("user_role_assignments", held),
        ("role_permissions", rows),
    ):
        database.write(lambda found, n=name, v=values: found.execute(insert(made.table(n)), v))
    seconds = time.perf_counter() - begin
    database.close()
    return seconds


def _through_server(users: int, grants: int) -> Figure:
    with tempfile.TemporaryDirectory() as folder, authctl_server(Path(folder)) as server:
        env = {"MLFLOW_TRACKING_USERNAME": ADMIN[0], "MLFLOW_TRACKING_PASSWORD": ADMIN[1]}
        store = RestStore(connect_server(server.url, env, Path(folder)))
        for user in range(users):
            store.create_user(f"user-{user}", "a long enough password")
        state = State.of(store.survey())
        begin = time.perf_counter()
        changes = plan(state, _wanted(_manifest(users, grants)))
        ids = role_ids(state)
        with ThreadPoolExecutor(4) as pool:  # as many as the command has by default
            made = pool.map(lambda c: change_on_server(store, c, ids, None, force=False), changes)
            assert all(made)
        seconds = round(time.perf_counter() - begin, 2)
        begin = time.perf_counter()
        for _ in changes:
            store.get_user("admin")
        requests = round(time.perf_counter() - begin, 2)
        store.close()
    ratio = round(seconds / requests, 1)
    return Figure("authctl serve", users, grants, seconds, (seconds, seconds), 0, requests, ratio)


def _print(figures: list[Figure]) -> None:
    first = figures[0]
    out = sys.stdout
    out.write(
        f"authctl apply of {first.users:,} users and {first.grants:,} grants\n"
        f"Python {platform.python_version()} on {platform.machine()};"
        " medians, in brackets the least and the most.\n"
        "Bare is the same rows inserted by the driver; for the server, which has four requests at"
        " a time,\nas many that only read, one after another.\n\n"
        f"{'place':14} {'grants':>7} {'seconds':>20} {'locked':>7} {'bare':>6} {'ratio':>6}\n"
    )
    for figure in figures:
        low, high = figure.seconds_spread
        out.write(
            f"{figure.place:14} {figure.grants:7,} {figure.seconds:7.2f} ({low:.2f}-{high:.2f})"
            f" {figure.transaction_seconds:7.2f} {figure.bare_seconds:6.2f} {figure.ratio:6.1f}\n"
        )
    out.write("\n" + json.dumps([asdict(figure) for figure in figures]) + "\n")


if __name__ == "__main__":
    main()
