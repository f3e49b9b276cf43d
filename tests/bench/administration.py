"""`authctl apply` to a database, against raw SQL that writes the same rows.

Each round applies a manifest of 10,000 users and grants to a fresh database, as a command and by
its parts inside of this process, and has SQLAlchemy write the same rows into fresh ones, as a
script and inside of this process. Run it as `python -m tests.bench.administration [--quick]`.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from authctl.manifest.apply import apply_together
from authctl.manifest.plan import plan
from authctl.manifest.read import read_manifest
from authctl.manifest.saved import digest
from authctl.manifest.state import State
from authctl.manifest.wanted import Wanted
from authctl.store import additions
from authctl.store.sql_engine import connect
from tests.bench import raw_rows
from tests.bench.figures import Aim, Figure, Report, Spread
from tests.live import ADMIN, clean_environment
from tests.store.databases import Backend, auth_database, execute, opened, with_driver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from authctl.store.sql import SqlStore

DIALECTS = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}

_AIM = Aim(at_most=3)
_OURS, _RAW = "authctl apply --db", "raw SQL"
_WHOLE, _INSIDE, _PARTS = "the command", "without its start", "of that, to"


@dataclass(frozen=True)
class Amount:
    """How many users there are, and how many grants each is given."""

    users: int
    each: int

    @property
    def things(self) -> int:
        return self.users * (1 + self.each)

    def __str__(self) -> str:
        return f"{self.users:,} users, {self.users * self.each:,} grants"


AMOUNT, QUICK_AMOUNT = Amount(1_000, 9), Amount(50, 9)
ROUNDS, QUICK_ROUNDS = 5, 2


def main() -> None:
    report(quick="--quick" in sys.argv[1:]).show()


def report(*, quick: bool = False) -> Report:
    amount, rounds = (QUICK_AMOUNT, QUICK_ROUNDS) if quick else (AMOUNT, ROUNDS)
    figures = [
        figure
        for dialect in DIALECTS
        for figure in _figures(f"{amount} on {DIALECTS[dialect]}", _taken(dialect, amount, rounds))
    ]
    return Report(
        "administration",
        "authctl apply to an auth database, against raw SQL that writes the same rows",
        figures,
        (
            "The users are service accounts: hashing passwords would take longer than all else.",
            "Raw SQL is SQLAlchemy's executemany in one transaction, without any check; the",
            "command is held against a script that does so, from the start of Python to its end.",
        ),
    )


def manifest(amount: Amount, prefix: str = "user") -> str:
    """A manifest of service accounts and their grants, as raw_rows writes them."""
    tables = ["version = 1"]
    for number in range(amount.users):
        tables.append(f'[[user]]\nname = "{prefix}-{number}"\npassword = "none"')
        for thing in range(amount.each):
            level = raw_rows.level(number, thing)
            tables.append(
                f'[[grant]]\nuser = "{prefix}-{number}"\nexperiment_id = {thing}\nlevel = "{level}"'
            )
    return "\n".join(tables)


def apply_command(file: Path, *where: str, **env: str) -> float:
    """Seconds of `authctl apply` as a command."""
    command = [sys.executable, "-m", "authctl", "apply", "-f", str(file), "--yes", *where]
    settings = clean_environment(**env)
    begin = time.perf_counter()
    done = subprocess.run(
        command, env=settings, check=False, capture_output=True, cwd=file.parent, text=True
    )
    seconds = time.perf_counter() - begin
    assert done.returncode == 0, done.stderr + done.stdout[-1_000:]
    return seconds


@contextmanager
def fresh_database(dialect: str) -> Iterator[str]:
    """The URL of a database with one admin and all that `authctl db init` makes."""
    with (
        tempfile.TemporaryDirectory() as folder,
        auth_database(Backend(dialect), Path(folder)) as url,
    ):
        database = connect(url)
        database.write(additions.install)
        database.close()
        with opened(url) as store:
            store.create_user(*ADMIN, is_admin=True)
        yield url


def _taken(dialect: str, amount: Amount, rounds: int) -> Mapping[tuple[str, str], list[float]]:
    """Seconds in each round of who did what; a round before them warms the caches."""
    taken: dict[tuple[str, str], list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "access.toml"
        file.write_text(manifest(amount))
        works: dict[tuple[str, str], Callable[[str], dict[str, float] | None]] = {
            (_WHOLE, _RAW): lambda url: _script(url, amount),
            (_WHOLE, _OURS): lambda url: _command(url, file),
            (_INSIDE, _RAW): lambda url: raw_rows.write(
                with_driver(url), amount.users, amount.each
            ),
            (_INSIDE, _OURS): lambda url: _apply(url, file.read_bytes()),
        }
        for number in range(rounds + 1):
            for what, work in works.items():
                with fresh_database(dialect) as url:
                    begin = time.perf_counter()
                    parts = work(url) or {}
                    seconds = time.perf_counter() - begin
                    _prove(url, amount)
                if number:
                    taken[what].append(seconds)
                    for part, took in parts.items():
                        taken[f"{_PARTS} {part}", what[1]].append(took)
    return taken


def _figures(setting: str, taken: Mapping[tuple[str, str], list[float]]) -> Iterator[Figure]:
    for (what, who), seconds in taken.items():
        base = taken.get((what, _RAW), taken[_INSIDE, _RAW]) if who == _OURS else None
        yield Figure(
            name=what,
            setting=setting,
            subject=who,
            unit="s",
            value=Spread.of(seconds),
            base=_RAW if base else "",
            ratio=Spread.of_ratios(seconds, base) if base else None,
            aim=_AIM if base and what in (_WHOLE, _INSIDE) else None,
        )


def _command(url: str, file: Path) -> None:
    apply_command(file, "--db", url)


def _script(url: str, amount: Amount) -> None:
    words = [with_driver(url), str(amount.users), str(amount.each)]
    subprocess.run([sys.executable, raw_rows.__file__, *words], env=clean_environment(), check=True)


def _apply(url: str, text: bytes) -> dict[str, float]:
    """Do what the command does; the seconds of its parts."""
    times = [time.perf_counter()]
    parts: dict[str, float] = {}

    def note(part: str) -> None:
        times.append(time.perf_counter())
        parts[part] = times[-1] - times[-2]

    with opened(url) as store:
        note("open the database")
        asked = read_manifest(text, name="access.toml", folder=Path())
        note("read the manifest")
        wanted = Wanted.of(asked, _Names(store))
        state = State.of(store.survey(at_least=wanted.usernames()))
        changes = plan(state, wanted)
        expected = digest(state, changes)
        note("plan")
        apply_together(store, changes, expected, {}, force=False, tell=lambda _: None)
        note("write")
    return parts


class _Names:
    """What a manifest's targets are called in a database, where experiments have only ids."""

    def __init__(self, store: SqlStore) -> None:
        self.stored = store.stored

    def experiment_id(self, name: str) -> str:
        raise AssertionError(name)


def _prove(url: str, amount: Amount) -> None:
    """See that everything is there."""
    for table, count in (("users", amount.users + 1), ("role_permissions", amount.things)):
        assert execute(url, f"SELECT count(*) FROM {table}")[0][0] == (
            count if table == "users" else count - amount.users
        )


if __name__ == "__main__":
    main()
