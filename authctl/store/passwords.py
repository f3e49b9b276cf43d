"""Passwords in the formats MLflow keeps, which are Werkzeug's (contract 1.4)."""

from __future__ import annotations

import hashlib
import re
import string
from typing import Any, ClassVar

from passlib.context import CryptContext
from passlib.utils import handlers
from passlib.utils.handlers import GenericHandler, HasSalt

from authctl.errors import InvalidRequest

_MAX_SCRYPT_BLOCKS = 2**20
"""At most N times r; each takes 128 bytes, so 128 MiB, four times what MLflow's hashes take."""

_MAX_SCRYPT_LANES = 16
_MAX_PBKDF2_ITERATIONS = 4_000_000
"""Four times what Werkzeug 3.1 asks for."""


class _Salted(HasSalt, GenericHandler):  # type: ignore[misc] # passlib is not annotated
    """What both formats share: `method$salt$hex`, the salt's characters taken as bytes."""

    setting_kwds = ("salt", "salt_size")
    checksum_chars = handlers.LOWER_HEX_CHARS
    min_salt_size = 1
    max_salt_size = 255
    default_salt_size = 16
    salt_chars = None  # whatever an outside writer chose verifies
    default_salt_chars = string.ascii_letters + string.digits

    def to_string(self) -> str:
        return f"{self._method()}${self.salt}${self.checksum}"

    def _method(self) -> str:
        raise NotImplementedError


class _Scrypt(_Salted):
    """`scrypt:N:r:p$salt$hex` with a key of 64 bytes; costs beyond the bounds do not parse."""

    name = "werkzeug_scrypt"
    checksum_size = 128
    _hash_regex = re.compile(
        r"scrypt:([0-9]{1,8}):([0-9]{1,4}):([0-9]{1,4})\$([^$]+)\$([0-9a-f]{128})"
    )

    def __init__(self, n: int = 2**15, r: int = 8, p: int = 1, **settings: Any) -> None:
        super().__init__(**settings)
        if n * r > _MAX_SCRYPT_BLOCKS or p > _MAX_SCRYPT_LANES:
            raise ValueError("This scrypt hash costs more than is allowed.")
        self._n, self._r, self._p = n, r, p

    @classmethod
    def from_string(cls, stored: str) -> _Scrypt:
        n, r, p, salt, checksum = _parts(cls._hash_regex, stored)
        return cls(n=int(n), r=int(r), p=int(p), salt=salt, checksum=checksum)

    def _method(self) -> str:
        return f"scrypt:{self._n}:{self._r}:{self._p}"

    def _calc_checksum(self, secret: str | bytes) -> str:
        return hashlib.scrypt(
            _bytes(secret),
            salt=_bytes(self.salt),
            n=self._n,
            r=self._r,
            p=self._p,
            maxmem=132 * self._n * self._r * self._p,  # 128 are used, and a little more
            dklen=64,
        ).hex()


class _Pbkdf2(_Salted):
    """`pbkdf2:digest:iterations$salt$hex` with a key as long as the digest."""

    name = "werkzeug_pbkdf2"
    _hash_regex = re.compile(r"pbkdf2:(sha[0-9]{1,3}):([0-9]{1,8})\$([^$]+)\$([0-9a-f]+)")
    _digests: ClassVar = frozenset({"sha1", "sha224", "sha256", "sha384", "sha512"})

    def __init__(
        self, digest: str = "sha256", iterations: int = 1_000_000, **settings: Any
    ) -> None:
        super().__init__(**settings)
        if digest not in self._digests or not 0 < iterations <= _MAX_PBKDF2_ITERATIONS:
            raise ValueError("This pbkdf2 hash is of an unknown digest or costs too much.")
        self._digest, self._iterations = digest, iterations

    @classmethod
    def from_string(cls, stored: str) -> _Pbkdf2:
        digest, iterations, salt, checksum = _parts(cls._hash_regex, stored)
        return cls(digest=digest, iterations=int(iterations), salt=salt, checksum=checksum)

    def _method(self) -> str:
        return f"pbkdf2:{self._digest}:{self._iterations}"

    def _calc_checksum(self, secret: str | bytes) -> str:
        return hashlib.pbkdf2_hmac(
            self._digest, _bytes(secret), _bytes(self.salt), self._iterations
        ).hex()


WELL_KNOWN = ("password1234", "password")
"""What MLflow's first administrators have been made with (contract 0)."""

NO_PASSWORD = "!"  # noqa: S105 - not a hash, so no password has it
"""What is kept for an account that cannot log in with a password; MLflow answers it by 401."""

_CONTEXT = CryptContext(schemes=[_Scrypt, _Pbkdf2], default=_Scrypt.name)

_NOBODY = f"scrypt:32768:8:1${'0' * 16}${'0' * 128}"
"""A hash of MLflow's usual cost that no password has."""


def hash_password(password: str) -> str:
    """Hash a new password as MLflow does; InvalidRequest beyond 4096 characters."""
    try:
        return str(_CONTEXT.hash(password))
    except ValueError as error:
        raise InvalidRequest("Password is too long or not valid Unicode.") from error


def verify_password(password: str, stored: str | None) -> bool:
    """Whether a password has this hash; False for what is no hash or costs too much to check.

    Takes the time of one hashing in any case, so that a disabled account does not show.
    """
    try:
        return bool(_CONTEXT.verify(password, stored or ""))
    except ValueError:
        dummy_verify()
        return False


def dummy_verify() -> None:
    """Take as long as a verification does, for a user who does not exist."""
    _CONTEXT.verify("", _NOBODY)


def is_usable(stored: str | None) -> bool:
    """Whether a login against this hash is answered by yes or no; on others MLflow fails.

    A text without two `$` is how an account is shut off: MLflow takes it for a wrong password.
    """
    if stored is None:
        return False
    return stored.count("$") < len(("method", "salt")) or _CONTEXT.identify(stored) is not None


def can_log_in(stored: str | None) -> bool:
    """Whether some password may fit a hash; none fits a service account's."""
    return stored is not None and _CONTEXT.identify(stored) is not None


def is_well_known(username: str, stored: str | None) -> bool:
    """Whether a hash is that of a password that everybody tries first, the username among them.

    Takes the time of a hashing for each password tried.
    """
    if stored is None or _CONTEXT.identify(stored) is None:
        return False
    return any(verify_password(password, stored) for password in (*WELL_KNOWN, username))


def _parts(pattern: re.Pattern[str], stored: str) -> tuple[str, ...]:
    match = pattern.fullmatch(stored)
    if match is None:
        raise ValueError("This is not a password hash.")
    return match.groups()


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text
