"""One change to several things: go on after a failure, and say which failed."""

from __future__ import annotations

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
    return "red" if str(result).startswith("failed") else "dim" if result == UNCHANGED else "green"


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
    is raised if some succeeded, else an error of the first failure's class.
    """
    shown: list[Row] = []
    failures: list[AuthctlError] = []
    for row in rows:
        try:
            shown.append({**row, **change(row)})
        except AuthctlError as error:
            hopeless = isinstance(error, Unavailable | NotAuthenticated) and not shown
            if len(rows) == 1 or hopeless:
                raise
            failures.append(error)
            shown.append({**row, **_failed(error, dry_run=dry_run)})
    sheet.show(shown)
    if not failures:
        return
    if len(failures) < len(rows):
        raise PartlyDone(f"{len(failures)} of {len(rows)} failed; the results say which and why.")
    raise type(failures[0])(f"All {len(rows)} failed; the results say why.")


def _failed(error: AuthctlError, *, dry_run: bool) -> dict[str, Any]:
    return {
        **result(f"failed: {error.message}", changed=False, dry_run=dry_run),
        "error": error.error_code,
    }
