"""The proof that a form was filled in on this server's own page."""

from __future__ import annotations

import hmac
import secrets

_PURPOSE = b"authctl signup form"


class SignupTokens:
    """Pairs of a cookie and a form field that only this server, with its secret key, can match."""

    def __init__(self, secret_key: str) -> None:
        self._key = hmac.digest(secret_key.encode(), _PURPOSE, "sha256")

    def new(self) -> tuple[str, str]:
        """A cookie's value and the form field that goes with it."""
        cookie = secrets.token_urlsafe(32)
        return cookie, self._field(cookie)

    def match(self, cookie: str | None, field: str | None) -> bool:
        """Whether a form field goes with a cookie."""
        if not cookie or not field:
            return False
        return hmac.compare_digest(self._field(cookie).encode(), field.encode())

    def _field(self, cookie: str) -> str:
        return hmac.digest(self._key, cookie.encode(), "sha256").hex()
