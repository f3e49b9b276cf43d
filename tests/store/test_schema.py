from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from authctl.errors import Unavailable
from authctl.model import Generation, Grant, Permission, Resource
from authctl.store import schema, tables
from authctl.store.sql_engine import connect
from tests.store.contract import EXPERIMENT, PASSWORD
from tests.store.databases import (
    DIALECTS,
    Backend,
    auth_database,
    contents,
    empty_database,
    execute,
    make_tables,
    nothing_is_written,
    opened,
    with_driver,
)
from tests.store.installed_mlflow import let_mlflow_upgrade, run_with_mlflow
from tests.store.reflection import reflected, statements

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MLFLOW_STORE = """
import json, sys
from mlflow.server.auth.sqlalchemy_store import SqlAlchemyStore
store = SqlAlchemyStore()
store.init_db(sys.argv[1])
answers = {
    "right": store.authenticate_user("alice", sys.argv[2]),
    "wrong": store.authenticate_user("alice", "wrong"),
    "admin": store.get_user("alice").is_admin,
    "grants": [
        [grant.experiment_id, grant.permission]
        for grant in store.list_experiment_permissions("alice")
    ],
}
store.create_user("bob", sys.argv[2])
store.grant_user_resource_permission("bob", "registered_model", "churn", "EDIT")
store.engine.dispose()
print(json.dumps(answers))
"""


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[str]:
    with empty_database("sqlite", tmp_path) as url:
        yield url


@pytest.mark.mlflow
def test_our_sqlite_tables_are_word_for_word_mlflows(sqlite: str, tmp_path: Path) -> None:
    theirs = f"sqlite:///{tmp_path / 'theirs.db'}"
    let_mlflow_upgrade(theirs)
    with opened(sqlite, create=True):
        pass
    assert statements(sqlite) == statements(theirs)
    assert _version(sqlite) == _version(theirs) == [(tables.HEAD,)]


@pytest.mark.mlflow
def test_our_postgresql_tables_are_mlflows(tmp_path: Path) -> None:
    with (
        empty_database("postgresql", tmp_path) as ours,
        empty_database("postgresql", tmp_path) as theirs,
    ):
        let_mlflow_upgrade(theirs)
        with opened(ours, create=True):
            pass
        assert reflected(ours) == reflected(theirs)
        assert _version(ours) == _version(theirs) == [(tables.HEAD,)]


@pytest.mark.mlflow
@pytest.mark.parametrize("dialect", DIALECTS)
def test_mlflow_opens_our_database_and_we_read_what_it_writes(dialect: str, tmp_path: Path) -> None:
    with empty_database(dialect, tmp_path) as url, opened(url, create=True) as store:
        store.create_user("alice", PASSWORD, is_admin=True)
        store.grant("alice", Resource("experiment", "1"), Permission.EDIT)
        answers = json.loads(run_with_mlflow("-c", MLFLOW_STORE, with_driver(url), PASSWORD))
        assert answers == {
            "right": True,
            "wrong": False,
            "admin": True,
            "grants": [["1", "EDIT"]],
        }
        assert store.list_grants(username="bob") == [
            Grant("bob", Resource("registered_model", "churn"), "EDIT")
        ]


@pytest.mark.parametrize("revision", tables.REVISIONS)
def test_every_revision_is_recognised(sqlite: str, revision: str) -> None:
    make_tables(sqlite, revision)
    found = _inspected(sqlite)
    assert found.revision == revision
    is_roles = revision in (tables.ROLES, tables.HEAD)
    assert found.generation is (Generation.ROLES if is_roles else Generation.LEGACY)


def test_mlflow_3_6_s_empty_version_table_does_not_hide_the_older_one(sqlite: str) -> None:
    make_tables(sqlite, tables.INITIAL)
    execute(sqlite, "CREATE TABLE alembic_version_auth (version_num VARCHAR(32) NOT NULL)")
    assert _inspected(sqlite).revision == tables.INITIAL


def test_a_tracking_stores_version_in_the_same_database_is_not_ours(sqlite: str) -> None:
    make_tables(sqlite, tables.HEAD)
    execute(sqlite, "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
    execute(sqlite, "INSERT INTO alembic_version VALUES ('aaaaaaaaaaaa')")
    assert _inspected(sqlite).revision == tables.HEAD


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("INSERT INTO alembic_version_auth VALUES ('fedcba987654')", "fedcba987654"),
        ("DELETE FROM alembic_version_auth", "does not say"),
        ("DROP TABLE alembic_version_auth", "does not say"),
        ("DROP TABLE role_permissions", "has no role_permissions"),
        ("ALTER TABLE roles DROP COLUMN description", "has no roles.description"),
        ("DROP TABLE users", "no MLflow auth tables"),
    ],
)
def test_a_database_of_another_schema_is_refused_and_left_alone(
    sqlite: str, change: str, words: str
) -> None:
    make_tables(sqlite, tables.HEAD)
    execute(sqlite, change)
    before = statements(sqlite)
    with pytest.raises(Unavailable, match=words) as caught, opened(sqlite):
        pass
    assert caught.value.hint
    assert statements(sqlite) == before


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("gone", [(), ("experiment_permissions", "scorer_permissions")])
def test_a_database_of_a_later_mlflow_is_read_and_not_written(
    dialect: str, gone: tuple[str, ...], tmp_path: Path
) -> None:
    """MLflow has announced that it will drop the legacy tables some day."""
    with auth_database(Backend(dialect), tmp_path) as url:
        with opened(url) as store:
            store.create_user("alice", PASSWORD, is_admin=True)
            store.grant("alice", EXPERIMENT, Permission.EDIT)
        execute(url, "UPDATE alembic_version_auth SET version_num = 'fedcba987654'")
        for table in gone:
            execute(url, f"DROP TABLE {table}")
        before = contents(url)
        with opened(url, create=True) as store:
            assert (store.schema.known, store.generation) == (False, Generation.ROLES)
            assert store.list_grants() == [Grant("alice", EXPERIMENT, "EDIT")]
            assert store.level("alice", EXPERIMENT) is Permission.EDIT
            nothing_is_written(store, "unknown revision, fedcba987654")
        assert contents(url) == before


def test_a_database_of_a_later_mlflow_without_roles_is_not_even_read(sqlite: str) -> None:
    make_tables(sqlite, tables.HEAD)
    execute(sqlite, "UPDATE alembic_version_auth SET version_num = 'fedcba987654'")
    execute(sqlite, "DROP TABLE user_role_assignments")
    with pytest.raises(Unavailable, match="unknown revision, fedcba987654"), opened(sqlite):
        pass


def test_another_programs_users_table_is_not_touched(sqlite: str) -> None:
    execute(sqlite, "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT)")
    before = statements(sqlite)
    with pytest.raises(Unavailable), opened(sqlite, create=True):
        pass
    assert statements(sqlite) == before


@pytest.mark.parametrize("dialect", DIALECTS)
def test_creating_twice_keeps_what_is_there(dialect: str, tmp_path: Path) -> None:
    with empty_database(dialect, tmp_path) as url:
        with opened(url, create=True) as store:
            alice = store.create_user("alice", PASSWORD)
        before = contents(url)
        with opened(url, create=True) as store:
            assert store.list_users() == [alice]
        assert contents(url) == before


def test_creating_does_not_upgrade_an_older_database(sqlite: str) -> None:
    make_tables(sqlite, tables.INITIAL)
    before = statements(sqlite)
    with opened(sqlite, create=True) as store:
        assert store.generation is Generation.LEGACY
    assert statements(sqlite) == before


@pytest.mark.parametrize("dialect", DIALECTS)
def test_four_who_create_at_once_make_one_database(dialect: str, tmp_path: Path) -> None:
    with empty_database(dialect, tmp_path) as url:

        def create(_: int) -> str:
            with opened(url, create=True) as store:
                return store.schema.revision

        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(create, range(4))) == [tables.HEAD] * 4
        assert _version(url) == [(tables.HEAD,)]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_nothing_is_written_once_mlflow_has_upgraded_the_database(
    dialect: str, tmp_path: Path
) -> None:
    with (
        auth_database(Backend(dialect, tables.ROLES), tmp_path) as url,
        opened(url) as store,
    ):
        execute(url, f"UPDATE alembic_version_auth SET version_num = '{tables.HEAD}'")
        with pytest.raises(Unavailable, match="upgraded"):
            store.create_user("alice", PASSWORD)
        assert execute(url, "SELECT username FROM users") == []


def _inspected(url: str) -> schema.Schema:
    database = connect(url)
    try:
        return database.read(schema.inspect)
    finally:
        database.close()


def _version(url: str) -> list[tuple[object, ...]]:
    return execute(url, "SELECT version_num FROM alembic_version_auth")
