"""What servers import, imported once, and which variables had a say in it."""

from __future__ import annotations

import gc
import importlib
import os
import sys
import threading
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# uvicorn comes first: MLflow asks whether it is there to know that it is going to serve; and what
# only the other two programs import says nothing of what the server itself would.
_MODULES = {
    "uvicorn": (
        "uvicorn.main",
        "uvicorn.lifespan.on",
        "uvicorn.loops.auto",
        "uvicorn.protocols.http.auto",
        "uvicorn.protocols.websockets.auto",
        "authctl.server.plugin",
        "mlflow.server.fastapi_app",
    ),
    "authctl": ("authctl.cli.main", "authctl.cli.serve", "authctl.server.run"),
    "mlflow": ("mlflow.cli",),
}

# `mlflow server` spells out for uvicorn what is meant anyhow.
_MEANT_ANYHOW = {"MLFLOW_SERVER_X_FRAME_OPTIONS": "SAMEORIGIN"}

# Read by the interpreter and the C library rather than by a module.
_READ_BELOW = ("PYTHON", "LC_", "LANG", "TZ", "LD_")


@dataclass(frozen=True)
class Imports:
    """What has been imported, and what it was told meanwhile by the environment."""

    environment: Mapping[str, str]
    read: Mapping[str, frozenset[str]]

    def fit(self, program: str, environment: Mapping[str, str]) -> bool:
        """Whether this program would have imported the same with this environment."""
        then, now = {**_MEANT_ANYHOW, **self.environment}, {**_MEANT_ANYHOW, **environment}
        return all(
            now.get(name) == then.get(name)
            for name in {*then, *now}
            if name in self.read[program] or name.startswith(_READ_BELOW)
        )


class _Noting(os._Environ[str]):
    """An environment that notes the names it is asked for."""

    noted: set[str]

    def __getitem__(self, name: str) -> str:
        self.noted.add(name)
        return super().__getitem__(name)


def import_all() -> Imports:
    """Import what servers need, with an eye on what is read of the environment meanwhile."""
    environment, read = dict(os.environ), {}
    plain = os.environ.__class__
    os.environ.__class__ = _Noting  # not another object, which modules would keep
    os.environ.noted = set()
    for program, modules in _MODULES.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for module in modules:
                importlib.import_module(module)
        read[program] = frozenset(os.environ.noted)
    os.environ.__class__ = plain
    del os.environ.noted
    sys.modules["sqlalchemy.orm"].configure_mappers()
    if threading.active_count() > 1:
        raise RuntimeError(f"imports began threads, which forks lack: {threading.enumerate()}")
    gc.collect()
    gc.freeze()  # or each fork would copy all of it when it looks for garbage
    return Imports(environment, read)
