"""Service tokens: secrets that act as their user, may be limited, expire, and can be revoked."""

from __future__ import annotations

import hashlib
import re
import secrets
import string
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from authctl.errors import InvalidRequest
from authctl.model import Limits, Resource, User, checked_name

PREFIX = "authctl_"
"""How every token begins, so that people and secret scanners know one when they see it."""

_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM = 32  # characters, of almost six bits each
_CHECKSUM = 6
_SHOWN = len(PREFIX) + 4
_FORM = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{_RANDOM + _CHECKSUM}}}")
_MAX_RESOURCES = 100
_DURATION = re.compile(r"([1-9][0-9]{0,4})([hdwy])")
_HOURS = {"h": 1, "d": 24, "w": 7 * 24, "y": 365 * 24}


class Scope(StrEnum):
    """What a token may be used for: all that its user may do, or only to read."""

    ALL = "all"
    READ = "read"


@dataclass(frozen=True, slots=True)
class ServiceToken:
    """What is known about a token; the secret itself is not.

    `start` is its first characters, by which a token that was found somewhere is recognised.
    Times are in UTC, None for never. `resources` None means all.
    """

    id: int
    name: str
    username: str
    start: str
    scope: Scope
    resources: tuple[Resource, ...] | None
    created_at: datetime
    created_by: str | None
    expires_at: datetime | None
    last_used_at: datetime | None = None

    @property
    def limits(self) -> Limits | None:
        """What it may do at most; None for all that its user may."""
        if self.scope is Scope.ALL and self.resources is None:
            return None
        resources = None if self.resources is None else frozenset(self.resources)
        return Limits(self.scope is Scope.READ, resources)

    def is_expired(self, now: datetime) -> bool:
        """Whether it is good for nothing any more."""
        return self.expires_at is not None and self.expires_at <= now


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token that was shown, and the account it acts for."""

    token: ServiceToken
    user: User


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants a new token to be."""

    name: str
    username: str
    scope: Scope = Scope.ALL
    resources: tuple[Resource, ...] | None = None
    expires_at: datetime | None = None

    def check(self, now: datetime) -> None:
        """InvalidRequest for what no token can be."""
        checked_name(self.name, "token name")
        if self.expires_at is not None and self.expires_at.tzinfo is None:
            raise InvalidRequest("The time at which a token expires needs a time zone.")
        if self.expires_at is not None and self.expires_at <= now:
            raise InvalidRequest("A token cannot expire before it is made.")
        if self.resources is not None and not 0 < len(self.resources) <= _MAX_RESOURCES:
            raise InvalidRequest(
                f"A token is for all resources, or for 1 to {_MAX_RESOURCES} that are named.",
                hint="Give its user a role with what it needs, and the token no limits.",
            )


def new_secret() -> str:
    """Make a token up: the prefix, 32 random characters and a checksum of them."""
    body = "".join(secrets.choice(_DIGITS) for _ in range(_RANDOM))
    return f"{PREFIX}{body}{_checksum(body)}"


def is_well_formed(text: str) -> bool:
    """Whether a text can be a token at all: nothing else needs to be looked up."""
    if not _FORM.fullmatch(text):
        return False
    body = text.removeprefix(PREFIX)
    return _checksum(body[:-_CHECKSUM]) == body[-_CHECKSUM:]


def digest(secret: str) -> str:
    """What is kept of a token; it is too random to be guessed from that."""
    return hashlib.sha256(secret.encode()).hexdigest()


def start_of(secret: str) -> str:
    """The characters of a token that may be shown."""
    return secret[:_SHOWN]


def expiry(text: str, now: datetime) -> datetime | None:
    """When a token expires that is to live `90d`, `12h`, `4w`, `1y`, until a day, or for ever.

    A day is its beginning, in UTC. InvalidRequest for anything else.
    """
    if text == "never":
        return None
    try:
        if match := _DURATION.fullmatch(text):
            return _whole(now + timedelta(hours=int(match[1]) * _HOURS[match[2]]))
        until = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise InvalidRequest(
            f"'{text}' is no time to expire at.",
            hint="Write 90d, 12h, 4w or 1y, a day such as 2027-06-30, or never.",
        ) from None
    return _whole(until if until.tzinfo else until.replace(tzinfo=UTC)).astimezone(UTC)


def _whole(time: datetime) -> datetime:
    return time.replace(microsecond=0)


def _checksum(body: str) -> str:
    number = zlib.crc32(body.encode())
    written = ""
    for _ in range(_CHECKSUM):
        number, digit = divmod(number, len(_DIGITS))
        written = _DIGITS[digit] + written
    return written
