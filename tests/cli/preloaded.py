"""Runs command lines in forks of itself, with all that is slow to import imported already.

A line of JSON on the socket of the number it is started with says what to run, where, and with
which streams; a line back says the exit code. A fork is as good as a new process: the environment,
the streams and the arguments are read when a command runs, and what must not be imported at all is
tested elsewhere.
"""

from __future__ import annotations

import contextlib
import gc
import io
import json
import os
import signal
import socket
import sys
import tempfile
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import alembic.command
import httpx
import passlib.context
import rich.progress
import rich.table
import sqlalchemy

import authctl.cli.main
import authctl.store.rest
import authctl.store.sql
import authctl.store.upkeep.check
import authctl.store.upkeep.rehearsal
from authctl.__main__ import main

if TYPE_CHECKING:
    from typing import NoReturn

IMPORTED = (alembic, httpx, passlib, rich, sqlalchemy, authctl)


# The commands that between them use what is slow the first time, such as how SQLAlchemy writes SQL.
_WARMING = (
    "db init",
    "user create alice --generate",
    "user list -o table",
    "perm grant alice --experiment-id 1 --level READ",
    "perm list -o json",
    "perm explain alice --experiment-id 1",
    "perm list --matrix -o table",
    "role create testers",
    "role assign testers alice",
    "role show testers",
    "admin promote alice",
    "export",
    "plan -f access.toml",
    "apply -f access.toml",
    "context list",
    "doctor --offline",
    "user show alice",
    "perm revoke alice --experiment-id 1",
    "user delete alice --yes --force",
)


def warm_up() -> None:
    """Run commands in this process, on a database that is thrown away."""
    kept, here = dict(os.environ), Path.cwd()
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        os.chdir(folder)
        os.environ.update(HOME=folder, AUTHCTL_DB="sqlite:///auth.db")
        Path("access.toml").write_text('version = 1\n[[user]]\nname = "alice"\nadmin = true\n')
        for line in _WARMING:
            authctl.cli.main.run(line.split())
        os.chdir(here)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(kept)


def serve(requests: Any) -> None:
    warm_up()
    gc.collect()
    gc.freeze()
    for line in requests:
        pid = os.fork()
        if pid == 0:
            _become(json.loads(line))
        _, status = os.waitpid(pid, 0)
        requests.write(f"{os.waitstatus_to_exitcode(status)}\n".encode())
        requests.flush()


def _become(wanted: dict[str, Any]) -> NoReturn:
    """Run one command line and end as its process would."""
    code = 1
    try:
        for number, (path, flags) in enumerate(
            zip(wanted["streams"], (os.O_RDONLY, os.O_WRONLY, os.O_WRONLY), strict=True)
        ):
            os.dup2(os.open(path, flags), number)
        os.chdir(wanted["folder"])
        os.environ.clear()
        os.environ.update(wanted["environment"])
        sys.argv = ["authctl", *wanted["arguments"]]
        main()
        code = 0
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else bool(stop.code)
    except BaseException:  # noqa: BLE001 - as the interpreter would
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as asked:
        serve(asked.makefile("rwb"))
