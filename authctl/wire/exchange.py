"""One request to a server's API and its reply, whoever carries them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from authctl.errors import Unavailable
from authctl.wire.failures import NoSuchEndpoint, error_from_response

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from authctl.wire.entities import Json

Read = TypeVar("Read")

_OK = range(200, 300)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered."""

    status: int
    body: bytes = field(repr=False)


class Sender(Protocol):
    """What carries requests to one server, with the caller's credential."""

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Json | None = None,
    ) -> Reply:
        """Send one request; `path` is one of `wire.paths`. Any status is a reply.

        Raises Unavailable when there is no reply, InvalidRequest when it may not be sent.
        """

    def close(self) -> None:
        """Give connections back."""


def call(
    server: Sender, method: str, path: str, read: Callable[[Json], Read], /, **fields: Any
) -> Read:
    """Make one API call and give what `read` finds in the reply; a field that is None is left out.

    Fields go into the query of a GET and into the JSON body of all else (contract 6.1). Raises the
    error the server answered with, NoSuchEndpoint when it does not know the path, and Unavailable
    for a reply that no MLflow server gives.
    """
    given = {name: value for name, value in fields.items() if value is not None}
    if method == "GET":
        query = {name: str(value) for name, value in given.items()}
        reply = server.send(method, path, query=query)
    else:
        reply = server.send(method, path, body=given)
    if reply.status not in _OK:
        error = error_from_response(reply.status, reply.body)
        if isinstance(error, NoSuchEndpoint):
            raise NoSuchEndpoint(
                f"The server does not answer {method} {path}.",
                hint="Is it 'mlflow server --app-name basic-auth', or 'authctl serve'?",
            )
        raise error
    try:
        return read(json.loads(reply.body))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unavailable(
            f"The server's answer to {method} {path} is not one that MLflow gives.",
            hint="Check the server's address, and its static prefix if it has one.",
        ) from error


def nothing(_answer: Json) -> None:
    """Read a reply whose status says it all."""
