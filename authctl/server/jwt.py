"""Signing in with a JWT: which tokens are believed, and whom they name (RFC 7519, RFC 8725)."""

from __future__ import annotations

import logging
import re
import time
from typing import TYPE_CHECKING, Any

import jwt

from authctl.errors import NotAuthenticated
from authctl.server.jwt_sources import source_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from authctl.config import JwtSettings
    from authctl.server.authorization_function import Request
    from authctl.server.jwt_sources import Source

LEEWAY = 30
"""Seconds by which the clocks of an issuer and of this server may differ."""

_MOST_CHARACTERS = 16 * 1024
_TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_MALFORMED = "it is malformed"
# Besides PyJWT's own errors: numbers and nesting that Python cannot take.
_FAILURES = (jwt.PyJWTError, ValueError, OverflowError, RecursionError)
_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (jwt.ExpiredSignatureError, "it has expired"),
    (jwt.ImmatureSignatureError, "it is not valid yet"),
    (jwt.InvalidIssuerError, "another issuer made it"),
    (jwt.InvalidAudienceError, "it is for another audience"),
    (jwt.InvalidSignatureError, "its signature is wrong"),
)

# Where uvicorn tells whoever started it what happens: they will want to know why.
_operator_log = logging.getLogger("uvicorn.error")


def authenticate(settings: JwtSettings, *, clock: Callable[[], float] = time.monotonic) -> JwtLogin:
    """Make what `authorization_function = authctl.server.jwt:authenticate` asks for.

    InvalidRequest where the settings name no keys.
    """
    return JwtLogin(settings, source_of(settings, clock))


class JwtLogin:
    """An authorization_function of one parameter: whom the request's token names, if it is good."""

    def __init__(self, settings: JwtSettings, source: Source) -> None:
        self._settings = settings
        self._source = source

    async def __call__(self, request: Request) -> str | None:
        """The username, or None; why a token is refused is logged. Unavailable without keys."""
        try:
            token = read_bearer(request.headers.getlist("authorization"))
            return await self._verify(token) if token else None
        except NotAuthenticated as refusal:
            _operator_log.info("a JWT was refused: %s", refusal.message)
            return None

    async def _verify(self, token: str) -> str:
        """The username. NotAuthenticated with the reason, which tells nothing of the token."""
        try:
            header = jwt.get_unverified_header(token)
        except _FAILURES:
            raise NotAuthenticated(_MALFORMED) from None
        # Of what the header says, nothing else is followed: no jku, no x5u, no key of its own.
        algorithm, kid = header.get("alg"), header.get("kid")
        if algorithm not in self._settings.algorithms:
            raise NotAuthenticated("its algorithm is not among jwt_algorithms")
        if "crit" in header or "b64" in header:
            raise NotAuthenticated("it has an extension")
        key = await self._source.find(kid, algorithm)
        if key is None:
            raise NotAuthenticated("no key fits it")
        return self._username(self._claims(token, algorithm, key))

    def _claims(self, token: str, algorithm: str, key: jwt.PyJWK) -> dict[str, Any]:
        try:
            return jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                issuer=self._settings.issuer,
                audience=self._settings.audience,
                leeway=LEEWAY,
                options={"require": ["exp", "iss", "aud"]},
            )
        except jwt.MissingRequiredClaimError as error:
            raise NotAuthenticated(f"it has no {error.claim}") from None
        except _FAILURES as error:
            reasons = (reason for kind, reason in _REASONS if isinstance(error, kind))
            raise NotAuthenticated(next(reasons, _MALFORMED)) from None

    def _username(self, claims: dict[str, Any]) -> str:
        username = claims.get(self._settings.username_claim)
        if not isinstance(username, str) or not username:
            raise NotAuthenticated(f"its {self._settings.username_claim} is not a name")
        return username


def read_bearer(authorization: Sequence[str]) -> str | None:
    """The token of one Bearer header, None where there is no header.

    NotAuthenticated for any other header, and for what does not look like a JWT.
    """
    if not authorization:
        return None
    if len(authorization) > 1:
        raise NotAuthenticated("there are two Authorization headers")
    scheme, _, token = authorization[0].partition(" ")
    if scheme.lower() != "bearer":
        raise NotAuthenticated("the Authorization header has none")
    if len(token) > _MOST_CHARACTERS:
        raise NotAuthenticated("it is too long")
    if not _TOKEN.fullmatch(token):
        raise NotAuthenticated(_MALFORMED)
    return token
