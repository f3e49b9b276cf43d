"""The token methods of the Python client; MLflow has no service tokens, authctl's server has."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from authctl.client.entities import NewToken
from authctl.model import Resource
from authctl.service_token import Asked, Scope

if TYPE_CHECKING:
    from collections.abc import Collection

    from authctl.service_token import ServiceToken
    from authctl.store.base import TokenStore


class TokensClient:
    """Secrets for programs, which act as their user.

    Every method raises InvalidRequest from MLflow's own servers, which have no tokens; NotFound
    for a user or a token that does not exist.
    """

    def __init__(self, tokens: TokenStore) -> None:
        self._tokens = tokens

    def create_token(
        self,
        name: str,
        username: str,
        *,
        read_only: bool = False,
        resources: Collection[tuple[str, str]] | None = None,
        expires_at: datetime | None = None,
    ) -> NewToken:
        """Make a token; only what this gives has its secret. AlreadyExists; InvalidRequest.

        `resources` are types and ids to which it is limited, `expires_at` is a time with its zone,
        None for never. A token never can do more than its user.

        Example:
            made = client.create_token("nightly", "alice", resources=[("experiment", "42")])

        """
        named = None
        if resources is not None:
            named = tuple(Resource.checked(kind, key) for kind, key in resources)
        scope = Scope.READ if read_only else Scope.ALL
        asked = Asked(name, username, scope, named, expires_at)
        asked.check(datetime.now(UTC))
        token, secret = self._tokens.create_token(asked)
        return NewToken(token, secret)

    def list_tokens(self, username: str | None = None) -> list[ServiceToken]:
        """The tokens of a user, or for admins everybody's."""
        return self._tokens.list_tokens(username)

    def revoke_token(self, username: str, name: str) -> None:
        """Take a token away: the next request with it is refused."""
        self._tokens.revoke_token(username, name)
