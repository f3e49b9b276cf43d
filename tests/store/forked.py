"""Children forked from a test: they start with everything imported, so hundreds can be killed."""

from __future__ import annotations

import gc
import os
import pickle
import select
import signal
import traceback
import warnings
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

PATIENCE_SECONDS = 60
"""How long a child may take to get ready."""


@dataclass
class Child:
    """A process that works for this one, tells each step it has done, and at last a result."""

    pid: int
    progress: int
    outcome: int
    status: int | None = None
    _answer: bytearray = field(default_factory=bytearray)

    def wait_for_step(self) -> None:
        """Wait until the next step is done; it counts no more."""
        ready, _, _ = select.select([self.progress], [], [], PATIENCE_SECONDS)
        if not ready or not os.read(self.progress, 1):
            self.result()
            raise AssertionError("the child does not get ready")

    def ends_within(self, seconds: float) -> bool:
        """Wait for the child's own end, at most so long: its outcome is told or closed then."""
        return bool(select.select([self.outcome], [], [], seconds)[0])

    def kill(self) -> bool:
        """End the child where it stands; False if it had come to its end already."""
        os.kill(self.pid, signal.SIGKILL)
        self._reap()
        if self._read():
            self.result()
            return False
        return True

    def result(self) -> Any:
        """Wait for the end; what the work gave, AssertionError with what it failed of."""
        self._read()
        self._reap()
        if not self._answer:
            raise AssertionError(f"the child ended without a word, status {self.status}")
        done, value = pickle.loads(self._answer)
        if not done:
            raise AssertionError(f"the child failed:\n{value}")
        return value

    def steps(self) -> int:
        """How many more steps were done, once the child has ended."""
        count = 0
        while part := os.read(self.progress, 65536):
            count += len(part)
        return count

    def _read(self) -> bool:
        while part := os.read(self.outcome, 65536):
            self._answer += part
        return bool(self._answer)

    def _reap(self) -> None:
        if self.status is None:
            _, self.status = os.waitpid(self.pid, 0)


@contextmanager
def forked(work: Callable[[Callable[[], None]], Any]) -> Iterator[Child]:
    """A child that does this work, killed at the end of the block if it still runs.

    The work is handed what tells a step. It must open its own database: a connection that two
    processes use, or that the wrong one closes, is lost to both.
    """
    progress, step_told = os.pipe()
    outcome, outcome_told = os.pipe()
    with warnings.catch_warnings():
        # Python 3.12 and later warn of threads, of which xdist has one; it holds no lock of ours.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if not pid:
        os.close(progress)
        os.close(outcome)
        _work(work, step_told, outcome_told)
    os.close(step_told)
    os.close(outcome_told)
    child = Child(pid, progress, outcome)
    try:
        yield child
    finally:
        if child.status is None:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        os.close(progress)
        os.close(outcome)


def together(works: Sequence[Callable[[Callable[[], None]], Any]]) -> list[Any]:
    """Let a child do each work, all at once; what each gave."""
    with ExitStack() as children:
        started = [children.enter_context(forked(work)) for work in works]
        return [child.result() for child in started]


def _work(work: Callable[[Callable[[], None]], Any], progress: int, outcome: int) -> None:
    """Never returns: what called the test is the parent's business."""
    gc.freeze()  # or a connection that the parent has dropped may be ended for both
    try:
        answer = pickle.dumps((True, work(lambda: _tell(progress, b"."))))
    except BaseException:  # noqa: BLE001 - told to the parent, which raises it
        answer = pickle.dumps((False, traceback.format_exc()))
    try:
        _tell(outcome, answer)
    finally:
        os._exit(0)


def _tell(pipe: int, told: bytes) -> None:
    while told:
        told = told[os.write(pipe, told) :]
