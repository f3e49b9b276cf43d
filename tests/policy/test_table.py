from __future__ import annotations

import pytest

from authctl.policy.needs import read
from authctl.policy.rule import Access, Handle, closed, rule
from authctl.policy.selectors import experiment
from authctl.policy.table import ALL_RULES, Table
from authctl.server.admin_api import HANDLERS
from tests.policy import decisions, page


def test_every_row_answered_here_has_a_handler_and_the_reverse() -> None:
    assert {rule.name for rule in ALL_RULES if rule.here} == set(HANDLERS)


def test_the_decisions_file_says_what_the_table_decides() -> None:
    assert decisions.FILE.read_text(encoding="utf-8") == decisions.decisions_text(), (
        "run `python -m tests.regenerate` and review the difference"
    )


def test_the_page_for_administrators_says_what_the_rows_say() -> None:
    assert page.FILE.read_text(encoding="utf-8") == page.page_text(), (
        "run `python -m tests.regenerate`"
    )


def test_only_health_files_and_server_info_are_open_to_everyone() -> None:
    opened = {rule.path for rule in ALL_RULES if rule.access is Access.PUBLIC}
    assert opened == {
        "/health",
        "/static-files/{path:path}",
        "/build/{path:path}",
        "/mlflow/server-info",
    }


def test_an_unlisted_path_method_or_version_matches_nothing() -> None:
    table = Table()
    assert table.match("GET", "2.0", "/mlflow/experiments/get") is not None
    assert table.match("POST", "2.0", "/mlflow/experiments/get") is None
    assert table.match("GET", "9.9", "/mlflow/experiments/get") is None
    assert table.match("GET", "2.0", "/mlflow/experiments/get/") is None
    assert table.match("GET", "", "/mlflow/experiments/get") is None


def test_an_exact_path_goes_before_a_pattern() -> None:
    table = Table()
    search = table.match("POST", "2.0", "/mlflow/logged-models/search")
    one = table.match("GET", "2.0", "/mlflow/logged-models/m-1")
    assert search is not None
    assert search.rule.path == "/mlflow/logged-models/search"
    assert one is not None
    assert one.params == {"model_id": "m-1"}


def test_a_segment_parameter_holds_no_slash_and_a_path_parameter_may() -> None:
    table = Table(
        [
            rule("GET /a/{name}", read(experiment())),
            rule("GET /b/{rest:path}", read(experiment())),
        ]
    )
    assert table.match("GET", "", "/a/x/y") is None
    rest = table.match("GET", "", "/b/x/y")
    assert rest is not None
    assert rest.params == {"rest": "x/y"}


def test_two_rows_for_one_route_are_refused() -> None:
    with pytest.raises(ValueError, match="two rows"):
        Table(closed("GET /a", "GET /a"))


def test_every_need_names_at_least_one_field() -> None:
    assert all(
        need.selector.fields or need.selector.handle is Handle.NEW
        for rule in ALL_RULES
        for need in rule.needs
    )
    assert all(
        len(need.selector.fields) == 2
        for rule in ALL_RULES
        for need in rule.needs
        if need.selector.handle is Handle.TYPED_ID
    )
