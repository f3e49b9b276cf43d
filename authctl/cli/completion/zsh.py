"""The completion script for zsh."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from authctl.cli.completion.grammar import Argument, Command, Grammar, Option
    from authctl.cli.completion.kinds import Value


def parts(grammar: Grammar) -> dict[str, Iterable[str]]:
    """The lines that take the places in template.zsh."""
    commands = list(grammar.root.walk())
    with_value = [name for option in grammar.shared if option.value for name in option.names]
    return {
        "shared": [f"        {_option(option)}" for option in grammar.shared],
        "skipped": [f"        {' | '.join(with_value)}) skip=yes; continue ;;"],
        "paths": [f"        {' | '.join(_quoted(f' {c.spelled}') for c in commands[1:])})"],
        "commands": [line for found in commands for line in _command(found)],
        "summaries": [line for found in commands for line in _summaries(found)],
    }


def _command(found: Command) -> Iterator[str]:
    if not (found.options or found.arguments or found.commands):
        return  # the template's last case is enough
    specs = [_option(option) for option in found.options]
    if found.commands:
        specs += ["'1: :->command'"]
    else:
        specs += [
            _argument(number, argument) for number, argument in enumerate(found.arguments, start=1)
        ]
    yield f"    {_quoted(_spelled(found))})"
    if found.commands:
        yield "        [[ -n $stray ]] && return 1"
    yield (
        '        _arguments -s -S -C "${authctl_shared[@]}"'
        + "".join(f" \\\n            {spec}" for spec in specs)
        + " && ret=0"
    )
    yield "        ;;"


def _summaries(found: Command) -> Iterator[str]:
    if found.commands:
        yield f"        {_quoted(_spelled(found))})"
        yield "            commands=("
        for below in found.commands:
            yield f"                {_quoted(f'{below.path[-1]}:{below.summary}')}"
        yield "            )"
        yield "            ;;"


def _spelled(found: Command) -> str:
    return "".join(f" {name}" for name in found.path)


def _option(option: Option) -> str:
    again = "*" if option.repeatable else ""
    tail = f"[{_escaped(option.help, '[]:')}]"
    if option.value:
        tail += f":{_escaped(option.metavar, ':')}:{_action(option.value)}"
    spelled = [
        name + ("" if not option.value else "=" if name.startswith("--") else "+")
        for name in option.names
    ]
    if len(spelled) == 1:
        return _quoted(f"{again}{spelled[0]}{tail}")
    excluded = "'*'" if again else _quoted(f"({' '.join(option.names)})")
    return f"{excluded}{{{','.join(spelled)}}}{_quoted(tail)}"


def _argument(number: int, argument: Argument) -> str:
    place = "*" if argument.many else f"{number}:"
    return _quoted(f"{place}:{_escaped(argument.metavar, ':')}:{_action(argument.value)}")


def _action(value: Value) -> str:
    # A function after a space is called with these words and no others.
    if value.kind == "words":
        if any(word.endswith(":") for word in value.words):
            return f" _authctl_words {' '.join(_escaped(word, ':') for word in value.words)}"
        return f"({' '.join(value.words)})"
    if value.kind == "names":
        return f" _authctl_names {value.source}"
    return "_files" if value.kind == "files" else " "


def _escaped(text: str, special: str) -> str:
    return "".join(f"\\{char}" if char in f"\\{special}" else char for char in text)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", r"'\''") + "'"
