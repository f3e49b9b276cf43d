"""Which key of an issuer verifies a token: the one that is meant for it, or none."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.server.issuer import Issuer, ask, document, encoded, reader

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer()


def test_without_a_key_id_the_only_key_that_fits_is_taken(issuer: Issuer, tmp_path: Path) -> None:
    file = tmp_path / "jwks.json"
    file.write_bytes(issuer.document("rsa", "p256"))
    token = issuer.token(headers={"kid": None})
    assert ask(reader(file), token) == "alice"
    assert ask(reader(file), issuer.token("rsa-2", headers={"kid": None})) is None
    file.write_bytes(issuer.document("rsa", "rsa-2"))
    assert ask(reader(file), token) is None


def test_of_two_keys_with_one_id_neither_is_taken(issuer: Issuer, tmp_path: Path) -> None:
    file = tmp_path / "jwks.json"
    file.write_bytes(document([issuer.row("rsa"), issuer.row("rsa-2", kid="rsa")]))
    assert ask(reader(file), issuer.token()) is None
    # Of different kinds they cannot be taken for each other.
    file.write_bytes(document([issuer.row("rsa"), issuer.row("p256", kid="rsa")]))
    assert ask(reader(file), issuer.token()) == "alice"


def weak(issuer: Issuer) -> dict[str, Any]:
    issuer.keys["weak"] = rsa.generate_private_key(65537, 1024)
    return issuer.row("weak", kid="rsa")


def other_curve(issuer: Issuer) -> dict[str, Any]:
    issuer.keys["k1"] = ec.generate_private_key(ec.SECP256K1())
    return issuer.row("k1", kid="rsa")


UNFIT: dict[str, Callable[[Issuer], Any]] = {
    "is for another algorithm": lambda it: it.row("rsa", alg="PS256"),
    "is for HMAC": lambda it: it.row("rsa", alg="HS256"),
    "is for encryption": lambda it: it.row("rsa", use="enc"),
    "does not verify": lambda it: it.row("rsa", key_ops=["sign"]),
    "has odd uses": lambda it: it.row("rsa", key_ops="verify"),
    "says that it is another kind": lambda it: it.row("rsa", kty="EC"),
    "is the private key": lambda it: it.private_row("rsa"),
    "is a shared secret": lambda _: {"kty": "oct", "kid": "rsa", "k": encoded(b"secret")},
    "has no number": lambda it: it.row("rsa", n=None),
    "has an odd number": lambda it: it.row("rsa", n=7),
    "has an odd id": lambda it: it.row("rsa", kid=7),
    "has another id": lambda it: it.row("rsa", kid="RSA"),
    "is too short": weak,
    "is on another curve": other_curve,
    "is no key": lambda _: "rsa",
    "is empty": lambda _: {},
}


@pytest.mark.parametrize("make", UNFIT.values(), ids=UNFIT)
def test_a_key_is_left_out_that(
    tmp_path: Path, make: Callable[[Issuer], Any], issuer: Issuer
) -> None:
    own = Issuer(dict(issuer.keys))
    row = make(own)
    file = tmp_path / "jwks.json"
    file.write_bytes(document([row, own.row("p256")]))
    believing = reader(file, algorithms=("RS256", "ES256"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the key that is too short
        token = own.token("weak" if "weak" in own.keys else "rsa", headers={"kid": "rsa"})
    assert ask(believing, token) is None
    assert ask(believing, own.token("p256", "ES256")) == "alice"


@pytest.mark.parametrize(
    "changed", [{"alg": "RS256"}, {"use": "sig"}, {"key_ops": ["verify"]}, {"x5c": ["MIIB"]}]
)
def test_a_key_is_taken_that_says(issuer: Issuer, tmp_path: Path, changed: dict[str, Any]) -> None:
    file = tmp_path / "jwks.json"
    file.write_bytes(document([issuer.row("rsa", **changed)]))
    assert ask(reader(file), issuer.token()) == "alice"
