"""authctl perm prune: grants whose user or resource is gone are taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from authctl.cli.batch import RESULTS, change_each, result, unchanged
from authctl.cli.command import command
from authctl.cli.field import Field
from authctl.cli.grants import LEVEL, RESOURCE, USER
from authctl.cli.options import DryRun, Yes
from authctl.cli.perm import leftovers
from authctl.cli.session import Session
from authctl.errors import InvalidRequest

if TYPE_CHECKING:
    from authctl.cli.field import Row

app = typer.Typer()


@command(
    app,
    "prune",
    examples="""
    authctl perm prune --dry-run
    authctl perm prune --yes --max-deletes 20""",
)
def prune(
    session: Session,
    *,
    yes: Yes = False,
    max_deletes: Annotated[
        int | None,
        typer.Option("--max-deletes", metavar="N", min=0, help="Refuse to remove more than N."),
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Remove users' own grants whose user or resource is gone.

    The tracking server is asked which experiments, models and prompts there
    are. Grants on other things are left alone, as are those on a deleted
    experiment, which can be restored, and what roles allow.
    """
    sheet = session.output.sheet((USER, *RESOURCE, LEVEL, Field("gone"), *RESULTS), name="username")
    leftovers.require_tracking(session)
    sure = max_deletes is not None
    rows = [
        *leftovers.of_gone_resources(session, sure=sure, dry_run=dry_run),
        *leftovers.of_gone_users(session),
    ]
    if max_deletes is not None and len(rows) > max_deletes:
        raise InvalidRequest(
            f"{len(rows)} grants would be removed, more than --max-deletes {max_deletes}.",
            hint="--dry-run without it shows them.",
        )
    if not rows:
        session.output.note("No grant is on anything that is gone.")
    elif not (yes or dry_run):
        session.prompts.confirm(
            f"Remove {len(rows)} grants whose user or resource is gone (--dry-run shows them)?",
            option="--yes",
        )

    def change(row: Row) -> dict[str, Any]:
        if dry_run or row[leftovers.REMOVE]():
            return result("removed", changed=True, dry_run=dry_run)
        return unchanged(dry_run=dry_run)

    change_each(sheet, rows, change, dry_run=dry_run)
