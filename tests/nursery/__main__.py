"""The nursery: imports what servers import, then forks a server for each line that asks for one.

The lines come on the socket whose number it is started with, each answered by one. When there are
no more, the process of tests has ended, and what it has not stopped is ended too.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
import traceback
import warnings
from typing import TYPE_CHECKING, Any

from tests.nursery.imports import import_all
from tests.nursery.programs import end_with_parent, perform

if TYPE_CHECKING:
    from tests.nursery.imports import Imports


def serve(asked: socket.socket) -> None:
    """Answer with the id of a new server, or with the exit code of an old one, if it has ended."""
    imports = import_all()
    living: set[int] = set()
    with asked.makefile("rwb") as lines:
        for line in lines:
            wanted = json.loads(line)
            if "ended" in wanted:
                answer = _exit_code(wanted["ended"], living)
            else:
                answer = _fork(wanted, imports, asked)
                living.add(answer)
            lines.write(json.dumps(answer).encode() + b"\n")
            lines.flush()
    for pid in living:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


def _exit_code(pid: int, living: set[int]) -> int | None:
    found, status = os.waitpid(pid, os.WNOHANG)
    if not found:
        return None
    living.remove(pid)
    return os.waitstatus_to_exitcode(status)


def _fork(wanted: dict[str, Any], imports: Imports, asked: socket.socket) -> int:
    parent = os.getpid()
    ready, begun = os.pipe()
    with warnings.catch_warnings():
        # Python warns of threads from 3.12 on; these are OpenBLAS's and Arrow's, which mind forks.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid:
        os.close(begun)
        os.read(ready, 1)  # until it leads a session, which is how it is stopped
        os.close(ready)
        return pid
    try:
        end_with_parent(parent)
        os.setsid()
        os.close(asked.fileno())
        os.close(ready)
        os.close(begun)
        os.dup2(os.open(wanted["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 1)
        os.dup2(1, 2)
        os.chdir(wanted["folder"])
        perform(wanted["command"], wanted["environment"], imports)
    except BaseException:  # noqa: BLE001 - it must never come back into the loop
        traceback.print_exc()
        os._exit(1)


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as asked_on:
        serve(asked_on)
