from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Fast tests first: those that start a server of their own come last."""
    items.sort(key=lambda item: item.get_closest_marker("mlflow") is not None)
