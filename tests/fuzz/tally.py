"""Counts of what came of many requests, in one line."""

from __future__ import annotations

import re
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

# The words of a refusal, and what it is a refusal of.
_KINDS = {
    "unlisted": "unlisted|answered here",
    "request line": r"^The path|request method|^HEAD",
    "headers": "content type|Content-Encoding|^Workspaces",
    "parameters": "given once|parameter'|^The parameters|not in the query",
    "body": "request body|takes no body|is repeated|^Write|^An export",
    "GraphQL": "GraphQL|^The input of|^'..' takes one argument",
    "names": "Missing value|^Invalid|must be|must have|must not differ|^Every|Could not find",
    "denied": "Permission denied",
}


@dataclass
class Tally:
    """What came of many requests."""

    counts: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)

    def note_refusal(self, reason: str) -> None:
        self.counts["cases"] += 1
        kinds = (kind for kind, words in _KINDS.items() if re.search(words, reason))
        self.refused[next(kinds, reason)] += 1

    def note_passage(self, row: str) -> None:
        self.counts["cases"] += 1
        self.counts["passed"] += 1
        self.rows[row] += 1

    def tell(self, capsys: pytest.CaptureFixture[str], verdict: str) -> None:
        """Print all of it in one line, whatever pytest captures."""
        counts = Counter(self.counts)
        cases, passed = counts.pop("cases", 0), counts.pop("passed", 0)
        refused = ", ".join(f"{kind} {count}" for kind, count in self.refused.most_common())
        rest = ", ".join(f"{word} {count}" for word, count in sorted(counts.items()))
        with capsys.disabled():
            sys.stdout.write(
                f"\n{cases} cases: {self.refused.total()} refused ({refused});"
                f" {passed} passed, of {len(self.rows)} rows ({rest}); {verdict}\n"
            )
