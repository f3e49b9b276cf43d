"""The web page on which administrators and workspace managers create users (contract 3.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from authctl.errors import AlreadyExists, InvalidRequest
from authctl.model import (
    MAX_NAME_LENGTH,
    MIN_PASSWORD_LENGTH,
    checked_password,
    checked_username,
)
from authctl.server.pages.rendering import render
from authctl.wire.paths import USERS_CREATE_UI

if TYPE_CHECKING:
    from starlette.responses import Response

    from authctl.server.admin_api.call import Call

COOKIE = "authctl_signup"

_OK = 200
_BAD_REQUEST = 400


@dataclass(frozen=True, slots=True)
class _Complaint:
    """What is wrong with a form, and with which of its fields, if with one."""

    message: str
    field: str = ""
    note: str = ""
    status: int = _BAD_REQUEST


def page(call: Call) -> Response:
    """The form."""
    return _form(call)


def create(call: Call) -> Response:
    """What the form sends; whatever is wrong with it is said on a page with the form again."""
    token = call.optional("csrf_token") or call.headers.get("x-csrftoken")
    if not call.settings.tokens.match(call.principal.username, call.cookies.get(COOKIE), token):
        return _form(
            call, _Complaint("The CSRF token is missing or invalid. Please send the form again.")
        )
    username, password = call.optional("username") or "", call.optional("password") or ""
    complaint = _wrong_with(username, password) or _refused(call, username, password)
    if complaint:
        return _form(call, complaint)
    return render(
        "created.html",
        call.settings.static_prefix,
        title="User created",
        principal=call.principal,
        here="signup",
        username=username,
    )


def _wrong_with(username: str, password: str) -> _Complaint | None:
    """What can be said without the database: the first of it."""
    if not username or not password:
        field = "password" if username else "username"
        return _Complaint("Username and password cannot be empty.", field)
    for field, text, check in (
        ("username", username, checked_username),
        ("password", password, checked_password),
    ):
        try:
            check(text)
        except InvalidRequest as error:
            return _Complaint(error.message, field)
    return None


def _refused(call: Call, username: str, password: str) -> _Complaint | None:
    """Why the user was not made, if they were not."""
    try:
        call.store.create_user(username, password)
    except AlreadyExists:
        return _Complaint(
            f"The username {username} has already been taken.",
            "username",
            "Nothing was changed. If you sent the form twice, the first time made the user.",
            _OK,
        )
    except InvalidRequest as error:
        return _Complaint(error.message)
    return None


def _form(call: Call, complaint: _Complaint | None = None) -> Response:
    tokens = call.settings.tokens
    cookie, token = tokens.issue(call.principal.username, call.cookies.get(COOKIE))
    response = render(
        "signup.html",
        call.settings.static_prefix,
        complaint.status if complaint else _OK,
        title="Create a user",
        principal=call.principal,
        here="signup",
        complaint=complaint,
        action=f"/api{USERS_CREATE_UI}",
        token=token,
        username=call.optional("username") or "",
        shortest=MIN_PASSWORD_LENGTH,
        longest=MAX_NAME_LENGTH,
    )
    response.set_cookie(
        COOKIE,
        cookie,
        path=call.settings.static_prefix or "/",
        httponly=True,
        samesite="strict",
        secure=call.is_secure,
    )
    return response
