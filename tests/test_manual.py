"""The man pages tell what the command line has, and read well."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from authctl.cli.command import Group
from authctl.cli.context.file import SETTINGS, ContextsFile
from authctl.cli.help import TOPICS, Code, Definition, Definitions, Paragraph
from authctl.cli.main import tree
from authctl.config import AuthConfig
from authctl.errors import InvalidRequest
from tests import manual, manual_files, roff
from tests.cli.shells import require

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = manual.FOLDER.parent
PAGES = {Path(file).name: text for file, text in manual.pages().items()}
FILES = sorted(manual.FOLDER.glob("*/*"))
REFERENCE = re.compile(r"\b(authctl[a-z-]*)\((\d)\)")


def commands(found: Any, name: str = "authctl") -> Iterator[tuple[str, Any]]:
    yield f"{name}.1", found
    if isinstance(found, Group):
        for word, below in found.commands.items():
            yield from commands(below, f"{name}-{word}")


COMMANDS = dict(commands(tree()))


def read(text: str) -> str:
    """A page as a terminal of 80 columns shows it, without its bold and underlined letters."""
    done = subprocess.run(
        ["mandoc", "-T", "utf8", "-O", "width=80"],
        input=text,
        capture_output=True,
        text=True,
        check=True,
    )
    return re.sub(".\b", "", done.stdout)


def defined(heading: str) -> set[str]:
    (section,) = (each for each in manual_files.TOPIC.sections if each.heading.startswith(heading))
    return {
        term
        for block in section.blocks
        if isinstance(block, Definitions)
        for item in block.items
        for term in item.term.split(", ")
    }


def test_the_pages_in_man_are_those_that_the_code_tells() -> None:
    told = manual.pages()
    committed = {
        str(path.relative_to(manual.FOLDER)): path.read_text(encoding="utf-8") for path in FILES
    }
    assert committed.keys() == told.keys(), "run `python -m tests.regenerate`"
    for name, text in committed.items():
        assert text == told[name], f"{name}: run `python -m tests.regenerate`"


def test_every_command_and_every_topic_has_a_page() -> None:
    topics = {f"authctl-{name}" for name in (*TOPICS, "config")}
    assert {name for name in PAGES if name.endswith(".1")} == COMMANDS.keys()
    assert {name[:-2] for name in PAGES if not name.endswith(".1")} == topics


def test_mandoc_finds_nothing_to_complain_of() -> None:
    require("mandoc")
    done = subprocess.run(
        ["mandoc", "-T", "lint", *FILES],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


def test_groff_finds_nothing_to_complain_of() -> None:
    require("groff")
    for path in FILES:
        done = subprocess.run(
            ["groff", "-ww", "-man", "-T", "utf8", path], capture_output=True, check=True
        )
        assert done.stderr == b"", path.name


@pytest.mark.parametrize("name", COMMANDS)
def test_a_page_tells_every_option_and_example_as_they_are_typed(name: str) -> None:
    require("mandoc")
    text = read(PAGES[name])
    assert max(len(line) for line in text.splitlines()) <= 80
    for parameter in COMMANDS[name].params:
        if not getattr(parameter, "hidden", False):
            assert parameter.metavar is None or parameter.metavar in text
            assert parameter.param_type_name == "argument" or set(parameter.opts) <= set(
                re.findall(r"(?<![\w-])--?[a-z][a-z-]*", text)
            )
            assert " ".join(parameter.help.split()) in " ".join(text.split())
    told = text.replace(" \\\n           ", " ")
    for line in COMMANDS[name].epilog.splitlines():
        assert " ".join(line.split()) in " ".join(told.split())


@pytest.mark.parametrize("name", [name for name in PAGES if not name.endswith(".1")])
def test_a_topic_fits_a_terminal(name: str) -> None:
    require("mandoc")
    assert max(len(line) for line in read(PAGES[name]).splitlines()) <= 80


def test_pages_point_only_at_pages_that_there_are() -> None:
    require("mandoc")
    for name, text in PAGES.items():
        found = {f"{page}.{section}" for page, section in REFERENCE.findall(read(text))}
        assert found <= PAGES.keys(), name
        assert name == "authctl.1" or "authctl.1" in found, name


def test_the_day_on_the_pages_is_that_of_the_last_release() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    released = re.findall(r"^## \[\d[^]]*\] - ([\d-]+)$", changelog, re.MULTILINE)
    assert not released or released[0] == manual.DATE


def test_every_key_of_a_context_is_told() -> None:
    assert defined("Contexts") == {"current", *SETTINGS}


def test_the_contexts_of_the_example_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(manual_files.EXAMPLE, encoding="utf-8")
    found = ContextsFile(path).read()
    assert (found.current, list(found.by_name)) == ("prod", ["prod", "local"])


def test_every_key_of_the_servers_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "basic_auth.ini"
    path.write_text("[mlflow]\nno_such_key = 1\n", encoding="utf-8")
    with pytest.raises(InvalidRequest) as refused:
        AuthConfig.load(path, {})
    assert refused.value.hint == f"Known keys are: {', '.join(sorted(defined('The server')))}."


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Plain words, read-only.", ["Plain words, read-only."]),
        ("See --dry-run.", [r"See \%\fB\-\-dry\-run\fR."]),
        (".hidden files", [r"\&.hidden files"]),
        ("'quoted' it's", [r"\(aqquoted\(aq it's"]),
        (r"a\b", [r"a\eb"]),
        ("One. Two.", ["One.", "Two."]),
        ("~/.mlflow", [r"\(ti/.mlflow"]),
    ],
)
def test_what_means_something_to_roff_is_escaped(text: str, written: list[str]) -> None:
    assert roff.running(text) == written


def test_indented_lines_of_a_docstring_stay_as_they_are() -> None:
    text = "Try it:\n  one  1\n  two  2\n\nThen\ngo on."
    assert roff.plain_blocks(text) == (
        Paragraph("Try it:"),
        Code("one  1\ntwo  2"),
        Paragraph("Then go on."),
    )


def test_all_kinds_of_blocks_are_written() -> None:
    found = roff.blocks((Paragraph("Text."), Definitions((Definition("KEY", "It."),)), Code("-x")))
    assert list(found) == [
        *("Text.", ".TP", r"\fBKEY\fR", "It."),
        *(".PP", ".RS 2", ".EX", r"\-x", ".EE", ".RE"),
    ]
