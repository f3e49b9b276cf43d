"""What each way to log in costs a request, against a password that was verified before.

Each round sends some requests in every way, in turn, over connections that stay open, so that a
slow moment of the machine falls on all of them; the ratio is taken within the round. The request is
one that MLflow answers from its database. Run it as `python -m tests.bench.logins [--quick]`.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from tests.bench.figures import Figure, Report, Spread
from tests.live import ADMIN, authctl_server
from tests.server.issuer import AUDIENCE, NAME, Issuer
from tests.server.world import bare_mlflow, config

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.live import Server

ROUNDS, QUICK_ROUNDS = 15, 3
_REQUESTS = 40
_PATH = "/api/2.0/mlflow/experiments/get?experiment_id=0"
_BASE = "a password that was verified before"
_USER = "alice"
_CONFIG = """\
[mlflow]
default_permission = READ
authorization_function = authctl.server.jwt:authenticate
jwt_keys = keys.json
jwt_issuer = {issuer}
jwt_audience = {audience}
"""

Ask = Callable[[], None]


def main() -> None:
    rounds = QUICK_ROUNDS if "--quick" in sys.argv[1:] else ROUNDS
    with tempfile.TemporaryDirectory() as folder, _ways(Path(folder)) as ways:
        taken = _taken(ways, rounds)
    title = "A request in each way to log in, against one with a password that was verified before"
    Report("logins", title, _figures(taken)).show()


@contextlib.contextmanager
def _ways(folder: Path) -> Iterator[dict[str, Ask]]:
    """Every way, ready to send a request in; each has a connection of its own."""
    issuer = Issuer()
    with contextlib.ExitStack() as stack:
        # It has no limits: a wrong password is to be hashed each time.
        unlimited = config(folder / "authctl", "READ")
        server = stack.enter_context(authctl_server(folder / "authctl", *unlimited))
        bare = stack.enter_context(bare_mlflow(folder / "mlflow"))
        (folder / "jwt").mkdir()
        (folder / "jwt" / "keys.json").write_bytes(issuer.document("rsa"))
        settings = folder / "jwt" / "auth.ini"
        settings.write_text(_CONFIG.format(issuer=NAME, audience=AUDIENCE))
        believing = stack.enter_context(
            authctl_server(folder / "jwt", "--auth-config", str(settings))
        )
        password = server.add_user(_USER)
        believing.add_user(_USER)
        full = _token(server, "full", None)
        limited = _token(server, "limited", [{"type": "experiment", "id": "0"}])
        told = issuer.token(sub=_USER)

        def way(url: str, status: int = 200, **login: Any) -> Ask:
            client = httpx.Client(base_url=url, trust_env=False, verify=False, **login)
            stack.enter_context(client)

            def ask() -> None:
                assert client.get(_PATH).status_code == status

            return ask

        yield {
            "no login, MLflow alone": way(bare.url),
            _BASE: way(server.url, auth=password),
            "a service token": way(server.url, headers=_bearer(full)),
            "a service token for one experiment": way(server.url, headers=_bearer(limited)),
            "a JWT (RS256)": way(believing.url, headers=_bearer(told)),
            # The admin's hash is as MLflow makes it; those of other accounts here cost nothing.
            "a wrong password, which is hashed": way(
                server.url, 401, auth=(ADMIN[0], "a wrong password")
            ),
        }


def _token(server: Server, name: str, resources: list[dict[str, str]] | None) -> str:
    body = {"name": name, "username": _USER, "resources": resources}
    made = server.call("POST", "/api/3.0/authctl/tokens/create", body)
    return str(made.json()["secret"])


def _bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def _taken(ways: dict[str, Ask], rounds: int) -> dict[str, list[float]]:
    """Seconds of a request in each way in each round; a round before them warms the memories."""
    taken: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(rounds + 1):
        for way, ask in ways.items():
            begin = time.perf_counter()
            for _ in range(_REQUESTS):
                ask()
            if number:
                taken[way].append((time.perf_counter() - begin) / _REQUESTS)
    return taken


def _figures(taken: dict[str, list[float]]) -> list[Figure]:
    """The ratios to the base are of the times, not of the requests a second."""
    setting = "one connection each, 1 worker"
    base = taken[_BASE]
    return [
        Figure(
            "experiments/get",
            setting,
            way,
            "ms",
            Spread.of(one * 1000 for one in seconds),
            _BASE,
            Spread.of_ratios(seconds, base),
        )
        for way, seconds in taken.items()
    ]


if __name__ == "__main__":
    main()
