"""authctl user verify: whether a password is the user's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from authctl.cli.batch import THE_ANSWER_IS_NO
from authctl.cli.command import command
from authctl.cli.field import Field
from authctl.cli.location import Mode
from authctl.cli.options import UserName
from authctl.cli.passwords import (
    WAYS_TO_GIVE,
    PasswordFile,
    PasswordStdin,
    in_arguments,
    password_on_stdin,
)
from authctl.cli.people import get_user
from authctl.cli.session import Session
from authctl.errors import InvalidRequest, NotAuthenticated
from authctl.password_file import password_in

if TYPE_CHECKING:
    from authctl.store.sql import SqlStore

app = typer.Typer()


@dataclass(frozen=True, slots=True)
class GivenPassword:
    """Where a password that exists comes from; without any of these it is asked for."""

    password_stdin: PasswordStdin = False
    password_file: PasswordFile = None
    password: Annotated[str | None, in_arguments(WAYS_TO_GIVE)] = None

    def read(self, session: Session, username: str) -> str:
        """Get the password, of whatever length."""
        if self.password_stdin and self.password_file is not None:
            raise InvalidRequest("The password can come from one place only.", hint=WAYS_TO_GIVE)
        if self.password_stdin:
            found = password_on_stdin()
        elif self.password_file is not None:
            found = password_in(self.password_file)
        elif session.prompts.possible:
            found = session.prompts.password(f"Password of {username}")
        else:
            raise InvalidRequest(
                "A password is needed, and nobody can be asked.", hint=WAYS_TO_GIVE
            )
        if not found:
            raise InvalidRequest("No password was given.")
        return found


@command(
    app,
    "verify",
    examples="""
    authctl user verify alice
    authctl user verify ci --password-file ci-password.txt
    printf %s "$PASSWORD" | authctl user verify alice --password-stdin""",
)
def verify(session: Session, name: UserName, password: GivenPassword) -> None:
    """Ask whether a password is a user's: yes and exit 0, or "no - why" and exit 8.

    Nothing is changed. A server is signed in to as that user; no admin is needed.
    """
    sheet = session.output.sheet(
        (Field("answer"), Field("verified", shown=False), Field("username", shown=False)),
        name="answer",
    )
    if session.location.mode is Mode.DIRECT:
        get_user(session.store, name)
        verified = _fits(session.database, name, password.read(session, name))
    else:
        verified = _signs_in(session, name, password.read(session, name))
    why = f"'{name}' does not sign in with this password"
    sheet.show_one(
        {"answer": "yes" if verified else f"no - {why}", "verified": verified, "username": name}
    )
    if not verified:
        raise typer.Exit(THE_ANSWER_IS_NO)


def _fits(store: SqlStore, username: str, password: str) -> bool:
    from authctl.store.passwords import verify_password  # noqa: PLC0415 - slow to import

    account = store.account(username)
    return account is not None and verify_password(password, account.password_hash)


def _signs_in(session: Session, username: str, password: str) -> bool:
    from authctl.client.credentials import Credentials, Secret  # noqa: PLC0415 - keeps start-up fast
    from authctl.wire import paths  # noqa: PLC0415 - as above
    from authctl.wire.exchange import call  # noqa: PLC0415 - as above

    if ":" in username:
        return False  # basic authentication cannot send it
    credentials = Credentials(Secret(username, "NAME"), Secret(password, "the password given"))
    server = session.connected_as(credentials)
    try:
        # Every server with authentication lets users look themselves up.
        call(server, "GET", paths.USERS_GET, lambda reply: reply["user"], username=username)
    except NotAuthenticated:
        return False
    finally:
        server.close()
    return True
