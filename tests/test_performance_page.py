"""The page of what authctl costs says what was measured."""

from __future__ import annotations

from tests.bench import page, words


def test_the_page_is_what_was_measured() -> None:
    assert page.FILE.read_text(encoding="utf-8") == page.page_text(page.results()), (
        "run `python -m tests.bench.page`"
    )


def test_every_benchmark_has_its_place_on_the_page() -> None:
    assert set(page.results()["benchmarks"]) <= set(words.SECTIONS)


def test_every_aim_that_is_missed_has_its_reason() -> None:
    assert {benchmark for benchmark, _ in page.missed(page.results())} <= set(words.REASONS)
