"""Rows of results, and how people read what is in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]


def plain(value: Any) -> str:
    """Write a value as people do: yes and no, nothing for None, a list with commas."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return " ".join(plain(item) for item in value.values())
    if isinstance(value, list):
        return ", ".join(plain(item) for item in value)
    return "" if value is None else str(value)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a row: its JSON key, its heading, and how people read its value.

    A field that is not `shown` appears in JSON, or when --fields names it. A `named` one has a key
    that somebody chose, and is headed by it as it is.
    """

    key: str
    heading: str = ""
    shown: bool = True
    style: Callable[[Any], str] | None = None
    named: bool = False

    @property
    def title(self) -> str:
        """What stands above the column."""
        return self.heading or self.key
