from __future__ import annotations

import os
from collections import Counter

import pytest

# What tests share tells as much of a failure as they do.
pytest.register_assert_rewrite("tests.server", "tests.store", "tests.round_trip")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """Two more than there are processors: each waits for its servers and databases now and then."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None  # the plugin itself minds it
    return (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1) + 2


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Fast tests first: those that start a server of their own come last.

    Where several processes share the files it is the other way round, the longest files first, so
    that in the end none has a long one left while the others have nothing to do.
    """
    served = Counter(item.path for item in items if item.get_closest_marker("mlflow"))
    if hasattr(config, "workerinput"):
        every = Counter(item.path for item in items)
        items.sort(key=lambda item: (-served[item.path], -every[item.path]))
    else:
        items.sort(key=lambda item: item.get_closest_marker("mlflow") is not None)
