"""The routes of MLflow releases, recorded and installed, folded as the policy table folds them."""

from __future__ import annotations

import functools
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from authctl.policy.shape import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from authctl.policy.shape import Shape

_RECORDED = Path(__file__).with_name("recorded")
_LISTING = Path(__file__).with_name("listing.py")


@dataclass(frozen=True)
class Served:
    """A route as the server of a release spells it, and the switch without which it is absent."""

    method: str
    path: str
    switch: str = ""

    @property
    def folded(self) -> Shape:
        return (self.method, *fold(self.path))


@dataclass(frozen=True)
class Listing:
    """What an interpreter's MLflow says about itself; native routes in the order of their trial."""

    version: str
    switches: tuple[str, ...]
    routes: tuple[Served, ...]


def recorded_releases() -> list[str]:
    """Every minor release of which there is a recording, the oldest first: 3.4, 3.9, ..."""
    found = [file.stem.removeprefix("mlflow-") for file in _RECORDED.glob("mlflow-*.tsv")]
    return sorted(found, key=lambda release: [int(part) for part in release.split(".")])


def recording(version: str) -> Path:
    """The file in which the routes of a release are recorded, named for its minor."""
    return _RECORDED / f"mlflow-{'.'.join(version.split('.')[:2])}.tsv"


def recorded(version: str) -> frozenset[Served]:
    """The routes in the recording of a release, those behind a switch too."""
    lines = recording(version).read_text(encoding="utf-8").splitlines()
    return frozenset(Served(*line.split("\t")) for line in lines if not line.startswith("#"))


def listing(python: str, switches: Mapping[str, str] | None = None) -> Listing:
    """Ask the MLflow of an interpreter, with nothing switched on but what is given.

    Asked of another process: importing MLflow changes warnings and logging for good.
    """
    clean = {
        name: value
        for name, value in os.environ.items()
        if not re.match("_?MLFLOW_|prometheus_", name)
    }
    done = subprocess.run(
        [python, "-P", "-W", "ignore", _LISTING],
        check=False,
        capture_output=True,
        text=True,
        env={**clean, **(switches or {})},
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    answer = json.loads(done.stdout.splitlines()[-1])
    routes = tuple(Served(method, path) for method, path in answer["routes"])
    return Listing(answer["version"], tuple(answer["switches"]), routes)


@functools.cache
def installed() -> Listing:
    """The MLflow of this interpreter."""
    return listing(sys.executable)


def folded(served: Iterable[Served]) -> set[Shape]:
    return {route.folded for route in served}
