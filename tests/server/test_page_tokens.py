"""Page tokens are sealed for one user and one search."""

from __future__ import annotations

import pytest

from authctl.errors import InvalidRequest
from authctl.server.page_tokens import PageTokens, purpose_of

TOKENS = PageTokens("a-key")
SEARCH = {"filter": "name LIKE 'x%'", "order_by": ["name"], "max_results": 5}
MINE = purpose_of("bob", "GET /search", SEARCH)


def test_a_sealed_token_opens_for_what_it_was_sealed_for() -> None:
    sealed = TOKENS.seal('{"offset": 7}', MINE)
    assert PageTokens("a-key").open(sealed, MINE) == '{"offset": 7}'


def test_a_later_page_may_have_another_size() -> None:
    assert purpose_of("bob", "GET /search", {**SEARCH, "max_results": 9, "page_token": "x"}) == MINE


@pytest.mark.parametrize(
    "other",
    [
        purpose_of("eve", "GET /search", SEARCH),
        purpose_of("bob", "GET /other", SEARCH),
        purpose_of("bob", "GET /search", {**SEARCH, "filter": "name LIKE 'y%'"}),
        purpose_of("bob", "GET /search", {**SEARCH, "order_by": []}),
    ],
    ids=["another's", "another route's", "another filter's", "another order's"],
)
def test_another_s_token_is_refused(other: str) -> None:
    with pytest.raises(InvalidRequest, match="page token"):
        TOKENS.open(TOKENS.seal("7", other), MINE)


@pytest.mark.parametrize("forged", ["", "eyJvZmZzZXQiOiA3fQ==", "x", "é", "gAAAAA=="])
def test_a_forged_token_is_refused(forged: str) -> None:
    with pytest.raises(InvalidRequest, match="Invalid page token"):
        TOKENS.open(forged, MINE)


def test_a_token_of_another_key_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="Invalid page token"):
        TOKENS.open(PageTokens("another-key").seal("7", MINE), MINE)


def test_a_token_s_length_says_nothing() -> None:
    lengths = {len(TOKENS.seal(f'{{"offset": {10**power}}}', MINE)) for power in range(9)}
    assert len(lengths) == 1
