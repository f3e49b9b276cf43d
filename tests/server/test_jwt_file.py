"""Keys for tokens in a file, which may change and go bad."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from authctl.errors import InvalidRequest, Unavailable
from tests.server.issuer import Issuer, ask, document, reader

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer()


def test_a_file_is_read_again_when_it_changes(issuer: Issuer, tmp_path: Path) -> None:
    file = tmp_path / "jwks.json"
    file.write_bytes(issuer.document("rsa"))
    reading = reader(file)
    old, new = issuer.token(), issuer.token("rsa-2")
    assert (ask(reading, old), ask(reading, new)) == ("alice", None)
    other = tmp_path / "new.json"
    other.write_bytes(issuer.document("rsa-2"))
    other.replace(file)
    assert (ask(reading, old), ask(reading, new)) == (None, "alice")


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b'{"keys": {}}'])
def test_a_file_that_goes_bad_lets_nobody_pass_until_it_is_good_again(
    issuer: Issuer, tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "jwks.json"
    file.write_bytes(issuer.document("rsa"))
    reading = reader(file)
    file.unlink() if content is None else file.write_bytes(content)
    for _ in range(2):
        with pytest.raises(Unavailable, match="cannot be read"):
            ask(reading, issuer.token())
    file.write_bytes(issuer.document("rsa"))
    assert ask(reading, issuer.token()) == "alice"


def test_a_file_from_which_all_keys_are_taken_lets_nobody_pass(
    issuer: Issuer, tmp_path: Path
) -> None:
    file = tmp_path / "jwks.json"
    file.write_bytes(issuer.document("rsa"))
    reading = reader(file)
    file.write_bytes(b'{"keys": []}')
    assert ask(reading, issuer.token()) is None


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"", "is not a JWKS document"),
        (b"\xff", "is not a JWKS document"),
        (b"[" * 100_000, "is not a JWKS document"),
        (b"[]", "is not a JWKS document"),
        (b"{}", "is not a JWKS document"),
        (b'{"keys": 1}', "is not a JWKS document"),
        (b'{"keys": []}', "has no key for RS256"),
        (b'{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}', "has no key for RS256"),
    ],
)
def test_a_file_that_cannot_be_right_is_refused_at_the_start(
    tmp_path: Path, content: bytes | None, told: str
) -> None:
    file = tmp_path / "jwks.json"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InvalidRequest, match=told):
        reader(file)


def test_a_file_of_private_keys_is_refused_at_the_start(issuer: Issuer, tmp_path: Path) -> None:
    file = tmp_path / "jwks.json"
    file.write_bytes(document([issuer.private_row("rsa")]))
    with pytest.raises(InvalidRequest, match="has no key for RS256") as caught:
        reader(file)
    assert "must be public" in str(caught.value.hint)
    assert issuer.private_row("rsa")["d"] not in f"{caught.value} {caught.value.__cause__}"
