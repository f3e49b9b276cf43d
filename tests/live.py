"""Real servers for tests: started on a free port of this machine, stopped with the test."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import httpx

from tests.nursery import Nursery, Nursling, is_forkable
from tests.store.databases import opened

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

ADMIN = ("admin", "an-admin-password")
_START_SECONDS = 90
_STOP_SECONDS = 20

# What a developer's shell may hold must not reach the servers under test; and compiling the whole
# program at each start is not what an installed one does.
_FOREIGN = (
    *("MLFLOW_", "_MLFLOW_", "AUTHCTL_", "_AUTHCTL_", "DATABRICKS_"),
    *("PYTHONDONTWRITEBYTECODE", "PYTHON_KEYRING_"),
)


@dataclass(frozen=True)
class Server:
    """A running server; its clients keep no state between calls."""

    url: str
    folder: Path
    log: Path
    database: str
    process: subprocess.Popen[bytes] | Nursling
    clients: dict[tuple[str, str] | None, httpx.Client] = field(default_factory=dict)

    def client(self, user: tuple[str, str] | None = ADMIN) -> httpx.Client:
        if user not in self.clients:
            self.clients[user] = httpx.Client(
                base_url=self.url, auth=user, trust_env=False, timeout=60, verify=False
            )
        return self.clients[user]

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        /,
        *,
        user: tuple[str, str] | None = ADMIN,
        **query: Any,
    ) -> httpx.Response:
        return self.client(user).request(method, path, json=body, params=query or None)

    def add_user(self, name: str, *, is_admin: bool = False) -> tuple[str, str]:
        """An account as the server would make it, but for a hash that takes no time to verify."""
        user = (name, f"{name}-password-1")
        with opened(self.database) as store:
            store.create_user(*user, is_admin=is_admin)
        return user


def clean_environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    if "PYTEST_CURRENT_TEST" in kept:  # MLflow asks whether it is there, and nobody for its value
        kept["PYTEST_CURRENT_TEST"] = "one of authctl's"
    return {**kept, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", **more}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def authctl_server(
    folder: Path,
    *options: str,
    env: Mapping[str, str] | None = None,
    prefix: str = "",
    first_password: str | None = ADMIN[1],
    python: str = sys.executable,
    forked: bool = True,
) -> Iterator[Server]:
    """`authctl serve` with an administrator whose password is not the well-known one."""
    port = free_port()
    command = [python, "-m", "authctl", "serve", "--port", str(port), "--workers", "1"]
    if prefix:
        options = ("--static-prefix", prefix, *options)
    settings = dict(env or {})
    if first_password is not None:
        settings["MLFLOW_AUTH_ADMIN_PASSWORD"] = first_password
    with running(
        [*command, *options], folder, port, env=settings, prefix=prefix, forked=forked
    ) as server:
        named = options[options.index("--auth-db") + 1] if "--auth-db" in options else None
        yield replace(server, database=named) if named else server


@contextlib.contextmanager
def running(
    command: Sequence[str],
    folder: Path,
    port: int,
    *,
    env: Mapping[str, str] | None = None,
    prefix: str = "",
    forked: bool = True,
) -> Iterator[Server]:
    """Any server: from the nursery where it can be (see `tests.nursery`), which spares seconds."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "server.log"
    url = f"http://127.0.0.1:{port}{prefix}"
    environment = clean_environment(**(env or {}))
    if forked and is_forkable(command):
        _spare_it_the_tables(command, folder / "mlflow.db")
        process: subprocess.Popen[bytes] | Nursling
        process = _nursery().start(command, folder, environment, log)
    else:
        process = _start(command, folder, environment, log)
    try:
        _wait(process, url, log)
        server = Server(url, folder, log, f"sqlite:///{folder / 'basic_auth.db'}", process)
        yield server
        for client in server.clients.values():
            client.close()
    finally:
        _stop(process)


@functools.cache
def _nursery() -> Nursery:
    return Nursery(clean_environment())


def _spare_it_the_tables(command: Sequence[str], database: Path) -> None:
    """Put MLflow's empty tables where a server would make them, if it is to have any there."""
    if not {"--backend-store-uri", "--upstream"}.intersection(command) and not database.exists():
        shutil.copy(_nursery().tracking_database, database)


def _start(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], log: Path
) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        return subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )


def _wait(process: subprocess.Popen[bytes] | Nursling, url: str, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    # One client for all attempts, and without certificates, which take long to load.
    with httpx.Client(trust_env=False, verify=False) as client:
        while time.monotonic() < deadline and process.poll() is None:
            with contextlib.suppress(httpx.HTTPError):
                if client.get(f"{url}/health").status_code == 200:
                    return
            time.sleep(0.1)
    raise AssertionError(f"the server did not start:\n{log.read_text(errors='replace')}")


def _stop(process: subprocess.Popen[bytes] | Nursling) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(_STOP_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
