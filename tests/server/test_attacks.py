"""Where each way in is shown: an id stands at the beginning of a case's name, or of a test's.

U: without a login, or with a wrong one. D: one request, two readings. F: files. M: routes that
somebody forgot. G: grants and identities. 6.2: the rows of the contract's table of readings.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

FAMILIES = {"U": 15, "D": 11, "F": 12, "M": 14, "G": 10, "6.2-": 40}


def shown() -> set[str]:
    """The ids in the names of cases and of tests."""
    text = "".join(path.read_text() for path in Path(__file__).parent.glob("test_attacks_*.py"))
    cases = re.findall(r"""["'](6\.2-\d+|[UDFMG]\d+)[ "'{]""", text)
    cases += re.findall(r" ([UDFMG]\d+) ", text)
    tests = re.findall(r"def test_((?:[udfmg]\d+_|6_2_\d+_)+)", text)
    named = {
        found.upper() if found[0] in "udfmg" else found.replace("6_2_", "6.2-")
        for test in tests
        for found in re.findall(r"6_2_\d+|[udfmg]\d+", test)
    }
    return named | set(cases)


@pytest.mark.parametrize(("family", "count"), FAMILIES.items(), ids=FAMILIES)
def test_every_known_way_in_has_a_case_of_its_own(family: str, count: int) -> None:
    wanted = {f"{family}{number}" for number in range(1, count + 1)}
    assert wanted - shown() == set()
