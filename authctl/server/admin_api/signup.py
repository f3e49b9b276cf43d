"""The web page on which an administrator creates a user (contract 3.4)."""

from __future__ import annotations

import html
import string
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse, Response

from authctl.errors import AlreadyExists, InvalidRequest

if TYPE_CHECKING:
    from authctl.server.admin_api.call import Call

COOKIE = "authctl_signup"

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
a { color: #2272b4; }
.note { color: #5f6d7a; font-size: .875rem; margin: .25rem 0 0; }
</style>
</head>
<body><main><h1>$title</h1>
$content
</main></body>
</html>
""")

_FORM = string.Template("""<form action="$action" method="post">
<input type="hidden" name="csrf_token" value="$token">
<label for="username">Username</label>
<input id="username" name="username" required maxlength="255" autocomplete="off" autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" required minlength="12"
  autocomplete="new-password">
<p class="note">At least 12 characters.</p>
<button>Create user</button>
</form>
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
    cookie, token = call.settings.tokens.new()
    form = _FORM.substitute(
        action=html.escape(f"{call.settings.static_prefix}/api/2.0/mlflow/users/create-ui"),
        token=token,
    )
    response = _page("Create a user", form)
    secure = call.headers.get("x-forwarded-proto") == "https"
    response.set_cookie(COOKIE, cookie, httponly=True, samesite="strict", secure=secure)
    return response


def create(call: Call) -> Response:
    """What the form sends."""
    if not call.settings.tokens.match(
        call.cookies.get(COOKIE), call.optional("csrf_token") or call.headers.get("x-csrftoken")
    ):
        raise InvalidRequest("The CSRF token is missing or invalid. Open the form again.")
    username, password = call.required("username"), call.required("password")
    home = html.escape(f"{call.settings.static_prefix}/")
    again = html.escape(f"{call.settings.static_prefix}/signup")
    shown = html.escape(username)
    try:
        call.store.create_user(username, password)
    except AlreadyExists:
        link = f'<p><a href="{again}">Choose another name</a></p>'
        return _page("User not created", f"<p>The username {shown} has been taken.</p>{link}")
    links = f'<p><a href="{again}">Create another</a> or <a href="{home}">go to MLflow</a></p>'
    return _page("User created", f"<p>{shown} can log in now.</p>{links}")


def _page(title: str, content: str) -> HTMLResponse:
    return HTMLResponse(_PAGE.substitute(title=title, content=content), headers=_SAFE)
