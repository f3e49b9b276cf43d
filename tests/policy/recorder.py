"""Records the routes of releases of MLflow: `python -m tests.policy.recorder 3.9.0 3.12.0`.

A release is asked in an environment of its own, which is made on first use.
"""

from __future__ import annotations

import sys
import tempfile

from tests.environments import python_with_mlflow
from tests.policy.routes import Served, listing, recording


def record(python: str) -> str:
    """The recording of an interpreter's MLflow: its routes by path, then by method."""
    plain = listing(python)
    added = [
        Served(route.method, route.path, switch)
        for switch, routes in _switched_on(python, plain.switches).items()
        for route in set(routes) - set(plain.routes)
    ]
    lines = [
        f"# MLflow {plain.version}, recorded by `python -m tests.policy.recorder {plain.version}`:",
        "# what it serves by default, and what it adds with a switch (the third column).",
        *(
            "\t".join(filter(None, (route.method, route.path, route.switch)))
            for route in sorted(
                [*plain.routes, *added], key=lambda route: (route.path, route.method)
            )
        ),
    ]
    return "\n".join(lines) + "\n"


def _switched_on(python: str, variables: tuple[str, ...]) -> dict[str, tuple[Served, ...]]:
    """The routes with each switch; the variables together, as none has been seen to add any."""
    with tempfile.TemporaryDirectory() as folder:
        metrics = listing(python, {"prometheus_multiproc_dir": folder})
    artifacts = {"_MLFLOW_SERVER_SERVE_ARTIFACTS": "true", "_MLFLOW_SERVER_ARTIFACTS_ONLY": "true"}
    everything = listing(python, artifacts | dict.fromkeys(variables, "true"))
    return {"--expose-prometheus": metrics.routes, "(other switches)": everything.routes}


def main(versions: list[str]) -> None:
    for version in versions:
        recording(version).write_text(record(python_with_mlflow(version)), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
