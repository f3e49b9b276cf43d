from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy

from authctl.errors import Unavailable
from authctl.model import Generation, Grant, Permission, Resource
from authctl.store import schema
from authctl.store.sql_engine import connect
from tests.store.contract import PASSWORD
from tests.store.databases import (
    DIALECTS,
    DRIVERS,
    Backend,
    auth_database,
    contents,
    empty_database,
    execute,
    make_tables,
    opened,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ENVIRONMENT = {
    "MLFLOW_FLASK_SERVER_SECRET_KEY": "a-key-for-tests",
    "MLFLOW_AUTH_ADMIN_PASSWORD": PASSWORD,
}

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
    _let_mlflow_make(theirs)
    with opened(sqlite, create=True):
        pass
    assert _statements(sqlite) == _statements(theirs)
    assert _version(sqlite) == _version(theirs) == [(schema.HEAD,)]


@pytest.mark.mlflow
def test_our_postgresql_tables_are_mlflows(tmp_path: Path) -> None:
    with (
        empty_database("postgresql", tmp_path) as ours,
        empty_database("postgresql", tmp_path) as theirs,
    ):
        _let_mlflow_make(theirs)
        with opened(ours, create=True):
            pass
        assert _reflected(ours) == _reflected(theirs)
        assert _version(ours) == _version(theirs) == [(schema.HEAD,)]


@pytest.mark.mlflow
@pytest.mark.parametrize("dialect", DIALECTS)
def test_mlflow_opens_our_database_and_we_read_what_it_writes(dialect: str, tmp_path: Path) -> None:
    with empty_database(dialect, tmp_path) as url, opened(url, create=True) as store:
        store.create_user("alice", PASSWORD, is_admin=True)
        store.grant("alice", Resource("experiment", "1"), Permission.EDIT)
        answers = json.loads(_run("-c", MLFLOW_STORE, _for_mlflow(url), PASSWORD))
        assert answers == {
            "right": True,
            "wrong": False,
            "admin": True,
            "grants": [["1", "EDIT"]],
        }
        assert store.list_grants(username="bob") == [
            Grant("bob", Resource("registered_model", "churn"), "EDIT")
        ]


@pytest.mark.parametrize("revision", schema.REVISIONS)
def test_every_revision_is_recognised(sqlite: str, revision: str) -> None:
    make_tables(sqlite, revision)
    found = _inspected(sqlite)
    assert found.revision == revision
    is_roles = revision in (schema.ROLES, schema.HEAD)
    assert found.generation is (Generation.ROLES if is_roles else Generation.LEGACY)


def test_mlflow_3_6_s_empty_version_table_does_not_hide_the_older_one(sqlite: str) -> None:
    make_tables(sqlite, schema.INITIAL)
    execute(sqlite, "CREATE TABLE alembic_version_auth (version_num VARCHAR(32) NOT NULL)")
    assert _inspected(sqlite).revision == schema.INITIAL


def test_a_tracking_stores_version_in_the_same_database_is_not_ours(sqlite: str) -> None:
    make_tables(sqlite, schema.HEAD)
    execute(sqlite, "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
    execute(sqlite, "INSERT INTO alembic_version VALUES ('aaaaaaaaaaaa')")
    assert _inspected(sqlite).revision == schema.HEAD


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("UPDATE alembic_version_auth SET version_num = 'fedcba987654'", "fedcba987654"),
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
    make_tables(sqlite, schema.HEAD)
    execute(sqlite, change)
    before = _statements(sqlite)
    with pytest.raises(Unavailable, match=words) as caught, opened(sqlite):
        pass
    assert caught.value.hint
    assert _statements(sqlite) == before


def test_another_programs_users_table_is_not_touched(sqlite: str) -> None:
    execute(sqlite, "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT)")
    before = _statements(sqlite)
    with pytest.raises(Unavailable), opened(sqlite, create=True):
        pass
    assert _statements(sqlite) == before


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
    make_tables(sqlite, schema.INITIAL)
    before = _statements(sqlite)
    with opened(sqlite, create=True) as store:
        assert store.generation is Generation.LEGACY
    assert _statements(sqlite) == before


@pytest.mark.parametrize("dialect", DIALECTS)
def test_four_who_create_at_once_make_one_database(dialect: str, tmp_path: Path) -> None:
    with empty_database(dialect, tmp_path) as url:

        def create(_: int) -> str:
            with opened(url, create=True) as store:
                return store.schema.revision

        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(create, range(4))) == [schema.HEAD] * 4
        assert _version(url) == [(schema.HEAD,)]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_nothing_is_written_once_mlflow_has_upgraded_the_database(
    dialect: str, tmp_path: Path
) -> None:
    with (
        auth_database(Backend(dialect, schema.ROLES), tmp_path) as url,
        opened(url) as store,
    ):
        execute(url, f"UPDATE alembic_version_auth SET version_num = '{schema.HEAD}'")
        with pytest.raises(Unavailable, match="upgraded"):
            store.create_user("alice", PASSWORD)
        assert execute(url, "SELECT username FROM users") == []


def _inspected(url: str) -> schema.Schema:
    database = connect(url)
    try:
        return database.read(schema.inspect)
    finally:
        database.close()


def _let_mlflow_make(url: str) -> None:
    _run("-m", "mlflow.server.auth", "db", "upgrade", "--url", _for_mlflow(url))


def _run(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, **ENVIRONMENT},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def _for_mlflow(url: str) -> str:
    parsed = sqlalchemy.make_url(url)
    parsed = parsed.set(drivername=DRIVERS.get(parsed.drivername, parsed.drivername))
    return parsed.render_as_string(hide_password=False)


def _version(url: str) -> list[tuple[object, ...]]:
    return execute(url, "SELECT version_num FROM alembic_version_auth")


def _statements(url: str) -> list[str]:
    """The statements that made a SQLite database; white space and quotes mean nothing."""
    rows = execute(url, "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
    return sorted(re.sub(r'[\s"]+', " ", str(row[0])).replace("( ", "(") for row in rows)


def _reflected(url: str) -> dict[str, Any]:
    engine = sqlalchemy.create_engine(_for_mlflow(url))
    inspector = sqlalchemy.inspect(engine)
    found = {
        name: {
            "columns": [{**c, "type": str(c["type"])} for c in inspector.get_columns(name)],
            "key": inspector.get_pk_constraint(name),
            "unique": sorted(inspector.get_unique_constraints(name), key=str),
            "foreign": sorted(inspector.get_foreign_keys(name), key=str),
            "indexes": sorted(inspector.get_indexes(name), key=str),
        }
        for name in sorted(inspector.get_table_names())
    }
    engine.dispose()
    return found
