"""How a command is declared: its options, its session, its help with examples."""

from __future__ import annotations

import functools
import importlib
import inspect
import sys
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, get_type_hints

import typer
from typer.core import TyperCommand, TyperGroup

from authctl.cli.coercion import read_as_typed
from authctl.cli.options import SharedOptions
from authctl.cli.session import Session
from authctl.cli.suggest import did_you_mean
from authctl.errors import InvalidRequest, NotAuthenticated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_CONTEXT = "_context"


def group(summary: str, *, examples: str) -> typer.Typer:
    """Start a group of commands, such as `authctl user`; `examples` end its help."""
    return typer.Typer(
        cls=Group,
        help=summary,
        epilog=inspect.cleandoc(examples),
        context_settings={"help_option_names": ["-h", "--help"]},
        add_completion=False,
        rich_markup_mode=None,
    )


def command(
    app: typer.Typer, name: str, *, examples: str
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add a function to a group as the command of this name.

    A parameter annotated `Session` is given the session; one annotated with a dataclass of options
    stands for those options; all others are as Typer reads them. `examples` end the help.
    """

    def register(function: Callable[..., None]) -> Callable[..., None]:
        app.command(name, cls=Command, epilog=inspect.cleandoc(examples))(spread(function))
        return function

    return register


def spread(function: Callable[..., None]) -> Callable[..., None]:
    """Replace each parameter that is a dataclass of options by those options."""
    signature = inspect.signature(function, eval_str=True)
    options: dict[str, type] = {}
    session: str | None = None
    spelled = [_parameter(_CONTEXT, typer.Context)]
    for name, parameter in signature.parameters.items():
        kind = parameter.annotation
        if kind is Session:
            session = name
        elif is_dataclass(kind) and isinstance(kind, type):
            options[name] = kind
            hints = get_type_hints(kind, include_extras=True)
            spelled += [_parameter(f.name, hints[f.name], f.default) for f in fields(kind)]
        else:
            spelled.append(_parameter(name, kind, parameter.default))

    @functools.wraps(function)
    def called_by_typer(**values: Any) -> None:
        context: typer.Context = values.pop(_CONTEXT)
        for name, kind in options.items():
            values[name] = kind(**{f.name: values.pop(f.name) for f in fields(kind)})
        if session is not None:
            values[session] = context.obj
        function(**values)

    called_by_typer.__signature__ = signature.replace(parameters=spelled)  # type: ignore[attr-defined]
    return called_by_typer


class Command(TyperCommand):
    """A command that takes the shared options too, wherever they stand."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Its own parameters, then those of the root."""
        return [*read_as_typed(super().get_params(ctx)), *_shared(ctx)]

    def invoke(self, ctx: Any) -> Any:
        """Run it in a session that knows the shared options from before and after its name."""
        given = {parameter.name: ctx.params.pop(parameter.name) for parameter in _shared(ctx)}
        shared: SharedOptions = ctx.find_root().obj
        with Session(shared.overlaid(given)) as session:
            ctx.obj = session
            try:
                return super().invoke(ctx)
            except NotAuthenticated as error:
                if error.hint:  # it says already what was not accepted
                    raise
                raise session.not_accepted(error.message) from error

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write what it does, its usage, its options and its examples."""
        _write_head(self, ctx, formatter)
        _write_options(super().get_params(ctx), ctx, formatter)
        formatter.write_paragraph()
        formatter.write("Connection and output options work here too: see authctl --help.\n")
        _write_examples(self, formatter)


class Later(Mapping[str, Any]):
    """Commands by name, each imported when it is first asked for.

    Made of a table: a name, its module below authctl.cli, and the first line of its help, which can
    be shown without importing anything.
    """

    def __init__(self, table: Mapping[str, tuple[str, str]]) -> None:
        self._table = table
        self._found: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        """The command of this name. KeyError."""
        if name not in self._found:
            app = importlib.import_module(f"authctl.cli.{self._table[name][0]}").app
            found: Any = typer.main.get_group(app)
            if not isinstance(found, Group):  # a module of commands that stand by themselves
                found = found.commands[name]
            found.name = name
            self._found[name] = found
        return self._found[name]

    def __contains__(self, name: object) -> bool:
        """Whether there is such a command, without importing it."""
        return name in self._table

    def __iter__(self) -> Iterator[str]:
        """The names."""
        return iter(self._table)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._table)

    def summaries(self) -> list[tuple[str, str]]:
        """Every name with the first line of its help."""
        return [(name, summary) for name, (_, summary) in self._table.items()]


class Group(TyperGroup):
    """A group that says which command was probably meant."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Its own parameters."""
        return read_as_typed(super().get_params(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Show the help to who types no more than the group's name."""
        if not args:
            sys.stderr.write(f"{ctx.get_help()}\n")
            raise typer.Exit(InvalidRequest.exit_code)
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command by its name, or say what to type."""
        name = args[0]
        if name not in self.commands and not name.startswith("-"):
            raise InvalidRequest(
                f"There is no command '{ctx.command_path} {name}'.",
                hint=did_you_mean(name, self.commands)
                or f"{ctx.command_path} --help lists the commands.",
            )
        return super().resolve_command(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write what it does, its commands, its options and its examples."""
        _write_head(self, ctx, formatter)
        with formatter.section("Commands"):
            formatter.write_dl(summaries(self))
        _write_options(self.get_params(ctx), ctx, formatter)
        _write_examples(self, formatter)


def _parameter(name: str, annotation: Any, default: Any = inspect.Parameter.empty) -> Any:
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default
    )


def _shared(ctx: Any) -> list[Any]:
    names = {field.name for field in fields(SharedOptions)}
    return [found for found in ctx.find_root().command.params if found.name in names]


def _write_head(command: Any, ctx: Any, formatter: Any) -> None:
    formatter.write(inspect.cleandoc(command.help or "") + "\n\n")
    formatter.write_usage(ctx.command_path, " ".join(_usage(command)))


def _usage(command: Any) -> list[str]:
    if isinstance(command, Group):
        return ["COMMAND", "..."]
    arguments = [found for found in command.params if _is_argument(found)]
    return [
        *(found.metavar for found in arguments if found.required),
        *(
            f"{found.opts[0]} {found.metavar}"
            for found in command.params
            if found.required and not _is_argument(found)
        ),
        "[OPTIONS]",
        *(found.metavar for found in arguments if not found.required),
    ]


def _write_options(parameters: list[Any], ctx: Any, formatter: Any) -> None:
    sections: dict[str, list[tuple[str, str]]] = {"Arguments": []}
    others: list[tuple[str, str]] = []
    for parameter in parameters:
        if _is_argument(parameter):
            sections["Arguments"].append((parameter.metavar, parameter.help))
        elif record := parameter.get_help_record(ctx):
            title = getattr(parameter, "rich_help_panel", None)
            (sections.setdefault(title, []) if title else others).append(record)
    for title, records in {**sections, "Options": others}.items():
        if records:
            with formatter.section(title):
                formatter.write_dl(records)


def _is_argument(parameter: Any) -> bool:
    return bool(parameter.param_type_name == "argument")


def summaries(group: Group) -> list[tuple[str, str]]:
    """Each command of a group with the first line of its help."""
    if isinstance(group.commands, Later):
        return group.commands.summaries()
    return [
        (name, inspect.cleandoc(found.help or "").partition("\n")[0])
        for name, found in group.commands.items()
    ]


def _write_examples(command: Any, formatter: Any) -> None:
    if command.epilog:
        with formatter.section("Examples"):
            for line in command.epilog.splitlines():
                formatter.write(f"  {line}\n")
