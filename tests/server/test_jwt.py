"""Which tokens are believed, and which attacks on them are not (RFC 8725; attack U14)."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from authctl.config import ALGORITHMS, JWT_AUTHENTICATION
from authctl.errors import NotAuthenticated
from authctl.server import jwt as jwt_login
from authctl.server.jwt import LEEWAY, read_bearer
from tests.server.issuer import (
    AUDIENCE,
    NAME,
    Issuer,
    ask,
    asked,
    hmac_token,
    reader,
    soon,
    with_claims,
    with_header,
)
from tests.servers import recording_server

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from authctl.server.jwt import JwtLogin

    Forge = Callable[[Issuer], str]


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def file(tmp_path: Path, issuer: Issuer) -> Path:
    path = tmp_path / "jwks.json"
    path.write_bytes(issuer.document())
    return path


def every(file: Path, **settings: Any) -> JwtLogin:
    """What reads tokens by every algorithm, if nothing else is set."""
    return reader(file, **{"algorithms": ALGORITHMS, **settings})


SIGNED = [
    *(("rsa", algorithm) for algorithm in ALGORITHMS if algorithm[:2] in ("RS", "PS")),
    *(("p256", "ES256"), ("p384", "ES384"), ("p521", "ES512"), ("ed", "EdDSA")),
]


def test_every_algorithm_that_can_be_set_is_tried_below() -> None:
    assert {algorithm for _, algorithm in SIGNED} == set(ALGORITHMS)


@pytest.mark.parametrize(("key", "algorithm"), SIGNED)
def test_a_good_token_names_its_user(issuer: Issuer, file: Path, key: str, algorithm: str) -> None:
    assert ask(every(file), issuer.token(key, algorithm)) == "alice"


@pytest.mark.parametrize(("key", "algorithm"), SIGNED)
def test_an_algorithm_that_is_not_set_is_refused(
    issuer: Issuer, file: Path, key: str, algorithm: str
) -> None:
    others = tuple(other for other in ALGORITHMS if other != algorithm)
    assert ask(every(file, algorithms=others), issuer.token(key, algorithm)) is None


GOOD: dict[str, Forge] = {
    "several audiences, ours among them": lambda it: it.token(aud=["other", AUDIENCE]),
    "a clock that is a little behind": lambda it: it.token(exp=soon(5 - LEEWAY)),
    "a clock that is a little ahead": lambda it: it.token(nbf=soon(LEEWAY - 5)),
    "a kind of token in its header": lambda it: it.token(headers={"typ": "at+jwt"}),
    "claims of the issuer's own": lambda it: it.token(realm_access={"roles": ["admin"]}),
}


@pytest.mark.parametrize("make", GOOD.values(), ids=GOOD)
def test_a_token_may_have(issuer: Issuer, file: Path, make: Forge) -> None:
    assert ask(every(file), make(issuer)) == "alice"


def test_another_claim_may_have_the_name(issuer: Issuer, file: Path) -> None:
    token = issuer.token(sub="8f14e45f", preferred_username="jörg@例え")
    assert ask(every(file, username_claim="preferred_username"), token) == "jörg@例え"


FORGED: dict[str, tuple[Forge, str]] = {
    "no algorithm": (
        lambda it: with_header(it.token(), {"alg": "none", "kid": "rsa"}),
        "its algorithm is not among jwt_algorithms",
    ),
    "no algorithm in other letters": (
        lambda it: with_header(it.token(), {"alg": "nOnE", "kid": "rsa"}),
        "its algorithm is not among jwt_algorithms",
    ),
    "no algorithm and no signature": (
        lambda it: with_header(it.token(), {"alg": "none"}).rpartition(".")[0] + ".",
        "it is malformed",
    ),
    "no word of an algorithm": (
        lambda it: with_header(it.token(), {"kid": "rsa"}),
        "its algorithm is not among jwt_algorithms",
    ),
    "a list for an algorithm": (
        lambda it: with_header(it.token(), {"alg": ["RS256"], "kid": "rsa"}),
        "its algorithm is not among jwt_algorithms",
    ),
    "HMAC with the public key": (
        lambda it: hmac_token(it.public_pem("rsa"), {"alg": "HS256", "kid": "rsa"}),
        "its algorithm is not among jwt_algorithms",
    ),
    "HMAC with the public key that says RSA": (
        lambda it: hmac_token(it.public_pem("rsa"), {"alg": "RS256", "kid": "rsa"}),
        "its signature is wrong",
    ),
    "HMAC with nothing": (
        lambda _: hmac_token(b"", {"alg": "HS256", "kid": "rsa"}),
        "its algorithm is not among jwt_algorithms",
    ),
    "somebody else's key under a trusted id": (
        lambda it: it.token("rsa-2", headers={"kid": "rsa"}),
        "its signature is wrong",
    ),
    "a key of another kind": (
        lambda it: it.token("p256", "ES256", headers={"kid": "rsa"}),
        "no key fits it",
    ),
    "a curve of another length": (
        lambda it: it.token("p384", "ES384", headers={"kid": "p256"}),
        "no key fits it",
    ),
    "an unknown key id": (lambda it: it.token(headers={"kid": "new"}), "no key fits it"),
    "a key id that is a path": (
        lambda it: it.token(headers={"kid": "../../../dev/null"}),
        "no key fits it",
    ),
    "a key id that is no text": (
        lambda it: with_header(it.token(), {"alg": "RS256", "kid": 7}),
        "it is malformed",
    ),
    "no key id where two keys fit": (
        lambda it: it.token(headers={"kid": None}),
        "several keys fit it",
    ),
    "another issuer": (lambda it: it.token(iss="https://evil.example"), "another issuer made it"),
    "an issuer that begins like ours": (
        lambda it: it.token(iss=f"{NAME}.evil.example"),
        "another issuer made it",
    ),
    "a part of our issuer": (lambda it: it.token(iss="https"), "another issuer made it"),
    "several issuers": (
        lambda it: it.token(iss=[NAME, "https://evil.example"]),
        "another issuer made it",
    ),
    "no issuer": (lambda it: it.token(iss=None), "it has no iss"),
    "another audience": (lambda it: it.token(aud="grafana"), "it is for another audience"),
    "other audiences": (lambda it: it.token(aud=["a", "mlflow2"]), "it is for another audience"),
    "no audience": (lambda it: it.token(aud=None), "it has no aud"),
    "an empty audience": (lambda it: it.token(aud=[]), "it has no aud"),
    "an audience that is no text": (
        lambda it: it.token(aud=[AUDIENCE, 1]),
        "it is for another audience",
    ),
    "an end that is over": (lambda it: it.token(exp=soon(-LEEWAY - 5)), "it has expired"),
    "an end long ago": (lambda it: it.token(exp=0), "it has expired"),
    "no end": (lambda it: it.token(exp=None), "it has no exp"),
    "an end that is no number": (lambda it: it.token(exp="soon"), "it is malformed"),
    "an end without end": (lambda it: it.token(exp=float("inf")), "it is malformed"),
    "an end that is not a number": (lambda it: it.token(exp=float("nan")), "it is malformed"),
    "a beginning to come": (lambda it: it.token(nbf=soon(LEEWAY + 5)), "it is not valid yet"),
    "made in the future": (lambda it: it.token(iat=soon(LEEWAY + 5)), "it is not valid yet"),
    "no name": (lambda it: it.token(sub=None), "its sub is not a name"),
    "an empty name": (lambda it: it.token(sub=""), "its sub is not a name"),
    "claims put below a signature": (
        lambda it: with_claims(it.token(), {"sub": "admin"}),
        "its signature is wrong",
    ),
    "another header put above a signature": (
        lambda it: with_header(it.token(), {"alg": "RS512", "kid": "rsa"}),
        "its signature is wrong",
    ),
    "an extension": (
        lambda it: with_header(
            it.token(), {"alg": "RS256", "kid": "rsa", "crit": ["b64"], "b64": True}
        ),
        "it has an extension",
    ),
    "an unknown extension": (
        lambda it: with_header(it.token(), {"alg": "RS256", "kid": "rsa", "crit": ["x"], "x": 1}),
        "it is malformed",
    ),
    "claims that are not signed where they stand": (
        lambda it: with_header(it.token(), {"alg": "RS256", "kid": "rsa", "b64": False}),
        "it is malformed",
    ),
    "a header that is no JSON": (lambda it: with_header(it.token(), b"{"), "it is malformed"),
    "a header that is a list": (lambda it: with_header(it.token(), []), "it is malformed"),
    "a header without bottom": (
        lambda it: with_header(it.token(), b'{"a":' * 1800),
        "it is malformed",
    ),
    "no header": (lambda it: "." + it.token().partition(".")[2], "it is malformed"),
    "two parts": (lambda it: it.token().rpartition(".")[0], "it is malformed"),
    "five parts": (lambda it: it.token() + ".e30.e30", "it is malformed"),
    "white space in it": (lambda it: it.token().replace(".", " .", 1), "it is malformed"),
    "another alphabet": (lambda it: it.token().replace(".", ".+/", 1), "it is malformed"),
    "letters beyond ASCII": (lambda it: it.token() + "ü", "it is malformed"),
    "too much": (lambda it: it.token(padding="x" * 16_000), "it is too long"),
}


@pytest.mark.parametrize(("forge", "reason"), FORGED.values(), ids=FORGED)
def test_a_token_is_refused_for(
    issuer: Issuer, file: Path, forge: Forge, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    token = forge(issuer)
    with caplog.at_level(logging.DEBUG):
        assert ask(every(file), token) is None
    told = [record.getMessage() for record in caplog.records if record.name != "asyncio"]
    assert told == [f"a JWT was refused: {reason}"]
    assert not [part for part in token.split(".") if part and part in caplog.text]


@pytest.mark.parametrize("claim", [7, True, ["alice"], {"name": "alice"}])
def test_a_name_that_is_no_text_names_nobody(issuer: Issuer, file: Path, claim: Any) -> None:
    token = issuer.token(upn=claim)
    assert ask(every(file, username_claim="upn"), token) is None
    assert ask(every(file), issuer.token(sub=7)) is None


@pytest.mark.parametrize("member", ["jku", "x5u"])
def test_an_address_in_a_token_is_not_asked(issuer: Issuer, file: Path, member: str) -> None:
    with recording_server() as server:
        server.will_answer(200, json.loads(issuer.document("rsa-2")))
        token = issuer.token("rsa-2", headers={member: f"{server.url}/jwks", "kid": "mine"})
        assert ask(every(file, algorithms=("RS256",)), token) is None
        good = issuer.token(headers={member: f"{server.url}/jwks"})
        assert ask(every(file), good) == "alice"
        assert server.requests == []


def test_a_key_in_a_token_is_not_used(file: Path) -> None:
    stranger = Issuer()
    for kid in ("rsa", "mine", None):
        token = stranger.token(headers={"jwk": stranger.row("rsa", kid=kid), "kid": kid})
        assert ask(every(file), token) is None


HEADERS: dict[str, tuple[str, ...]] = {
    "two headers": ("Bearer a.b.c", "Bearer a.b.c"),
    "another scheme": ("Basic YWxpY2U6c2VjcmV0",),
    "the scheme alone": ("Bearer",),
    "the scheme and a space": ("Bearer ",),
    "two spaces": ("Bearer  a.b.c",),
    "a tab": ("Bearer\ta.b.c",),
    "no scheme": ("a.b.c",),
    "two tokens": ("Bearer a.b.c, Bearer a.b.c",),
    "an empty header": ("",),
    "a line's end": ("Bearer a.b.c\n",),
}


@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS)
def test_a_header_is_refused_that_is(headers: tuple[str, ...], file: Path) -> None:
    with pytest.raises(NotAuthenticated):
        read_bearer(headers)
    assert anyio.run(asked, every(file), *headers) is None


def test_who_sends_no_header_is_nobody_and_nothing_is_logged(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        assert anyio.run(asked, every(file)) is None
    assert caplog.records == []


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_schemes_case_does_not_matter(scheme: str, issuer: Issuer, file: Path) -> None:
    assert anyio.run(asked, every(file), f"{scheme} {issuer.token()}") == "alice"


def test_the_name_in_the_configuration_is_the_name_in_the_code() -> None:
    assert f"{jwt_login.__name__}:{jwt_login.authenticate.__name__}" == JWT_AUTHENTICATION
