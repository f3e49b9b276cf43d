"""What a request asks of a large database must not grow with it: SQLite says how it would look."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from authctl.model import Permission
from authctl.service_token import Asked
from tests.store.contract import EXPERIMENT, PASSWORD
from tests.store.databases import Backend, auth_database, opened
from tests.store.statements import noted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from authctl.store.sql import SqlStore

ASKED: dict[str, Callable[[SqlStore], object]] = {
    "an account": lambda store: store.account("alice"),
    "a user's grants": lambda store: store.grants_of(store.get_user("alice")),
    "a token": lambda store: store.bearer("authctl_" + "x" * 38),
    "a grant": lambda store: store.list_grants(username="alice", resource=EXPERIMENT),
}


@pytest.mark.parametrize("what", ASKED)
def test_nothing_is_read_from_end_to_end(what: str, tmp_path: Path) -> None:
    with auth_database(Backend("sqlite"), tmp_path) as url, opened(url) as store:
        store.create_user("alice", PASSWORD)
        store.grant("alice", EXPERIMENT, Permission.EDIT)
        store.create_token(Asked("ci", "alice"))
        with noted() as sent:
            ASKED[what](store)
    asked = [(text, values) for text, values in sent if text.startswith("SELECT")]
    assert asked
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        for statement, values in asked:
            steps = [
                row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)
            ]
            whole = [step for step in steps if step.startswith("SCAN")]
            assert whole in ([], ["SCAN alembic_version_auth"]), (statement, steps)
            # Nearly all roles are in one workspace.
            assert not any("roles" in step and "(workspace=?)" in step for step in steps), steps
