"""authctl login and logout: a login that the server accepts, saved and removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from authctl.cli.batch import RESULT, result, unchanged
from authctl.cli.command import command
from authctl.cli.connection import asked_for
from authctl.cli.field import Field
from authctl.cli.login.databricks import Databricks
from authctl.cli.login.kept import Login, keeper
from authctl.cli.login.options import (
    DATABRICKS,
    MLFLOW,
    Backend,
    Profile,
    SignInOptions,
    check_backend,
)
from authctl.cli.login.overruled import still_signed_in, what_overrules
from authctl.cli.login.sign_in import (
    TYPED,
    accepted,
    find_attempt,
    go_to_server,
    is_shipped_password,
)
from authctl.cli.options import DryRun
from authctl.cli.prompts import Prompts
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
    authctl login --no-interactive
    authctl login --context prod --token-file ci-token.txt
    authctl login --context prod --keyring
    authctl login --backend databricks --profile prod""",
)
def login(session: Session, options: SignInOptions, *, dry_run: DryRun = False) -> None:
    """Check a login with the server, and save it.

    Without --context a username and password are kept in ~/.mlflow/credentials,
    which mlflow reads too and which holds one login for all servers. With
    --context NAME the login is kept in that context, for its server alone, with
    the connection options given; it is made if need be, and becomes the current
    one. A token is kept in a context only. With --keyring the context's password
    or token is kept in the system's keyring instead of the file.

    With --backend databricks the login is to a Databricks workspace, and is kept
    in a profile of ~/.databrickscfg, where mlflow looks for it; one that is there
    and is accepted stays as it is.
    """
    options.check(session)
    if options.no_interactive:
        session.prompts = Prompts(allowed=False)
    if options.backend == DATABRICKS:
        Databricks.find(session, options.profile).login(options, dry_run=dry_run)
        return
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
    kept_in = keeper(session, keyring=options.keyring)
    address = go_to_server(session)
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
            "saved_in": kept_in.place if attempt.new else None,
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
    authctl logout --backend databricks --profile prod
    authctl logout --dry-run""",
)
def logout(
    session: Session,
    *,
    backend: Backend = MLFLOW,
    profile: Profile = None,
    dry_run: DryRun = False,
) -> None:
    """Remove the login that authctl login has saved.

    It is the one in ~/.mlflow/credentials, or with --context NAME the one in
    that context and in the keyring, or with --backend databricks the one in a
    profile of ~/.databrickscfg. Nothing else is touched.
    """
    check_backend(session, backend, profile)
    if backend == DATABRICKS:
        Databricks.find(session, profile).logout(dry_run=dry_run)
        return
    sheet = session.output.sheet(
        (Field("context"), Field("removed_from", "removed from"), *RESULT), name="removed_from"
    )
    kept_in = keeper(session)
    changed = kept_in.forget(dry_run=dry_run)
    sheet.show_one(
        {
            "context": kept_in.context,
            "removed_from": kept_in.place if changed else None,
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
    known = attempt.credentials
    if attempt.new and known.username and known.password:
        return Login(url, known.username.value, known.password.value, settings=settings)
    if attempt.new and known.token:
        return Login(url, token=known.token.value, settings=settings)
    return Login(url, settings=settings)


def _say_where(session: Session, kept_in: Keeper, attempt: Attempt) -> None:
    note = session.output.note
    known = attempt.credentials
    used = known.signer or known.password or known.token
    if not attempt.new and used:
        note(f"The login is from {used.origin}; nothing had to be saved.")
    elif kept_in.context:
        what = "password" if attempt.credentials.password else "token"
        private = "" if kept_in.place != str(kept_in.path) else ", which only you can read"
        note(f"The {what} is kept in {kept_in.place}{private}.")
    else:
        note(
            f"The password is kept in {kept_in.path}, which only you can read; mlflow uses it too."
        )
        if session.location.origin in ("--server", TYPED):
            note("The server is not kept: set MLFLOW_TRACKING_URI, which mlflow reads too.")
