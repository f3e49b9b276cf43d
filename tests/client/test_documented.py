"""The page about the Python client says what is so, and its program runs as it is written."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from authctl import errors
from authctl.client import AuthServiceClient
from tests.documents import files
from tests.live import ADMIN
from tests.scripts import run_script
from tests.servers import BOTH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.live import Server

PAGE = (Path(__file__).parents[2] / "docs" / "python-client.md").read_text(encoding="utf-8")
TOLD = """\
1 EDIT
READ
admin admin
newuser user
newuser EDIT
RESOURCE_DOES_NOT_EXIST
"""


@pytest.fixture(params=BOTH)
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    with BOTH[request.param](tmp_path / "server") as server:
        yield server


@pytest.mark.mlflow
def test_the_program_runs_on_both_servers(server: Server, tmp_path: Path) -> None:
    printed = run_script(
        files(PAGE)["team.py"],
        tmp_path / "home",
        MLFLOW_TRACKING_URI=server.url,
        MLFLOW_TRACKING_USERNAME=ADMIN[0],
        MLFLOW_TRACKING_PASSWORD=ADMIN[1],
    )
    assert printed == TOLD


def test_every_method_is_told() -> None:
    table = PAGE.partition("## Methods")[2].partition("## Errors")[0]
    words = re.findall(r"`(\w+)[`(]", table)
    prefixes = {word for word in words if word.endswith("_")}
    told = {word for word in words if not word.endswith(("_", "_permission"))}
    told |= {word for word in words if word.startswith(("grant_", "revoke_", "get_user_p"))}
    told |= {word for word in words if word.endswith("role_permission")}
    things = {word for word in words if word.endswith("_permission")} - told
    told |= {prefix + thing for prefix in prefixes for thing in things}
    methods = {
        name
        for name, _ in inspect.getmembers(AuthServiceClient, inspect.isfunction)
        if not name.startswith("_") and name != "close"
    }
    assert told == methods


def test_every_error_is_told_with_its_code() -> None:
    told = dict(re.findall(r"^\| `(\w+)`[^|]* \| `(\w+)` \|$", PAGE, re.MULTILINE))
    assert told == {found.__name__: found.error_code for found in errors.ERROR_CLASSES}
