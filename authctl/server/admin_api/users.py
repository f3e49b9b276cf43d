"""Accounts (contract 2.1, 2.3): one set of endpoints for both generations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from authctl.errors import InvalidRequest, Refused
from authctl.model import Generation, checked_password
from authctl.store.passwords import verify_password
from authctl.wire.entities import (
    current_user_to_json,
    role_to_json,
    user_to_json,
    user_with_grants_to_json,
)

if TYPE_CHECKING:
    from authctl.model import User
    from authctl.server.admin_api.call import Call

Json = dict[str, Any]


def create(call: Call) -> Json:
    """Make an account without any right; without a password if that is said."""
    if "" in (call.optional("username"), call.optional("password")):
        raise InvalidRequest("Username and password cannot be empty.")
    has_none = call.reading.one("no_password") is not None and call.flag("no_password")
    if has_none and call.optional("password") is not None:
        raise InvalidRequest("A user has a password, or 'no_password' is true.")
    username = call.required("username")
    password = None if has_none else call.required("password")
    return {"user": _with_grants(call, call.store.create_user(username, password))}


def get(call: Call) -> Json:
    """One account, with the grant arrays that legacy clients index into."""
    return {"user": _with_grants(call, call.store.get_user(call.required("username")))}


def current(call: Call) -> Json:
    """Whoever asks."""
    return current_user_to_json(
        call.principal.user, call.store.generation, is_basic_auth=call.settings.is_basic
    )


def list_all(call: Call) -> Json:
    """Every account, with its roles."""
    users = call.store.list_users()
    if call.store.generation is Generation.LEGACY:
        return {"users": [{**user_to_json(user), "roles": []} for user in users]}
    held: dict[int, list[Json]] = {user.id: [] for user in users}
    for role, holders in call.store.list_holders():
        for user_id in holders if call.sees(role) else ():
            held.setdefault(user_id, []).append(role_to_json(role))
    return {"users": [{**user_to_json(user), "roles": held[user.id]} for user in users]}


def update_password(call: Call) -> Json:
    """Set a password; one's own only with the present one, where the generation asks for it.

    A token is always asked: whoever found one should not become its user.
    """
    username, password = call.required("username"), call.required("password")
    own = username == call.principal.username
    if own and (call.store.generation is Generation.ROLES or call.principal.token is not None):
        _check_current(call, password)
    call.store.set_password(username, password)
    return {}


def update_admin(call: Call) -> Json:
    """Promote or demote."""
    call.store.set_admin(call.required("username"), call.flag("is_admin"))
    return {}


def delete(call: Call) -> Json:
    """Delete an account and all that is its own."""
    username = call.required("username")
    if username == call.principal.username:
        raise Refused(
            "Users cannot delete their own account. Ask another admin to delete this user instead."
        )
    call.store.delete_user(username)
    return {}


def _with_grants(call: Call, user: User) -> Json:
    return user_with_grants_to_json(user, call.store.list_grants(username=user.username))


def _check_current(call: Call, password: str) -> None:
    current_password = call.optional("current_password")
    if not current_password:
        raise InvalidRequest("Current password is required when changing your own password.")
    account = call.store.account(call.principal.username)
    if account is None or not verify_password(current_password, account.password_hash):
        raise InvalidRequest("Current password does not match.")
    if password == current_password:
        raise InvalidRequest("New password must differ from the current password.")
    checked_password(password)
