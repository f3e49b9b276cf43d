from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from authctl.store import tables
from tests.live import authctl_server
from tests.server.admin_api import PREFIXES, AdminApi
from tests.server.world import WORLDS
from tests.store.databases import make_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.live import Server
    from tests.server.world import World


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on a fresh database, which has the tables of the roles generation."""
    with authctl_server(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="session")
def legacy_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on a database as MLflow made it before 3.6; shared by all, for it starts slowly."""
    folder = tmp_path_factory.mktemp("legacy")
    database = folder / "legacy.db"
    database.touch()
    make_tables(f"sqlite:///{database}", tables.INITIAL)
    with authctl_server(folder, "--auth-db", f"sqlite:///{database}") as running:
        yield running


@pytest.fixture(params=PREFIXES)
def api(request: pytest.FixtureRequest, server: Server) -> AdminApi:
    """The admin API of the roles generation."""
    return AdminApi(server, request.param)


@pytest.fixture
def legacy(legacy_server: Server) -> AdminApi:
    """The admin API on a legacy database."""
    return AdminApi(legacy_server)


@pytest.fixture(
    params=[("server", "/api"), ("legacy_server", "/ajax-api")], ids=["roles", "legacy"]
)
def either(request: pytest.FixtureRequest) -> AdminApi:
    """The admin API on both generations of databases, where they are to answer alike."""
    name, prefix = request.param
    return AdminApi(request.getfixturevalue(name), prefix)


@pytest.fixture(scope="session")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], World]]:
    """Worlds by the name of their deployment; each starts when first asked for, for all files."""
    made: dict[str, World] = {}
    with contextlib.ExitStack() as stack:

        def world(name: str) -> World:
            if name not in made:
                folder = tmp_path_factory.mktemp(name.replace(" ", "-"))
                made[name] = stack.enter_context(WORLDS[name](folder))
            return made[name]

        yield world


@pytest.fixture(scope="module", params=WORLDS)
def world(request: pytest.FixtureRequest, worlds: Callable[[str], World]) -> World:
    """A victim, an owner of something else and a stranger, in every deployment."""
    return worlds(request.param)


@pytest.fixture(scope="module", params=["embedded", "static prefix"])
def local(request: pytest.FixtureRequest, worlds: Callable[[str], World]) -> World:
    """The same where MLflow is in the server's process."""
    return worlds(request.param)


@pytest.fixture(scope="module")
def embedded(worlds: Callable[[str], World]) -> World:
    """The same without a prefix, for what no deployment changes."""
    return worlds("embedded")
