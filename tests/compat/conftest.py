from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.servers import mlflow_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.live import Server

_ROOT = Path(__file__).parents[2]
_VENVS = _ROOT / ".venvs"

# What a release needs besides itself: later ones of these broke it.
_REQUIREMENTS = {
    "3.4.0": ("mlflow[auth]==3.4.0", "sqlalchemy<2.1", "protobuf<7"),
    "3.12.0": ("mlflow[auth]==3.12.0",),
}


def python_with_mlflow(version: str) -> str:
    """The interpreter of an environment with this release; it is made on first use."""
    folder = _VENVS / f"mlflow-{version}"
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [folder / "bin" / "python", "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, *_REQUIREMENTS[version]], check=True)
        (folder / "complete").touch()
    return str(folder / "bin" / "python")


def python_with_authctl(version: str) -> str:
    """The same environment, with this checkout of authctl in it."""
    python = python_with_mlflow(version)
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--editable", _ROOT], check=True)
    return python


@pytest.fixture(scope="module")
def legacy(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """MLflow's own server of the release that the test is parametrized with."""
    python = python_with_mlflow(request.param)
    with mlflow_server(tmp_path_factory.mktemp("mlflow"), python=python) as server:
        yield server
