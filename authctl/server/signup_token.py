"""The proof that a form was filled in on this server's own page, by whoever sends it."""

from __future__ import annotations

import hmac
import re
import secrets

_PURPOSE = b"authctl signup form"
_COOKIE = re.compile(r"[A-Za-z0-9_-]{43}")


class SignupTokens:
    """Pairs of a cookie and a form field that only this server, with its secret key, can match.

    A pair is one user's: who has one of their own cannot make another's browser send it.
    """

    def __init__(self, secret_key: str) -> None:
        self._key = hmac.digest(secret_key.encode(), _PURPOSE, "sha256")

    def issue(self, username: str, cookie: str | None) -> tuple[str, str]:
        """A cookie's value and the form field that goes with it.

        A cookie that the browser has already stays, and with it the forms of its other tabs.
        """
        if cookie is None or not _COOKIE.fullmatch(cookie):
            cookie = secrets.token_urlsafe(32)
        return cookie, self._field(username, cookie)

    def match(self, username: str, cookie: str | None, field: str | None) -> bool:
        """Whether a form field goes with a user's cookie."""
        if not cookie or not field or not _COOKIE.fullmatch(cookie):
            return False
        expected = self._field(username, cookie).encode()
        return hmac.compare_digest(expected, field.encode("utf-8", "replace"))

    def _field(self, username: str, cookie: str) -> str:
        # A cookie is of one length, so that no two pairs are written alike.
        message = f"{cookie}{username}".encode("utf-8", "surrogatepass")
        return hmac.digest(self._key, message, "sha256").hex()
