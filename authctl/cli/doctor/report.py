"""Findings as people read them: a mark and words each, the remedy below, a sum at the end."""

from __future__ import annotations

import shutil
import textwrap
from collections import Counter
from typing import TYPE_CHECKING, TextIO

from authctl.cli.doctor.finding import Severity
from authctl.cli.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from authctl.cli.doctor.finding import Finding

_MARKS = {
    Severity.OK: ("✓", "+", "32"),
    Severity.INFO: ("i", "i", "36"),
    Severity.WARNING: ("!", "!", "33"),
    Severity.ERROR: ("✗", "x", "31"),
}
_WORDS = {
    Severity.ERROR: ("error", "errors"),
    Severity.WARNING: ("warning", "warnings"),
    Severity.INFO: ("remark", "remarks"),
}
_CHECK_WIDTH = 19
_BOLD, _DIM = "1", "2"
_WIDEST = 100


class Report:
    """Writes section after section to a terminal, as they are found."""

    def __init__(self, to: TextIO, *, color: bool) -> None:
        self._to = to
        self._color = color
        self._width = min(shutil.get_terminal_size().columns, _WIDEST) - 1
        self._plain = not _can_write(to, "✓✗")

    def section(self, title: str, findings: Iterable[Finding]) -> list[Finding]:
        """Write findings below their title, each when it is made; those that there were."""
        written: list[Finding] = []
        for found in findings:
            if not written:
                self._to.write(f"{self._in(_BOLD, title)}\n")
            self._write(found)
            self._to.flush()
            written.append(found)
        return written

    def total(self, findings: Sequence[Finding]) -> None:
        """Write how many there were of each."""
        count = Counter(found.severity for found in findings)
        parts = [
            f"{count[severity]} {words[count[severity] != 1]}"
            for severity, words in _WORDS.items()
            if count[severity]
        ]
        passed = f"{count[Severity.OK]} checks passed"
        fails = any(found.severity.fails for found in findings)
        said = f"{', '.join(parts)}; {passed}." if parts else f"{passed}."
        self._to.write(f"\n{said if fails else f'Nothing is wrong: {said}'}\n")

    def _write(self, found: Finding) -> None:
        mark, plain, colour = _MARKS[found.severity]
        lead = f"  {self._in(colour, plain if self._plain else mark)} "
        text = f"{visible(found.subject)}: {visible(found.message)}"
        lines = self._wrap(text)
        if found.severity is Severity.OK:
            head = self._in(_DIM, f"{found.check:<{_CHECK_WIDTH}} {lines[0]}")
            rest = [self._in(_DIM, line) for line in lines[1:]]
        else:
            head = f"{found.check:<{_CHECK_WIDTH}} {lines[0]}"
            rest = lines[1:]
        if found.remedy:
            remedy = self._wrap(f"{'->' if self._plain else '→'} {visible(found.remedy)}")
            rest += [self._in(_BOLD, line) for line in remedy]
        self._to.write(f"{lead}{head}\n")
        self._to.writelines(f"{' ' * (_CHECK_WIDTH + 5)}{line}\n" for line in rest)

    def _wrap(self, text: str) -> list[str]:
        width = max(self._width - _CHECK_WIDTH - 5, 30)
        # A path or a command is to be copied in one piece.
        return textwrap.wrap(text, width, break_on_hyphens=False, break_long_words=False) or [""]

    def _in(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._color else text


def _can_write(to: TextIO, text: str) -> bool:
    try:
        text.encode(to.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
