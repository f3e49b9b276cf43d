"""authctl db: the auth database itself."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from authctl.cli.batch import RESULT, THE_ANSWER_IS_NO, result, unchanged
from authctl.cli.command import command, group
from authctl.cli.db import copies, upgrade
from authctl.cli.field import Field
from authctl.cli.location import without_password
from authctl.cli.options import DryRun, Yes
from authctl.cli.passwords import PasswordOptions
from authctl.cli.session import Session
from authctl.errors import Unavailable

app = group(
    "Work on the auth database itself (with --db or --auth-config).",
    examples="""
    authctl db status --db sqlite:///basic_auth.db
    authctl db upgrade --auth-config basic_auth.ini""",
)
app.add_typer(copies.app)
app.add_typer(upgrade.app)

DATABASE = Field("database")


@command(
    app,
    "init",
    examples="""
    authctl db init --db sqlite:///basic_auth.db
    authctl db init --auth-config basic_auth.ini""",
)
def init(session: Session, *, dry_run: DryRun = False) -> None:
    """Make a fresh auth database, which MLflow 3.13 and later can open too."""
    sheet = session.output.sheet((DATABASE, *RESULT), name="database")
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


@command(
    app,
    "status",
    examples="""
    authctl db status --db sqlite:///basic_auth.db
    authctl db status --auth-config basic_auth.ini -o json""",
)
def status(session: Session) -> None:
    """Show what the database is: its MLflow, its revision, and what it holds."""
    from authctl.store.upkeep.status import status as look  # noqa: PLC0415 - keeps start-up fast

    sheet = session.output.sheet(
        (
            DATABASE,
            Field("engine"),
            Field("mlflow", "of MLflow"),
            Field("generation"),
            Field("revision"),
            Field("version_table", shown=False),
            Field("writable"),
            Field("users"),
            Field("admins"),
            Field("grants"),
            Field("denials"),
            Field("lost_denials", "lost denials"),
            Field("roles"),
            Field("additions", "authctl's tables"),
            Field("history"),
        ),
        name="database",
    )
    store = session.database
    found = look(store.database, store.schema)
    sheet.show_one(
        {
            **asdict(found),
            "database": without_password(session.location.url),
            "generation": str(found.generation),
            "history": [asdict(entry) for entry in found.history],
        }
    )
    if found.lost_denials:
        upgrade.warn_of_lost(session, found.lost_denials)


@command(
    app,
    "check",
    examples="""
    authctl db check --db sqlite:///basic_auth.db
    authctl db check --all-passwords -o json
    authctl db check --remove-orphans""",
)
def check(
    session: Session,
    *,
    all_passwords: Annotated[
        bool,
        typer.Option(
            "--all-passwords",
            help="Look for well-known passwords among all users, not only admins: a quarter of a"
            " second each.",
        ),
    ] = False,
    remove_orphans: Annotated[
        bool,
        typer.Option(
            "--remove-orphans", help="First delete rows of users and roles that are gone."
        ),
    ] = False,
) -> None:
    """Look for what is wrong, with a remedy each; exit 8 if there is anything."""
    from authctl.store.upkeep import check as checks  # noqa: PLC0415 - keeps start-up fast

    sheet = session.output.sheet(
        (
            Field("severity", style=lambda word: "red" if word == "error" else "yellow"),
            Field("check"),
            Field("subject"),
            Field("message"),
            Field("remedy"),
        ),
        name="check",
    )
    store = session.database
    if remove_orphans:
        count = checks.remove_orphans(store.database, store.schema)
        session.output.note(f"{count} rows were deleted.")
    found = checks.check(store.database, store.schema, all_passwords=all_passwords)
    sheet.show([asdict(finding) for finding in found])
    if found:
        raise typer.Exit(THE_ANSWER_IS_NO)
    session.output.note("Nothing is wrong.")


@command(
    app,
    "reset-admin",
    examples="""
    authctl db reset-admin --db sqlite:///basic_auth.db
    authctl db reset-admin root --generate""",
)
def reset_admin(
    session: Session,
    password: PasswordOptions,
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="Whom to make an admin; admin_username if left out."),
    ] = None,
    *,
    dry_run: DryRun = False,
) -> None:
    """Get in when nobody can: make a user an admin with a new password."""
    from authctl.store.upkeep.admin import reset_admin as reset  # noqa: PLC0415 - start-up

    sheet = session.output.sheet(
        (Field("username", "user"), *RESULT, *password.fields), name="username"
    )
    username = name or session.config.admin_username
    password.check(session)
    store = session.database
    secret = password.read(session, username, dry_run=dry_run)
    made = False
    if not dry_run:
        made = reset(store.database, store.schema, username, secret)
    sheet.show_one(
        {
            "username": username,
            "password": password.to_print(secret, dry_run=dry_run),
            **result("created" if made else "reset", changed=True, dry_run=dry_run),
        }
    )


@command(
    app,
    "leave",
    examples="""
    authctl db leave --db sqlite:///basic_auth.db
    authctl db leave --yes""",
)
def leave(session: Session, *, yes: Yes = False, dry_run: DryRun = False) -> None:
    """Take authctl's own tables out again; MLflow's stay as they are.

    The history goes, and with it all service tokens, which stop working.
    """
    from authctl.store import additions  # noqa: PLC0415 - keeps start-up fast

    sheet = session.output.sheet((DATABASE, *RESULT), name="database")
    store = session.database
    row: dict[str, Any] = {"database": without_password(session.location.url)}
    if store.database.read(additions.version) is None:
        sheet.show_one({**row, **unchanged(dry_run=dry_run)})
        return
    tokens = len(store.list_tokens())
    if tokens:
        session.output.warn(f"service tokens that stop working: {tokens}.")
    if not (yes or dry_run):
        session.prompts.confirm("Drop authctl's own tables, with the history?", option="--yes")
    if not dry_run:
        store.database.write(additions.remove)
    sheet.show_one({**row, **result("removed", changed=True, dry_run=dry_run)})
