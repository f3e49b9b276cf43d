"""What signs a request in: all that the transport knows about credentials."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, Protocol

from authctl.errors import InvalidRequest

if TYPE_CHECKING:
    from authctl.client.http import httpx

Scheme = Literal["basic", "bearer", "aws-sigv4", "plugin", "header"]
"""How the caller signs in; `header` is an Authorization header given as it is."""

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(rb"(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?")


class SignIn(Protocol):
    """Signs requests in, each for itself: what it adds may hold for that request alone."""

    @property
    def scheme(self) -> Scheme | None:
        """How; None if nothing is going to be added."""

    def sign(self, request: httpx.Request) -> None:
        """Add to the headers of a request that is otherwise complete. InvalidRequest."""


class Signer(SignIn, Protocol):
    """Signs in by other means than a password or a token, which it passes over or builds on."""

    @property
    def origin(self) -> str:
        """The variable that asks for it."""

    @property
    def name(self) -> str | None:
        """The name of the plugin, if it is one."""

    @property
    def what(self) -> str:
        """What it sends, as it is told to people: 'the AWS signature'."""

    @property
    def advice(self) -> str:
        """What to look at when a server does not accept it."""

    @property
    def keeps(self) -> frozenset[Scheme]:
        """Which credentials a request carries already when it comes to be signed."""


def set_header(request: httpx.Request, name: str, value: str | bytes, origin: str) -> None:
    """Set one header of a request. InvalidRequest, without quoting it, if it cannot be sent."""
    try:
        raw = value.encode("latin-1") if isinstance(value, str) else value
    except UnicodeEncodeError:
        raise _unsendable(origin) from None  # the error quotes the whole value
    # Left to the HTTP library, a line end is an error that quotes the value, too.
    if not _NAME.fullmatch(name) or not _VALUE.fullmatch(raw):
        raise _unsendable(origin)
    request.headers.encoding = "latin-1"
    request.headers[name] = raw.decode("latin-1")


def _unsendable(origin: str) -> InvalidRequest:
    return InvalidRequest(
        f"The header that {origin} gives contains a character that cannot be sent.",
        hint="Look for a line end, or a space at an end, that was copied with it.",
    )
