"""Service tokens on a server that `authctl serve` runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from authctl.errors import InvalidRequest
from authctl.wire import paths
from authctl.wire.exchange import call, nothing
from authctl.wire.failures import NoSuchEndpoint
from authctl.wire.tokens import asked_to_json, token_from_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from authctl.service_token import Asked, ServiceToken
    from authctl.wire.entities import Json
    from authctl.wire.exchange import Sender

    T = TypeVar("T")


class RestTokens:
    """A TokenStore over authctl's own API."""

    def __init__(self, server: Sender) -> None:
        self._server = server

    def create_token(
        self,
        asked: Asked,
        *,
        created_by: str | None = None,  # noqa: ARG002 - the server knows who asks
    ) -> tuple[ServiceToken, str]:
        """Make a token; it, and the secret. AlreadyExists; NotFound; InvalidRequest."""
        return self._call("POST", paths.TOKENS_CREATE, _made, **asked_to_json(asked))

    def list_tokens(self, username: str | None = None) -> list[ServiceToken]:
        """Every token, or those of a user, by user and name. NotFound for the user."""
        path = paths.TOKENS_LIST_ALL if username is None else paths.TOKENS_LIST
        return self._call("GET", path, _listed, username=username)

    def revoke_token(self, username: str, name: str) -> None:
        """Take a token away. NotFound."""
        self._call("DELETE", paths.TOKENS_REVOKE, nothing, username=username, name=name)

    def _call(self, method: str, path: str, read: Callable[[Json], T], **fields: Any) -> T:
        try:
            return call(self._server, method, path, read, **fields)
        except NoSuchEndpoint as error:
            raise InvalidRequest(
                "This server has no service tokens: MLflow's own has none.",
                hint="authctl serve has; there MLFLOW_TRACKING_TOKEN works.",
            ) from error


def _made(answer: Json) -> tuple[ServiceToken, str]:
    return token_from_json(answer["token"]), str(answer["secret"])


def _listed(answer: Json) -> list[ServiceToken]:
    return [token_from_json(found) for found in answer["tokens"]]
