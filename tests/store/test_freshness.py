"""Whether anything in the auth database has changed, whoever wrote and however."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import sqlalchemy

from authctl.errors import Unavailable
from authctl.model import Permission
from authctl.service_token import Asked
from authctl.store import additions, revision
from authctl.store.freshness import Busy, freshness_of
from authctl.store.sql_engine import connect
from authctl.store.tables import INITIAL, WORKSPACES
from tests.store.contract import EXPERIMENT, PASSWORD
from tests.store.databases import DIALECTS, Backend, auth_database, execute, opened, with_driver

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from authctl.store.freshness import Freshness
    from authctl.store.sql import SqlStore

CHANGES = (
    "UPDATE users SET password_hash = 'x' WHERE username = 'alice'",
    "UPDATE users SET is_admin = true WHERE username = 'alice'",
    "UPDATE role_permissions SET permission = 'READ'",
    "DELETE FROM role_permissions",
    "DELETE FROM user_role_assignments",
    "UPDATE roles SET workspace = 'another'",
    "UPDATE authctl_tokens SET expires_at = '2020-01-01T00:00:00+00:00'",
    "DELETE FROM authctl_tokens",
    "UPDATE alembic_version_auth SET version_num = 'later'",
    "DELETE FROM users WHERE username = 'alice'",
)
NO_CHANGES = (
    "UPDATE authctl_tokens SET last_used_at = '2020-01-01T00:00:00+00:00'",
    "DELETE FROM authctl_history",
    "CREATE TABLE somebody_elses (id INTEGER)",
)

SAME_SECOND = (
    "SELECT MAX(create_time) >= NOW() FROM information_schema.tables"
    " WHERE table_schema = DATABASE()"
)


@pytest.fixture(params=DIALECTS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with auth_database(Backend(request.param), tmp_path) as url:
        yield url


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    """A database that tells of changes, with a user, a grant and a token."""
    with opened(url) as store:
        store.watch()
        store.create_user("alice", PASSWORD)
        store.grant("alice", EXPERIMENT, Permission.EDIT)
        store.create_token(Asked("ci", "alice"))
        yield store


@pytest.fixture
def freshness(store: SqlStore) -> Iterator[Freshness]:
    freshness = store.freshness()
    yield freshness
    freshness.close()


def test_the_token_is_the_same_until_something_changes(
    url: str, store: SqlStore, freshness: Freshness
) -> None:
    seen = {freshness.token(), freshness.token()}
    assert len(seen) == 1
    assert None not in seen
    for statement in NO_CHANGES[:2]:
        execute(url, statement)
    store.note_use(store.list_tokens()[0], datetime.now(UTC))
    assert freshness.token() in seen
    for number, statement in enumerate(CHANGES, start=2):
        execute(url, statement)
        seen.add(freshness.token())
        assert len(seen) == number, statement


def test_what_authctl_itself_changes_is_a_change(store: SqlStore, freshness: Freshness) -> None:
    seen = {freshness.token()}
    store.set_password("alice", PASSWORD)
    seen.add(freshness.token())
    store.revoke("alice", EXPERIMENT)
    seen.add(freshness.token())
    store.revoke_token("alice", "ci")
    seen.add(freshness.token())
    store.delete_user("alice", force=True)
    seen.add(freshness.token())
    assert len(seen) == 5


def test_what_is_rolled_back_or_not_committed_yet_is_none(url: str, freshness: Freshness) -> None:
    before = freshness.token()
    engine = sqlalchemy.create_engine(with_driver(url))
    with engine.connect() as connection:
        connection.exec_driver_sql("DELETE FROM role_permissions")
        assert freshness.token() == before
        connection.rollback()
        assert freshness.token() == before
        connection.exec_driver_sql("DELETE FROM role_permissions")
        connection.commit()
        assert freshness.token() != before
    engine.dispose()


def test_where_no_trigger_tells_nothing_is_taken_for_unchanged(url: str) -> None:
    """SQLite tells that somebody committed something."""
    with opened(url) as store:
        freshness = store.freshness()
        before = freshness.token()
        store.create_user("alice", PASSWORD)
        assert freshness.token() is None or freshness.token() != before
        freshness.close()


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("mlflow", [INITIAL, WORKSPACES])
def test_the_tables_of_older_releases_tell_too(dialect: str, mlflow: str, tmp_path: Path) -> None:
    with auth_database(Backend(dialect, mlflow), tmp_path) as url, opened(url) as store:
        store.watch()
        store.create_user("alice", PASSWORD)
        freshness = store.freshness()
        before = freshness.token()
        assert before == freshness.token()
        store.grant("alice", EXPERIMENT, Permission.EDIT)
        granted = freshness.token()
        execute(url, "UPDATE experiment_permissions SET permission = 'READ'")
        assert len({None, before, granted, freshness.token()}) == 4
        freshness.close()


def test_a_table_made_anew_without_a_trigger_is_noticed(
    url: str, store: SqlStore, freshness: Freshness
) -> None:
    """As from a dump of an MLflow that authctl was never in front of."""
    before = freshness.token()
    table = store.schema.table("role_permissions")
    while url.startswith("mysql") and execute(url, SAME_SECOND) == [(1,)]:
        pass  # it tells of tables by the second
    store.database.write(table.drop)
    store.database.write(table.create)
    seen = [before, freshness.token()]
    execute(url, "INSERT INTO roles (name, workspace) VALUES ('x', 'default')")
    seen.append(freshness.token())
    assert len(set(seen) - {None}) == (3 if url.startswith("sqlite") else 1)
    store.watch()
    assert freshness.token() not in seen


def test_a_trigger_that_is_gone_or_disabled_is_noticed_where_it_can_be(
    url: str, store: SqlStore, freshness: Freshness
) -> None:
    if url.startswith("mysql"):
        pytest.skip("MySQL tells of triggers too slowly to be asked on every request")
    before = freshness.token()
    if url.startswith("postgresql"):
        execute(url, "ALTER TABLE role_permissions DISABLE TRIGGER USER")
        assert freshness.token() is None
        store.watch()
    else:
        execute(url, "DROP TRIGGER authctl_revision_role_permissions_delete")
        assert freshness.token() != before
        before = freshness.token()
        execute(url, "DELETE FROM role_permissions")
    assert freshness.token() not in (before, None)


def test_truncate_is_noticed(url: str, freshness: Freshness) -> None:
    if not url.startswith("postgresql"):
        pytest.skip("SQLite has none, and MySQL tells whole seconds of it")
    before = freshness.token()
    execute(url, "TRUNCATE role_permissions")
    assert freshness.token() not in (before, None)


def test_authctls_tables_may_go_while_somebody_looks(
    url: str, store: SqlStore, freshness: Freshness
) -> None:
    before = freshness.token()
    store.database.write(additions.remove)
    after = freshness.token()
    assert after != before
    execute(url, "DELETE FROM role_permissions")
    assert freshness.token() is None or freshness.token() != after
    assert not store.database.read(revision.is_kept)


def test_a_lost_connection_is_made_anew(url: str, freshness: Freshness) -> None:
    if url.startswith("sqlite"):
        pytest.skip("a file has none")
    before = freshness.token()
    if url.startswith("postgresql"):
        execute(
            url,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
    else:
        freshness._connection._force_close()  # type: ignore[attr-defined]
    assert freshness.token() == before


def test_a_database_that_is_gone_proves_nothing(url: str) -> None:
    if not url.startswith("sqlite"):
        database = connect(f"{url}_that_is_not_there")
        with pytest.raises(Unavailable):
            freshness_of(database).token()
        database.close()


def test_a_file_that_is_gone_proves_nothing(tmp_path: Path) -> None:
    with auth_database(Backend("sqlite"), tmp_path) as url, opened(url) as store:
        freshness = store.freshness()
        assert freshness.token() is not None
        path = tmp_path / "auth.db"
        path.rename(tmp_path / "elsewhere.db")
        with pytest.raises(Unavailable, match="There is no auth database at"):
            freshness.token()
        freshness.close()


def test_another_file_in_the_place_of_this_one_is_read_from_then_on(tmp_path: Path) -> None:
    with auth_database(Backend("sqlite"), tmp_path) as url, opened(url) as store:
        store.create_user("alice", PASSWORD)
        path = tmp_path / "auth.db"
        shutil.copy(path, tmp_path / "copy.db")
        freshness = store.freshness()
        before = freshness.token()
        store.set_admin("alice", is_admin=True)
        (tmp_path / "copy.db").replace(path)
        assert freshness.token() != before
        assert not store.get_user("alice").is_admin
        freshness.close()


def test_somebody_elses_commit_is_waited_for_only_if_asked(tmp_path: Path) -> None:
    with auth_database(Backend("sqlite"), tmp_path) as url, opened(url) as store:
        store.watch()
        freshness = store.freshness()
        before = freshness.token()
        with closing(sqlite3.connect(tmp_path / "auth.db", isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            with pytest.raises(Busy):
                freshness.token(wait=False)
            other.execute("ROLLBACK")
        assert freshness.token(wait=False) == before
        freshness.close()
