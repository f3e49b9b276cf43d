"""authctl db backup and restore."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from authctl.cli.batch import RESULT, result
from authctl.cli.command import command
from authctl.cli.field import Field
from authctl.cli.location import without_password
from authctl.cli.options import DryRun, Yes
from authctl.cli.session import Session

app = typer.Typer()

_File = Annotated[str, typer.Argument(metavar="FILE", help="The backup.")]


@command(
    app,
    "backup",
    examples="""
    authctl db backup auth-backup.db --db sqlite:///basic_auth.db
    authctl db backup auth-backup.jsonl --auth-config basic_auth.ini""",
)
def backup(
    session: Session,
    file: _File,
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Write over a file that is there.")
    ] = False,
) -> None:
    """Copy the database into a file: SQLite's into one of SQLite, else JSON."""
    from authctl.store.upkeep.backup import backup as copy  # noqa: PLC0415 - keeps start-up fast

    sheet = session.output.sheet(
        (
            Field("database"),
            Field("backup"),
            Field("form"),
            Field("revision"),
            Field("rows"),
            *RESULT,
        ),
        name="backup",
    )
    store = session.database
    made = copy(store.database, store.schema, Path(file), overwrite=force)
    sheet.show_one(
        {
            "database": without_password(session.location.url),
            "backup": str(made.path),
            "form": made.form,
            "revision": made.revision,
            "rows": made.rows,
            **result("written", changed=True, dry_run=False),
        }
    )
    session.output.note("It holds password hashes: keep it as safe as the database.")


@command(
    app,
    "restore",
    examples="""
    authctl db restore auth-backup.db --db sqlite:///basic_auth.db
    authctl db restore auth-backup.jsonl --yes
    authctl db restore auth-backup.db --dry-run""",
)
def restore(
    session: Session,
    file: _File,
    *,
    yes: Yes = False,
    force: Annotated[
        bool,
        typer.Option("--force", help="Drop tables that are in the way, even if not MLflow's."),
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """Make the auth database what a backup says, of whatever database that is."""
    from authctl.store.sql_engine import connect  # noqa: PLC0415 - keeps start-up fast
    from authctl.store.upkeep import restore as restoring  # noqa: PLC0415 - as above

    sheet = session.output.sheet(
        (
            Field("database"),
            Field("backup"),
            Field("revision"),
            Field("rows"),
            Field("orphans", "left out"),
            *RESULT,
        ),
        name="database",
    )
    place = without_password(session.location.url)
    session.config  # noqa: B018 - refuses a server
    path = Path(file)
    row: dict[str, Any] = {"database": place, "backup": file}
    row["revision"] = restoring.reading(path, lambda contents: contents.revision)
    if not dry_run:
        if not yes:
            session.prompts.confirm(
                f"Replace all users and grants in {place} by those in {file}?", option="--yes"
            )
        database = connect(session.location.url, create=True)
        try:
            done = restoring.restore(database, path, force=force)
        finally:
            database.close()
        row |= {"rows": done.rows, "orphans": done.orphans}
    sheet.show_one({**row, **result("restored", changed=True, dry_run=dry_run)})
