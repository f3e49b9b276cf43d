"""Pages of a search, whatever is readable: exact rows, exact tokens, bounded work."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from authctl.errors import InvalidRequest
from authctl.model import Generation, Grant, Permission, Principal, Resource, User
from authctl.policy.needs import read
from authctl.policy.resolution import Levels
from authctl.policy.rule import Keep
from authctl.policy.selectors import experiment
from authctl.server.filters import Filter, page_size
from authctl.server.resolve import Grantable, Resolver
from authctl.upstream.subrequest import Answer

RESOLVER = Resolver(
    None,  # type: ignore[arg-type] - ids need no look-up
    Principal(User(2, "eve", False)),
    Grantable(Generation.ROLES, lambda _: True),
)


@dataclass
class Upstream:
    """Pages through numbered experiments, its tokens the offsets."""

    count: int
    asked: list[tuple[int, int]] = field(default_factory=list)

    def page(self, rows: int, token: str | None) -> Answer:
        start = int(token or 0)
        end = min(start + rows, self.count)
        self.asked.append((start, rows))
        data: dict[str, Any] = {
            "experiments": [{"experiment_id": str(number)} for number in range(start, end)]
        }
        if end < self.count:
            data["next_page_token"] = str(end)
        return Answer(200, [], json.dumps(data).encode())


def search(
    upstream: Upstream, readable: set[int], size: int, token: str | None = None
) -> tuple[list[int], str | None]:
    levels = Levels(
        [Grant("eve", Resource("experiment", str(number)), "READ") for number in readable],
        default=Permission.NO_PERMISSIONS,
        generation=Generation.ROLES,
    )

    async def ask(rows: int | None, at: str | None) -> Answer:
        return upstream.page(size if rows is None else rows, token if at is None else at)

    keep = Keep("experiments", read(experiment("experiment_id")))
    answer = asyncio.run(Filter(keep, RESOLVER, levels, ask, str).answer(size, token))
    data = json.loads(answer.body)
    return [int(row["experiment_id"]) for row in data["experiments"]], data.get("next_page_token")


def pages(upstream: Upstream, readable: set[int], size: int) -> list[list[int]]:
    found: list[list[int]] = []
    token: str | None = None
    while True:
        rows, token = search(upstream, readable, size, token)
        found.append(rows)
        if token is None:
            return found


@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
@pytest.mark.parametrize(
    "readable", [set(), {0}, {11}, {0, 3, 6, 9}, {9, 10, 11}, set(range(12)), {5, 6}]
)
def test_pages_are_full_complete_and_in_order(readable: set[int], size: int) -> None:
    found = pages(Upstream(12), readable, size)
    assert [row for page in found for row in page] == sorted(readable)
    assert all(len(page) == size for page in found[:-1])
    assert found[-1] or not readable


def test_a_last_page_that_is_exactly_full_has_no_token_although_unreadable_rows_follow() -> None:
    rows, token = search(Upstream(100), {1, 2}, 2)
    assert (rows, token) == ([1, 2], None)


def test_an_upstream_error_is_passed_on() -> None:
    async def ask(_rows: int | None, _at: str | None) -> Answer:
        return Answer(400, [(b"x", b"y")], b"{}")

    levels = Levels([], default=Permission.READ, generation=Generation.ROLES)
    keep = Keep("experiments", experiment("experiment_id"))
    answer = asyncio.run(Filter(keep, RESOLVER, levels, ask, str).answer(3, None))
    assert answer == Answer(400, [(b"x", b"y")], b"{}")


def test_ten_readable_among_ten_thousand_cost_a_bounded_number_of_pages() -> None:
    upstream = Upstream(10_000)
    rows, token = search(upstream, set(range(9_000, 9_010)), 5)
    assert rows == [9_000, 9_001, 9_002, 9_003, 9_004]
    assert token == "9005"
    assert len(upstream.asked) <= 12


@pytest.mark.parametrize(
    ("readable", "asked"),
    [
        (range(10_000), [(0, 100), (100, 1)]),
        (range(0, 10_000, 2), [(0, 100), (100, 102), (100, 100)]),
        (range(100), [(0, 100), (100, 1), (101, 10), (111, 100), (211, 1000)]),
    ],
    ids=["all", "every second", "none but the first page"],
)
def test_no_more_rows_are_asked_for_than_it_takes(
    readable: range, asked: list[tuple[int, int]]
) -> None:
    upstream = Upstream(10_000)
    rows, _ = search(upstream, set(readable), 100)
    assert rows == list(readable)[:100]
    assert upstream.asked[: len(asked)] == asked
    assert len(upstream.asked) <= 14


@pytest.mark.parametrize(("given", "size"), [(None, None), ("", None), ("7", 7), (7, 7)])
def test_a_page_size_is_read(given: object, size: int | None) -> None:
    assert page_size(given) == size


@pytest.mark.parametrize("given", ["0", "-1", "x", "1.5", 0, -3, True, [5], 2.5])
def test_a_page_size_that_is_no_count_is_refused(given: object) -> None:
    with pytest.raises(InvalidRequest):
        page_size(given)
