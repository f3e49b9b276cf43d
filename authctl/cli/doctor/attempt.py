"""Make a check without letting it fail, or hang, the ones that follow."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TypeVar

from authctl.cli.doctor.finding import error
from authctl.errors import AuthctlError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from authctl.cli.doctor.finding import Finding

T = TypeVar("T")


class Stop(Exception):
    """What follows cannot be looked at either; the finding that says why has been given."""


def attempt(
    check: str,
    subject: str,
    work: Callable[[], Iterable[Finding]],
    *,
    seconds: float,
    vital: bool = False,
) -> Iterator[Finding]:
    """Give what a check finds; what keeps it from being made is a finding too.

    Raises Stop where the check does, and if a vital check cannot be made.
    """
    found: list[Finding] = []

    def collect() -> None:
        for each in work():
            found.append(each)  # noqa: PERF402 - what was found before a failure is kept

    trouble: Finding | None = None
    stop = False
    try:
        within(seconds, collect)
    except Stop:
        stop = True
    except AuthctlError as failure:
        trouble = error(check, subject, failure.message, failure.hint)
    except Exception as failure:  # noqa: BLE001 - the outermost place of a check: the next must run
        # The text of a foreign exception may quote a secret.
        what = (isinstance(failure, OSError) and failure.strerror) or type(failure).__name__
        trouble = error(check, subject, f"This check could not be made: {what}.")
    yield from list(found)
    if trouble:
        yield trouble
    if stop or (trouble and vital):
        raise Stop


def within(seconds: float, work: Callable[[], T]) -> T:
    """Give what `work` gives; Unavailable if that takes longer, and it is left to itself.

    Some of what is waited for, such as the look-up of a host's name, cannot be told to hurry.
    """
    results: list[T] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as failure:  # noqa: BLE001 - raised again where it is waited for
            failures.append(failure)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if failures:
        raise failures[0]
    if not results:
        raise Unavailable(
            f"This took longer than {seconds:g} seconds, and was given up.",
            hint="--timeout sets how long to wait.",
        )
    return results[0]
