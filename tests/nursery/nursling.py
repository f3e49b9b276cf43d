"""A server that was forked from the nursery, waited for as a child is: what `subprocess` gives."""

from __future__ import annotations

import atexit
import functools
import json
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SECONDS = 90


def is_forkable(command: Sequence[str]) -> bool:
    """Whether a nursery has what this command imports: it is of this Python, and forks on Linux."""
    return sys.platform == "linux" and command[0] == sys.executable


class Nursery:
    """The process that imports what servers import and forks them; see `tests.nursery`."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._folder = tempfile.TemporaryDirectory()
        ours, theirs = socket.socketpair()
        ours.settimeout(_SECONDS)
        self._lines = ours.makefile("rwb")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.nursery", str(theirs.fileno())],
            cwd=Path(__file__).parents[2],
            env=environment,
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the tests, which then stop their servers
        )
        theirs.close()
        ours.close()
        atexit.register(self._stop)

    def start(
        self, command: Sequence[str], folder: Path, environment: Mapping[str, str], log: Path
    ) -> Nursling:
        """A server in a session of its own, with both of its streams in the log."""
        wanted = {"command": command, "environment": environment}
        return Nursling(self, command, self.ask(**wanted, folder=str(folder), log=str(log)))

    @functools.cached_property
    def tracking_database(self) -> Path:
        """A database with MLflow's tables and nothing in them, which take long to make."""
        folder = Path(self._folder.name)
        database, log = folder / "mlflow.db", folder / "made.log"
        command = [sys.executable, "-m", "mlflow", "db", "upgrade", f"sqlite:///{database}"]
        made = self.start(command, folder, self._environment, log).wait(_SECONDS)
        assert made == 0, log.read_text()
        return database

    def ask(self, **wanted: Any) -> Any:
        self._lines.write(json.dumps(wanted).encode() + b"\n")
        self._lines.flush()
        answer = self._lines.readline()
        assert answer, f"the nursery has ended: {self._process.wait(_SECONDS)}"
        return json.loads(answer)

    def _stop(self) -> None:
        self._lines.close()
        self._process.wait(_SECONDS)
        self._folder.cleanup()


class Nursling:
    """A running server, with as much of `subprocess.Popen` as is needed to stop it."""

    def __init__(self, nursery: Nursery, command: Sequence[str], pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._command = command
        self._nursery = nursery

    def poll(self) -> int | None:
        """The exit code as `Popen` has it, None while it runs."""
        if self.returncode is None:
            self.returncode = self._nursery.ask(ended=self.pid)
        return self.returncode

    def wait(self, timeout: float) -> int:
        """The exit code when it ends; subprocess.TimeoutExpired after that many seconds."""
        deadline = time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(self._command, timeout)
            time.sleep(0.01)
        return code
