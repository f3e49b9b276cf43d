"""The completion scripts, as they are printed and as they lie in completions/."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from authctl.cli.command import Group
from authctl.cli.completion.grammar import Grammar, grammar, short
from authctl.cli.completion.kinds import SHELLS, Value
from authctl.cli.completion.names import KINDS
from authctl.cli.help import TOPICS
from authctl.cli.main import tree
from tests import completions
from tests.cli.commands import Done
from tests.cli.shells import require

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.commands import Shell


@pytest.fixture(scope="module")
def known() -> Grammar:
    return grammar(tree())


def paths(found: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(found, Group):
        for name, below in found.commands.items():
            yield from paths(below, (*path, name))


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_in_completions_is_what_authctl_prints(shell: str) -> None:
    committed = (completions.FOLDER / completions.FILES[shell]).read_text(encoding="utf-8")
    assert committed == completions.text(shell), "run `python -m tests.regenerate`"


def test_there_is_no_other_script_in_completions() -> None:
    assert {path.name for path in completions.FOLDER.iterdir()} == {*completions.FILES.values()}


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_is_one_that_the_shell_can_read(shell: str) -> None:
    require(shell)
    done = subprocess.run(
        [shell, "-n", completions.FOLDER / completions.FILES[shell]],
        capture_output=True,
        check=False,
    )
    assert (done.stdout, done.stderr, done.returncode) == (b"", b"", 0)


@pytest.mark.parametrize("name", SHELLS)
def test_authctl_prints_the_script(shell: Shell, name: str) -> None:
    assert shell.ok("completion", name) == completions.text(name)


def test_another_shell_is_refused_with_those_there_are(shell: Shell) -> None:
    assert shell.run("completion", "zhs") == Done(
        "", "error: There is no script for the shell 'zhs'.\nhint: Did you mean 'zsh'?\n", 2
    )
    assert shell.run("completion", "powershell").stderr == (
        "error: There is no script for the shell 'powershell'.\n"
        "hint: There is one for bash, zsh, fish.\n"
    )


def test_every_command_is_in_the_grammar(known: Grammar) -> None:
    told = [found.path for found in known.root.walk() if found.path[:1] != ("help",)]
    assert told == [path for path in paths(tree()) if path != ("help",)]


def test_help_takes_every_command_and_every_topic(known: Grammar) -> None:
    told = {found.path[1:] for found in known.root.walk() if found.path[:1] == ("help",)}
    assert told == {*paths(tree()), *((topic,) for topic in TOPICS)} - {("help",)}


def test_every_kind_of_name_can_be_looked_up(known: Grammar) -> None:
    values = [
        each.value
        for found in known.root.walk()
        for each in (*found.options, *found.arguments)
        if each.value
    ]
    asked = {value.source for value in values if value.kind == "names"}
    assert {"users", "experiments", "models", "prompts"} <= asked <= set(KINDS)


def test_every_option_has_help(known: Grammar) -> None:
    for found in known.root.walk():
        assert found.summary or not found.path
        assert [option.names for option in found.options if not option.help] == []


def test_what_is_agreed_everywhere_is_not_disputed_anywhere(known: Grammar) -> None:
    agreed = {name: option.value for option in known.agreed() for name in option.names}
    assert agreed["--experiment"] == Value("names", source="experiments")
    for found in known.root.walk():
        for option in found.options:
            if option in known.disputed(found):
                assert not agreed.keys() & set(option.names)
            elif option.value:
                assert {agreed[name] for name in option.names} == {option.value}


def test_an_account_to_be_made_is_not_completed(known: Grammar) -> None:
    by_path = {found.spelled: found for found in known.root.walk()}
    assert by_path["user create"].arguments[0].value == Value("nothing")
    assert by_path["user show"].arguments[0].value == Value("names", source="users")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Only names, one a line.", "Only names, one a line"),
        ("auto, always or never; NO_COLOR is honoured.", "auto, always or never"),
        ("table or tsv. On a terminal it is table.", "table or tsv"),
        ("Such as sqlite:///basic_auth.db.", "Such as sqlite:///basic_auth.db"),
    ],
)
def test_help_beside_a_word_is_its_first_clause(text: str, told: str) -> None:
    assert short(text) == told
