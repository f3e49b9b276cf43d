"""authctl db: the auth database itself."""

from __future__ import annotations

from authctl.cli.batch import RESULT, result, unchanged
from authctl.cli.command import command, group
from authctl.cli.field import Field
from authctl.cli.location import without_password
from authctl.cli.options import DryRun
from authctl.cli.session import Session
from authctl.errors import Unavailable

app = group(
    "Work on the auth database itself (with --db or --auth-config).",
    examples="""
    authctl db init --db sqlite:///basic_auth.db""",
)


@command(
    app,
    "init",
    examples="""
    authctl db init --db sqlite:///basic_auth.db
    authctl db init --auth-config basic_auth.ini""",
)
def init(session: Session, *, dry_run: DryRun = False) -> None:
    """Make a fresh auth database, which MLflow 3.13 and later can open too."""
    sheet = session.output.sheet((Field("database"), *RESULT), name="database")
    row = {"database": without_password(session.location.url)}
    try:
        session.open_database(create=False).close()
    except Unavailable:
        # Not there, or without tables. Of any other trouble, making it tells again.
        if not dry_run:
            session.open_database(create=True).close()
        row |= result("created", changed=True, dry_run=dry_run)
    else:
        session.output.note("It exists already.")
        row |= unchanged(dry_run=dry_run)
    sheet.show_one(row)
