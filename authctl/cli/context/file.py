"""Contexts: places to work on, each with a name and its own settings, and the file they are in."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from authctl.cli.suggest import did_you_mean
from authctl.client.private_file import PrivateFile
from authctl.errors import InvalidRequest, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable

CONTEXT = "AUTHCTL_CONTEXT"
CONFIG_HOME = "XDG_CONFIG_HOME"

_TITLE = "The configuration file"
_HEAD = "# Written by authctl, which does not keep comments.\n"
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_KINDS: dict[str, tuple[type, ...]] = {
    "insecure": (bool,),
    "allow_http": (bool,),
    "keyring": (bool,),
    "timeout": (float, int),
    "retries": (int,),
}
_TEXT = (str,)
_WORDS = {str: "text", bool: "true or false", float: "a number", int: "a whole number"}
_LEAST: dict[str, float] = {"timeout": 0.1, "retries": 0}


@dataclass(frozen=True, slots=True)
class Context:
    """A server, or an auth database by its URL or by the configuration that names it.

    The rest is how this one server is talked to, and by whom.
    """

    name: str
    server: str | None = None
    db: str | None = field(default=None, repr=False)
    auth_config: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    keyring: bool = False
    ca_cert: str | None = None
    client_cert: str | None = None
    insecure: bool = False
    allow_http: bool = False
    timeout: float | None = None
    retries: int | None = None

    @property
    def origin(self) -> str:
        """What its settings are said to be from."""
        return f"the context '{self.name}'"

    @property
    def has_login(self) -> bool:
        """Whether a password or a token is kept for it, here or in the system's keyring."""
        return bool(self.password or self.token or self.keyring)

    def without_login(self) -> Context:
        """The same without who signs in, and with what."""
        return replace(self, username=None, password=None, token=None, keyring=False)

    def settings(self) -> dict[str, Any]:
        """Those that are set, by their keys in the file."""
        found = {key: getattr(self, key) for key in SETTINGS}
        return {
            key: value for key, value in found.items() if value is not None and value is not False
        }


SETTINGS = tuple(each.name for each in fields(Context) if each.name != "name")
"""The keys of a context in the file."""


@dataclass(frozen=True, slots=True)
class Contexts:
    """All contexts by name; `current` is the one in use where nothing else says where to go."""

    current: str | None = None
    by_name: Mapping[str, Context] = field(default_factory=dict)

    def get(self, name: str) -> Context:
        """The context of this name. NotFound."""
        if name in self.by_name:
            return self.by_name[name]
        raise NotFound(
            f"There is no context '{name}'.",
            hint=did_you_mean(name, self.by_name)
            or "authctl context list shows those there are; authctl context set makes one.",
        )

    def keeping(self, context: Context) -> Self:
        """The same with this context in place of what had its name."""
        return replace(self, by_name={**self.by_name, context.name: context})

    def without(self, name: str) -> Self:
        """The same without the context of this name."""
        rest = {known: context for known, context in self.by_name.items() if known != name}
        return replace(self, current=None if self.current == name else self.current, by_name=rest)

    def renamed(self, old: str, new: str) -> Self:
        """The same with another name for a context, in the same place of the list."""
        renamed = replace(self.by_name[old], name=new)
        all_of_them = (renamed if each.name == old else each for each in self.by_name.values())
        by_name = {each.name: each for each in all_of_them}
        return replace(self, current=new if self.current == old else self.current, by_name=by_name)

    def using(self, name: str) -> Self:
        """The same with this one as the current context."""
        return replace(self, current=name)


class ContextsFile:
    """`authctl/config.toml`, which only its owner may read: it may hold passwords.

    InvalidRequest, everywhere, for a file that cannot be read or says what is not known; it is left
    as it is.
    """

    def __init__(self, path: Path, origin: str = "default") -> None:
        self.path = path
        self.origin = origin
        self._file = PrivateFile(path, _TITLE)

    @classmethod
    def find(cls, env: Mapping[str, str], home: Path) -> ContextsFile:
        """Find it below $XDG_CONFIG_HOME, which counts only if it is absolute, or ~/.config."""
        folder = env.get(CONFIG_HOME, "")
        named = folder.startswith("/")
        return cls(
            (Path(folder) if named else home / ".config") / "authctl" / "config.toml",
            CONFIG_HOME if named else "default",
        )

    def read(self) -> Contexts:
        """All contexts; none where there is no file."""
        return self._parsed(self._file.read())

    def change(
        self, edit: Callable[[Contexts], Contexts], *, dry_run: bool = False
    ) -> tuple[Contexts, Contexts]:
        """Save what `edit` makes of the contexts; gives them as they were and as they are.

        No other writer comes in between. What `edit` raises leaves the file as it was, as does a
        dry run.
        """
        before = after = Contexts()

        def edit_text(text: str | None) -> str | None:
            nonlocal before, after
            before = self._parsed(text)
            after = edit(before)
            if after == before:
                return text
            written = _written(after)
            self._parsed(written)  # what could not be read again is not written
            return written

        self._file.change(edit_text, dry_run=dry_run)
        return before, after

    def _parsed(self, text: str | None) -> Contexts:
        if text is None:
            return Contexts()
        import tomli  # noqa: PLC0415 - not needed where there is no such file

        try:
            found = tomli.loads(text)
        except tomli.TOMLDecodeError as error:
            # Neither its words nor itself: it carries the whole text, which may hold a password.
            raise InvalidRequest(
                f"{_TITLE} {self.path} is not valid TOML in line {error.lineno}."
            ) from None
        self._refuse_unknown(found, ("current", "context"), "")
        current = found.get("current")
        if current is not None and not isinstance(current, str):
            raise self._wrong("current", "text")
        tables = found.get("context", {})
        if not isinstance(tables, Mapping):
            raise self._wrong("context", "a table of contexts")
        return Contexts(
            current or None, {name: self._context(name, each) for name, each in tables.items()}
        )

    def _context(self, name: str, table: Any) -> Context:
        if not _NAME.fullmatch(name):
            raise InvalidRequest(f"{_TITLE} {self.path}: {bad_name(name)}")
        if not isinstance(table, Mapping):
            raise self._wrong(f"context.{name}", "a table")
        self._refuse_unknown(table, SETTINGS, f"context.{name}.")
        for key, value in table.items():
            if wanted := _wanted(key, value):
                raise self._wrong(f"context.{name}.{key}", wanted)
        context = Context(name, **table)
        if problem := unclear_place(context) or _unclear_login(context):
            raise InvalidRequest(f"{_TITLE} {self.path}: {problem}")
        return context

    def _refuse_unknown(self, table: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
        for key in table:
            if key not in known:
                raise InvalidRequest(
                    f"{_TITLE} {self.path} has an unknown key '{where}{key}'.",
                    hint=did_you_mean(key, known) or f"Known keys are: {', '.join(known)}.",
                )

    def _wrong(self, key: str, wanted: str) -> InvalidRequest:
        return InvalidRequest(f"'{key}' in {self.path} must be {wanted}.")


def checked_name(name: str) -> str:
    """Check a new context's name. InvalidRequest."""
    if not _NAME.fullmatch(name):
        raise InvalidRequest(bad_name(name), hint="For example: prod, or team-a.staging.")
    return name


def bad_name(name: str) -> str:
    """Say that a context cannot be named so."""
    return f"A context's name has letters, digits and . _ - in it, unlike '{name}'."


def unclear_place(context: Context) -> str | None:
    """Say what is wrong if a context is not exactly one place: a server, or a database."""
    if context.server and (context.db or context.auth_config):
        return f"The context '{context.name}' names both a server and a database."
    if not (context.server or context.db or context.auth_config):
        return f"The context '{context.name}' names neither a server nor a database."
    return None


def _unclear_login(context: Context) -> str | None:
    kept = [key for key in ("password", "token", "keyring") if getattr(context, key)]
    if len(kept) > 1:
        return f"The context '{context.name}' has {kept[0]} and {kept[1]}, of which one can count."
    return None


def _wanted(key: str, value: Any) -> str | None:
    """What a value has to be instead, if it cannot be right."""
    kinds = _KINDS.get(key, _TEXT)
    if type(value) not in kinds:
        return _WORDS[kinds[0]]
    if key in _LEAST and not _LEAST[key] <= value < math.inf:
        return f"at least {_LEAST[key]}"
    return "text, not empty" if value == "" else None


def _written(contexts: Contexts) -> str:
    import tomli_w  # noqa: PLC0415 - only where something is saved

    document: dict[str, Any] = {} if contexts.current is None else {"current": contexts.current}
    document["context"] = {name: each.settings() for name, each in contexts.by_name.items()}
    return _HEAD + tomli_w.dumps(document)
