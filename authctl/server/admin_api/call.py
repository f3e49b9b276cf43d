"""One call of the admin API: who asks, for what, and the store to do it with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from authctl.errors import InvalidRequest
from authctl.model import DEFAULT_WORKSPACE
from authctl.server.request import missing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from authctl.model import Permission, Principal, Resource, Role
    from authctl.server.lookup import Lookup
    from authctl.server.request import Reading
    from authctl.server.signup_token import SignupTokens
    from authctl.store.base import Store


_WHOLE_NUMBER = re.compile(r"[0-9]{1,18}")
_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Settings:
    """What a handler needs to know of the server it runs in."""

    default_permission: Permission
    tokens: SignupTokens
    is_basic: bool = True
    static_prefix: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """What a handler is given; its methods raise InvalidRequest for missing or mistyped values.

    `resource` is what the rule's first need resolved to, for rows that name a thing.
    """

    store: Store
    principal: Principal
    reading: Reading
    resource: Resource | None
    cookies: Mapping[str, str]
    headers: Mapping[str, str]
    settings: Settings
    lookup: Lookup
    scheme: str = "http"

    @property
    def is_secure(self) -> bool:
        """Whether the caller's side of the connection is TLS, here or at a proxy in front."""
        forwarded = self.headers.get("x-forwarded-proto", "").partition(",")[0].strip()
        return "https" in (self.scheme, forwarded.lower())

    def required(self, name: str) -> str:
        """A text that must be there and not be empty."""
        return self.reading.required(name)

    def optional(self, name: str) -> str | None:
        """A text that may be absent."""
        return self.reading.text(name)

    def flag(self, name: str) -> bool:
        """A JSON boolean that must be there."""
        value = self.reading.one(name)
        if value is None:
            raise missing(name)
        if not isinstance(value, bool):
            raise InvalidRequest(f"Parameter '{name}' must be true or false.")
        return value

    def integer(self, name: str) -> int:
        """A whole number, which queries and some clients write as text."""
        value = self.reading.one(name)
        if value is None or value == "":
            raise missing(name)
        if isinstance(value, bool) or not _WHOLE_NUMBER.fullmatch(text := str(value)):
            raise InvalidRequest(
                f"Parameter '{name}' must be an integer. Got: '{str(value)[:_SHOWN]}'"
            )
        return int(text)

    def sees(self, role: Role) -> bool:
        """Whether the caller may know of a role: another workspace's is for administrators."""
        return self.principal.is_admin or role.workspace == DEFAULT_WORKSPACE

    def target(self) -> Resource:
        """What the rule's need resolved to."""
        if self.resource is None:
            raise InvalidRequest("The request names nothing that a permission can be about.")
        return self.resource
