"""`authctl apply` through `authctl serve`, against MLflow's own client and basic-auth server.

Each round applies a manifest of further users and grants as a command, and has MLflow's client make
a sample of the same kind, one call after another, as a script would; what counts is the time of one
user or grant. Run it as `python -m tests.bench.remote [--quick]`.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench import raw_rows
from tests.bench.administration import Amount, apply_command, fresh_database, manifest
from tests.bench.figures import Figure, Report, Spread
from tests.live import ADMIN, authctl_server, free_port, running
from tests.store.databases import with_driver

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.live import Server

_ROUNDS, _QUICK_ROUNDS = 4, 2
_EACH_ROUND, _QUICK_EACH_ROUND = Amount(100, 9), Amount(20, 9)
_SAMPLE, _QUICK_SAMPLE = Amount(3, 9), Amount(1, 9)

_OURS, _THEIRS, _RAW = "authctl apply --server", "MLflow's client", "raw SQL"
_LOGIN = {"MLFLOW_TRACKING_USERNAME": ADMIN[0], "MLFLOW_TRACKING_PASSWORD": ADMIN[1]}
_CONFIG = """\
[mlflow]
default_permission = READ
database_uri = sqlite:///basic_auth.db
admin_username = {admin[0]}
admin_password = {admin[1]}
"""


def main() -> None:
    report(quick="--quick" in sys.argv[1:]).show()


def report(*, quick: bool = False) -> Report:
    rounds = _QUICK_ROUNDS if quick else _ROUNDS
    amount = _QUICK_EACH_ROUND if quick else _EACH_ROUND
    sample = _QUICK_SAMPLE if quick else _SAMPLE
    taken = _taken(rounds, amount, sample)
    amounts = {_OURS: amount, _THEIRS: sample, _RAW: amount}
    held = [(_OURS, _THEIRS), (_OURS, _RAW), (_THEIRS, ""), (_RAW, "")]
    figures = [
        Figure(
            name=f"one of {rounds * amounts[who].things:,} users and grants",
            setting="auth databases on SQLite",
            subject=who,
            unit="ms",
            value=Spread.of([each * 1000 for each in taken[who]]),
            base=base,
            ratio=Spread.of_ratios(taken[who], taken[base]) if base else None,
        )
        for who, base in held
    ]
    return Report(
        "remote",
        "authctl apply through a server, against MLflow's own client and against raw SQL",
        figures,
        (
            f"Ours is the whole command in {rounds} rounds of {amount}, four requests at a time;",
            "its users are service accounts. MLflow's client, whose users must have passwords,",
            f"makes {sample} a round, on a basic-auth server with its defaults, one at a time.",
        ),
    )


def _taken(rounds: int, amount: Amount, sample: Amount) -> Mapping[str, list[float]]:
    """Seconds of one user or grant in each round, by who made it."""
    taken: dict[str, list[float]] = {_OURS: [], _THEIRS: [], _RAW: []}
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        ours = stack.enter_context(authctl_server(folder / "authctl", forked=False))
        theirs = _client(_basic_auth(stack, folder / "mlflow"))
        for number in range(rounds):
            file = folder / f"access-{number}.toml"
            file.write_text(manifest(amount, f"round-{number}"))
            seconds = apply_command(file, "--server", ours.url, **_LOGIN)
            taken[_OURS].append(seconds / amount.things)
            taken[_THEIRS].append(_with_client(theirs, sample, number) / sample.things)
            with fresh_database("sqlite") as url:
                begin = time.perf_counter()
                raw_rows.write(with_driver(url), amount.users, amount.each)
                taken[_RAW].append((time.perf_counter() - begin) / amount.things)
        _prove(ours, rounds * amount.users)
    return taken


def _basic_auth(stack: ExitStack, folder: Path) -> Server:
    folder.mkdir()
    config = folder / "basic_auth.ini"
    config.write_text(_CONFIG.format(admin=ADMIN))
    env = {"MLFLOW_FLASK_SERVER_SECRET_KEY": "a-key", "MLFLOW_AUTH_CONFIG_PATH": str(config)}
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--app-name", "basic-auth"]
    options = ["--port", str(port), "--workers", "1"]
    return stack.enter_context(running([*command, *options], folder, port, env=env, forked=False))


def _client(server: Server) -> Any:
    from mlflow.server.auth.client import AuthServiceClient  # noqa: PLC0415 - slow to import

    os.environ.update(_LOGIN)  # where it looks for them at each call
    return AuthServiceClient(server.url)


def _with_client(client: Any, sample: Amount, number: int) -> float:
    begin = time.perf_counter()
    for user in range(sample.users):
        name = f"round-{number}-{user}"
        client.create_user(name, "a-password-long-enough")
        for thing in range(sample.each):
            level = raw_rows.level(user, thing)
            client.grant_user_permission(name, "experiment", str(thing), level)
    return time.perf_counter() - begin


def _prove(server: Server, users: int) -> None:
    found: Iterable[object] = server.call("GET", "/api/2.0/mlflow/users/list").json()["users"]
    assert len([*found]) == users + 1


if __name__ == "__main__":
    main()
