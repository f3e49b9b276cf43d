"""What somebody probably meant to type."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from authctl.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


def did_you_mean(typed: str, known: Iterable[str]) -> str | None:
    """Name the known word nearest to the one typed, if any is near."""
    by_lower = {word.lower(): word for word in known}
    near = get_close_matches(typed.lower(), by_lower, n=1, cutoff=0.6)
    return f"Did you mean '{by_lower[near[0]]}'?" if near else None


def no_such(what: str, typed: str, known: Collection[str]) -> InvalidRequest:
    """Say that a word is none of those there are, and name the one that was probably meant."""
    return InvalidRequest(
        f"There is no {what} '{typed}'.",
        hint=did_you_mean(typed, known) or f"The {what}s are: {', '.join(known)}.",
    )
