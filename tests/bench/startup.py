"""What it takes a command to start: its wall time against the bare interpreter's in the same run.

Each round runs every command once, in turn, so that a slow moment of the machine falls on all of
them; the ratio is taken within the round. `mlflow --version` stands beside them for what MLflow's
own command takes. Run it as `python -m tests.bench.startup [ROUNDS]`.
"""

from __future__ import annotations

import http.client
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.live import ADMIN, authctl_server, clean_environment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.live import Server

ROUNDS = 15
_BARE = "python -c pass"
_LIST = "authctl user list --server"
_MLFLOW = "mlflow --version"
_AIMS = {"authctl --version": 2.5, "TAB on a user's name, from the cache": 8.0, _LIST: 18.0}


@dataclass(frozen=True)
class Figure:
    """Medians over the rounds, with the ratio's spread; an aim is the most the ratio should be."""

    command: str
    milliseconds: float
    ratio: float
    ratio_spread: tuple[float, float]
    to_mlflow: float
    aim: float | None


def main() -> None:
    rounds = int(sys.argv[1]) if sys.argv[1:] else ROUNDS
    with tempfile.TemporaryDirectory() as folder, authctl_server(Path(folder) / "serve") as server:
        settings = _settings(server, Path(folder))
        trip = statistics.median(_round_trip(server) for _ in range(rounds))
        commands = _commands(server)
        taken = _taken(commands, settings, rounds)
    _print(_figures(taken), trip)


def _commands(server: Server) -> dict[str, list[str]]:
    python = sys.executable
    authctl = [python, "-m", "authctl"]
    database = ["--db", server.database]
    return {
        _BARE: [python, "-c", "pass"],
        "authctl --version": [*authctl, "--version"],
        "TAB on a user's name, from the cache": [*authctl, "__complete", "users", "--", ""],
        "authctl --help": [*authctl, "--help"],
        "authctl perm grant --help": [*authctl, "perm", "grant", "--help"],
        _LIST: [*authctl, "user", "list", "--server", server.url],
        "authctl user list --db": [*authctl, "user", "list", *database],
        "authctl user list --db, as a table": [*authctl, "user", "list", "-o", "table", *database],
        "authctl perm list --db": [*authctl, "perm", "list", *database],
        _MLFLOW: [python, "-m", "mlflow", "--version"],
    }


def _settings(server: Server, folder: Path) -> dict[str, str]:
    return clean_environment(
        HOME=str(folder),
        MLFLOW_TRACKING_URI=server.url,
        MLFLOW_TRACKING_USERNAME=ADMIN[0],
        MLFLOW_TRACKING_PASSWORD=ADMIN[1],
    )


def _taken(
    commands: Mapping[str, list[str]], settings: Mapping[str, str], rounds: int
) -> dict[str, list[float]]:
    """Seconds of each command in each round; a round before them warms the caches."""
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, command in commands.items():
            begin = time.perf_counter()
            subprocess.run(command, env=settings, check=True, stdout=subprocess.DEVNULL)
            if number:
                taken[name].append(time.perf_counter() - begin)
    return taken


def _round_trip(server: Server) -> float:
    """Seconds from connecting to the end of the answer, without a client's own start."""
    place = urlsplit(server.url)
    pair = b64encode(":".join(ADMIN).encode()).decode()
    begin = time.perf_counter()
    connection = http.client.HTTPConnection(place.hostname or "", place.port)
    connection.request(
        "GET", "/api/2.0/mlflow/users/list", headers={"Authorization": f"Basic {pair}"}
    )
    assert connection.getresponse().read()
    connection.close()
    return time.perf_counter() - begin


def _figures(taken: Mapping[str, list[float]]) -> list[Figure]:
    figures = []
    for name, seconds in taken.items():
        ratios = [mine / bare for mine, bare in zip(seconds, taken[_BARE], strict=True)]
        to_mlflow = [mine / theirs for mine, theirs in zip(seconds, taken[_MLFLOW], strict=True)]
        figures.append(
            Figure(
                command=name,
                milliseconds=round(statistics.median(seconds) * 1000, 1),
                ratio=round(statistics.median(ratios), 1),
                ratio_spread=(round(min(ratios), 1), round(max(ratios), 1)),
                to_mlflow=round(statistics.median(to_mlflow), 3),
                aim=_AIMS.get(name),
            )
        )
    return figures


def _print(figures: list[Figure], trip: float) -> None:
    out = sys.stdout
    out.write("The start of a command, as a ratio to the bare interpreter and to MLflow's own\n")
    out.write(f"{'command':38}  {'ms':>7}  {'ratio':>6}  {'spread':>13}  {'/ mlflow':>8}  aim\n")
    for figure in figures:
        low, high = figure.ratio_spread
        out.write(
            f"{figure.command:38}  {figure.milliseconds:7.1f}  {figure.ratio:6.1f}"
            f"  {low:6.1f}-{high:<6.1f}  {figure.to_mlflow:8.3f}  {figure.aim or ''}\n"
        )
    bare = next(figure.milliseconds for figure in figures if figure.command == _BARE)
    out.write(
        f"{_LIST} includes a round trip of {trip * 1000:.1f} ms, {trip * 1000 / bare:.1f} times"
        " the bare interpreter.\n"
    )
    machine = {"python": platform.python_version(), "cores": os.cpu_count()}
    out.write(json.dumps({"machine": machine, "round_trip_seconds": trip}) + "\n")
    out.write(json.dumps([asdict(figure) for figure in figures]) + "\n")


if __name__ == "__main__":
    main()
