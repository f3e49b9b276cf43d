"""authctl's own tables come and go, and MLflow does not trip over them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy

from authctl.model import Permission
from authctl.service_token import Asked
from authctl.store import additions, history, tables
from authctl.store.token_rows import TABLE as TOKENS
from tests.store.contract import EXPERIMENT, PASSWORD
from tests.store.databases import DIALECTS, Backend, auth_database, execute, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from authctl.store.sql import SqlStore


@pytest.fixture(params=DIALECTS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    """A database as MLflow 3.13 makes it."""
    with auth_database(Backend(request.param), tmp_path) as url, opened(url) as store:
        yield store


def names(store: SqlStore) -> set[str]:
    return store.database.read(
        lambda connection: {
            name
            for name in sqlalchemy.inspect(connection).get_table_names()
            if name.startswith("authctl_")
        }
    )


def test_they_come_at_once_or_again_and_go_without_a_trace(store: SqlStore) -> None:
    assert names(store) == set()
    for _ in range(2):
        store.database.write(additions.install)
        assert names(store) == {
            "authctl_version",
            "authctl_history",
            "authctl_tokens",
            "authctl_revision",
            "authctl_failed_logins",
            "authctl_known_places",
        }
        assert store.database.read(additions.version) == "authctl_a4"
    assert store.database.write(additions.remove)
    assert names(store) == set()
    assert not store.database.write(additions.remove)
    assert store.database.read(additions.version) is None


def test_what_was_made_before_the_version_was_written_is_no_hindrance(store: SqlStore) -> None:
    """As after a kill on MySQL, where tables are made outside of transactions."""
    store.database.write(history.TABLE.create)
    store.database.write(additions.install)
    assert store.database.read(additions.version) == "authctl_a4"


def test_a_database_of_an_older_authctl_gets_what_is_new(store: SqlStore) -> None:
    store.database.write(additions.install)
    store.database.write(TOKENS.drop)
    store.database.write(
        lambda connection: connection.exec_driver_sql(
            "UPDATE authctl_version SET version_num = 'authctl_a1'"
        )
    )
    store.create_user("alice", PASSWORD)
    store.create_token(Asked("ci", "alice"))
    assert store.database.read(additions.version) == "authctl_a4"


def test_events_are_told_in_order(store: SqlStore) -> None:
    assert store.database.read(history.entries) == []
    store.database.write(additions.install)
    for detail in ("one", "two"):
        store.database.write(
            lambda connection, detail=detail: history.record(
                connection, history.Event.RESTORED, detail
            )
        )
    found = store.database.read(history.entries)
    assert [(entry.event, entry.detail) for entry in found] == [
        ("restored", "one"),
        ("restored", "two"),
    ]
    assert found[0].at.endswith("+00:00")


def test_opening_a_database_that_mlflow_made_adds_nothing(tmp_path: Path) -> None:
    with auth_database(Backend("sqlite"), tmp_path) as url, opened(url, create=True) as store:
        store.create_user("alice", PASSWORD)
        store.grant("alice", EXPERIMENT, Permission.EDIT)
        assert names(store) == set()


def test_a_database_that_authctl_made_says_so_and_keeps_deny(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/auth.db"
    with opened(url, create=True) as store:
        [entry] = store.database.read(history.entries)
        assert (entry.event, entry.detail) == ("created", tables.HEAD)
    with opened(url) as store:
        store.create_user("alice", PASSWORD)
        store.grant("alice", EXPERIMENT, Permission.DENY)
        assert store.level("alice", EXPERIMENT) is Permission.DENY
    assert execute(url, "SELECT permission FROM role_permissions") == [("DENY",)]
