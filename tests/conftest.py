from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Fast tests first: those that start a server of their own come last."""
    items.sort(key=lambda item: item.get_closest_marker("mlflow") is not None)
