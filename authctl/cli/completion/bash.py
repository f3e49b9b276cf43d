"""The completion script for bash."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from authctl.cli.completion.grammar import Command, Grammar, Option
    from authctl.cli.completion.kinds import Value


def parts(grammar: Grammar) -> dict[str, Iterable[str]]:
    """The lines that take the places in template.bash."""
    commands = list(grammar.root.walk())
    return {
        "commands": [_commands(found) for found in commands if found.commands],
        "options": [_options(found) for found in commands if found.options],
        "shared": [f"    choices+=({_spellings(grammar.shared)})"],
        "values": _values(grammar.agreed()),
        "own_values": [line for c in commands for line in _own_values(c, grammar.disputed(c))],
        "arguments": [line for found in commands for line in _arguments(found)],
    }


def _commands(found: Command) -> str:
    names = " ".join(below.path[-1] for below in found.commands)
    return f"    '{found.spelled}') choices=({names}) ;;"


def _options(found: Command) -> str:
    return f"    '{found.spelled}') choices=({_spellings(found.options)}) ;;"


def _spellings(options: Iterable[Option]) -> str:
    return " ".join(option.names[0] for option in options)


def _values(options: Iterable[Option]) -> Iterator[str]:
    for option in options:
        if option.value:
            yield f"    {' | '.join(option.names)}) {_assigned(option.value)} ;;"


def _own_values(found: Command, options: list[Option]) -> Iterator[str]:
    for option in options:
        if option.value:
            keys = " | ".join(f"'{found.spelled} {name}'" for name in option.names)
            yield f"    {keys}) {_assigned(option.value)} ;;"


def _arguments(found: Command) -> Iterator[str]:
    for number, argument in enumerate(found.arguments):
        which = "*" if argument.many else str(number)
        yield f"    '{found.spelled} '{which}) {_assigned(argument.value)} ;;"


def _assigned(value: Value) -> str:
    if value.kind == "words":
        return f"kind=words choices=({shlex.join(value.words)})"
    return f"kind=names source={value.source}" if value.kind == "names" else f"kind={value.kind}"
