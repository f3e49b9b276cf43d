"""The servers that are measured: each a program of its own, with the same runs and the same grants.

The tracking store of one is filled and copied for the others, artifacts lie behind the server as
MLflow has it by default, and whoever asks is a user with grants and no administrator.
"""

from __future__ import annotations

import contextlib
import sqlite3
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from authctl.model import Permission, Resource
from authctl.store.passwords import hash_password
from tests.live import ADMIN, authctl_server, free_port, running
from tests.server.world import config
from tests.store.databases import opened, with_driver

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.live import Server

USER = ("alice", "a password of alice")
PARAMETER = {"key": "rate", "value": "0.1"}
"""What every run has, and is told again in each batch."""

_EXPERIMENTS = 20
_API = "/api/2.0/mlflow"
_SECRET_KEY = {"MLFLOW_FLASK_SERVER_SECRET_KEY": "a long text for nobody to guess"}
_BASIC = """\
[mlflow]
default_permission = NO_PERMISSIONS
database_uri = {database}
admin_username = {admin[0]}
admin_password = {admin[1]}
"""


@dataclass(frozen=True)
class Content:
    """What every tracking store holds: experiments, a run in each, and the file they are in."""

    experiments: tuple[str, ...]
    runs: tuple[str, ...]
    folder: Path

    def copy_to(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        with (
            contextlib.closing(sqlite3.connect(self.folder / "mlflow.db")) as source,
            contextlib.closing(sqlite3.connect(folder / "mlflow.db")) as target,
        ):
            source.backup(target)

    def grant_all(self, database: str, *users: tuple[str, str]) -> None:
        """Accounts with hashes as the server makes them, which may edit every experiment."""
        with opened(database, hash_password=hash_password) as store:
            for user in users:
                store.create_user(*user)
                for experiment in self.experiments:
                    store.grant(user[0], Resource("experiment", experiment), Permission.EDIT)


def fill(server: Server) -> Content:
    """Make what is asked for on a server without logins."""
    experiments, runs = [], []
    for number in range(_EXPERIMENTS):
        name = {"name": f"experiment {number}"}
        experiments.append(_made(server, "experiments/create", name)["experiment_id"])
        run = _made(server, "runs/create", {"experiment_id": experiments[-1]})["run"]
        runs.append(run["info"]["run_id"])
        tags = [{"key": f"tag {tag}", "value": "a value"} for tag in range(5)]
        # MLflow fails where two requests at once log the same new parameter.
        values = {"tags": tags, "params": [PARAMETER]}
        _made(server, "runs/log-batch", {"run_id": runs[-1], **values})
    return Content(tuple(experiments), tuple(runs), server.folder)


@contextlib.contextmanager
def bare(folder: Path, workers: int = 1) -> Iterator[Server]:
    """`mlflow server` as it comes."""
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--port", str(port)]
    with running([*command, "--workers", str(workers)], folder, port, forked=False) as server:
        yield server


@contextlib.contextmanager
def basic_auth(
    folder: Path, content: Content, workers: int = 1, database: str | None = None
) -> Iterator[Server]:
    """MLflow's own basic-auth with its own defaults: it hashes the password of each request."""
    content.copy_to(folder)
    database = database or f"sqlite:///{folder / 'basic_auth.db'}"
    path = folder / "basic_auth.ini"
    path.write_text(_BASIC.format(database=with_driver(database), admin=ADMIN))
    env = {**_SECRET_KEY, "MLFLOW_AUTH_CONFIG_PATH": str(path)}
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--app-name", "basic-auth"]
    options = ["--port", str(port), "--workers", str(workers)]
    with running([*command, *options], folder, port, env=env, forked=False) as server:
        content.grant_all(database, USER)
        yield server


@contextlib.contextmanager
def authctl(
    folder: Path,
    content: Content,
    workers: int = 1,
    database: str | None = None,
    upstream: str | None = None,
) -> Iterator[Server]:
    """`authctl serve`, around an MLflow of its own or in front of one."""
    options = [*config(folder), "--workers", str(workers)]
    if database:
        options += ["--auth-db", database]
    if upstream:
        options += ["--upstream", upstream]
    else:
        content.copy_to(folder)
    with authctl_server(folder, *options, env=_SECRET_KEY, forked=False) as server:
        content.grant_all(server.database, USER)
        yield server


def _made(server: Server, route: str, body: dict[str, object]) -> dict[str, Any]:
    answer = server.call("POST", f"{_API}/{route}", body, user=None)
    assert answer.status_code == 200, answer.text
    return answer.json()
