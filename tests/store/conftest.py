from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.store.contract import PASSWORD, ROOT
from tests.store.databases import Backend, auth_database, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def url(backend: Backend, tmp_path: Path) -> Iterator[str]:
    """A database that holds the admin root, of id 1."""
    with auth_database(backend, tmp_path) as url:
        with opened(url) as store:
            store.create_user(ROOT, PASSWORD, is_admin=True)
        yield url
