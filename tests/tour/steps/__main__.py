"""One user's part of the tour: `python -m steps edit|look MADE`; what came of it: told.json."""

from __future__ import annotations

import contextlib
import json
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steps import datasets, experiments, files, models, pages, prompts, runs, traces
from steps.part import RELEASE, Made, attempt, plain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

PARTS: list[ModuleType] = [experiments, runs, files, models, prompts, traces]
if RELEASE >= (3, 4):
    from steps import assessments, logged_models, scorers

    PARTS += [assessments, logged_models, scorers]
with contextlib.suppress(ImportError):  # only some environments have the exporter
    from steps import exports

    PARTS.append(exports)
PARTS += [datasets, pages]


def main(what: str, place: str) -> None:
    """Do the editor's work and write down what was made, or try what others may not."""
    told: dict[str, Any] = {}
    path = Path(place)
    made = Made.read(path)
    if what == "edit":
        for part in PARTS:
            told |= _edit(part, made)
        made.write(path)
    for kind in ("reads", "searches", *(["writes"] if what == "look" else [])):
        for part, name, action in _attempts(kind, made):
            told[f"{kind}: {part}: {name}"] = attempt(action)
    Path("told.json").write_text(json.dumps(told), encoding="utf-8")


def _edit(part: ModuleType, made: Made) -> dict[str, Any]:
    """What each step gave and what it should have given; the last tells what went wrong."""
    steps: dict[str, Any] = {}
    try:
        for step, got, wanted in part.edit(made):
            steps[f"makes: {_name(part)}: {step}"] = [plain(got), plain(wanted)]
    except Exception:  # noqa: BLE001 - a client raises what it likes
        steps[f"makes: {_name(part)}: to the end"] = [traceback.format_exc(), None]
    return steps


def _attempts(kind: str, made: Made) -> Iterator[tuple[str, str, Any]]:
    for part in PARTS:
        for name, action in getattr(part, kind)(made).items():
            yield _name(part), name, action


def _name(part: ModuleType) -> str:
    return part.__name__.rpartition(".")[2]


if __name__ == "__main__":
    main(*sys.argv[1:])
