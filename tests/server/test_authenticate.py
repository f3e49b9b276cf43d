"""Who asks: one well-formed header, proven against what the database holds now."""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING

import anyio
import pytest

from authctl.errors import Unavailable
from authctl.model import Permission, Principal
from authctl.policy.resolution import resolve_with
from authctl.server.authenticate import Authenticator, read_basic
from authctl.server.failed_logins import FailedLogins
from authctl.store.passwords import verify_password
from authctl.store.sql import SqlStore
from tests.exchanges import scope_of
from tests.server.logins import Ledger, Now, basic, scope_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ALICE = ("alice", "correct horse battery")
NONASCII = ("jörg@例え", "pässwörd:with:colons 🔑")


def encoded(raw: bytes) -> str:
    return "Basic " + base64.b64encode(raw).decode()


@pytest.mark.parametrize(
    "pair",
    [ALICE, NONASCII, ("a", ""), ("a", ":"), ("a", "b:c"), ("a b", " c "), ("a", "x" * 4096)],
)
def test_a_name_and_a_password_are_read_as_utf_8(pair: tuple[str, str]) -> None:
    assert read_basic([basic(*pair)]) == pair


@pytest.mark.parametrize("scheme", ["Basic", "basic", "BASIC"])
def test_the_schemes_case_does_not_matter(scheme: str) -> None:
    assert read_basic([basic(*ALICE).replace("Basic", scheme)]) == ALICE


MALFORMED = {
    "nothing": "",
    "the scheme alone": "Basic",
    "the scheme and a space": "Basic ",
    "no scheme": base64.b64encode(b"a:b").decode(),
    "another scheme": "Bearer " + base64.b64encode(b"a:b").decode(),
    "a longer scheme": "Basically " + base64.b64encode(b"a:b").decode(),
    "a tab after the scheme": "Basic\t" + base64.b64encode(b"a:b").decode(),
    "no base64": "Basic %%%",
    "base64 with rubbish": "Basic YTpi!!",
    "base64 cut short": "Basic YTp",
    "the URL alphabet": "Basic " + base64.urlsafe_b64encode(b"a:\xc3\xbf\xc3\xbe?>").decode(),
    "letters beyond ASCII": "Basic \xfcber",
    "two credentials": f"{basic('a', 'b')}, {basic('c', 'd')}",
    "two words": f"{basic('a', 'b')} x",
    "no colon": encoded(b"alice"),
    "no name": encoded(b":secret"),
    "a colon alone": encoded(b":"),
    "Latin-1": encoded(b"j\xf6rg:secret"),
    "half a character": encoded(b"a:\xed\xa0\x80"),
    "a NUL in the name": encoded(b"ali\0ce:secret"),
    "a NUL in the password": encoded(b"alice:sec\0ret"),
    "a header without end": basic("a", "x" * 30_000),
    "a token": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.",
    "digest": 'Digest username="alice"',
}


@pytest.mark.parametrize("header", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_header_names_nobody(header: str) -> None:
    assert read_basic([header]) is None


def test_two_headers_name_nobody() -> None:
    assert read_basic([]) is None
    assert read_basic([basic(*ALICE), basic(*ALICE)]) is None


class Verifier:
    """Counts what is hashed."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str | None]] = []

    def __call__(self, password: str, stored: str | None) -> bool:
        self.asked.append((password, stored))
        return verify_password(password, stored)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("users") / "auth.db"
    store = opened(path)
    store.create_user(*ALICE)
    store.create_user(*NONASCII, is_admin=True)
    store.close()
    return path


@pytest.fixture
def store(made: Path, tmp_path: Path) -> Iterator[SqlStore]:
    path = tmp_path / "auth.db"
    path.write_bytes(made.read_bytes())
    store = opened(path)
    yield store
    store.close()


@pytest.fixture
def verifier() -> Verifier:
    return Verifier()


@pytest.fixture
def authenticator(verifier: Verifier) -> Authenticator:
    """Without limits, which tests/server/test_turns.py is about."""
    unlimited = FailedLogins(Ledger(), per_user=0, per_address=0)
    return Authenticator(unlimited, verify=verifier)


def opened(path: Path) -> SqlStore:
    return SqlStore.open(f"sqlite:///{path}", create=True, resolve=resolve_with(Permission.READ))


Ask = Callable[[str, str], Principal | None]


@pytest.fixture
def ask(authenticator: Authenticator, store: SqlStore) -> Ask:
    return lambda *pair: anyio.run(authenticator, scope_for(*pair), Now(store))


def change_hash(path: Path, stored: str | None) -> None:
    with sqlite3.connect(path / "auth.db") as connection:
        connection.execute("UPDATE users SET password_hash = ? WHERE username = 'alice'", [stored])
    connection.close()


def test_the_right_password_proves_an_account(ask: Ask, store: SqlStore) -> None:
    assert ask(*ALICE) == Principal(store.get_user("alice"))
    assert ask(*NONASCII) == Principal(store.get_user(NONASCII[0]))


@pytest.mark.parametrize(
    "pair",
    [
        ("alice", "wrong"),
        ("alice", ""),
        ("alice", ALICE[1] + " "),
        ("Alice", ALICE[1]),
        ("alice ", ALICE[1]),
        (NONASCII[0], ALICE[1]),
    ],
)
def test_anything_else_proves_nobody(ask: Ask, pair: tuple[str, str]) -> None:
    assert ask(*pair) is None


def test_two_authorization_headers_prove_nobody(
    authenticator: Authenticator, store: SqlStore
) -> None:
    header = ("authorization", basic(*ALICE))
    for headers, proves in (([header], True), ([header, header], False), ([], False)):
        found = anyio.run(authenticator, scope_of("GET", "/", headers), Now(store))
        assert (found is not None) is proves


def test_a_proven_password_is_not_hashed_again(ask: Ask, verifier: Verifier) -> None:
    for _ in range(3):
        assert ask(*ALICE) is not None
    assert len(verifier.asked) == 1


def test_failures_and_unknown_users_cost_one_hashing_each_time(
    ask: Ask, verifier: Verifier
) -> None:
    for name in ("alice", "alice", "nobody", "nobody"):
        assert ask(name, "wrong password") is None
    assert len(verifier.asked) == 4
    assert [stored is None for _, stored in verifier.asked] == [False, False, True, True]


@pytest.mark.parametrize(
    "stored", [None, "", "!", "junk", "a$b$c", "md5$salt$0", "scrypt:1:1:1$", "$$", "scrypt:x$a$b"]
)
def test_an_account_without_a_proper_hash_is_shut(
    ask: Ask, verifier: Verifier, tmp_path: Path, stored: str | None
) -> None:
    assert ask(*ALICE) is not None
    change_hash(tmp_path, stored)
    assert ask(*ALICE) is None
    assert ask("alice", "") is None
    assert ask("alice", stored or "") is None
    assert len(verifier.asked) == 4


def test_a_changed_password_counts_from_the_next_request_on(ask: Ask, store: SqlStore) -> None:
    assert ask(*ALICE) is not None
    store.set_password("alice", "another long password")
    assert ask(*ALICE) is None
    assert ask("alice", "another long password") is not None


def test_the_same_password_set_again_is_verified_again(
    ask: Ask, store: SqlStore, verifier: Verifier
) -> None:
    assert ask(*ALICE) is not None
    store.set_password(*ALICE)
    assert ask(*ALICE) is not None
    assert len(verifier.asked) == 2


def test_a_deleted_account_and_a_new_status_count_from_the_next_request_on(
    ask: Ask, store: SqlStore
) -> None:
    principal = ask(*ALICE)
    assert principal is not None
    assert not principal.is_admin
    store.set_admin("alice", True)
    principal = ask(*ALICE)
    assert principal is not None
    assert principal.is_admin
    store.delete_user("alice")
    assert ask(*ALICE) is None


def test_one_accounts_proof_is_not_anothers(ask: Ask, store: SqlStore, tmp_path: Path) -> None:
    assert ask(*ALICE) is not None
    account = store.account(NONASCII[0])
    assert account is not None
    change_hash(tmp_path, account.password_hash)
    assert ask(*ALICE) is None
    assert ask("alice", NONASCII[1]) is not None


def test_nobody_is_let_in_once_the_database_was_upgraded(ask: Ask, tmp_path: Path) -> None:
    """Grants may count in other tables now; MLflow's own server would go on with the old ones."""
    assert ask(*ALICE) is not None
    with closing(sqlite3.connect(tmp_path / "auth.db")) as connection, connection:
        connection.execute("UPDATE alembic_version_auth SET version_num = 'fedcba987654'")
    with pytest.raises(Unavailable, match="upgraded while it was in use"):
        ask(*ALICE)
