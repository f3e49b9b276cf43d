"""A writer that is killed at any moment leaves what it did, and nothing of what it was doing."""

from __future__ import annotations

import sqlite3
import sys
import time
from contextlib import closing
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from random import Random, SystemRandom
from typing import TYPE_CHECKING

import pytest

from authctl.model import Generation, Permission, Resource
from authctl.store import tables
from authctl.store.upkeep.check import check
from tests.store.databases import DIALECTS, Backend, auth_database, execute
from tests.store.forked import forked
from tests.store.imagined import Cast, Imagined, Writer, take, write_for_ever, writer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BACKENDS = [
    Backend(dialect, revision)
    for dialect in DIALECTS
    for revision in (tables.WORKSPACES, tables.HEAD)
]
PROBER = "prober"
PROBE = Resource("experiment", "9999")
LONGEST_SECONDS = 0.15
"""A writer does some ten steps in this time, and is killed somewhere in it."""


@dataclass(frozen=True)
class Aftermath:
    """What a database holds after a kill, and what it may hold: the last step done or not."""

    found: Imagined
    before: Imagined
    after: Imagined
    damages: list[object]
    steps: int
    waited: float

    @property
    def whole(self) -> bool:
        return not self.damages and self.found in (self.before, self.after)


@pytest.mark.parametrize("backend", BACKENDS, ids=str)
@pytest.mark.parametrize(
    ("kills", "seeded"),
    [
        pytest.param(4, True, id="a few"),
        pytest.param(40, False, id="many", marks=[pytest.mark.long, pytest.mark.timeout(3600)]),
    ],
)
def test_a_killed_writer_leaves_each_step_done_or_not_begun(
    backend: Backend,
    kills: int,
    seeded: bool,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    seed = 20_000 if seeded else SystemRandom().getrandbits(32)
    steps, waited = 0, 0.0
    with auth_database(backend, tmp_path) as url:
        for aftermath in killings(url, kills, Random(seed)):
            assert aftermath.damages == [], seed
            assert aftermath.found in (aftermath.before, aftermath.after), seed
            steps += aftermath.steps
            waited = max(waited, aftermath.waited)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{backend}: {kills} kills (seed {seed}), {steps} steps done before them,"
            f" the next writer was through after {waited:.2f} s at most\n"
        )
    assert steps > 0


class RenamesOneByOne(Writer):
    def rename(self, old: Resource, new: Resource) -> int:
        grants = self.list_grants(resource=old)
        self.forget(new)
        for grant in grants:
            self.grant(grant.username, new, Permission(grant.permission))
        return self.forget(old)


class RevokesThenDeletes(Writer):
    def delete_user(self, username: str, *, force: bool = False) -> None:
        for grant in self.list_grants(username=username):
            self.revoke(username, grant.resource)
        super().delete_user(username, force=force)


class LeavesOrphans(Writer):
    def delete_user(self, username: str, *, force: bool = False) -> None:  # noqa: ARG002 - as theirs
        user_id = self.get_user(username).id
        with closing(sqlite3.connect(self.database.place)) as connection:
            connection.execute("DELETE FROM users WHERE id = ?", (user_id,))
            connection.commit()
            for table in ("user_role_assignments", "experiment_permissions"):
                connection.execute(f"DELETE FROM {table} WHERE user_id = ?", (user_id,))
            connection.commit()


@pytest.mark.parametrize(
    ("kind", "only"),
    [(RenamesOneByOne, "renames"), (RevokesThenDeletes, "guests"), (LeavesOrphans, "guests")],
)
def test_a_writer_of_half_steps_is_caught(kind: type[Writer], only: str, tmp_path: Path) -> None:
    with auth_database(Backend("sqlite"), tmp_path) as url:
        aftermaths = killings(url, 200, Random(1), kind=kind, only=only)
        assert any(not aftermath.whole for aftermath in aftermaths)


def killings(
    url: str, kills: int, random: Random, *, kind: type[Writer] = Writer, only: str = ""
) -> Iterator[Aftermath]:
    """Kill one writer after the other in the same database, and look at it each time."""
    world = Imagined()
    with writer(url) as store:
        cast = Cast(roles=store.generation is Generation.ROLES, only=only)
        for stage in (store, world):
            cast.enter(stage)
            stage.add_user(PROBER)
    for _ in range(kills):
        seed, delay = random.getrandbits(32), random.uniform(0, LONGEST_SECONDS)
        with forked(partial(write_for_ever, url, cast, world, seed, kind=kind)) as child:
            child.wait_for_step()
            child.ends_within(delay)  # it never does: this is the time it is given
            assert child.kill()
            steps = child.steps()
        begun = Random(seed)
        for _ in range(steps):
            take(world, cast.next_step(begun, world))
        after = deepcopy(world)
        take(after, cast.next_step(begun, after))
        aftermath = look(url, world, after, steps)
        yield aftermath
        world = aftermath.found


def look(url: str, before: Imagined, after: Imagined, steps: int) -> Aftermath:
    """See what is there, once somebody else has written."""
    started = time.monotonic()
    with writer(url) as store:
        store.grant(PROBER, PROBE, Permission.READ)
        waited = time.monotonic() - started
        store.revoke(PROBER, PROBE)
        found = store.seen()
        damages: list[object] = [*check(store.database, store.schema)]
    if url.startswith("sqlite"):
        damages += [row for row in execute(url, "PRAGMA integrity_check") if row != ("ok",)]
        damages += execute(url, "PRAGMA foreign_key_check")
    return Aftermath(found, before, after, damages, steps, waited)
