"""The command line as a shell completes it: commands, options and what each value may be."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from authctl.cli.command import Group, summaries
from authctl.cli.completion.kinds import NOTHING, Value, value_of
from authctl.cli.help import TOPICS
from authctl.cli.options import SharedOptions

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Option:
    """One option in all its spellings; `value` is None for a flag."""

    names: tuple[str, ...]
    help: str
    value: Value | None = None
    metavar: str = ""
    repeatable: bool = False


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument; `many` is True where it takes all words that are left."""

    metavar: str
    value: Value
    many: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """A command or a group: what may follow it, besides the shared options."""

    path: tuple[str, ...]
    summary: str
    options: tuple[Option, ...] = ()
    arguments: tuple[Argument, ...] = ()
    commands: tuple[Command, ...] = ()

    def walk(self) -> Iterator[Command]:
        """Give this command and all below it."""
        yield self
        for below in self.commands:
            yield from below.walk()

    @property
    def spelled(self) -> str:
        """Its path as one word with spaces, such as "perm grant"."""
        return " ".join(self.path)


@dataclass(frozen=True, slots=True)
class Grammar:
    """The root command and the options that every command takes."""

    root: Command
    shared: tuple[Option, ...]

    def agreed(self) -> list[Option]:
        """Options that take the same value wherever they stand, the shared ones first."""
        own = [option for found in self.root.walk() for option in found.options]
        uses: dict[str, set[Value | None]] = {}
        for option in own:
            for name in option.names:
                uses.setdefault(name, set()).add(option.value)
        same = {
            option.names: option
            for option in own
            if option.value and all(uses[name] == {option.value} for name in option.names)
        }
        return [*(option for option in self.shared if option.value), *same.values()]

    def disputed(self, found: Command) -> list[Option]:
        """A command's options that take a value, and another or none elsewhere."""
        agreed = {option.names for option in self.agreed()}
        return [each for each in found.options if each.value and each.names not in agreed]


def grammar(root: Any) -> Grammar:
    """Read the command tree that `authctl.cli.main.tree` builds."""
    names = {field.name for field in fields(SharedOptions)}
    shared = [found for found in root.params if found.name in names]
    own = [found for found in root.params if found.name not in names]
    return Grammar(
        _with_topics(_command(root, (), "", own)),
        (*_options((), shared), Option(("--help", "-h"), "Show help")),
    )


def _with_topics(root: Command) -> Command:
    """Let `help` take every command there is, and the topics, as if they were its own commands."""
    topics = tuple(Command((_HELP, t.name), short(t.summary)) for t in TOPICS.values())
    told = tuple(_told(found) for found in root.commands if found.path != (_HELP,))
    return replace(
        root,
        commands=tuple(
            replace(found, arguments=(), commands=(*told, *topics))
            if found.path == (_HELP,)
            else found
            for found in root.commands
        ),
    )


def _told(found: Command) -> Command:
    return Command(
        (_HELP, *found.path), found.summary, commands=tuple(_told(each) for each in found.commands)
    )


def short(text: str) -> str:
    """Cut a help text down to what fits beside a word in a list: its first clause."""
    first = " ".join(text.split()).partition(". ")[0].partition("; ")[0].rstrip(".")
    return first.partition(": ")[0] if len(first) > _LONGEST else first


_LONGEST = 60
_HELP = "help"


def _command(found: Any, path: tuple[str, ...], summary: str, parameters: list[Any]) -> Command:
    commands: tuple[Command, ...] = ()
    if isinstance(found, Group):
        lines = dict(summaries(found))
        commands = tuple(
            _command(below, (*path, name), lines[name], below.params)
            for name, below in found.commands.items()
        )
    return Command(
        path,
        short(summary),
        _options(path, parameters),
        tuple(
            Argument(parameter.metavar.strip("[].").rstrip("."), value, parameter.nargs == -1)
            for parameter in parameters
            if parameter.param_type_name == "argument"
            for value in [value_of(path, parameter)]
        ),
        commands,
    )


def _options(path: tuple[str, ...], parameters: list[Any]) -> tuple[Option, ...]:
    return tuple(
        Option(
            tuple(sorted(parameter.opts, key=len, reverse=True)),
            short(inspect.cleandoc(parameter.help or "")),
            None if parameter.is_flag or parameter.count else value_of(path, parameter),
            parameter.metavar or "",
            parameter.multiple,
        )
        for parameter in parameters
        if parameter.param_type_name == "option" and not parameter.hidden
    )


__all__ = ["NOTHING", "Argument", "Command", "Grammar", "Option", "grammar", "short"]
