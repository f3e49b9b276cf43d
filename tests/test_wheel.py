"""What an installation gets besides the package: man pages and completion scripts."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests import completions, manual

ROOT = Path(__file__).parents[1]
SCRIPTS = {
    "bash": "share/bash-completion/completions/authctl",
    "zsh": "share/zsh/site-functions/_authctl",
    "fish": "share/fish/vendor_completions.d/authctl.fish",
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The text files of a wheel built from the checkout, by where they will be."""
    if importlib.util.find_spec("hatchling") is None:
        assert os.environ.get("CI") != "true", "hatchling is missing"
        pytest.skip("hatchling is missing")
    folder = tmp_path_factory.mktemp("wheel")
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--wheel-dir", folder]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, ROOT], check=True)
    (path,) = folder.glob("authctl-*.whl")
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
        return {
            name.partition(".data/data/")[2] or name: archive.read(name).decode() for name in names
        }


def test_man_pages_are_installed_where_man_looks(wheel: dict[str, str]) -> None:
    pages = {f"share/man/{name}": text for name, text in manual.pages().items()}
    assert {name: wheel.get(name) for name in pages} == pages
    assert {name for name in wheel if name.startswith("share/man/")} == pages.keys()


@pytest.mark.parametrize("shell", SCRIPTS)
def test_completion_scripts_are_installed_where_shells_look(
    wheel: dict[str, str], shell: str
) -> None:
    assert wheel.get(SCRIPTS[shell]) == completions.text(shell)


def test_the_package_has_what_it_writes_the_scripts_from(wheel: dict[str, str]) -> None:
    folder = "authctl/cli/completion"
    templates = {f"{folder}/template.{shell}" for shell in SCRIPTS}
    assert templates <= wheel.keys()


def test_the_package_has_the_templates_of_the_web_pages(wheel: dict[str, str]) -> None:
    folder = "authctl/server/pages/templates"
    templates = {f"{folder}/{path.name}" for path in (ROOT / folder).iterdir()}
    assert f"{folder}/access.html" in templates
    assert templates <= wheel.keys()


def test_neither_tests_nor_data_are_in_the_package(wheel: dict[str, str]) -> None:
    assert {name.partition("/")[0].partition("-")[0] for name in wheel} == {"authctl", "share"}
