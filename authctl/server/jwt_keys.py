"""The public keys of an issuer (a JWKS, RFC 7517), and which of them may verify a token."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jwt

from authctl.errors import InvalidRequest, NotAuthenticated

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SHORTEST_RSA = 2048
"""Bits (RFC 7518, sections 3.3 and 3.5)."""

_CURVES = {
    "ES256": ("P-256",),
    "ES384": ("P-384",),
    "ES512": ("P-521",),
    "EdDSA": ("Ed25519", "Ed448"),
}


@dataclass(frozen=True, slots=True)
class Key:
    """One key for one algorithm; a key that says of itself no algorithm is several of these."""

    kid: str | None
    algorithm: str
    public: jwt.PyJWK


class KeySet:
    """Keys that fit the algorithms that are asked for; all others in a document are left out."""

    def __init__(self, keys: Sequence[Key]) -> None:
        self._keys = tuple(keys)

    @classmethod
    def read(cls, document: bytes, algorithms: Sequence[str]) -> KeySet:
        """The keys of a JWKS document, maybe none. InvalidRequest for what is no JWKS."""
        try:
            content = json.loads(document)
        except (ValueError, RecursionError):
            content = None
        rows = content.get("keys") if isinstance(content, dict) else None
        if not isinstance(rows, list):
            raise InvalidRequest("It is not a JWKS document.")
        made = (_key(row, algorithm) for row in rows for algorithm in algorithms)
        return cls([key for key in made if key])

    def __len__(self) -> int:
        return len(self._keys)

    def pick(self, kid: str | None, algorithm: str) -> jwt.PyJWK | None:
        """The one key that a token may be verified with, None if there is none.

        A token without a key id is verified by the only key that fits. NotAuthenticated where
        several fit: which of them is meant would be a guess.
        """
        found = [key for key in self._keys if key.algorithm == algorithm and kid in (None, key.kid)]
        if len(found) > 1:
            raise NotAuthenticated("several keys fit it")
        return found[0].public if found else None


def _key(row: Any, algorithm: str) -> Key | None:
    """A key as the algorithm uses it, or None where it is not meant for that."""
    if not isinstance(row, dict) or not _is_meant_for(row, algorithm):
        return None
    kid = row.get("kid")
    if kid is not None and not isinstance(kid, str):
        return None
    try:
        key = jwt.PyJWK(row, algorithm)
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    if row["kty"] == "RSA" and key.key.key_size < _SHORTEST_RSA:
        return None
    return Key(kid, algorithm, key)


def _is_meant_for(row: Mapping[str, Any], algorithm: str) -> bool:
    if "d" in row:  # a private key, which whoever reads the document could sign with
        return False
    if row.get("alg", algorithm) != algorithm or row.get("use", "sig") != "sig":
        return False
    operations = row.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        return False
    if algorithm[:2] in ("RS", "PS"):
        return bool(row.get("kty") == "RSA")
    kind = "OKP" if algorithm == "EdDSA" else "EC"
    return row.get("kty") == kind and row.get("crv") in _CURVES[algorithm]
