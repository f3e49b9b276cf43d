"""What MLflow does to an auth database, in a process of its own: as a rule the installed one."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.store.contract import PASSWORD
from tests.store.databases import with_driver

ENVIRONMENT = {
    "MLFLOW_FLASK_SERVER_SECRET_KEY": "a-key-for-tests",
    "MLFLOW_AUTH_ADMIN_PASSWORD": PASSWORD,
}


def let_mlflow_upgrade(url: str, *, python: str = sys.executable) -> None:
    """Make MLflow's tables, or bring them to its newest revision, as its server does."""
    command = ("-m", "mlflow.server.auth", "db", "upgrade", "--url", with_driver(url))
    run_with_mlflow(*command, python=python)


def run_with_mlflow(*arguments: str, python: str = sys.executable) -> str:
    """What an interpreter says that has MLflow."""
    done = subprocess.run(
        [python, *arguments],
        env={**os.environ, **ENVIRONMENT},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout
