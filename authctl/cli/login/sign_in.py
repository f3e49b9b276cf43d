"""Who signs in to which server, and whether that server accepts it."""

from __future__ import annotations

from contextlib import closing, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from typer import Option

from authctl.cli.location import Location, Mode, locate_server
from authctl.cli.passwords import (
    WAYS_TO_GIVE,
    PasswordFile,
    PasswordStdin,
    in_arguments,
    password_on_stdin,
)
from authctl.errors import InvalidRequest, NotAuthenticated
from authctl.password_file import password_in

if TYPE_CHECKING:
    from authctl.cli.session import Session
    from authctl.client.address import Address
    from authctl.client.credentials import Credentials
    from authctl.model import User
    from authctl.wire.entities import Json

_WAYS = (
    "Give --username with --password-stdin or --password-file FILE, or set"
    " MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD; at a terminal you are asked."
)
_NOTHING_SAVED = "Nothing was saved."

TYPED = "what was typed"
"""The origin of what somebody was asked for."""


@dataclass(frozen=True, slots=True)
class SignInOptions:
    """Who signs in, and where the password comes from if nobody is to be asked."""

    username: Annotated[str | None, Option("--username", metavar="NAME", help="Who signs in.")] = (
        None
    )
    password_stdin: PasswordStdin = False
    password_file: PasswordFile = None
    no_interactive: Annotated[
        bool,
        Option(
            "--no-interactive",
            help="Ask nothing; where no login is given, check the one there is.",
        ),
    ] = False
    password: Annotated[str | None, in_arguments(WAYS_TO_GIVE)] = None

    def check(self) -> None:
        """Refuse what cannot work before anything else is done. InvalidRequest."""
        if self.password_stdin and self.password_file is not None:
            raise InvalidRequest("The password can come from one place only.", hint=_WAYS)

    def may_ask(self, session: Session) -> bool:
        """Whether there is somebody to be asked for what is missing."""
        return session.prompts.possible and not self.no_interactive

    def given_password(self) -> str | None:
        """The password, if it is given."""
        if self.password_file is not None:
            return password_in(self.password_file)
        return password_on_stdin() if self.password_stdin else None


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is going to be tried: a login that is `new`, or one that is kept somewhere already."""

    credentials: Credentials
    new: bool


def go_to_server(session: Session, *, may_ask: bool) -> Address:
    """Let the session go to the server to log in to. InvalidRequest where none is known."""
    from authctl.client.address import Address  # noqa: PLC0415 - keeps start-up fast

    found = locate_server(session.options, session.env, session.contexts)
    if found is None:
        if not may_ask:
            raise InvalidRequest(
                "No server is known.",
                hint="Name it with --server, AUTHCTL_SERVER or MLFLOW_TRACKING_URI.",
            )
        found = Location(Mode.REMOTE, session.prompts.text("Server"), TYPED)
    session.location = found
    address = Address.parse(found.url)
    # Before a password is asked for that could not be sent.
    address.refuse_to_leak(allow_http=session.connection.allow_http)
    return address


def find_attempt(session: Session, options: SignInOptions, address: Address) -> Attempt:
    """Find out who signs in, asking for what is not given. InvalidRequest for what is missing."""
    may_ask = options.may_ask(session)
    password = options.given_password()
    if not (may_ask or options.username or password is not None):
        if session.credentials.scheme is None:
            raise InvalidRequest(f"No login is known for {address.url}.", hint=_WAYS)
        return Attempt(session.credentials, new=False)
    username = options.username or _username(session, address, may_ask=may_ask)
    if password is None and not may_ask:
        known = session.credentials
        if known.scheme == "basic" and known.username and known.username.value == username:
            return Attempt(known, new=False)
        raise InvalidRequest(f"No password is known for '{username}'.", hint=_WAYS)
    if password is None:
        password = session.prompts.password(f"Password for {username}")
    if not password:
        raise InvalidRequest("No password was given.")
    return Attempt(_typed(username, password), new=True)


def accepted(session: Session, attempt: Attempt) -> User:
    """The account that the server takes the caller for. NotAuthenticated.

    Servers before MLflow 3.13 do not tell who is asking, but anybody may look themselves up.
    """
    from authctl.wire import paths  # noqa: PLC0415 - keeps start-up fast
    from authctl.wire.exchange import call  # noqa: PLC0415 - as above
    from authctl.wire.failures import NoSuchEndpoint  # noqa: PLC0415 - as above

    username = attempt.credentials.username
    with closing(session.connected_as(attempt.credentials)) as server:
        try:
            try:
                return call(server, "GET", paths.USERS_CURRENT, _user)
            except NoSuchEndpoint:
                if username is None:
                    raise
                return call(server, "GET", paths.USERS_GET, _user, username=username.value)
        except NotAuthenticated as error:
            if attempt.new and username:
                raise NotAuthenticated(
                    f"The server does not accept '{username.value}' with this password.",
                    hint=_NOTHING_SAVED,
                ) from error
            raise


def is_shipped_password(attempt: Attempt) -> bool:
    """Whether MLflow's first administrators have been made with this password."""
    from authctl.store.passwords import WELL_KNOWN  # noqa: PLC0415 - passlib is slow to import

    password = attempt.credentials.password
    return (
        attempt.credentials.scheme == "basic"
        and password is not None
        and (password.value in WELL_KNOWN)
    )


def _username(session: Session, address: Address, *, may_ask: bool) -> str:
    default = None
    with suppress(InvalidRequest):  # a credentials file that is broken, and about to be mended
        known = session.find_credentials().username
        default = known.value if known else None
    if may_ask:
        return session.prompts.text(f"Username for {address.url}", default=default)
    if default is None:
        raise InvalidRequest("The password is given, but not whose it is.", hint=_WAYS)
    return default


def _typed(username: str, password: str) -> Credentials:
    from authctl.client.credentials import Credentials, Secret  # noqa: PLC0415 - start-up, again

    return Credentials(Secret(username, TYPED), Secret(password, TYPED))


def _user(reply: Json) -> User:
    from authctl.wire.entities import user_from_json  # noqa: PLC0415 - keeps start-up fast

    return user_from_json(reply["user"])
