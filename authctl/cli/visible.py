"""Text that users chose, made safe to look at and to read line by line."""

from __future__ import annotations

import unicodedata

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_BREAKING = frozenset({"Cc", "Zl", "Zp"})
_SHORT = {"\t": r"\t", "\n": r"\n", "\r": r"\r"}


def visible(text: str) -> str:
    """Escape what a terminal would obey or hide: controls, ANSI, bidi and zero-width characters."""
    return _escape(text, _UNSEEN)


def one_line(text: str) -> str:
    r"""Escape what would break a record: tabs, line ends and other controls; `DOMAIN\user` stays.

    A backslash is left alone, so this is for reading; JSON is the form that gives names exactly.
    """
    return _escape(text, _BREAKING)


def _escape(text: str, categories: frozenset[str]) -> str:
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        _code(char) if unicodedata.category(char) in categories else char for char in text
    )


def _code(char: str) -> str:
    number = ord(char)
    if number <= 0xFF:  # noqa: PLR2004 - the last code point that two hex digits can say
        return _SHORT.get(char, f"\\x{number:02x}")
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"  # noqa: PLR2004 - as above
