"""Service tokens in a database: found by their secret, gone with their user, whoever deletes it."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from authctl.errors import AlreadyExists, InvalidRequest, NotFound, Unavailable
from authctl.model import Permission, Resource, User
from authctl.policy.resolution import resolve_with
from authctl.service_token import Asked, Bearer, Scope, is_well_formed, new_secret
from authctl.store import additions, tables
from authctl.store.passwords import can_log_in, is_usable
from authctl.store.upkeep.backup import backup
from authctl.store.upkeep.restore import restore
from authctl.store.upkeep.upgrade import upgrade
from tests.store.contract import PASSWORD
from tests.store.databases import BACKENDS, Backend, auth_database, execute, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from authctl.store.sql import SqlStore

NOW = datetime(2026, 11, 30, 12, 30, 15, tzinfo=UTC)
LATER = NOW + timedelta(days=90)
FRAUD = Resource("experiment", "42")
CHURN = Resource("registered_model", "churn: a 'name'")


@pytest.fixture(params=BACKENDS, ids=str)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with auth_database(request.param, tmp_path) as url:
        yield url


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    """A database as MLflow makes it, with alice and bob."""
    with opened(url) as store:
        store.create_user("alice", PASSWORD)
        store.create_user("bob", PASSWORD, is_admin=True)
        yield store


def names(store: SqlStore, username: str | None = None) -> list[tuple[str, str]]:
    return [(token.username, token.name) for token in store.list_tokens(username)]


def test_a_token_is_found_by_its_secret_with_its_user(store: SqlStore) -> None:
    asked = Asked("ci", "alice", Scope.READ, (FRAUD, CHURN), LATER)
    token, secret = store.create_token(asked, created_by="bob", now=NOW)
    assert is_well_formed(secret)
    assert (token.name, token.username, token.scope, token.resources, token.created_at) == (
        *("ci", "alice", Scope.READ, (FRAUD, CHURN)),
        NOW,
    )
    assert (token.created_by, token.expires_at, token.last_used_at) == ("bob", LATER, None)
    assert secret.startswith(token.start)
    assert store.bearer(secret) == Bearer(token, store.get_user("alice"))
    assert store.list_tokens() == store.list_tokens("alice") == [token]


@pytest.mark.parametrize(
    ("revision", "kept"), [(tables.WORKSPACES, "registered_model"), (tables.HEAD, "prompt")]
)
def test_a_prompt_is_what_the_door_takes_it_for(revision: str, kept: str, tmp_path: Path) -> None:
    with auth_database(Backend("sqlite", revision), tmp_path) as url, opened(url) as store:
        store.create_user("alice", PASSWORD)
        asked = Asked("ci", "alice", resources=(Resource("prompt", "greeting"),))
        token, secret = store.create_token(asked)
        assert token.resources == (Resource(kept, "greeting"),)
        found = store.bearer(secret)
        assert found is not None
        assert found.token == token


def test_what_the_database_has_no_place_for_is_refused(tmp_path: Path) -> None:
    with auth_database(Backend("sqlite", tables.WORKSPACES), tmp_path) as url, opened(url) as store:
        store.create_user("alice", PASSWORD)
        with pytest.raises(InvalidRequest):
            store.create_token(Asked("ci", "alice", resources=(Resource("skill", "x"),)))
        assert store.list_tokens() == []


def test_no_other_secret_finds_it(store: SqlStore) -> None:
    assert store.bearer(new_secret()) is None
    _, secret = store.create_token(Asked("ci", "alice"))
    for other in (new_secret(), secret.swapcase(), "", "%", f"{secret}\0"):
        assert store.bearer(other) is None


def test_of_the_secret_no_more_than_its_digest_and_start_is_kept(url: str, store: SqlStore) -> None:
    _, secret = store.create_token(Asked("ci", "alice"))
    [row] = execute(url, "SELECT * FROM authctl_tokens")
    assert secret[:12] in row
    assert not any(secret[12:] in str(value) for value in row)


def test_names_are_each_users_own(store: SqlStore) -> None:
    store.create_token(Asked("ci", "alice"))
    store.create_token(Asked("ci", "bob"))
    with pytest.raises(AlreadyExists, match="'alice' has a token 'ci' already"):
        store.create_token(Asked("ci", "alice"))
    store.create_token(Asked("CI", "alice"))
    assert names(store) == [("alice", "CI"), ("alice", "ci"), ("bob", "ci")]
    assert names(store, "bob") == [("bob", "ci")]


def test_a_token_that_is_revoked_is_good_for_nothing(store: SqlStore) -> None:
    _, secret = store.create_token(Asked("ci", "alice"))
    _, other = store.create_token(Asked("other", "alice"))
    store.revoke_token("alice", "ci")
    assert store.bearer(secret) is None
    assert store.bearer(other) is not None
    for username, name in (("alice", "ci"), ("bob", "other")):
        with pytest.raises(NotFound, match=f"'{username}' has no token '{name}'"):
            store.revoke_token(username, name)


def test_before_the_first_token_there_is_nothing_to_find_or_revoke(store: SqlStore) -> None:
    assert store.list_tokens() == []
    assert store.bearer(new_secret()) is None
    with pytest.raises(NotFound, match="has no token"):
        store.revoke_token("alice", "ci")
    assert store.database.read(additions.version) is None


def test_nobody_gets_a_token_who_is_not_there(store: SqlStore) -> None:
    for call in (
        lambda: store.create_token(Asked("ci", "carol")),
        lambda: store.list_tokens("carol"),
        lambda: store.revoke_token("carol", "ci"),
    ):
        with pytest.raises(NotFound, match="username=carol not found"):
            call()
    assert store.list_tokens() == []


def test_what_no_token_can_be_leaves_nothing_behind(store: SqlStore) -> None:
    with pytest.raises(InvalidRequest):
        store.create_token(Asked("ci", "alice", expires_at=NOW), now=NOW)
    assert store.database.read(additions.version) is None


def test_its_use_is_written_down(store: SqlStore) -> None:
    token, secret = store.create_token(Asked("ci", "alice"))
    store.note_use(token, LATER)
    found = store.bearer(secret)
    assert found is not None
    assert found.token.last_used_at == LATER
    store.revoke_token("alice", "ci")
    store.note_use(token, LATER)
    assert store.list_tokens() == []


def test_its_user_is_as_they_are_now(store: SqlStore) -> None:
    _, secret = store.create_token(Asked("ci", "bob"))
    store.create_user("root", PASSWORD, is_admin=True)
    store.set_admin("bob", False)
    found = store.bearer(secret)
    assert found is not None
    assert not found.user.is_admin


def test_it_goes_with_its_user(store: SqlStore) -> None:
    _, secret = store.create_token(Asked("ci", "alice"))
    store.delete_user("alice")
    assert store.bearer(secret) is None
    store.create_user("alice", PASSWORD)
    assert store.bearer(secret) is None
    assert store.list_tokens() == []


def test_it_goes_with_a_user_whom_another_program_deletes(url: str, store: SqlStore) -> None:
    """MLflow turns SQLite's foreign keys on, PostgreSQL's and MySQL's always are."""
    _, secret = store.create_token(Asked("ci", "alice"))
    heed = "PRAGMA foreign_keys=ON; " if url.startswith("sqlite") else ""
    if heed:
        with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
            connection.executescript(f"{heed}DELETE FROM users WHERE username = 'alice'")
        connection.close()
    else:
        execute(url, "DELETE FROM users WHERE username = 'alice'")
    assert store.bearer(secret) is None
    assert execute(url, "SELECT COUNT(*) FROM authctl_tokens") == [(0,)]


@pytest.mark.parametrize("name", ["carol", "alice"])
def test_whoever_gets_a_deleted_users_id_gets_no_tokens(name: str, tmp_path: Path) -> None:
    """A shell of SQLite does not heed foreign keys, and ids are given out again."""
    with auth_database(Backend("sqlite"), tmp_path) as url, opened(url) as store:
        alice = store.create_user("alice", PASSWORD)
        _, secret = store.create_token(Asked("ci", "alice"))
        execute(url, "DELETE FROM users")
        assert store.bearer(secret) is None
        assert store.create_user(name, PASSWORD) == User(alice.id, name, is_admin=False)
        assert store.bearer(secret) is None
        assert store.list_tokens() == []


def test_another_programs_new_user_of_that_id_is_not_acted_for(tmp_path: Path) -> None:
    with auth_database(Backend("sqlite"), tmp_path) as url, opened(url) as store:
        store.create_user("alice", PASSWORD)
        _, secret = store.create_token(Asked("ci", "alice"))
        execute(url, "UPDATE users SET username = 'carol'")
        assert store.bearer(secret) is None
        assert store.list_tokens() == []


@pytest.mark.parametrize(
    ("column", "written"),
    [
        ("scope", "write"),
        ("scope", ""),
        ("resources", "not json"),
        ("resources", "{}"),
        ("resources", "[1]"),
        ("resources", '[["experiment"]]'),
        ("resources", '"experiment:42"'),
    ],
)
def test_limits_that_are_not_understood_let_nothing_pass(
    column: str, written: str, tmp_path: Path
) -> None:
    with auth_database(Backend("sqlite"), tmp_path) as url, opened(url) as store:
        store.create_user("alice", PASSWORD)
        _, secret = store.create_token(Asked("ci", "alice"))
        execute(url, f"UPDATE authctl_tokens SET {column} = '{written}'")
        found = store.bearer(secret)
        assert found is not None
        assert found.token.limits is not None
        assert not found.token.limits.resources


def test_after_an_upgrade_by_others_no_token_is_good(tmp_path: Path) -> None:
    with auth_database(Backend("sqlite", tables.WORKSPACES), tmp_path) as url, opened(url) as store:
        store.create_user("alice", PASSWORD)
        _, secret = store.create_token(Asked("ci", "alice"))
        execute(url, f"UPDATE alembic_version_auth SET version_num = '{tables.HEAD}'")
        with pytest.raises(Unavailable, match="upgraded while it was in use"):
            store.bearer(secret)


def test_tokens_stay_through_an_upgrade(tmp_path: Path) -> None:
    with auth_database(Backend("sqlite", tables.WORKSPACES), tmp_path) as url, opened(url) as store:
        store.create_user("alice", PASSWORD)
        _, secret = store.create_token(Asked("ci", "alice"))
        upgrade(
            store.database,
            store.schema,
            resolve_with(Permission.READ),
            prompts=frozenset(),
            without_workspaces=False,
            progress=lambda *_: None,
        )
        with opened(url) as upgraded:
            assert upgraded.bearer(secret) is not None


def test_a_service_account_has_no_password_and_may_have_tokens(store: SqlStore) -> None:
    made = store.create_user("ci-bot", None)
    account = store.account("ci-bot")
    assert account is not None
    assert account.user == made
    assert is_usable(account.password_hash)
    assert not can_log_in(account.password_hash)
    _, secret = store.create_token(Asked("ci", "ci-bot"))
    assert store.bearer(secret) is not None
    store.set_password("ci-bot", PASSWORD)
    account = store.account("ci-bot")
    assert account is not None
    assert can_log_in(account.password_hash)


@pytest.mark.parametrize("revision", [tables.HEAD, tables.WORKSPACES])
def test_a_backup_brings_tokens_back_whatever_was_there(
    url: str, store: SqlStore, revision: str, tmp_path: Path
) -> None:
    """Also where MLflow's tables are made anew, which authctl's own refer to."""
    _, secret = store.create_token(Asked("ci", "alice", Scope.READ, (FRAUD,), LATER), now=NOW)
    before = store.list_tokens()
    copy = backup(store.database, store.schema, tmp_path / "copy").path
    (tmp_path / "other").mkdir()
    with auth_database(Backend("sqlite", revision), tmp_path / "other") as other:
        with opened(other) as target:
            target.create_user("zoe", PASSWORD)
            _, lost = target.create_token(Asked("ci", "zoe"))
            restore(target.database, copy)
        with opened(other) as restored:
            assert restored.list_tokens() == before
            assert restored.bearer(secret) is not None
            assert restored.bearer(lost) is None
    store.revoke_token("alice", "ci")
    restore(store.database, copy)
    with opened(url) as again:
        assert again.list_tokens() == before
