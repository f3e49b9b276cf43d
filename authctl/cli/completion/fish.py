"""The completion script for fish."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from authctl.cli.completion.grammar import Command, Grammar, Option
    from authctl.cli.completion.kinds import Value


def parts(grammar: Grammar) -> dict[str, Iterable[str]]:
    """The lines that take the places in template.fish."""
    commands = list(grammar.root.walk())
    return {
        "commands": [line for found in commands for line in _commands(found)],
        "options": [line for found in commands for line in _options(found)],
        "shared": _continued(_described(grammar.shared), 8),
        "values": [line for option in grammar.agreed() for line in _value(option.names, option)],
        "own_values": [line for c in commands for line in _own_values(c, grammar.disputed(c))],
        "arguments": [line for found in commands for line in _arguments(found)],
    }


def _commands(found: Command) -> Iterator[str]:
    if found.commands:
        rows = [f"{below.path[-1]} {_quoted(below.summary)}" for below in found.commands]
        yield f"        case '{found.spelled}'"
        yield r"            printf '%s\t%s\n' " + "\\"
        yield from _continued(rows, 16)


def _options(found: Command) -> Iterator[str]:
    if found.options:
        yield f"        case '{found.spelled}'"
        yield r"            printf '%s\t%s\n' " + "\\"
        yield from _continued(_described(found.options), 16)


def _described(options: Iterable[Option]) -> list[str]:
    return [f"{option.names[0]} {_quoted(option.help)}" for option in options]


def _continued(rows: list[str], margin: int) -> list[str]:
    return [f"{' ' * margin}{row} \\" for row in rows[:-1]] + [f"{' ' * margin}{rows[-1]}"]


def _value(keys: Iterable[str], option: Option) -> Iterator[str]:
    if option.value:
        yield f"        case {' '.join(keys)}"
        yield f"            {_printed(option.value)}"


def _own_values(found: Command, options: list[Option]) -> Iterator[str]:
    for option in options:
        yield from _value([_quoted(f"{found.spelled}:{name}") for name in option.names], option)


def _arguments(found: Command) -> Iterator[str]:
    for number, argument in enumerate(found.arguments):
        yield f"        case '{found.spelled}:{'*' if argument.many else number}'"
        yield f"            {_printed(argument.value)}"


def _printed(value: Value) -> str:
    words = [value.kind, *value.words, *([value.source] if value.source else [])]
    return rf"printf '%s\n' {' '.join(_quoted(word) for word in words)}"


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", r"\\").replace("'", r"\'") + "'"
