"""authctl login and logout: a login that the server accepts, saved and removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from authctl.cli.batch import RESULT, result, unchanged
from authctl.cli.command import command
from authctl.cli.connection import asked_for
from authctl.cli.field import Field
from authctl.cli.login.kept import Login, keeper
from authctl.cli.login.overruled import still_signed_in, what_overrules
from authctl.cli.login.sign_in import (
    TYPED,
    SignInOptions,
    accepted,
    find_attempt,
    go_to_server,
    is_shipped_password,
)
from authctl.cli.options import DryRun
from authctl.cli.session import Session

if TYPE_CHECKING:
    from authctl.cli.login.kept import Keeper
    from authctl.cli.login.sign_in import Attempt

app = typer.Typer()


@command(
    app,
    "login",
    examples="""
    authctl login
    authctl login --server https://mlflow.example.com
    authctl login --server https://mlflow.example.com --context prod
    printf %s "$PASSWORD" | authctl login --username ci --password-stdin
    authctl login --no-interactive""",
)
def login(session: Session, options: SignInOptions, *, dry_run: DryRun = False) -> None:
    """Check a username and password with the server, and save them.

    Without --context they are kept in ~/.mlflow/credentials, which mlflow reads
    too and which holds one login for all servers. With --context NAME they are
    kept in that context, for its server alone, with the connection options
    given; it is made if need be, and becomes the current one.
    """
    sheet = session.output.sheet(
        (
            Field("server"),
            Field("context"),
            Field("username", "user"),
            Field("is_admin", "admin"),
            Field("saved_in", "saved in"),
            *RESULT,
        ),
        name="username",
    )
    options.check()
    kept_in = keeper(session)
    address = go_to_server(session, may_ask=options.may_ask(session))
    attempt = find_attempt(session, options, address)
    found = _login(session, attempt, address.url)
    kept_in.check(found)
    user = accepted(session, attempt)
    changed = kept_in.keep(found, dry_run=dry_run)
    sheet.show_one(
        {
            "server": address.url,
            "context": kept_in.context,
            "username": user.username,
            "is_admin": user.is_admin,
            "saved_in": str(kept_in.path) if attempt.new else None,
            **(
                result("logged in", changed=True, dry_run=dry_run)
                if changed
                else unchanged(dry_run=dry_run)
            ),
        }
    )
    if is_shipped_password(attempt):
        session.output.warn(
            "this is the password MLflow was shipped with, which everybody knows:"
            f" change it with authctl user passwd {user.username}."
        )
    if not dry_run:
        _say_where(session, kept_in, attempt)
        for remark in what_overrules(session, kept_in, found):
            session.output.warn(remark)


@command(
    app,
    "logout",
    examples="""
    authctl logout
    authctl logout --context prod
    authctl logout --dry-run""",
)
def logout(session: Session, *, dry_run: DryRun = False) -> None:
    """Remove the login that authctl login has saved.

    It is the one in ~/.mlflow/credentials, or with --context NAME the one in
    that context. Nothing else is touched.
    """
    sheet = session.output.sheet(
        (Field("context"), Field("removed_from", "removed from"), *RESULT), name="removed_from"
    )
    kept_in = keeper(session)
    changed = kept_in.forget(dry_run=dry_run)
    sheet.show_one(
        {
            "context": kept_in.context,
            "removed_from": str(kept_in.path) if changed else None,
            **(
                result("logged out", changed=True, dry_run=dry_run)
                if changed
                else unchanged(dry_run=dry_run)
            ),
        }
    )
    if not dry_run:
        for remark in still_signed_in(session, kept_in):
            session.output.warn(remark)


def _login(session: Session, attempt: Attempt, url: str) -> Login:
    settings = asked_for(session.options)
    username, password = attempt.credentials.username, attempt.credentials.password
    if attempt.new and username and password:
        return Login(url, username.value, password.value, settings)
    return Login(url, settings=settings)


def _say_where(session: Session, kept_in: Keeper, attempt: Attempt) -> None:
    note = session.output.note
    used = attempt.credentials.password or attempt.credentials.token
    if not attempt.new and used:
        note(f"The login is from {used.origin}; nothing had to be saved.")
    elif kept_in.context:
        note(f"The password is kept in {kept_in.path}, which only you can read.")
    else:
        note(
            f"The password is kept in {kept_in.path}, which only you can read; mlflow uses it too."
        )
        if session.location.origin in ("--server", TYPED):
            note("The server is not kept: set MLFLOW_TRACKING_URI, which mlflow reads too.")
