"""A path that two rows speak for: whichever handler MLflow takes, it is judged by its demands."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from authctl.policy.shape import shapes
from authctl.policy.table import ALL_RULES, Table
from tests.policy.routes import folded, installed, recorded, recorded_releases

if TYPE_CHECKING:
    from authctl.policy.rule import Rule

ROWS = {row: rule for rule in ALL_RULES for row in shapes(rule)}

_REST = "{:path}"
RELEASES = recorded_releases()

# Patterns of native FastAPI routes, which are tried in their order, before all of Flask's.
NATIVE = folded(route for release in RELEASES for route in recorded(release) if "{" in route.path)

# Paths that fit two patterns which need a resource: the first pattern is whose handler answers.
FIRST = {
    "/gateway/proxy/mlflow/invocations": (
        ("POST", "", "/gateway/{}/mlflow/invocations"),
        ("POST", "", "/gateway/proxy/{}/{:path}"),
    ),
}


def test_rows_that_speak_for_one_path_demand_the_same_and_look_at_nothing_in_it() -> None:
    """Or one of them is exact, and goes first in the table as it does in Flask; or see `FIRST`.

    Two that need a resource read its name from different places, so that alike is not the same.
    """
    pairs = [
        {one, other}
        for one, other in itertools.permutations(sorted(ROWS), 2)
        if one[:2] == other[:2] and "{" in other[2] and meet(one[2].split("/"), other[2].split("/"))
        if demands(ROWS[one]) != demands(ROWS[other]) or ROWS[one].needs
        if "{" in one[2] or other in NATIVE
    ]
    assert [pair for pair in pairs if pair not in map(set, FIRST.values())] == []
    assert all(set(pair) in pairs for pair in FIRST.values())


@pytest.mark.parametrize("path", FIRST)
def test_of_two_patterns_the_table_takes_the_one_whose_handler_answers(path: str) -> None:
    first, _ = FIRST[path]
    match = Table().match(*first[:2], path)
    assert match is not None
    assert first in shapes(match.rule)


@pytest.mark.mlflow
@pytest.mark.parametrize("path", FIRST)
def test_of_two_patterns_mlflow_tries_them_in_this_order(path: str) -> None:
    tried = [route.folded for route in installed().routes]
    first, second = FIRST[path]
    assert tried.index(first) < tried.index(second)


@pytest.mark.parametrize("release", RELEASES)
def test_a_request_for_a_recorded_route_is_judged_by_what_its_row_demands(release: str) -> None:
    table = Table()
    for route in sorted(folded(recorded(release)) & set(ROWS)):
        method, version, path = route
        example = path.replace(_REST, "x-1/x-2").replace("{}", "x-1")
        match = table.match(method, version, example)
        assert match is not None, route
        assert demands(match.rule) == demands(ROWS[route]), route


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("/a/{}", "/a/b", True),
        ("/a/{}", "/a/{}/b", False),
        ("/a/{:path}", "/a/{}/b", True),
        ("/a/{:path}/b", "/a/{:path}/c/{:path}", True),
        ("/a/{:path}/b", "/a/{}/c", False),
        ("/a/@{}/{}", "/a/{}/b", True),
        ("/a/@{}/{}", "/a/b/{}", False),
        ("/a", "/a/{:path}", False),
        ("/a/{}:b", "/a/{}:xb", False),
        ("/a/{}:b", "/a/{}", True),
        ("/a/{}:b", "/a/x:b", True),
        ("/a/{}:b", "/a/:b", False),
    ],
)
def test_patterns_meet_where_some_path_fits_both(one: str, other: str, expected: bool) -> None:
    assert meet(one.split("/"), other.split("/")) is expected
    assert meet(other.split("/"), one.split("/")) is expected


def demands(rule: Rule) -> Rule:
    """A row without its route."""
    return replace(rule, path="", versions=(), pattern=None)


def meet(one: list[str], other: list[str]) -> bool:
    """Whether some path fits both patterns, which are given segment by segment."""
    if not one or not other:
        return one == other
    if other[0] == _REST and one[0] != _REST:
        one, other = other, one
    if one[0] == _REST:
        # What fits the rest is one segment of the other, and then maybe more of them.
        tail = [_REST, *one[1:]]
        return (
            meet(one[1:], other[1:])
            or meet(tail, other[1:])
            or (other[0] == _REST and meet(one[1:], other))
        )
    return _fit(one[0], other[0]) and meet(one[1:], other[1:])


def _fit(one: str, other: str) -> bool:
    """Whether some segment fits both; each has one parameter at most."""
    if "{}" not in one:
        one, other = other, one
    if "{}" not in one:
        return one == other
    start, end = one.split("{}")
    begin, finish = other.split("{}") if "{}" in other else (other, other)
    alike = start.startswith(begin) or begin.startswith(start)
    return (
        alike
        and (end.endswith(finish) or finish.endswith(end))
        and ("{}" in other or len(other) > len(start + end))
    )
