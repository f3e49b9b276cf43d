"""One change to several things: go on after a failure, and say what became of each."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Any

from authctl.cli.field import Field
from authctl.errors import AuthctlError, NotAuthenticated, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from authctl.cli.field import Row
    from authctl.cli.output import Sheet

UNCHANGED = "unchanged"

THE_ANSWER_IS_NO = 8
"""The exit code of a question whose answer is no."""


def _result_style(result: Any) -> str:
    if str(result).startswith(("failed", "unknown")):
        return "red"
    return "dim" if result == UNCHANGED else "green"


RESULT = (
    Field("result", style=_result_style),
    Field("changed", shown=False),
    Field("dry_run", shown=False),
)
"""The fields that say what became of one thing."""

RESULTS = (*RESULT, Field("error", shown=False))
"""The same for each of several things, with the error code of those that failed."""


class PartlyDone(AuthctlError):
    """Some of several changes failed; the failed rows are among the results."""

    error_code = "PARTLY_DONE"
    exit_code = 9


class Failed(Exception):
    """A change that failed after it had begun: `shown` is what its row says besides the error."""

    def __init__(self, error: AuthctlError, shown: Row) -> None:
        super().__init__(error.message)
        self.error = error
        self.shown = shown


def result(word: str, *, changed: bool, dry_run: bool) -> dict[str, Any]:
    """Say what became of one thing, in the fields of RESULT."""
    return {
        "result": f"would be {word}" if changed and dry_run else word,
        "changed": changed,
        "dry_run": dry_run,
    }


def unchanged(*, dry_run: bool) -> dict[str, Any]:
    """Say that it was so already."""
    return result(UNCHANGED, changed=False, dry_run=dry_run)


def change_each(
    sheet: Sheet, rows: Sequence[Row], change: Callable[[Row], dict[str, Any]], *, dry_run: bool
) -> None:
    """Change the thing of every row and show what became of each.

    A single thing's failure is raised as it is. Of several, failures become rows; then PartlyDone
    is raised if some succeeded, else an error of the first failure's class. Whoever interrupts it
    is told what was done until then.
    """
    batch = Batch(rows, change, dry_run=dry_run)
    try:
        batch.run()
    finally:
        batch.show(sheet)
    batch.raise_failures()


class Batch:
    """Several changes on their way: what became of each so far, in the order of the rows."""

    def __init__(
        self, rows: Sequence[Row], change: Callable[[Row], dict[str, Any]], *, dry_run: bool
    ) -> None:
        self._rows = rows
        self._change = change
        self._dry_run = dry_run
        self._shown: dict[int, Row] = {}
        self._failures: dict[int, AuthctlError] = {}
        self._done: set[int] = set()
        self._complete = False

    @property
    def undone(self) -> list[Row]:
        """The rows, as they were given, that failed, were cut off or were not reached."""
        return [row for index, row in enumerate(self._rows) if index not in self._done]

    def run(self, *, threads: int = 1, tell: Callable[[int, int], None] | None = None) -> None:
        """Change everything; `tell` hears how many are done, of how many.

        More than one thread works only after the first change succeeded or failed by itself. An
        interruption waits for what the other threads have begun. Raises what a single change
        raises, and Unavailable or NotAuthenticated where the first change ends so: all others would
        end the same.
        """
        order = iter(range(len(self._rows)))

        def settle(index: int, finish: Callable[[], dict[str, Any]]) -> None:
            self._settle(index, finish)
            if tell:
                tell(len(self._shown), len(self._rows))

        for index in order:
            settle(index, partial(self._change_alone, index))
            if threads > 1:
                break
        if threads > 1:
            from authctl.cli.threads import in_threads  # noqa: PLC0415 - slow to import

            in_threads(threads, order, lambda index: self._change(self._rows[index]), settle)
        self._complete = True

    def show(self, sheet: Sheet) -> None:
        """Show what became of each; after an interruption, of those that were reached."""
        if self._complete or self._shown:
            sheet.show([self._shown[index] for index in sorted(self._shown)])
        if self._shown and not self._complete:
            sys.stderr.write(
                f"warning: stopped after {len(self._shown)} of {len(self._rows)};"
                " what is not among the results was not begun.\n"
            )

    def raise_failures(self) -> None:
        """Raise PartlyDone, or the first failure's class if all failed."""
        failures = [self._failures[index] for index in sorted(self._failures)]
        if not failures:
            return
        count = len(self._rows)
        if len(failures) < count:
            raise PartlyDone(f"{len(failures)} of {count} failed; the results say which and why.")
        if count == 1:
            raise failures[0]
        raise type(failures[0])(f"All {count} failed; the results say why.")

    def _change_alone(self, index: int) -> dict[str, Any]:
        try:
            return self._change(self._rows[index])
        except (KeyboardInterrupt, SystemExit):
            if len(self._rows) > 1:
                cut = {"result": "unknown: it was cut off", "dry_run": self._dry_run}
                self._note(index, cut)
            raise

    def _settle(self, index: int, finish: Callable[[], dict[str, Any]]) -> None:
        """Finish one change and note what became of it."""
        try:
            self._note(index, finish())
            self._done.add(index)
        except Failed as failed:
            self._fail(index, failed.error, failed.shown)
        except AuthctlError as error:
            hopeless = isinstance(error, Unavailable | NotAuthenticated) and not self._shown
            if len(self._rows) == 1 or hopeless:
                raise
            self._fail(index, error, {})

    def _fail(self, index: int, error: AuthctlError, shown: Row) -> None:
        self._failures[index] = error
        self._note(
            index,
            {
                **result(f"failed: {error.message}", changed=False, dry_run=self._dry_run),
                "error": error.error_code,
                **shown,
            },
        )

    def _note(self, index: int, became: Row) -> None:
        self._shown[index] = {**self._rows[index], **became}
