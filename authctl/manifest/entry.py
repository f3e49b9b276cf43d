"""One table of a manifest: its keys, the types of its values, and how errors name it."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, TypeVar

from authctl.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

T = TypeVar("T")

_KINDS: dict[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    list: "a list",
    dict: "a table",
}


@dataclass(frozen=True, slots=True, repr=False)
class Entry:
    """The keys and values of a table; `where` is how errors name it: `access.toml, user 3`.

    Every method raises InvalidRequest that names the place. Values are never quoted, since what
    stands in the wrong place may be a secret.
    """

    values: Mapping[str, object]
    where: str

    @classmethod
    def checked(cls, value: object, where: str, known: Sequence[str]) -> Entry:
        """Read a table that may have these keys and no others."""
        if not isinstance(value, dict):
            raise InvalidRequest(f"{where}: this must be a table, not {kind(value)}.")
        for key in value:
            if key not in known:
                raise InvalidRequest(
                    f"{where}: there is no key '{key}'.",
                    hint=nearest(key, known) or f"The keys are: {', '.join(known)}.",
                )
        return cls(value, where)

    def error(self, what: str, *, hint: str | None = None) -> InvalidRequest:
        """Make an error about this table."""
        return InvalidRequest(f"{self.where}: {what}", hint=hint)

    def text(self, key: str) -> str:
        """Read a text that must be there."""
        found = self.optional_text(key)
        if found is None:
            raise self.error(f"the key '{key}' is missing.", hint=f'Write it as {key} = "...".')
        return found

    def optional_text(self, key: str) -> str | None:
        """Read a text, or None where there is none."""
        return self._one(key, str)

    def flag(self, key: str) -> bool | None:
        """Read true or false, or None where neither stands."""
        return self._one(key, bool)

    def texts(self, key: str, *, numbers: bool = False) -> list[str]:
        """Read a list of texts; a lone text is a list of one, and nothing an empty list.

        With `numbers`, whole numbers are texts too.
        """
        if key not in self.values:
            return []
        value = self.values[key]
        kinds = (str, int) if numbers else (str,)
        if type(value) in kinds:
            return [str(value)]
        if isinstance(value, list) and all(type(item) in kinds for item in value):
            return [str(item) for item in value]
        raise self.error(f"'{key}' must be a text or a list of texts, not {kind(value)}.")

    def items(self, key: str) -> list[Any]:
        """Read a list of anything."""
        return self._one(key, list) or []

    def _one(self, key: str, wanted: type[T]) -> T | None:
        value = self.values.get(key)
        if value is None or (isinstance(value, wanted) and type(value) is wanted):
            return value
        raise self.error(f"'{key}' must be {_KINDS[wanted]}, not {kind(value)}.")


def kind(value: object) -> str:
    """What sort of value it is, in words."""
    if isinstance(value, list) and not all(isinstance(item, type(value[0])) for item in value):
        return "a list of different things"
    return _KINDS.get(type(value), "a date or a time")


def nearest(typed: str, known: Iterable[str]) -> str | None:
    """Name the known word nearest to the one typed, if any is near."""
    by_lower = {word.lower(): word for word in known}
    near = get_close_matches(typed.lower(), by_lower, n=1, cutoff=0.6)
    return f"Did you mean '{by_lower[near[0]]}'?" if near else None
