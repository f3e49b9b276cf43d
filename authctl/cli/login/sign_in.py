"""Who signs in to which server, and whether that server accepts it."""

from __future__ import annotations

from contextlib import closing, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from authctl.cli.location import Location, Mode, locate_server
from authctl.cli.login.options import WAYS
from authctl.errors import InvalidRequest, NotAuthenticated

if TYPE_CHECKING:
    from authctl.cli.login.options import SignInOptions
    from authctl.cli.session import Session
    from authctl.client.address import Address
    from authctl.client.credentials import Credentials, Secret
    from authctl.model import User
    from authctl.wire.entities import Json

NOTHING_SAVED = "Nothing was saved."
"""The hint where a server does not accept what is new."""

TYPED = "what was typed"
"""The origin of what somebody was asked for."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is going to be tried: a login that is `new`, or one that is kept somewhere already."""

    credentials: Credentials
    new: bool


def go_to_server(session: Session) -> Address:
    """Let the session go to the server to log in to. InvalidRequest where none is known."""
    from authctl.client.address import Address  # noqa: PLC0415 - keeps start-up fast

    found = locate_server(session.options, session.env, session.contexts)
    if found is None:
        if not session.prompts.possible:
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
    if token := options.given_token():
        return Attempt(_with_token(token), new=True)
    may_ask = session.prompts.possible
    password = options.given_password()
    if not (may_ask or options.username or password is not None):
        if session.credentials.scheme is None:
            raise InvalidRequest(f"No login is known for {address.url}.", hint=WAYS)
        return Attempt(session.credentials, new=False)
    username = options.username or _username(session, address, may_ask=may_ask)
    if password is None and not may_ask:
        known = session.credentials
        if known.scheme == "basic" and known.username and known.username.value == username:
            return Attempt(known, new=False)
        raise InvalidRequest(f"No password is known for '{username}'.", hint=WAYS)
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

    known = attempt.credentials
    username = known.username if known.scheme == "basic" else None
    with closing(session.connected_as(known)) as server:
        try:
            try:
                return call(server, "GET", paths.USERS_CURRENT, _user)
            except NoSuchEndpoint:
                if username is None:
                    raise
                return call(server, "GET", paths.USERS_GET, _user, username=username.value)
        except NotAuthenticated as error:
            if attempt.new:
                what = f"'{username.value}' with this password" if username else "the token"
                raise NotAuthenticated(
                    f"The server does not accept {what}.", hint=NOTHING_SAVED
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
        raise InvalidRequest("The password is given, but not whose it is.", hint=WAYS)
    return default


def _typed(username: str, password: str) -> Credentials:
    from authctl.client.credentials import Credentials, Secret  # noqa: PLC0415 - start-up, again

    return Credentials(Secret(username, TYPED), Secret(password, TYPED))


def _with_token(token: Secret) -> Credentials:
    from authctl.client.credentials import Credentials  # noqa: PLC0415 - start-up, again

    found = Credentials(token=token)
    found.authorization()  # refuses a token that cannot be sent before anything is
    return found


def _user(reply: Json) -> User:
    from authctl.wire.entities import user_from_json  # noqa: PLC0415 - keeps start-up fast

    return user_from_json(reply["user"])
