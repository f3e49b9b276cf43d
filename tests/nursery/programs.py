"""The programs of a server, run in a fork with what they would import: serve, MLflow, uvicorn."""

from __future__ import annotations

import atexit
import ctypes
import functools
import json
import os
import runpy
import signal
import subprocess
import sys
import threading
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.nursery.imports import Imports

_PROGRAMS = ("authctl", "mlflow", "uvicorn")
_PR_SET_PDEATHSIG = 1
_ENVIRONMENT = 5  # of what follows the arguments where Popen executes its child

_exec = os.execve


def perform(command: Sequence[str], environment: Mapping[str, str], imports: Imports) -> NoReturn:
    """Be the server that this command starts, through all the programs that it consists of."""
    if _is_shared(command, environment, imports):
        understudy = _Understudy.stand_by(imports)
        # How one program goes on to the next: authctl by the first, MLflow by the second.
        setattr(os, "execve", functools.partial(_execve, imports))  # noqa: B010 - for mypy
        setattr(subprocess, "Popen", understudy.popen())  # noqa: B010 - likewise
    _become(command, environment, imports)


def end_with_parent(parent: int) -> None:
    """Let the kernel kill this process when its parent ends, however that ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _is_known(command: Any) -> bool:
    return list(command[:2]) == [sys.executable, "-m"] and command[2] in _PROGRAMS


def _is_shared(command: Any, environment: Mapping[str, str], imports: Imports) -> bool:
    return _is_known(command) and imports.fit(command[2], environment)


def _execve(
    imports: Imports, _path: str, command: Sequence[str], environment: Mapping[str, str]
) -> NoReturn:
    _become(command, environment, imports)


def _become(command: Sequence[str], environment: Mapping[str, str], imports: Imports) -> NoReturn:
    """Go on as by exec: of the process its id, its folder and its streams remain."""
    sys.stdout.flush()
    sys.stderr.flush()
    if not _is_shared(command, environment, imports):
        _exec(command[0], command, environment)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(environment)
    sys.path[0] = os.getcwd()  # noqa: PTH109 - just what `python -m` puts there
    sys.argv = ["-m", *command[3:]]
    code = _run(command[2])
    # As the interpreter ends, but for taking apart what it does not own alone.
    threading._shutdown()  # type: ignore[attr-defined]  # waits for those that are no daemons
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _run(module: str) -> int:
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as stop:
        if stop.code is None or isinstance(stop.code, int):
            return stop.code or 0
        sys.stderr.write(f"{stop.code}\n")
    except BaseException:  # noqa: BLE001 - as the interpreter would
        traceback.print_exc()
    else:
        return 0
    return 1


@dataclass(frozen=True)
class _Understudy:
    """A fork made before anything ran, which waits for the program that another will start.

    What that other has run by then, MLflow's stores with their connections, must not be in it.
    """

    pid: int
    cue: int

    @classmethod
    def stand_by(cls, imports: Imports) -> _Understudy:
        parent = os.getpid()
        waiting, cue = os.pipe()
        pid = os.fork()
        if pid:
            os.close(waiting)
            return cls(pid, cue)
        os.close(cue)
        end_with_parent(parent)
        with os.fdopen(waiting) as told:
            wanted = told.read()
        if not wanted:
            os._exit(0)
        _become(*json.loads(wanted), imports)

    def enter(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        with os.fdopen(self.cue, "w") as told:
            json.dump((command, environment), told)

    def popen(self) -> type[subprocess.Popen[Any]]:
        """A Popen for which the understudy is the child, if it is to be one of the programs."""
        understudy = self

        class Popen(subprocess.Popen[Any]):
            def _execute_child(self, args: Any, *rest: Any) -> None:
                if not _is_known(args):
                    super()._execute_child(args, *rest)  # type: ignore[misc]
                    return
                understudy.enter(args, rest[_ENVIRONMENT])
                self.pid = understudy.pid
                self._child_created = True

        return Popen
