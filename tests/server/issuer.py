"""An issuer of tokens for tests: its keys of every kind, its JWKS, good and forged tokens."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import anyio
import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from starlette.datastructures import Headers

from authctl.config import JwtSettings
from authctl.server.authorization_function import Request
from authctl.server.jwt import authenticate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from authctl.server.jwt import JwtLogin

NAME = "https://login.example/realms/ml"
AUDIENCE = "mlflow"

_WRITERS: dict[str, Any] = {"RSA": RSAAlgorithm, "EC": ECAlgorithm, "OKP": OKPAlgorithm}


def _keys() -> dict[str, Any]:
    return {
        "rsa": rsa.generate_private_key(65537, 2048),
        "rsa-2": rsa.generate_private_key(65537, 2048),
        "p256": ec.generate_private_key(ec.SECP256R1()),
        "p384": ec.generate_private_key(ec.SECP384R1()),
        "p521": ec.generate_private_key(ec.SECP521R1()),
        "ed": ed25519.Ed25519PrivateKey.generate(),
    }


@dataclass
class Issuer:
    """Its keys have their names for key ids."""

    keys: dict[str, Any] = field(default_factory=_keys)

    def row(self, name: str, **changed: Any) -> dict[str, Any]:
        """A public key as a JWKS has it; None leaves a member out."""
        return _row(self.keys[name].public_key(), {"kid": name, **changed})

    def private_row(self, name: str) -> dict[str, Any]:
        return _row(self.keys[name], {"kid": name})

    def document(self, *names: str) -> bytes:
        return document([self.row(name) for name in names or self.keys])

    def token(
        self,
        key: str = "rsa",
        algorithm: str = "RS256",
        headers: dict[str, Any] | None = None,
        **changed: Any,
    ) -> str:
        """A token signed as it should be; None leaves a claim or a header out."""
        return jwt.PyJWS().encode(
            json.dumps(claims(**changed)).encode(),
            self.keys[key],
            algorithm,
            headers=_without_none({"kid": key, **(headers or {})}),
        )

    def public_pem(self, name: str) -> bytes:
        public = self.keys[name].public_key()
        return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[no-any-return]


def document(rows: Sequence[Any]) -> bytes:
    return json.dumps({"keys": rows}).encode()


def claims(**changed: Any) -> dict[str, Any]:
    now = int(time.time())
    good = {"iss": NAME, "aud": AUDIENCE, "sub": "alice", "iat": now, "exp": now + 600}
    return _without_none({**good, **changed})


def reader(keys: object, clock: Callable[[], float] = time.monotonic, **changed: Any) -> JwtLogin:
    """What reads tokens of this issuer, with its keys at a place."""
    settings = {"issuer": NAME, "audience": AUDIENCE, **changed}
    return authenticate(JwtSettings(str(keys), **settings), clock=clock)


async def asked(reader: JwtLogin, *authorization: str) -> str | None:
    """Whom a request with these Authorization headers names."""
    headers = [(b"authorization", value.encode("latin-1")) for value in authorization]
    return await reader(Request("GET", "/", Headers(raw=headers)))


def ask(reader: JwtLogin, token: str) -> str | None:
    return anyio.run(asked, reader, f"Bearer {token}")


def soon(seconds: int) -> int:
    """A time from now, as tokens write it."""
    return int(time.time()) + seconds


def hmac_token(secret: bytes, headers: dict[str, Any]) -> str:
    """A token signed by HMAC with any text, a public key too, which libraries refuse to do."""
    signed = f"{encoded(headers)}.{encoded(claims())}"
    return f"{signed}.{_base64(hmac.digest(secret, signed.encode(), hashlib.sha256))}"


def with_header(token: str, header: Any) -> str:
    """The same token below another header, which its signature does not cover."""
    return f"{encoded(header)}.{token.partition('.')[2]}"


def with_claims(token: str, other: dict[str, Any]) -> str:
    """The same signature below other claims."""
    header, _, signature = token.split(".")
    return f"{header}.{encoded(other)}.{signature}"


def encoded(content: Any) -> str:
    return _base64(content if isinstance(content, bytes) else json.dumps(content).encode())


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _row(key: Any, changed: dict[str, Any]) -> dict[str, Any]:
    kind = "RSA" if hasattr(key, "key_size") and not hasattr(key, "curve") else "OKP"
    writer = _WRITERS["EC" if hasattr(key, "curve") else kind]
    return _without_none({**writer.to_jwk(key, as_dict=True), "key_ops": None, **changed})


def _without_none(content: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in content.items() if value is not None}
