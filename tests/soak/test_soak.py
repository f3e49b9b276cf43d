"""A server under mixed load for half an hour, while what people may do is changed all the time.

AUTHCTL_SOAK_MINUTES says another length, which may be a fraction.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from typing import TYPE_CHECKING

import pytest

from authctl.config import SECRET_KEY
from tests.live import authctl_server
from tests.server.lines import STAY_OPEN, lines_to_workers, worker_of
from tests.server.never_stale import ways_to_change
from tests.server.world import config
from tests.soak.changes import Changes, subjects
from tests.soak.checks import Held, grown, held_by
from tests.soak.load import Load, hired
from tests.store.databases import Backend, auth_database

if TYPE_CHECKING:
    from pathlib import Path

MINUTES = float(os.environ.get("AUTHCTL_SOAK_MINUTES", "30"))
WORKERS = 2
PEOPLE_PER_WORKER = 2
TASKS_PER_CHANGE = 5
QUARTERS = 4


@pytest.mark.long
@pytest.mark.mlflow
@pytest.mark.timeout(MINUTES * 60 + 600)
@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_a_server_at_work_errs_never_and_does_not_grow(
    dialect: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(auth_database(Backend(dialect), tmp_path))
        options = ("--workers", str(WORKERS), "--auth-db", url, *config(tmp_path))
        environment = STAY_OPEN | {SECRET_KEY: "a-key-that-every-worker-has-in-common"}
        server = stack.enter_context(authctl_server(tmp_path, *options, env=environment))
        lines = lines_to_workers(server, WORKERS, each=2 + PEOPLE_PER_WORKER)
        admins, checkers, *others = zip(*stack.enter_context(lines), strict=True)
        processes = [worker_of(line, server.process.pid) for line in checkers]
        load = Load(hired(server, [line for each in others for line in each]))
        changes = Changes(
            stack.enter_context(ways_to_change(server, admins)),
            subjects(server),
            checkers,
            lambda: load.wait_for_more(TASKS_PER_CHANGE),
        )
        quarters: list[list[Held]] = []
        with load.going_on():
            for _ in range(QUARTERS):
                end = time.monotonic() + MINUTES * 60 / QUARTERS
                while time.monotonic() < end:
                    changes.make_some()
                with load.at_rest():
                    quarters.append([held_by(process) for process in processes])
    with capsys.disabled():
        sys.stdout.write(summary(dialect, load, changes, quarters))
    assert load.errors == []
    assert changes.tally.faults == []
    assert grown(quarters) == []


def summary(dialect: str, load: Load, changes: Changes, quarters: list[list[Held]]) -> str:
    tally = changes.tally
    lines = [
        f"{dialect}, {WORKERS} workers, {MINUTES:g} minutes",
        f"  load: {load.done.total()} things done, {len(load.errors)} errors",
        *(f"    {count:7} {name.replace('_', ' ')}" for name, count in load.done.most_common()),
        f"  changes: {2 * tally.rounds} in {tally}",
        *(
            f"  after quarter {number}: {'; '.join(map(str, processes))}"
            for number, processes in enumerate(quarters, 1)
        ),
    ]
    return "\n" + "\n".join(lines) + "\n"
