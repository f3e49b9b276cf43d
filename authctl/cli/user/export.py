"""authctl user export: who there is, as a file that user import reads again."""

from __future__ import annotations

import typer

from authctl.cli.command import command
from authctl.cli.field import Field
from authctl.cli.session import Session
from authctl.errors import InvalidRequest
from authctl.model import checked_username

app = typer.Typer()


@command(
    app,
    "export",
    examples="""
    authctl user export
    authctl user export --db sqlite:///basic_auth.db
    authctl user export -o json""",
)
def export(session: Session) -> None:
    """Write all users as CSV, which authctl user import reads; no passwords are in it."""
    sheet = session.output.sheet(
        (Field("username"), Field("is_admin")), name="username", form="csv"
    )
    rows, left_out = [], []
    for user in session.store.list_users():
        try:
            checked_username(user.username)
        except InvalidRequest:
            left_out.append(user.username)
        else:
            rows.append({"username": user.username, "is_admin": user.is_admin})
    sheet.show(rows)
    for username in left_out:
        session.output.warn(f"'{username}' is left out: no new user can have this name.")
