from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from authctl.errors import InvalidRequest
from authctl.model import Limits, Resource
from authctl.service_token import (
    Asked,
    Scope,
    ServiceToken,
    digest,
    expiry,
    is_well_formed,
    new_secret,
    start_of,
)

NOW = datetime(2026, 11, 30, 12, 30, 15, 999, tzinfo=UTC)
FRAUD = Resource("experiment", "42")


def test_a_secret_is_recognised_by_its_prefix_and_checksum() -> None:
    secrets = {new_secret() for _ in range(200)}
    assert len(secrets) == 200
    for secret in secrets:
        assert re.fullmatch("authctl_[0-9A-Za-z]{38}", secret)
        assert is_well_formed(secret)
        assert not is_well_formed(secret[:-1])
        assert not is_well_formed(f"{secret}0")
        assert not is_well_formed(secret.upper())


def test_a_secret_with_one_character_changed_is_none() -> None:
    secret = new_secret()
    for place in range(len("authctl_"), len(secret)):
        other = "a" if secret[place] != "a" else "b"
        assert not is_well_formed(secret[:place] + other + secret[place + 1 :])


@pytest.mark.parametrize("text", ["", "authctl_", "authctl_" + "é" * 38, "ghp_" + "a" * 38, "\0"])
def test_other_texts_are_no_secrets(text: str) -> None:
    assert not is_well_formed(text)


def test_what_is_kept_and_shown_of_a_secret_does_not_give_it_away() -> None:
    secret = new_secret()
    assert digest(secret) != digest(new_secret())
    assert secret not in digest(secret)
    assert start_of(secret) == secret[:12]


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("90d", datetime(2027, 2, 28, 12, 30, 15, tzinfo=UTC)),
        ("12h", datetime(2026, 12, 1, 0, 30, 15, tzinfo=UTC)),
        ("2w", datetime(2026, 12, 14, 12, 30, 15, tzinfo=UTC)),
        ("1y", datetime(2027, 11, 30, 12, 30, 15, tzinfo=UTC)),
        ("2027-06-30", datetime(2027, 6, 30, tzinfo=UTC)),
        ("2027-06-30T10:00:00+02:00", datetime(2027, 6, 30, 8, tzinfo=UTC)),
        ("never", None),
    ],
)
def test_a_token_lives_as_long_as_is_said(text: str, when: datetime | None) -> None:
    assert expiry(text, NOW) == when


@pytest.mark.parametrize(
    "text", ["", "0d", "-1d", "90", "d", "90 d", "1m", "tomorrow", "99999999d", "99999y"]
)
def test_any_other_time_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match="no time to expire at"):
        expiry(text, NOW)


@pytest.mark.parametrize(
    ("scope", "resources", "limits"),
    [
        (Scope.ALL, None, None),
        (Scope.READ, None, Limits(read_only=True)),
        (Scope.ALL, (FRAUD,), Limits(resources=frozenset({FRAUD}))),
        (Scope.READ, (), Limits(read_only=True, resources=frozenset())),
    ],
)
def test_a_token_is_limited_by_its_scope_and_its_resources(
    scope: Scope, resources: tuple[Resource, ...] | None, limits: Limits | None
) -> None:
    token = ServiceToken(1, "ci", "alice", "authctl_abcd", scope, resources, NOW, None, None)
    assert token.limits == limits


def test_a_token_is_good_until_the_moment_it_expires() -> None:
    token = ServiceToken(1, "ci", "alice", "authctl_abcd", Scope.ALL, None, NOW, None, NOW)
    assert not token.is_expired(NOW - timedelta(seconds=1))
    assert token.is_expired(NOW)


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        (Asked("", "alice"), "cannot be empty"),
        (Asked("line\nbreak", "alice"), "control character"),
        (Asked("x" * 256, "alice"), "256 characters"),
        (Asked("ci", "alice", expires_at=NOW), "before it is made"),
        (Asked("ci", "alice", expires_at=NOW.replace(tzinfo=None)), "time zone"),
        (Asked("ci", "alice", resources=()), "1 to 100"),
        (Asked("ci", "alice", resources=(FRAUD,) * 101), "1 to 100"),
    ],
)
def test_what_no_token_can_be_is_refused(asked: Asked, problem: str) -> None:
    with pytest.raises(InvalidRequest, match=problem):
        asked.check(NOW)
