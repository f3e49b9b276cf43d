"""The methods of MLflow's own client with their parameters, as the MLflow at hand has them."""

from __future__ import annotations

import inspect
import json
import sys
from typing import TYPE_CHECKING

from authctl.client import AuthServiceClient
from tests.scripts import run_script

if TYPE_CHECKING:
    from pathlib import Path

# authctl does not support workspaces.
NOT_OURS = {
    "list_workspace_permissions",
    "set_workspace_permission",
    "delete_workspace_permission",
    "list_user_workspace_permissions",
}

_PROGRAM = """
    import inspect, json
    from mlflow.server.auth.client import AuthServiceClient

    print(json.dumps({
        name: [
            [each.name, None if each.default is each.empty else repr(each.default)]
            for each in inspect.signature(method).parameters.values()
        ]
        for name, method in inspect.getmembers(AuthServiceClient, inspect.isfunction)
        if not name.startswith("_")
    }))
"""


def compare_methods(folder: Path, python: str = sys.executable) -> set[str]:
    """Hold ours against those of the MLflow that an interpreter has; the names of theirs."""
    theirs = json.loads(run_script(_PROGRAM, folder, python=python).splitlines()[-1])
    for name in theirs.keys() - NOT_OURS:
        ours = inspect.signature(getattr(AuthServiceClient, name)).parameters.values()
        told = [[each.name, _default(each)] for each in ours]
        assert told[: len(theirs[name])] == theirs[name], name
        assert all(default is not None for _, default in told[len(theirs[name]) :]), name
    return set(theirs)


def _default(parameter: inspect.Parameter) -> str | None:
    return None if parameter.default is parameter.empty else repr(parameter.default)
