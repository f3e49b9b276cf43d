"""authctl whoami: where commands go, as whom, and why."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

import typer

from authctl.cli.command import command
from authctl.cli.context.settings import FIELDS, settings
from authctl.cli.field import Field
from authctl.cli.location import without_password
from authctl.cli.people import get_user
from authctl.cli.session import Session

app = typer.Typer()


@command(
    app,
    "whoami",
    examples="""
    authctl whoami
    authctl whoami -v
    authctl whoami -o json""",
)
def whoami(
    session: Session,
    *,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Say where each setting is from.")
    ] = False,
) -> None:
    """Show where commands go, and as whom."""
    sheet = session.output.sheet(
        (
            Field("server"),
            Field("database"),
            Field("context"),
            Field("username", "user"),
            Field("is_admin", "admin"),
            *((Field("settings"),) if verbose else ()),
        ),
        name="username",
    )
    location = session.location
    row: dict[str, Any] = {
        location.mode.value: without_password(location.url),
        "context": location.context.name if location.context else None,
    }
    if session.caller is not None:
        user = get_user(session.store, session.caller)
        row |= {"username": user.username, "is_admin": user.is_admin}
    else:
        session.store  # noqa: B018 - a database that cannot be opened must not look well
    told = (
        [
            {"setting": each.name, "value": each.value, "from": each.origin}
            for each in settings(session)
        ]
        if verbose
        else None
    )
    if told and sheet.form == "table" and not sheet.chosen:
        sheet.show_one(row)
        sheet.stdout.write("\n")
        replace(sheet, fields=FIELDS).show(told)
    else:
        sheet.show_one({**row, "settings": told})
