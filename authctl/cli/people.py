"""Users by their names: who is meant, who is asking, and who must not be locked out."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from authctl.cli.suggest import did_you_mean
from authctl.errors import AuthctlError, InvalidRequest, NotFound, PermissionDenied, Refused

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from authctl.cli.session import Session
    from authctl.model import User
    from authctl.store.base import AuthStore


def find_user(store: AuthStore, username: str) -> User | None:
    """One account, or None where there is none."""
    try:
        return store.get_user(username)
    except NotFound:
        return None


def get_user(store: AuthStore, username: str) -> User:
    """One account; NotFound suggests the name that was probably meant."""
    with naming(store, username):
        return store.get_user(username)


@contextmanager
def naming(store: AuthStore, username: str) -> Iterator[None]:
    """Let a NotFound inside say that it is the user who is missing, if that is so.

    The user is looked for only then: who may manage an experiment need not be allowed to look up
    other users.
    """
    try:
        yield
    except NotFound as error:
        with suppress(PermissionDenied):
            if find_user(store, username) is None:
                raise NotFound(
                    f"There is no user '{username}'.", hint=_near(store, username)
                ) from error
        raise


def refuse_lockout(session: Session, user: User, deed: str, gone: Collection[str] = ()) -> None:
    """Refuse to delete or demote the last admin, or whoever is asking.

    `gone` are the admins a dry run has deleted or demoted in thought.
    """
    if user.is_admin and _is_last_admin(session.store, user, gone):
        raise Refused(
            f"'{user.username}' is the last admin.",
            hint=f"Promote somebody else first, or {deed} with --force.",
        )
    if session.caller == user.username:
        raise Refused(f"'{user.username}' is you.", hint=f"To {deed} yourself, add --force.")


def _is_last_admin(store: AuthStore, user: User, gone: Collection[str]) -> bool:
    with suppress(InvalidRequest, PermissionDenied):  # MLflow before 3.10 lists no users
        admins = {found.username for found in store.list_users() if found.is_admin}
        return admins.difference(gone) == {user.username}
    return False


def _near(store: AuthStore, username: str) -> str | None:
    with suppress(AuthctlError):
        return did_you_mean(username, (user.username for user in store.list_users()))
    return None
