"""What may be typed for an argument or an option: the one table that decides it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from authctl.cli.context.file import SETTINGS
from authctl.cli.output import COLORS, FORMS
from authctl.model import Permission, ResourceType

if TYPE_CHECKING:
    from collections.abc import Iterable

SHELLS = ("bash", "zsh", "fish")


@dataclass(frozen=True, slots=True)
class Value:
    """What a word may be: one of these words, a file, a name asked for at TAB, or anything.

    `source` is what `authctl __complete` is asked for. A word that ends in a colon goes on.
    """

    kind: Literal["words", "files", "names", "nothing"]
    words: tuple[str, ...] = ()
    source: str = ""


NOTHING = Value("nothing")
FILES = Value("files")


def _words(words: Iterable[str]) -> Value:
    return Value("words", tuple(words))


def _names(source: str) -> Value:
    return Value("names", source=source)


_BY_OPTION = {
    "--experiment": _names("experiments"),
    "--experiment-id": _names("experiment-ids"),
    "--model": _names("models"),
    "--prompt": _names("prompts"),
    "--context": _names("contexts"),
    "--role": _names("roles"),
    "--user": _names("users"),
    "--from": _names("users"),
    "--to": _names("users"),
    "--format": _words(("csv", "toml")),
    "--unset": _words(SETTINGS),
    "--denials": _words(("restore", "forget")),
}

_BY_METAVAR = {
    "FILE": FILES,
    "PLAN": FILES,
    "LEVEL": _words(Permission),
    "FORM": _words(FORMS),
    "WHEN": _words(COLORS),
    "SHELL": _words(SHELLS),
    "TYPE:PATTERN": _words(f"{kind}:" for kind in ResourceType),
    "USER": _names("users"),
    "ROLE": _names("roles"),
    "CONTEXT": _names("contexts"),
}

# Whose names the arguments called NAME or OLD of a group's commands are.
_BY_GROUP = {
    "user": _names("users"),
    "admin": _names("users"),
    "role": _names("roles"),
    "context": _names("contexts"),
    "token": _names("tokens"),
}
_MAKING = "create"  # its argument is a name that is not there yet


def value_of(path: tuple[str, ...], parameter: Any) -> Value:
    """Say what may be typed for a parameter of the command at this path."""
    for option in parameter.opts:
        if option in _BY_OPTION:
            return _BY_OPTION[option]
    metavar = (parameter.metavar or "").strip("[].")
    if parameter.param_type_name == "argument":
        if path[-1] == _MAKING:
            return NOTHING
        if metavar in ("NAME", "OLD"):
            return _BY_GROUP.get(path[0], NOTHING)
    if "|" in metavar and metavar.islower():
        return _words(metavar.split("|"))
    return next((_BY_METAVAR[part] for part in metavar.split("|") if part in _BY_METAVAR), NOTHING)
