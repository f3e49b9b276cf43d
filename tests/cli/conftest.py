from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.cli.commands import Shell
from tests.cli.logins import ALICE
from tests.servers import recording_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers import Recorder


def on_database(folder: Path) -> Shell:
    return Shell(folder, {"AUTHCTL_DB": f"sqlite:///{folder}/auth.db"})


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An auth database that has one admin, `admin`."""
    shell = on_database(tmp_path_factory.mktemp("template"))
    shell.ok("db", "init")
    shell.new_user("admin", "--admin")
    return shell.folder / "auth.db"


@pytest.fixture
def shell(template: Path, tmp_path: Path) -> Shell:
    """A shell on a fresh auth database that has one admin, `admin`."""
    shutil.copy(template, tmp_path)
    return on_database(tmp_path)


@pytest.fixture
def server() -> Iterator[Recorder]:
    """A server that accepts everybody, as alice; tests of more than logins have others."""
    with recording_server() as recorder:
        recorder.will_answer(200, ALICE)
        yield recorder
