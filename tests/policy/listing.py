"""Lists the routes of whichever MLflow its interpreter has; it imports nothing else, to run there.

Run as a file, it prints JSON: the release, its switches, and (method, path) of every route in the
spelling of the framework that serves it: `{name}` is FastAPI's, `<name>` is Flask's.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from runpy import run_path

_ROUTES = Path(__file__).parents[2] / "authctl" / "upstream" / "routes.py"


def routes() -> list[tuple[str, str]]:
    """The routes, listed by the very file that the server lists them with."""
    from mlflow.server import app as flask_app  # noqa: PLC0415 - in the process of its own
    from mlflow.server.fastapi_app import app as fastapi_app  # noqa: PLC0415 - likewise

    listed: list[tuple[str, str]] = run_path(str(_ROUTES))["routes_of"](fastapi_app, flask_app)
    return listed


def switches() -> list[str]:
    """The variables of this release that turn parts of its server on."""
    from mlflow import environment_variables as known  # noqa: PLC0415 - likewise

    return sorted(
        variable.name
        for variable in vars(known).values()
        if isinstance(variable, known._BooleanEnvironmentVariable)
        and variable.name.startswith(("MLFLOW_ENABLE_", "MLFLOW_SERVER_"))
    )


if __name__ == "__main__":
    from mlflow.version import VERSION

    listed = {"version": VERSION, "switches": switches(), "routes": routes()}
    sys.stdout.write(json.dumps(listed) + "\n")
