"""The command line as its users have it: a process of its own, its streams and its exit code."""

from __future__ import annotations

import atexit
import functools
import json
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.live import ADMIN, clean_environment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.live import Server

PASSWORD = "correct horse battery"
AUTHCTL = (sys.executable, "-W", "error", "-m", "authctl")
_SECONDS = 60


@dataclass(frozen=True)
class Done:
    """What became of one command."""

    stdout: str
    stderr: str
    code: int


@dataclass(frozen=True)
class Shell:
    """A folder and an environment to run commands in."""

    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        # Which authorities this machine trusts is shown by some commands.
        bundles = {"REQUESTS_CA_BUNDLE": "", "CURL_CA_BUNDLE": ""}
        own = {"HOME": str(self.folder), "COLUMNS": "80"}
        return clean_environment(**{**own, **bundles, **self.settings})

    def run(self, *arguments: str, stdin: str = "") -> Done:
        with tempfile.TemporaryDirectory() as folder:
            streams = [Path(folder) / name for name in ("stdin", "stdout", "stderr")]
            for path in streams:
                path.touch()
            streams[0].write_bytes(stdin.encode())
            wanted = {
                "arguments": arguments,
                "folder": str(self.folder),
                "environment": self.environment,
                "streams": [str(path) for path in streams],
            }
            code = _preloaded().run(wanted)
            _, stdout, stderr = (path.read_bytes().decode() for path in streams)
        return Done(stdout, stderr, code)

    def ok(self, *arguments: str, stdin: str = "") -> str:
        """The output of a command that must succeed in silence."""
        done = self.run(*arguments, stdin=stdin)
        assert (done.stderr, done.code) == ("", 0), done
        return done.stdout

    def new_user(self, name: str, *options: str) -> None:
        self.ok("user", "create", name, "--password-stdin", *options, stdin=PASSWORD)


class _Preloaded:
    """A process that has imported what the command line needs, and forks for each command."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        ours.settimeout(_SECONDS)
        self._asked = ours.makefile("rwb")
        self._process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "tests.cli.preloaded", str(theirs.fileno())],
            cwd=Path(__file__).parents[2],
            env=clean_environment(),
            pass_fds=[theirs.fileno()],
        )
        theirs.close()
        ours.close()
        atexit.register(self._stop)

    def run(self, wanted: dict[str, object]) -> int:
        self._asked.write(json.dumps(wanted).encode() + b"\n")
        self._asked.flush()
        return int(self._asked.readline())

    def _stop(self) -> None:
        self._asked.close()
        self._process.wait(_SECONDS)


@functools.cache
def _preloaded() -> _Preloaded:
    return _Preloaded()


def signed_in(server: Server, folder: Path, user: tuple[str, str] = ADMIN) -> Shell:
    """A shell whose environment names a server and says who asks it."""
    return Shell(
        folder,
        {
            "MLFLOW_TRACKING_URI": server.url,
            "MLFLOW_TRACKING_USERNAME": user[0],
            "MLFLOW_TRACKING_PASSWORD": user[1],
        },
    )
