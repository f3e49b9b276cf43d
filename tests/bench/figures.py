"""Figures of a benchmark: ratios with their spread, as a table for people and as JSON.

A benchmark measures in rounds, collects `Figure`s in one `Report` and calls `report.show()`. With
AUTHCTL_BENCH_JSON in the environment the report is also written into the file of that name, beside
those of other benchmarks of the same run: `{"machine": {...}, "benchmarks": {name: report}}`.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import sqlite3
import statistics
import sys
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy

from tests.store.databases import DRIVERS, SERVERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

RESULTS = "AUTHCTL_BENCH_JSON"
"""The variable that names the file which collects the reports of a run."""

_PACKAGES = (
    "mlflow",
    "sqlalchemy",
    "starlette",
    "uvicorn",
    "aiohttp",
    "httpx",
    "psycopg",
    "pymysql",
)


@dataclass(frozen=True)
class Spread:
    """A value over the rounds: its median, its least and most, and the middle half of it."""

    median: float
    least: float
    most: float
    quartiles: tuple[float, float]

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        found = sorted(values)
        low, middle, high = (
            statistics.quantiles(found, n=4, method="inclusive") if found[1:] else found * 3
        )
        return cls(
            *(_rounded(value) for value in (middle, found[0], found[-1])),
            quartiles=(_rounded(low), _rounded(high)),
        )

    @classmethod
    def of_ratios(cls, values: Sequence[float], base: Sequence[float]) -> Spread:
        """The ratios within the rounds: one of `values` and one of `base` each."""
        return cls.of(mine / theirs for mine, theirs in zip(values, base, strict=True))


@dataclass(frozen=True)
class Aim:
    """What a ratio (or, where there is none, a value) should be: at least, or at most."""

    at_least: float | None = None
    at_most: float | None = None

    def is_met_by(self, value: float) -> bool:
        return not (
            (self.at_least is not None and value < self.at_least)
            or (self.at_most is not None and value > self.at_most)
        )

    def __str__(self) -> str:
        return f">= {self.at_least:g}" if self.at_least is not None else f"<= {self.at_most:g}"


@dataclass(frozen=True)
class Figure:
    """One thing that was measured, and how often it is what the base of the same round was.

    `name` is what was done and `setting` under which circumstances; `subject` is who did it and
    `base` who it is held against ("" where it is not). `more` are further values for the table,
    by the heads of their columns, such as {"p50 ms": 7.1}.
    """

    name: str
    setting: str
    subject: str
    unit: str
    value: Spread
    base: str = ""
    ratio: Spread | None = None
    aim: Aim | None = None
    more: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_met(self) -> bool | None:
        """Whether the median is as aimed; None without an aim."""
        if self.aim is None:
            return None
        return self.aim.is_met_by((self.ratio or self.value).median)


@dataclass(frozen=True)
class Report:
    """What one benchmark found; `name` is one word, `notes` are sentences for below the table."""

    name: str
    title: str
    figures: Sequence[Figure]
    notes: Sequence[str] = ()

    def show(self) -> None:
        """Write the table and one line of JSON; and into the file of the run, if one is named."""
        found = self.as_json()
        sys.stdout.write(f"{self.table()}\n{json.dumps({self.name: found})}\n\n")
        sys.stdout.flush()
        if name := os.environ.get(RESULTS):
            _collect(Path(name), self.name, found)

    def as_json(self) -> dict[str, Any]:
        figures = [{**asdict(figure), "is_met": figure.is_met} for figure in self.figures]
        return {**asdict(self), "figures": figures}

    def table(self) -> str:
        """The figures as aligned text, those of one setting below it."""
        more = list(dict.fromkeys(head for figure in self.figures for head in figure.more))
        heads = ["", "", "median", "unit", *more, "ratio", "spread", "to", "aim"]
        rows = [(figure.setting, _cells(figure, more)) for figure in self.figures]
        columns = zip(heads, *(cells for _, cells in rows), strict=True)
        widths = [max(map(len, column)) for column in columns]
        lines = [self.title, _line(heads, widths)]
        setting = ""
        for found, cells in rows:
            if found != setting:
                lines.append(f"-- {found}")
                setting = found
            lines.append(_line(cells, widths))
        lines.append("Medians over the rounds; ratios within a round, their spread least to most.")
        return "\n".join([*lines, *self.notes])


def machine() -> dict[str, Any]:
    """Where this runs: cores, memory, and the versions of all that takes part."""
    versions = {name: version for name in _PACKAGES if (version := _version(name))}
    return {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        **versions,
        **_database_servers(),
    }


def _cells(figure: Figure, more: Sequence[str]) -> list[str]:
    ratio, aim = figure.ratio, figure.aim
    return [
        figure.name,
        figure.subject,
        _number(figure.value.median),
        figure.unit,
        *(_number(figure.more[head]) if head in figure.more else "" for head in more),
        f"{ratio.median:.3g}" if ratio else "",
        f"{ratio.least:.3g}-{ratio.most:.3g}" if ratio else "",
        figure.base,
        f"{aim} {'met' if figure.is_met else 'MISSED'}" if aim else "",
    ]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    # Words stand to the left; what begins with a digit, and the heads above it, to the right.
    padded = [
        cell.rjust(width) if 2 <= place < len(cells) - 2 and place != 3 else cell.ljust(width)
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(padded).rstrip()


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")


def _collect(path: Path, name: str, report: dict[str, Any]) -> None:
    kept = json.loads(path.read_text()) if path.exists() else {"benchmarks": {}}
    kept["machine"] = {**kept.get("machine", {}), **machine()}
    kept["benchmarks"][name] = report
    path.write_text(json.dumps(kept, indent=1) + "\n")


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _database_servers() -> dict[str, str]:
    """The versions of the database servers that answer here."""
    found = {}
    for dialect, (variable, default) in SERVERS.items():
        url = sqlalchemy.make_url(os.environ.get(variable, default))
        engine = sqlalchemy.create_engine(url.set(drivername=DRIVERS[dialect]))
        with contextlib.suppress(sqlalchemy.exc.OperationalError), engine.connect() as connection:
            version = connection.exec_driver_sql("SELECT version()").scalar_one()
            found[dialect] = str(version).split(" on ")[0]
        engine.dispose()
    return found


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if "model name" in line), "")
