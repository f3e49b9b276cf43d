"""What it takes a command to start: its wall time against the bare interpreter's in the same run.

Each round runs every command once, in turn, so that a slow moment of the machine falls on all of
them; the ratio is taken within the round. `mlflow --version` stands beside them for what MLflow's
own command takes. Run it as `python -m tests.bench.startup [--quick]`.
"""

from __future__ import annotations

import http.client
import statistics
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.bench.figures import Aim, Figure, Report, Spread
from tests.live import ADMIN, authctl_server, clean_environment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.live import Server

ROUNDS = 15
_BARE = "python -c pass"
_LIST = "authctl user list --server"
_MLFLOW = "mlflow --version"
_AIMS = {"authctl --version": 2.5, "TAB on a user's name, from the cache": 8.0, _LIST: 18.0}


def main() -> None:
    rounds = 3 if "--quick" in sys.argv[1:] else ROUNDS
    with tempfile.TemporaryDirectory() as folder, authctl_server(Path(folder) / "serve") as server:
        settings = _settings(server, Path(folder))
        trip = statistics.median(_round_trip(server) for _ in range(rounds))
        commands = _commands(server)
        taken = _taken(commands, settings, rounds)
    Report(
        "startup",
        "The start of a command, against the bare interpreter and against MLflow's own",
        _figures(taken),
        (
            f"{_LIST} includes a round trip of {trip * 1000:.1f} ms.",
            f"'to mlflow' is the ratio to {_MLFLOW}.",
        ),
    ).show()


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
    return [
        Figure(
            name=name,
            setting="from the start of the process to its end",
            subject="",
            unit="ms",
            value=Spread.of([each * 1000 for each in seconds]),
            base="" if name == _BARE else _BARE,
            ratio=None if name == _BARE else Spread.of_ratios(seconds, taken[_BARE]),
            aim=Aim(at_most=_AIMS[name]) if name in _AIMS else None,
            more={"to mlflow": Spread.of_ratios(seconds, taken[_MLFLOW]).median},
        )
        for name, seconds in taken.items()
    ]


if __name__ == "__main__":
    main()
