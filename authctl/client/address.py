"""A server's address, read once from a tracking URI."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self
from urllib.parse import unquote, urlsplit

from authctl.errors import InvalidRequest
from authctl.loopback import is_loopback

_SCHEMES = ("http", "https")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is; `url` has neither credentials nor a slash at its end.

    `username` and `password` are those written into the URI, if both are; one may be empty.
    """

    url: str
    host: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, uri: str) -> Self:
        """Read a tracking URI such as https://mlflow.example.com/prefix; InvalidRequest."""
        try:
            parts = urlsplit(uri.strip())
            port = "" if parts.port is None else f":{parts.port}"
        except ValueError as error:
            # The error's own words quote the URI, which may hold a password.
            raise InvalidRequest("The server's address is not a valid URL.") from error
        if parts.scheme not in _SCHEMES or not parts.hostname:
            raise InvalidRequest(
                "A server's address begins with http:// or https:// and names a host"
                f"{f', not with {parts.scheme}:' if parts.scheme not in (*_SCHEMES, '') else ''}.",
                hint="To work on an auth database itself, use --db.",
            )
        if parts.query or parts.fragment:
            raise InvalidRequest(
                "A server's address has no '?' and no '#'.",
                hint="Give it as in MLFLOW_TRACKING_URI, not as a page of the web UI.",
            )
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        url = f"{parts.scheme}://{host}{port}{parts.path.rstrip('/')}"
        username, password = parts.username, parts.password
        if username is None or password is None or not (username or password):
            return cls(url, parts.hostname)
        return cls(url, parts.hostname, unquote(username), unquote(password))

    @property
    def is_loopback(self) -> bool:
        """Whether requests never leave this machine."""
        return is_loopback(self.host)

    @property
    def is_encrypted(self) -> bool:
        """Whether it is an https address."""
        return self.url.startswith("https:")

    def refuse_to_leak(self, *, allow_http: bool) -> None:
        """Refuse to send a credential over a network unencrypted. InvalidRequest."""
        if self.is_encrypted or self.is_loopback or allow_http:
            return
        raise InvalidRequest(
            f"{self.url} is not encrypted: everyone on the way could read what signs you in.",
            hint="Use an https address; on a network you trust, allow it with --allow-http"
            " (in Python: allow_http=True).",
        )
