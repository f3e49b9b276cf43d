from __future__ import annotations

import pytest

# What tests share tells as much of a failure as they do.
pytest.register_assert_rewrite("tests.server", "tests.store", "tests.round_trip")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Fast tests first: those that start a server of their own come last."""
    items.sort(key=lambda item: item.get_closest_marker("mlflow") is not None)
