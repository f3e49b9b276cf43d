"""Rounds of giving somebody access and taking it away, with requests before, while and after."""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from tests.server.hands import ApiHands, SqlHands, StoreHands
from tests.server.history import Asked, Change, History
from tests.store.databases import opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.live import Server
    from tests.server.hands import Hands
    from tests.server.kinds_of_access import Kind, Subject
    from tests.server.lines import Line, Request

_OK = 200


class Way(Protocol):
    """How changes are made; `meanwhile` looks at what is there while one is not complete yet."""

    def __call__(self, change: Callable[[Any], Any], meanwhile: Callable[[], None]) -> Any: ...


def at_once(hands: Hands) -> Way:
    """Make changes that are there as soon as they are made."""
    return lambda change, meanwhile: change(hands)  # noqa: ARG005 - there is no meanwhile


def committed(hands: SqlHands) -> Way:
    """Make changes in transactions of several statements."""
    return partial(hands.in_transaction, ending="COMMIT")


def rolled_back(hands: SqlHands) -> Way:
    """Make changes that are taken back before anybody sees them."""
    return partial(hands.in_transaction, ending="ROLLBACK")


@dataclass(frozen=True)
class Ways:
    """All ways of changing a server's auth database, and one that changes nothing."""

    real: dict[str, Way]
    by_sql: tuple[str, ...]
    undone: Way


@contextlib.contextmanager
def ways_to_change(server: Server, lines: Sequence[Line]) -> Iterator[Ways]:
    """Every way has connections of its own; the lines are an administrator's."""
    with contextlib.ExitStack() as stack:
        store = stack.enter_context(opened(server.database))
        alone, together = (
            stack.enter_context(contextlib.closing(SqlHands(server.database))) for _ in range(2)
        )
        yield Ways(
            {
                "the API": at_once(ApiHands(lines)),
                "a store": at_once(StoreHands(store)),
                "SQL": at_once(alone),
                "a transaction": committed(together),
            },
            ("SQL", "a transaction"),
            rolled_back(together),
        )


@dataclass
class Tally:
    """What was done, and what was wrong with the answers."""

    rounds: int = 0
    by_status: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        statuses = ", ".join(f"{n} x {status}" for status, n in sorted(self.by_status.items()))
        requests = self.by_status.total()
        return f"{self.rounds} rounds, {requests} requests ({statuses}), {len(self.faults)} stale"

    def add(self, history: History, name: str) -> None:
        """Hold what was asked of one access, at whatever time, against what was changed."""
        self.faults += [f"{name}, out of order: {asked}" for asked in history.out_of_order()]


class Watch:
    """Asks for one access all the time over some lines, and over others whenever it is told to.

    What `askers` ask all the time keeps whatever their workers remember fresh; `checkers` are for
    the moment after a change.
    """

    def __init__(self, kind: Kind, checkers: Sequence[Line], askers: Sequence[Line]) -> None:
        self._kind = kind
        self._checkers = checkers
        self._askers = askers
        self._current: tuple[Request, History] | None = None
        self._told = threading.Condition()
        self._is_resting = False
        self._is_over = False
        self._trouble: list[BaseException] = []
        self._statuses: Counter[int] = Counter()
        self._lock = threading.Lock()
        self.histories: dict[Request, History] = {}

    @contextlib.contextmanager
    def asking_all_the_time(self) -> Iterator[None]:
        threads = [threading.Thread(target=self._ask, args=(line,)) for line in self._askers]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            with self._told:
                self._is_over = True
                self._told.notify_all()
            for thread in threads:
                thread.join()
        if self._trouble:
            raise self._trouble[0]

    def turn_to(self, request: Request) -> History:
        """Ask this from now on; its history, which goes on if it was asked before."""
        with self._told:
            history = self.histories.setdefault(request, History())
            self._current = request, history
            self._is_resting = False
            self._told.notify_all()
        return history

    def rest(self) -> None:
        """Ask no more of this all the time."""
        self._is_resting = True

    def look(self) -> list[int]:
        """What every worker answers now, all of them asked before one has answered."""
        if self._current is None:
            return []
        request, history = self._current
        begins = []
        for line in self._checkers:
            begins.append(time.monotonic_ns())
            line.send(request)
        return [
            self._note(history, begin, line.receive().status)
            for begin, line in zip(begins, self._checkers, strict=True)
        ]

    @property
    def statuses(self) -> Counter[int]:
        return self._statuses

    def _ask(self, line: Line) -> None:
        try:
            while (current := self._next()) is not None:
                request, history = current
                begin = time.monotonic_ns()
                self._note(history, begin, line.ask(request).status)
        except BaseException as error:  # noqa: BLE001 - raised where the threads are waited for
            self._trouble.append(error)

    def _next(self) -> tuple[Request, History] | None:
        with self._told:
            self._told.wait_for(lambda: self._is_over or (self._current and not self._is_resting))
            return None if self._is_over else self._current

    def _note(self, history: History, begin: int, status: int) -> int:
        history.note(Asked(begin, time.monotonic_ns(), status == _OK))
        with self._lock:
            self._statuses[status] += 1
        return status


class Bystander:
    """Somebody whose grant is changed by SQL beside every change of others, and means nothing."""

    def __init__(self, hands: SqlHands, who: Subject) -> None:
        self._hands = hands
        self._who = who
        self._told = threading.Semaphore(0)
        self._is_over = False
        self._trouble: list[BaseException] = []

    def nudge(self) -> None:
        """Change the grant while whoever nudges goes on."""
        self._told.release()

    @contextlib.contextmanager
    def standing_by(self) -> Iterator[Bystander]:
        thread = threading.Thread(target=self._change)
        thread.start()
        try:
            yield self
        finally:
            self._is_over = True
            self.nudge()
            thread.join()
        if self._trouble:
            raise self._trouble[0]

    def _change(self) -> None:
        try:
            for level in itertools.cycle(("EDIT", "READ")):
                self._told.acquire()
                if self._is_over:
                    return
                self._hands.grant(self._who.name, self._who.experiment, level)
        except BaseException as error:  # noqa: BLE001 - raised where the thread is waited for
            self._trouble.append(error)


@dataclass
class Play:
    """Rounds with one subject; each change must count for whatever is asked after it."""

    name: str
    kind: Kind
    subject: Subject
    watch: Watch
    ways: Ways
    tally: Tally
    before_change: Callable[[], object] = lambda: None
    _history: History | None = None

    def rounds(self, repeats: int) -> None:
        """Take in every way, so many times, what was given in another way each time."""
        giving = tuple(self.ways.real)
        taking = self.ways.by_sql if self.kind.by_sql_alone else giving
        with self.watch.asking_all_the_time():
            for number in range(repeats * len(taking)):
                given = giving[(number + number // len(taking) + 1) % len(giving)]
                self._round(given, taking[number % len(taking)])
        for history in self.watch.histories.values():
            self.tally.add(history, self.name)
        assert set(self.watch.statuses) <= {_OK, self.kind.refused}, self.watch.statuses
        self.tally.by_status += self.watch.statuses

    def _round(self, giving: str, taking: str) -> None:
        self._change(giving, self.kind.give, given=True)
        if taking in self.ways.by_sql:
            self.ways.undone(
                lambda hands: self.kind.take(hands, self.subject),
                lambda: self._expect(True, "inside a transaction that is rolled back"),
            )
            self._expect(True, "after a transaction that was rolled back")
        self._change(taking, self.kind.take, given=False)
        if self.kind.hashes:
            self.watch.rest()  # else the server would do nothing but hash
        self.tally.rounds += 1

    def _change(self, way: str, act: Callable[[Any, Subject], Any], *, given: bool) -> None:
        self.before_change()
        begin = time.monotonic_ns()
        made = self.ways.real[way](
            lambda hands: act(hands, self.subject),
            lambda: self._expect(not given, "inside a transaction that is not committed"),
        )
        end = time.monotonic_ns()
        if given:
            self._history = self.watch.turn_to(self.kind.asks(self.subject, made))
        assert self._history is not None
        self._history.changes.append(Change(begin, end, given))
        self._expect(given, f"{'given' if given else 'taken'} by {way}")

    def _expect(self, passes: bool, when: str) -> None:
        wanted, found = _OK if passes else self.kind.refused, self.watch.look()
        if any(status != wanted for status in found):
            self.tally.faults.append(f"{self.name}, {when}: {found} instead of {wanted}")
