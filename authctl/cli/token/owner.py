"""Whose tokens a command is about: --user says, else whoever is asking."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from typer import Option

from authctl.cli.people import get_user, naming
from authctl.errors import InvalidRequest

if TYPE_CHECKING:
    from authctl.cli.session import Session
    from authctl.service_token import ServiceToken

OwnerName = Annotated[
    str | None,
    Option("--user", metavar="USER", help="For whom it acts; on a server the default is you."),
]


def owner_of(session: Session, user: str | None) -> str:
    """The user who is named, else whoever asks the server. InvalidRequest on a database."""
    if user is not None:
        return user
    if session.caller is None:
        raise InvalidRequest(
            "On a database nobody is asking, so nobody is meant.",
            hint="Name the user with --user.",
        )
    return session.caller


def tokens_of(session: Session, user: str) -> list[ServiceToken]:
    """The tokens of a user; NotFound suggests the name that was probably meant."""
    with naming(session.store, user):
        return session.tokens.list_tokens(user)


def those_seen(session: Session, user: str | None) -> list[ServiceToken]:
    """The tokens of the user who is named; else everybody's, or what who is no admin may see."""
    if user is not None:
        return tokens_of(session, user)
    if session.caller is None or get_user(session.store, session.caller).is_admin:
        return session.tokens.list_tokens()
    return session.tokens.list_tokens(session.caller)
