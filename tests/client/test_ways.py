"""What reaches a server from authctl and from MLflow's client, in one environment after another."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tests.client.sent import REFUSED, sent_by
from tests.client.ways import (
    DIFFERENCES,
    DIFFERENCES_TO_3_4,
    MATRIX,
    ODD,
    Difference,
    Way,
    expected,
)

DOCUMENT = Path(__file__).parents[2] / "docs" / "logging-in.md"

ALL = [*MATRIX, *ODD]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ways")


@pytest.fixture(scope="module")
def ours(folder: Path) -> dict[str, str]:
    return sent_by("authctl", ALL, folder, sys.executable)


@pytest.fixture(scope="module")
def theirs(folder: Path) -> dict[str, str]:
    return sent_by("mlflow", ALL, folder, sys.executable)


@pytest.mark.parametrize("way", MATRIX, ids=lambda way: way.name)
def test_of_all_that_is_set_what_comes_first_is_sent(way: Way, ours: dict[str, str]) -> None:
    assert ours[way.name] == expected(way)


@pytest.mark.parametrize("way", ALL, ids=lambda way: way.name)
def test_the_same_is_sent_as_by_mlflows_client_but_for_what_is_listed(
    way: Way, ours: dict[str, str], theirs: dict[str, str]
) -> None:
    listed = any(difference.of(way) for difference in DIFFERENCES)
    assert (ours[way.name] != theirs[way.name]) == listed, (ours[way.name], theirs[way.name])


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda difference: difference.reason)
def test_every_difference_that_is_listed_is_met(
    difference: Difference, ours: dict[str, str], theirs: dict[str, str]
) -> None:
    met = [way.name for way in ALL if difference.of(way)]
    assert met
    assert all(ours[name] != theirs[name] for name in met)


def test_what_is_not_sent_as_by_mlflows_client_is_refused_but_for_two_reasons(
    ours: dict[str, str], theirs: dict[str, str]
) -> None:
    other = {way.name for way in ALL if ours[way.name] not in (theirs[way.name], REFUSED)}
    assert {name.partition(" + ")[0] for name in other} == {
        "header",
        "letters of all kinds in the address",
        "sigv4 is empty",
    }


def test_the_document_tells_every_difference() -> None:
    text = DOCUMENT.read_text(encoding="utf-8").partition("\n## Differences")[2]
    items = re.findall(r"^- (.*?)(?=^- |\n\n)", text, re.MULTILINE | re.DOTALL)
    told = {" ".join(item.split()) for item in items}
    listed = {difference.reason for difference in (*DIFFERENCES, *DIFFERENCES_TO_3_4)}
    assert {item.replace("`", "") for item in told} == listed


def test_the_document_tells_what_comes_first() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    rows = re.findall(r"^\| \d \| .*? \| (.*?) \|", text, re.MULTILINE)
    order = ("SIGV4", "TRACKING_AUTH", ".netrc", "URI", "USERNAME", "/credentials", "TOKEN")
    places = [next(i for i, row in enumerate(rows) if f"{name}`" in row) for name in order]
    assert places == sorted(places)
