"""authctl help: what it says of commands is their own help, and its topics say what is so."""

from __future__ import annotations

import ast
import itertools
import json
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import authctl
from authctl.cli.command import Group
from authctl.cli.help import TOPICS, Code, Definitions, render
from authctl.cli.main import INTERRUPTED, TERMINATED, tree
from authctl.cli.output import COLORS, FORMS
from authctl.manifest.accounts import USER_KEYS
from authctl.manifest.read import read_manifest
from authctl.model import Permission, ResourceType
from tests.cli.commands import Done, Shell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from authctl.cli.help import Topic

PACKAGE = Path(authctl.__file__).parent

_VARIABLE = re.compile(
    r"(?:MLFLOW|AUTHCTL|DATABRICKS)_[A-Z0-9_]+|XDG_[A-Z]+_HOME|NETRC|NO_COLOR|\w+_CA_BUNDLE"
)
_COMMENT = re.compile(r"\s#.*")

# What httpx, urllib and keyring read, and no line of authctl's.
LIBRARIES = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "PYTHON_KEYRING_BACKEND"}


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def constants(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def terms(topic: Topic) -> dict[str, str]:
    return {
        term: item.meaning
        for section in topic.sections
        for block in section.blocks
        if isinstance(block, Definitions)
        for item in block.items
        for term in item.term.split(", ")
    }


def commands_in(topic: Topic) -> list[str]:
    return [
        _COMMENT.sub("", line).strip()
        for section in topic.sections
        for block in section.blocks
        if isinstance(block, Code)
        for line in block.text.splitlines()
        if line.startswith("authctl ")
    ]


def test_the_environment_topic_has_every_variable_of_the_code_and_no_other() -> None:
    in_code = {
        value
        for path in PACKAGE.rglob("*.py")
        if "topics" not in path.parts
        for value in constants(path)
        if _VARIABLE.fullmatch(value)
    }
    assert terms(TOPICS["environment"]).keys() == in_code | LIBRARIES


def test_the_exit_codes_topic_has_every_code_of_the_code_and_no_other() -> None:
    in_code = {
        node.value.value
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Assign | ast.AnnAssign)
        and isinstance(node.value, ast.Constant)
        and {"exit_code", "THE_ANSWER_IS_NO"} & set(_assigned(node))
    }
    known = {0, INTERRUPTED, TERMINATED, *in_code}
    assert terms(TOPICS["exit-codes"]).keys() == {str(code) for code in known}


def _assigned(node: ast.Assign | ast.AnnAssign) -> list[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def test_the_formatting_topic_has_every_form_and_every_way_to_colour() -> None:
    assert set(terms(TOPICS["formatting"])) == set(FORMS)
    text = render(TOPICS["formatting"])
    assert f"--color is {', '.join(COLORS[:-1])} or {COLORS[-1]}" in " ".join(text.split())


def test_the_manifest_of_the_topic_is_one(tmp_path: Path) -> None:
    (text,) = [
        block.text
        for section in TOPICS["manifests"].sections
        for block in section.blocks
        if isinstance(block, Code) and block.text.startswith("version")
    ]
    asked = read_manifest(text.encode(), name="access.toml", folder=tmp_path)
    assert [each.user.name for each in asked.users] == ["root", "alice", "ci-bot"]
    assert [(each.name, each.members) for each in asked.roles] == [
        ("fraud-team", ("alice", "ci-bot"))
    ]
    assert [str(each.level) for each in asked.grants] == [
        "EDIT",
        "READ",
        "MANAGE",
        "NO_PERMISSIONS",
        "READ",
    ]


def test_the_manifests_topic_has_the_keys_of_a_user_and_every_level() -> None:
    told = " ".join(item for item in render(TOPICS["manifests"]).split())
    assert all(f"[[user]] {key}" in told for key in USER_KEYS)
    assert all(str(level) in told for level in Permission if level is not Permission.DENY)
    assert str(ResourceType.PROMPT) in told


@pytest.mark.parametrize("topic", TOPICS.values(), ids=TOPICS)
def test_a_topic_fits_eighty_columns_and_has_no_trailing_blanks(topic: Topic) -> None:
    lines = render(topic).splitlines()
    assert max(map(len, lines)) <= 80
    assert lines == [line.rstrip() for line in lines]
    assert not any(one == two == "" for one, two in itertools.pairwise(lines))


@pytest.mark.parametrize("line", sorted({line for t in TOPICS.values() for line in commands_in(t)}))
def test_a_command_in_a_topic_can_be_parsed(line: str) -> None:
    words = shlex.split(line)
    context = tree().make_context("authctl", words[1:])
    while isinstance(context.command, Group):
        name, found, rest = context.command.resolve_command(
            context, [*context._protected_args, *context.args]
        )
        context = found.make_context(name, rest, parent=context)


@pytest.mark.parametrize("name", TOPICS)
def test_a_topic_is_shown_by_its_name(name: str, shell: Shell) -> None:
    assert shell.ok("help", name) == render(TOPICS[name])


@pytest.mark.parametrize("path", [["user"], ["user", "create"], ["doctor"], ["perm", "grant"]])
def test_help_of_a_command_is_its_own_help(path: list[str], shell: Shell) -> None:
    assert shell.ok("help", *path) == shell.ok(*path, "--help")


def test_help_alone_lists_commands_and_topics(shell: Shell) -> None:
    told = shell.ok("help")
    assert told.startswith(shell.ok("--help"))
    listed = told.partition("Topics, shown by authctl help TOPIC:\n")[2].splitlines()
    assert [line.split()[0] for line in listed] == list(TOPICS)
    assert max(map(len, told.splitlines())) <= 80


def test_help_has_a_json_form(shell: Shell) -> None:
    told = json.loads(shell.ok("help", "recovery", "-o", "json"))
    assert told == {"name": "recovery", "text": render(TOPICS["recovery"])}


SLIPS = {
    "recovry": ("There is no command and no topic 'recovry'.", "Did you mean 'recovery'?"),
    "usr": ("There is no command and no topic 'usr'.", "Did you mean 'user'?"),
    "user creat": ("There is no command 'authctl user creat'.", "Did you mean 'create'?"),
    "xyzzy": (
        "There is no command and no topic 'xyzzy'.",
        "authctl help lists the commands and the topics.",
    ),
    "user create alice": (
        "There is no command 'authctl user create alice'.",
        "authctl help lists the commands and the topics.",
    ),
    "recovery now": ("A topic stands alone.", "authctl help recovery"),
}


@pytest.mark.parametrize("words", SLIPS)
def test_a_misspelt_topic_or_command_is_answered_with_the_one_meant(
    words: str, shell: Shell
) -> None:
    error, hint = SLIPS[words]
    assert shell.run("help", *words.split()) == Done("", f"error: {error}\nhint: {hint}\n", 2)
