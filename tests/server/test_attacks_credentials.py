"""Logins that are none: malformed headers, tokens, and names that a header only claims."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import TYPE_CHECKING

import pytest

from tests.live import ADMIN
from tests.server.attack import (
    ALICE,
    EVE,
    Case,
    basic,
    cases,
    check_untold,
    send,
    turns,
)
from tests.server.world import TOKEN
from tests.servers import recording_server

if TYPE_CHECKING:
    from tests.server.world import World

pytestmark = pytest.mark.mlflow

A2, A3 = "/api/2.0/mlflow", "/api/3.0/mlflow"
READ = f"GET {A2}/experiments/get?experiment_id=<V>"


def _basic(raw: bytes) -> str:
    return "Basic " + base64.b64encode(raw).decode()


@cases(
    *(
        Case(f"U11 {name}", READ, None, tuple(("Authorization", value) for value in values))
        for name, *values in (
            ("nothing", ""),
            ("the scheme alone", "Basic"),
            ("the scheme and a space", "Basic "),
            ("rubbish", "Basic %%%"),
            ("half a group", "Basic YTp"),
            ("no colon", _basic(b"alice")),
            ("no name", _basic(b":alice-password-1")),
            ("Latin-1", _basic(b"j\xf6rg:alice-password-1")),
            ("half a character", _basic(b"alice:\xed\xa0\x80")),
            ("a NUL", _basic(b"alice:alice-password-1\0")),
            ("two headers", basic(ALICE), basic(ALICE)),
            ("two headers of two users", basic(EVE), basic(ALICE)),
            ("two in one header", f"{basic(ALICE)}, {basic(ALICE)}"),
            ("no scheme", base64.b64encode(b"alice:alice-password-1").decode()),
            ("another scheme", basic(ALICE).replace("Basic", "Digest")),
            ("a long password", _basic(b"alice:" + b"x" * 30_000)),
        )
    )
)
def test_a_malformed_login_is_none(local: World, case: Case) -> None:
    before = local.state()
    for _, turn in turns(local, case, [None]):
        answer = send(local, None, turn)
        assert answer.status == 401, answer
        check_untold(local, case, answer)
    assert local.state() == before


def test_u11_a_scheme_in_lower_case_is_the_scheme(local: World) -> None:
    written = (("Authorization", basic(ALICE).replace("Basic", "basic")),)
    assert send(local, None, Case("U11", READ, None, written)).status == 200


@pytest.mark.parametrize("name", ["alice", "admin", "__gateway__"])
@pytest.mark.parametrize("line", [READ, "GET /gateway/mlflow/v1/models"])
def test_u13_what_the_gateway_logs_in_with_inside_is_no_password(
    local: World, name: str, line: str
) -> None:
    assert send(local, (name, TOKEN), Case("U13", line)).status == 401


def _token(header: dict[str, str], claims: dict[str, object], key: bytes = b"") -> str:
    parts = [json.dumps(part).encode() for part in (header, claims)]
    signed = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    signature = hmac.digest(key, signed, hashlib.sha256) if key else b""
    return (signed + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "Basic"])
@pytest.mark.parametrize("user", ["admin", "alice"])
def test_u14_no_token_is_a_login_and_none_is_looked_up(
    local: World, scheme: str, user: str
) -> None:
    with recording_server() as recorder:
        keys = f"{recorder.url}/keys"
        claims = {"sub": user, "preferred_username": user, "email": user, "exp": 9_999_999_999}
        for name, token in {
            "alg none": _token({"alg": "none"}, claims),
            "signed with a public key": _token({"alg": "HS256"}, claims, b"-----BEGIN PUBLIC KEY"),
            "a foreign issuer": _token(
                {"alg": "RS256", "kid": "1"}, claims | {"iss": recorder.url}, b"k"
            ),
            "jku": _token({"alg": "RS256", "jku": keys}, claims, b"k"),
            "x5u": _token({"alg": "RS256", "x5u": keys}, claims, b"k"),
            "expired": _token({"alg": "HS256"}, claims | {"exp": 1}, b"k"),
            "no token": "x.y.z",
        }.items():
            for line in (READ, "POST /v1/traces", f"GET {A2}/users/current"):
                headers = (("Authorization", f"{scheme} {token}"),)
                answer = send(local, None, Case(f"U14 {name}", line, None, headers))
                assert answer.status == 401, (name, answer)
        assert recorder.requests == []


IDENTITIES = (
    *("X-Forwarded-User", "X-Forwarded-Email", "X-Forwarded-Preferred-Username", "X-Remote-User"),
    *("Remote-User", "X-Forwarded-Access-Token", "X-MLflow-Authorization", "X-User"),
    *("X-MLflow-Assistant-Delegation", "X_Forwarded_User", "X-Auth-Request-User", "X-WEBAUTH-USER"),
)


@pytest.mark.parametrize("value", ["admin", "alice", basic(ADMIN)], ids=["admin", "alice", "basic"])
@pytest.mark.parametrize("name", IDENTITIES)
def test_u15_nobody_is_whom_a_header_names(local: World, name: str, value: str) -> None:
    given = ((name, value),)
    for line in (READ, f"GET {A2}/users/current", "POST /v1/traces"):
        assert send(local, None, Case("U15", line, None, given)).status == 401
    assert send(local, EVE, Case("U15", READ, None, given)).status == 403
    current = send(local, EVE, Case("U15", f"GET {A2}/users/current", None, given))
    assert current.json()["user"]["username"] == "eve"
