"""The web page on which administrators and workspace managers create users (contract 3.4)."""

from __future__ import annotations

import html
import string
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse, Response

from authctl.errors import AlreadyExists, InvalidRequest
from authctl.model import MIN_PASSWORD_LENGTH
from authctl.server.admin_api.users import new_user
from authctl.wire.paths import USERS_CREATE_UI

if TYPE_CHECKING:
    from authctl.server.admin_api.call import Call

COOKIE = "authctl_signup"

_OK = 200
_BAD_REQUEST = 400

_PAGE = string.Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title - MLflow</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; color: #1f272d; background: #f6f7f9; margin: 0; }
main { max-width: 22rem; margin: 12vh auto; padding: 2rem; background: #fff;
  border: 1px solid #dce1e6; border-radius: 8px; }
h1 { font-size: 1.25rem; margin: 0 0 1rem; }
label { display: block; margin: 1rem 0 .25rem; font-weight: 600; }
input { width: 100%; box-sizing: border-box; padding: .5rem; font: inherit;
  border: 1px solid #8d99a5; border-radius: 4px; }
button { margin-top: 1.5rem; width: 100%; padding: .6rem; font: inherit; font-weight: 600;
  color: #fff; background: #2272b4; border: 0; border-radius: 4px; cursor: pointer; }
button:hover { background: #0e538b; }
input:focus, button:focus { outline: 2px solid #2272b4; outline-offset: 1px; }
a { color: #2272b4; }
h1, p { overflow-wrap: anywhere; }
.error { margin: 0; padding: .6rem .8rem; color: #8a1f2b; background: #fdecee;
  border: 1px solid #f0b8be; border-radius: 4px; }
.note { color: #5f6d7a; font-size: .875rem; margin: .25rem 0 0; }
</style>
</head>
<body><main><h1>$title</h1>
$content
</main></body>
</html>
""")

_FORM = string.Template("""$error<form action="$action" method="post">
<input type="hidden" name="csrf_token" value="$token">
<label for="username">Username</label>
<input id="username" name="username" value="$username" required maxlength="255"
  autocomplete="off" autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" required minlength="$shortest"
  autocomplete="new-password" aria-describedby="hint">
<p class="note" id="hint">At least $shortest characters.</p>
<button>Create user</button>
</form>
""")

_CREATED = string.Template("""<p><strong>$username</strong> can log in now.</p>
<p><a href="$again">Create another user</a> or <a href="$home">go to MLflow</a>.</p>
""")

_SAFE = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self';"
    " frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def page(call: Call) -> Response:
    """The form."""
    return _form(call)


def create(call: Call) -> Response:
    """What the form sends; whatever is wrong with it is said above the form, on a page again."""
    token = call.optional("csrf_token") or call.headers.get("x-csrftoken")
    if not call.settings.tokens.match(call.cookies.get(COOKIE), token):
        return _form(call, _BAD_REQUEST, "The CSRF token is missing or invalid. Please try again.")
    username = call.optional("username") or ""
    try:
        new_user(call)
    except AlreadyExists:
        return _form(call, _OK, f"The username {username} has already been taken.", username)
    except InvalidRequest as error:
        return _form(call, error.http_status, error.message, username)
    content = _CREATED.substitute(
        username=html.escape(username),
        again=_link(call, "/signup"),
        home=_link(call, "/"),
    )
    return _page("User created", content)


def _form(call: Call, status: int = _OK, error: str = "", username: str = "") -> Response:
    cookie, token = call.settings.tokens.new()
    content = _FORM.substitute(
        error=f'<p class="error" role="alert">{html.escape(error)}</p>\n' if error else "",
        action=_link(call, "/api" + USERS_CREATE_UI),
        token=token,
        username=html.escape(username),
        shortest=MIN_PASSWORD_LENGTH,
    )
    response = _page("Create a user", content, status)
    secure = call.headers.get("x-forwarded-proto") == "https"
    response.set_cookie(COOKIE, cookie, httponly=True, samesite="strict", secure=secure)
    return response


def _page(title: str, content: str, status: int = _OK) -> Response:
    return HTMLResponse(_PAGE.substitute(title=title, content=content), status, _SAFE)


def _link(call: Call, path: str) -> str:
    return html.escape(call.settings.static_prefix + path)
