"""Whoever has lost access is refused by the next request, on every worker, whoever took it away."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from authctl.config import SECRET_KEY
from tests.live import Server, authctl_server
from tests.server.admin_api import AdminApi
from tests.server.hands import SqlHands
from tests.server.history import Asked, Change, out_of_order
from tests.server.kinds_of_access import KINDS, Subject, new_subject
from tests.server.lines import STAY_OPEN, Line, lines_to_workers
from tests.server.never_stale import (
    Bystander,
    Play,
    Tally,
    Watch,
    Ways,
    at_once,
    ways_to_change,
)
from tests.server.world import bare_mlflow, config
from tests.store.databases import DIALECTS, Backend, auth_database

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Serve: TypeAlias = Callable[[Path, str], AbstractContextManager[Server]]
"""Starts a server in a folder, with its auth database at a URL."""

WORKERS = 4
ENVIRONMENT = STAY_OPEN | {SECRET_KEY: "a-key-that-every-worker-has-in-common"}
FEW = {False: 1, True: 1}
"""How often each way is taken, by whether a refusal costs the server a hash."""
MANY = {False: 64, True: 24}


def played(
    serve: Serve, dialect: str, folder: Path, repeats: Mapping[bool, int], *, askers: int = 2
) -> Tally:
    """Every kind of access, given and taken in every way, on a server of several workers."""
    tally = Tally()
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(auth_database(Backend(dialect), folder))
        server = stack.enter_context(serve(folder, url))
        lines = stack.enter_context(
            lines_to_workers(server, WORKERS, each=2 + ceil(askers / WORKERS))
        )
        admins, checkers, *others = zip(*lines, strict=True)
        asking = [line for each in others for line in each][:askers]
        ways = stack.enter_context(ways_to_change(server, admins))
        other = new_subject(server, KINDS["a grant"], "bystander", "0")
        sql = stack.enter_context(contextlib.closing(SqlHands(server.database)))
        bystander = stack.enter_context(Bystander(sql, other).standing_by())
        api = AdminApi(server)
        for number, (name, kind) in enumerate(KINDS.items()):
            subject = new_subject(server, kind, f"subject-{number}", api.new_experiment())
            watch = Watch(kind, checkers, asking)
            play = Play(name, kind, subject, watch, ways, tally, bystander.nudge)
            play.rounds(repeats[kind.hashes])
    return tally


@contextlib.contextmanager
def embedded(folder: Path, url: str) -> Iterator[Server]:
    """MLflow in each worker."""
    options = ("--workers", str(WORKERS), "--auth-db", url, *config(folder))
    with authctl_server(folder, *options, env=ENVIRONMENT) as server:
        yield server


@contextlib.contextmanager
def gateway(folder: Path, url: str) -> Iterator[Server]:
    """MLflow behind the workers, which start in less time without it."""
    with bare_mlflow(folder / "mlflow") as mlflow:
        options = ("--workers", str(WORKERS), "--auth-db", url, "--upstream", mlflow.url)
        with authctl_server(folder, *options, *config(folder), env=ENVIRONMENT) as server:
            yield server


@pytest.mark.mlflow
@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_what_was_taken_away_is_refused_by_the_next_request_on_every_worker(
    dialect: str, tmp_path: Path
) -> None:
    tally = played(gateway, dialect, tmp_path, FEW)
    assert tally.faults == []
    assert tally.rounds == 38


@pytest.mark.long
@pytest.mark.mlflow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_and_so_it_is_in_thousands_of_rounds(
    dialect: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = played(embedded, dialect, tmp_path, MANY, askers=2 * WORKERS)
    with capsys.disabled():
        sys.stdout.write(f"\n{dialect}, {WORKERS} workers: {tally}\n")
    assert tally.faults == []
    assert tally.rounds == 2032


CHANGES = [Change(10, 20, given=True), Change(50, 60, given=False), Change(90, 95, given=True)]


@pytest.mark.parametrize(
    ("requests", "wrong"),
    [
        ([Asked(1, 5, passed=False), Asked(21, 25, passed=True), Asked(61, 65, passed=False)], []),
        ([Asked(61, 65, passed=True)], [0]),
        ([Asked(1, 5, passed=True)], [0]),
        ([Asked(21, 25, passed=False)], [0]),
        ([Asked(55, 65, passed=True), Asked(45, 70, passed=False)], []),
        ([Asked(61, 91, passed=True)], []),
        ([Asked(51, 53, passed=False), Asked(54, 58, passed=True)], [1]),
        ([Asked(51, 55, passed=False), Asked(54, 58, passed=True)], []),
        ([Asked(91, 92, passed=True), Asked(93, 94, passed=False)], [1]),
    ],
    ids=[
        "as it was",
        "stale",
        "early",
        "a stale denial",
        "while it changes, either",
        "until it was given again",
        "back again while it changes",
        "at the same time, either",
        "away again while it changes",
    ],
)
def test_a_history_is_in_order_when_each_request_found_what_there_was(
    requests: list[Asked], wrong: list[int]
) -> None:
    assert out_of_order(CHANGES, requests) == [requests[n] for n in wrong]


@dataclass
class Forgetful:
    """Hands and a door that remembers whom it let in, for one request too many if it is told to."""

    remembers: int
    is_granted: bool = False
    left: dict[int, int] = field(default_factory=dict)

    def grant(self, *_: str) -> None:
        self.is_granted = True

    def revoke(self, *_: str) -> None:
        self.is_granted = False

    def passes(self, connection: int) -> bool:
        if self.left.get(connection):
            self.left[connection] -= 1
            return True
        if self.is_granted:
            self.left[connection] = self.remembers
        return self.is_granted


@contextlib.contextmanager
def served(forgetful: Forgetful) -> Iterator[str]:
    """The address at which it answers."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            passes = forgetful.passes(self.client_address[1])
            self.send_response(200 if passes else 403)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("remembers", "is_caught"), [(0, False), (1, True)])
def test_a_server_that_remembers_too_long_is_caught(remembers: int, *, is_caught: bool) -> None:
    forgetful = Forgetful(remembers)
    kind = KINDS["a grant"]
    ways, tally = Ways({"hand": at_once(forgetful)}, (), at_once(forgetful)), Tally()
    with served(forgetful) as url, contextlib.ExitStack() as lines:
        checker, asker = (lines.enter_context(contextlib.closing(Line(url))) for _ in range(2))
        watch = Watch(kind, [checker], [asker])
        Play("a grant", kind, Subject("alice", "1", 1), watch, ways, tally).rounds(5)
    assert tally.rounds == 5
    stale = [fault for fault in tally.faults if "taken by hand: [200]" in fault]
    late = [fault for fault in tally.faults if "out of order" in fault]
    assert (len(stale) == 5, len(late) >= 5) == (is_caught, is_caught)
