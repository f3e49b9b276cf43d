"""The documents say what is so."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import tomli

from authctl import __version__
from authctl.cli.context.file import SETTINGS
from authctl.cli.main import tree
from authctl.store.schema import schema_at
from authctl.store.tables import REVISIONS, ROLES
from authctl.store.upkeep import check
from tests import architecture
from tests.commands_table import with_commands
from tests.documents import DOCUMENTS, written_commands

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
DATABASE = (ROOT / "docs" / "auth-database.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")

_NAME = re.compile(r"`([a-z-]+)`")


def test_the_documents_have_commands() -> None:
    assert len(written_commands(README)) > 15
    assert len(written_commands(DATABASE)) > 10


WRITTEN = {text for file in DOCUMENTS for text in written_commands(file.read_text("utf-8"))}


@pytest.mark.parametrize("text", sorted(WRITTEN))
def test_every_command_and_option_in_the_documents_exists(text: str) -> None:
    words = re.split(r" -- | [|>] ", text, maxsplit=1)[0].split()[1:]
    root = command = tree()
    while words and words[0] in getattr(command, "commands", {}):
        command = command.commands[words.pop(0)]
    assert not getattr(command, "commands", None) or not words, f"no such command: {text}"
    known = {option for param in (*root.params, *command.params) for option in param.opts}
    assert {word for word in words if word.startswith("-")} <= {*known, "--help"}


def test_every_make_target_in_the_documents_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    assert set(re.findall(r"^make ([a-z-]+)", README, re.MULTILINE)) <= targets


def test_the_architecture_lists_every_file_in_its_own_words() -> None:
    text = architecture.FILE.read_text(encoding="utf-8")
    assert text == architecture.with_files(text), "run `python -m tests.regenerate`"


def test_the_revisions_are_told_as_the_code_knows_them() -> None:
    told = re.findall(r"^\| ([\w. ]+) \| `([0-9a-f]{12})` \| (\w+) \|$", DATABASE, re.MULTILINE)
    known = [
        (releases, revision, str(schema_at(revision).generation))
        for revision, releases in REVISIONS.items()
        if revision != ROLES  # no release stays there
    ]
    assert told == known


def test_every_check_of_a_database_is_told() -> None:
    calls = [
        node
        for node in ast.walk(ast.parse(Path(check.__file__).read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Finding"
    ]
    made = {
        name.value
        for call in calls
        for name in ast.walk(call.args[0])
        if isinstance(name, ast.Constant) and isinstance(name.value, str)
    }
    _, _, table = DATABASE.partition("## What is checked")
    table, _, _ = table.partition("## Nobody can log in")
    told = {
        name
        for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
        for name in _NAME.findall(row)
    }
    assert told == made


def test_the_table_of_commands_is_the_commands() -> None:
    assert with_commands(README) == README, "run `python -m tests.regenerate`"


def test_the_settings_of_a_context_are_told() -> None:
    told = re.findall(
        r"\| ((?:`\w+`(?:, )?)+) \| [^|]*\|$", README.partition("The server:\n")[0], re.MULTILINE
    )
    assert {name for cell in told for name in re.findall(r"`(\w+)`", cell)} == {
        *SETTINGS,
        "current",
    }


def test_links_between_the_documents_lead_somewhere() -> None:
    for document in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")):
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)[^)]*\)", document.read_text("utf-8")):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_the_changelog_has_a_place_for_what_comes_next() -> None:
    assert "\n## [Unreleased]\n" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_one_version_is_told_everywhere() -> None:
    project = tomli.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["version"] == __version__
