from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import pytest

from authctl.cli.command import Group
from authctl.cli.main import tree

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = tree()


def commands(found: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(found, Group):
        for name, below in found.commands.items():
            yield from commands(below, (*path, name))


def help_of(path: tuple[str, ...]) -> str:
    context, found = None, ROOT
    for name in ("authctl", *path):
        found = found.commands[name] if context else ROOT
        context = found.make_context(name, ["x"], parent=context, resilient_parsing=True)
    assert context is not None
    return str(found.get_help(context))


PATHS = list(commands(ROOT))


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_every_help_ends_in_examples_that_can_be_parsed(path: tuple[str, ...]) -> None:
    _, _, examples = help_of(path).partition("Examples:\n")
    lines = [line.strip() for line in examples.splitlines() if line.strip()]
    assert lines
    for line in lines:
        words = shlex.split(line.partition("| ")[2] or line)
        assert words[0] == "authctl"
        context = ROOT.make_context("authctl", words[1:])
        while isinstance(context.command, Group):
            name, found, rest = context.command.resolve_command(
                context, [*context._protected_args, *context.args]
            )
            context = found.make_context(name, rest, parent=context)


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_every_help_fits_eighty_columns(path: tuple[str, ...]) -> None:
    assert max(len(line) for line in help_of(path).splitlines()) <= 80
