"""Page tokens that tell nothing: MLflow's count rows, also those that a caller may not read."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import TYPE_CHECKING

from cryptography.fernet import Fernet, InvalidToken

from authctl.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_PURPOSE = b"authctl page token"
_BLOCK = 256
_PAGE = ("max_results", "page_token")


class PageTokens:
    """Seals the upstream's tokens with the server's secret key, which all its workers have.

    A token opens for the user and the search that it was sealed for, and for nobody and nothing
    else; its length says nothing of what is in it.
    """

    def __init__(self, secret_key: str) -> None:
        key = hmac.digest(secret_key.encode(), _PURPOSE, "sha256")
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def seal(self, token: str, purpose: str) -> str:
        """What a caller gets for an upstream's token."""
        text = json.dumps([purpose, token]).encode()
        padded = text.ljust(-(-len(text) // _BLOCK) * _BLOCK)
        return self._fernet.encrypt(padded).decode()

    def open(self, sealed: str, purpose: str) -> str:
        """The upstream's token. InvalidRequest for one that was not sealed for this purpose."""
        try:
            found, token = json.loads(self._fernet.decrypt(sealed.encode()))
        except (InvalidToken, ValueError) as error:
            raise InvalidRequest("Invalid page token.") from error
        if found != purpose:
            raise InvalidRequest("Invalid page token: it is another search's.")
        return str(token)


def purpose_of(username: str, rule: str, search: Mapping[str, Any]) -> str:
    """For whom and for which search a token is: all of its parameters but those of the page."""
    asked = {name: value for name, value in search.items() if name not in _PAGE}
    text = json.dumps([username, rule, asked], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
