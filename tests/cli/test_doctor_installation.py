"""authctl doctor on what is installed, with packages that only seem to be."""

from __future__ import annotations

import json
import os
import subprocess
from importlib import metadata
from typing import TYPE_CHECKING

import pytest

from authctl.cli.doctor.installation import NEWEST, release
from tests.cli.checkups import Checkup
from tests.cli.commands import AUTHCTL, Shell
from tests.policy.routes import recorded_releases

if TYPE_CHECKING:
    from pathlib import Path


def with_packages(
    folder: Path, *packages: tuple[str, str], options: tuple[str, ...] = ()
) -> Checkup:
    """What is found where these are the first on the path, with nothing but their metadata."""
    for name, version in packages:
        info = folder / "packages" / f"{name}-{version}.dist-info"
        info.mkdir(parents=True)
        text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        (info / "METADATA").write_text(text)
    shell = Shell(folder)
    path = os.pathsep.join(filter(None, (str(folder / "packages"), os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        [*AUTHCTL, "doctor", "-o", "json", *options],
        cwd=folder,
        env={**shell.environment, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    return Checkup(json.loads(done.stdout), done.returncode)


REMEDY = "pip uninstall -y passlib && pip install --force-reinstall libpass"


def test_passlib_beside_libpass_is_a_warning(tmp_path: Path) -> None:
    found = with_packages(tmp_path, ("passlib", "1.7.4"))
    severity, _, message, remedy = found.one("libpass")
    assert (severity, remedy, found.code) == ("warning", REMEDY, 8)
    assert message.startswith("passlib 1.7.4 is installed too and shares its files")


def test_that_something_else_is_imported_than_libpass_is_an_error(tmp_path: Path) -> None:
    found = with_packages(tmp_path, ("libpass", "9.9.9"))
    severity, subject, message, remedy = found.one("libpass")
    assert (severity, subject, remedy, found.code) == ("error", "9.9.9", REMEDY, 8)
    imported = metadata.version("libpass")
    assert message == f"What is imported as passlib is {imported}, not libpass."


def test_a_package_that_is_too_old_is_an_error(tmp_path: Path) -> None:
    found = with_packages(tmp_path, ("httpx", "0.1"))
    severity, _, message, remedy = found.one("authctl")
    assert (severity, remedy) == ("error", "pip install --upgrade 'httpx>=0.28'")
    assert message == "Packages that it needs are missing or too old: httpx>=0.28."


@pytest.mark.parametrize(
    ("version", "severity", "remedy"),
    [
        ("2.22.0", "warning", "pip install --upgrade 'authctl[mlflow]'"),
        ("3.4.0", "ok", None),
        ("99.0", "info", "authctl serve --check"),
    ],
)
def test_the_release_of_mlflow_is_looked_at(
    version: str, severity: str, remedy: str | None, tmp_path: Path
) -> None:
    found = with_packages(tmp_path, ("mlflow", version))
    assert found.one("mlflow")[::3] == (severity, remedy)


def test_the_driver_of_the_database_is_looked_at(tmp_path: Path) -> None:
    options = ("--offline", "--db", "postgresql://127.0.0.1:1/auth")
    found = with_packages(tmp_path, options=options)
    assert found.one("driver") == ("ok", "psycopg", metadata.version("psycopg"), None)


def test_the_newest_release_known_is_the_newest_whose_routes_are_recorded() -> None:
    assert recorded_releases()[-1] == ".".join(map(str, NEWEST))


def test_a_version_is_read_as_far_as_it_is_numbers() -> None:
    assert release("3.17.2rc1") == (3, 17, 2)
    assert release("3.17.0.dev0") == (3, 17, 0)
    assert release("unknown") == ()
