"""The contracts on databases that no recording is of; all others are in test_recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from authctl.store.tables import SCORERS, WORKSPACES
from tests.store.contract import PASSWORD, ROOT, GrantsContract, UsersContract
from tests.store.databases import Backend, auth_database, opened
from tests.store.door_contract import DoorContract

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from authctl.store.sql import SqlStore


UNRECORDED = [Backend("sqlite", revision) for revision in (SCORERS, WORKSPACES)]


class _OnDatabases:
    @pytest.fixture
    def store(self, backend: Backend, tmp_path: Path) -> Iterator[SqlStore]:
        with auth_database(backend, tmp_path) as url, opened(url) as store:
            store.create_user(ROOT, PASSWORD, is_admin=True)
            yield store


@pytest.mark.parametrize("backend", UNRECORDED, ids=str)
class TestUsersInADatabase(_OnDatabases, UsersContract):
    pass


@pytest.mark.parametrize("backend", UNRECORDED, ids=str)
class TestGrantsInADatabase(_OnDatabases, GrantsContract):
    pass


@pytest.mark.parametrize("backend", UNRECORDED, ids=str)
class TestTheDoorsDatabase(_OnDatabases, DoorContract):
    pass
