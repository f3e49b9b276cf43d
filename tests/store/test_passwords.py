from __future__ import annotations

import re
import time

import pytest
from werkzeug.security import check_password_hash, generate_password_hash

from authctl.errors import InvalidRequest
from authctl.store.passwords import dummy_verify, hash_password, verify_password

PASSWORDS = ("correct-horse-battery", "pässwörter:mit:Doppelpunkt", "名前" * 20, " ", "")
SALT = "0123456789abcdef"

WERKZEUG_METHODS = (
    "scrypt",
    "scrypt:16384:8:1",
    "scrypt:1024:4:2",
    "pbkdf2:sha256:1000",
    "pbkdf2:sha256:600000",
    "pbkdf2:sha1:1000",
    "pbkdf2:sha512:1000",
)

JUNK = (
    None,
    "",
    "!",
    "*",
    "plain-text",
    "$",
    "$$",
    "md5$a$b",
    "scrypt$a$b",
    "scrypt:32768:8$salt$" + "0" * 128,
    "scrypt:32768:8:1$salt$" + "0" * 127,
    "scrypt:32768:8:1$salt$" + "A" * 128,
    "scrypt:32768:8:1$$" + "0" * 128,
    "scrypt:32767:8:1$salt$" + "0" * 128,
    "scrypt:0:8:1$salt$" + "0" * 128,
    "scrypt:32768:0:1$salt$" + "0" * 128,
    "scrypt:32768:8:0$salt$" + "0" * 128,
    "scrypt:+32768:8:1$salt$" + "0" * 128,
    "scrypt:32_768:8:1$salt$" + "0" * 128,
    "pbkdf2:sha256$salt$" + "0" * 64,
    "pbkdf2:sha256:0$salt$" + "0" * 64,
    "pbkdf2:sha256:-1$salt$" + "0" * 64,
    "pbkdf2:sha999:1000$salt$" + "0" * 64,
    "pbkdf2:shake_128:1000$salt$" + "0" * 64,
    "\udcff",
    "scrypt:32768:8:1$\ud800$" + "0" * 128,
)

TOO_COSTLY = (
    "scrypt:1048576:8:1$salt$" + "0" * 128,
    "scrypt:16777216:9999:1$salt$" + "0" * 128,
    "scrypt:32768:8:9999$salt$" + "0" * 128,
    "scrypt:99999999999999999999:8:1$salt$" + "0" * 128,
    "pbkdf2:sha256:99999999$salt$" + "0" * 64,
    "pbkdf2:sha256:99999999999999999999$salt$" + "0" * 64,
)


@pytest.mark.parametrize("password", PASSWORDS)
def test_werkzeug_verifies_what_we_hash(password: str) -> None:
    stored = hash_password(password)
    assert check_password_hash(stored, password)
    assert not check_password_hash(stored, password + "x")


@pytest.mark.parametrize("method", WERKZEUG_METHODS)
def test_we_verify_what_werkzeug_hashes(method: str) -> None:
    for password in PASSWORDS:
        stored = generate_password_hash(password, method)
        assert verify_password(password, stored)
        assert not verify_password(password + "x", stored)


def test_a_hash_is_of_mlflows_form_and_never_the_same() -> None:
    first, second = hash_password("correct-horse-battery"), hash_password("correct-horse-battery")
    for stored in (first, second):
        assert re.fullmatch(r"scrypt:32768:8:1\$[A-Za-z0-9]{16}\$[0-9a-f]{128}", stored)
    assert first != second


@pytest.mark.parametrize("stored", JUNK)
def test_junk_verifies_nothing_and_raises_nothing(stored: str | None) -> None:
    assert not verify_password("", stored)
    assert not verify_password("a", stored)


@pytest.mark.parametrize("stored", TOO_COSTLY)
def test_a_hash_that_would_burn_the_machine_is_refused_at_usual_cost(stored: str) -> None:
    assert not verify_password("a", stored)
    assert _cost(lambda: verify_password("a", stored)) < 3 * _cost(dummy_verify)


def test_an_overlong_password_is_refused_and_verifies_nothing() -> None:
    overlong = "x" * 5000
    with pytest.raises(InvalidRequest):
        hash_password(overlong)
    assert not verify_password(overlong, hash_password("correct-horse-battery"))


def test_a_password_that_is_not_unicode_verifies_nothing() -> None:
    assert not verify_password("\ud800", hash_password("correct-horse-battery"))


def test_an_unknown_or_disabled_account_costs_what_a_known_one_does() -> None:
    stored = hash_password("correct-horse-battery")
    known = _cost(lambda: verify_password("wrong", stored))
    for other in (
        _cost(dummy_verify),
        _cost(lambda: verify_password("wrong", "!")),
        _cost(lambda: verify_password("x" * 5000, stored)),
    ):
        assert 0.5 < other / known < 2


def _cost(work: object) -> float:
    """Processor time of one call, the best of three."""
    assert callable(work)
    times = []
    for _ in range(3):
        start = time.thread_time()
        work()
        times.append(time.thread_time() - start)
    return min(times)
