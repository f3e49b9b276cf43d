"""What attacks are about: a victim's things, another owner's, and servers in front of them."""

from __future__ import annotations

import contextlib
import re
import sys
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.live import ADMIN, authctl_server, free_port, running
from tests.server.things import ALICE, BOB, EVE, FAMILIES, make_things

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import httpx

    from tests.live import Server

TOKEN = "the-token-of-the-gateway-inside"
"""What MLflow's own workers log in with to the gateway (contract 3.2); nobody else may."""

# A prefix that begins like a path which is open to everyone.
PREFIX = "/static-ui"

# Where SQLite counts the transactions that changed the file.
_SQLITE_COUNTER = slice(24, 28)

_A2, _A3 = "/api/2.0/mlflow", "/api/3.0/mlflow"
_CONFIG = """\
[mlflow]
default_permission = {default}
database_uri = sqlite:///basic_auth.db
failed_logins_per_user = 0
failed_logins_per_address = 0
"""
# Without limits a login writes nothing, and an attack that changed nothing looks so.


@dataclass
class World:
    """A server, and what `<V>`, `<RV>` and so on stand for in a request to it.

    V ends the names of what is alice's, O those of what is bob's: `<RV>` is a run of `<V>`, her
    experiment. `folders` hold the databases and files of everything behind the server; `upstream`
    is the address of an MLflow that is not in its process.
    """

    server: Server
    folders: tuple[Path, ...]
    upstream: str = ""
    names: dict[str, str] = field(default_factory=dict)
    spares: list[World] = field(default_factory=list)

    @property
    def is_plain(self) -> bool:
        """Whether MLflow is in the server's process, without a prefix."""
        return not self.upstream and not urlsplit(self.server.url).path

    def fill(self, thing: Any) -> Any:
        """The same with ids in place of their names."""
        if isinstance(thing, str):
            return re.sub(r"<([A-Za-z]+)>", lambda found: self.names[found[1]], thing)
        if isinstance(thing, dict):
            return {self.fill(key): self.fill(value) for key, value in thing.items()}
        if isinstance(thing, list | tuple):
            return [self.fill(item) for item in thing]
        return thing

    def call(
        self, line: str, body: Any = None, user: tuple[str, str] | None = ADMIN
    ) -> httpx.Response:
        """Send a well-formed request."""
        method, path = self.fill(line).split(" ", 1)
        return self.server.call(method, path, self.fill(body), user=user)

    def ok(self, line: str, body: Any = None, user: tuple[str, str] = ADMIN) -> Any:
        """The answer to a well-formed request that succeeds."""
        response = self.call(line, body, user)
        assert response.status_code == 200, (line, response.text)
        return response.json()

    def state(self) -> dict[str, Any]:
        """What changes with every write: each file's time, each database's count of its changes."""
        found: dict[str, Any] = {}
        for folder in self.folders:
            for path in folder.glob("*.db"):
                with path.open("rb") as database:
                    found[path.name] = database.read(_SQLITE_COUNTER.stop)[_SQLITE_COUNTER].hex()
            for path in folder.glob("mlartifacts/**/*"):
                found[str(path.relative_to(folder))] = path.stat().st_mtime_ns
        return found

    def victim(self) -> list[Any]:
        """All that the victim can see of her things, for attacks that may write elsewhere."""
        return [self.call(line, body, ALICE).text for line, body in _VICTIM]

    def words(self) -> list[bytes]:
        """What only the victim may be told."""
        told = ["hush", *(value for name, value in self.names.items() if name.endswith("V"))]
        return [word.encode() for word in told if len(word) > 3]

    @property
    def spare(self) -> World:
        """The same world with other things of the victim's, which may be spoiled."""
        if not self.spares:
            self.spares.append(replace(self, names=self.names | make_things(self, ALICE, "V")))
        return self.spares[0]

    def renew(self, family: str) -> None:
        """Replace what was spoiled of the spare."""
        families = () if family == FAMILIES[0] else (family,)
        self.spare.names |= make_things(self.spare, ALICE, "V", *families)


_VICTIM: tuple[tuple[str, Any], ...] = (
    (f"GET {_A2}/experiments/get?experiment_id=<V>", None),
    (f"POST {_A2}/runs/search", {"experiment_ids": ["<V>"]}),
    (f"GET {_A2}/registered-models/get?name=<MV>", None),
    (f"GET {_A2}/model-versions/get?name=<MV>&version=1", None),
    (f"GET {_A2}/registered-models/get?name=<PV>", None),
    (f"POST {_A2}/logged-models/search", {"experiment_ids": ["<V>"]}),
    (f"GET {_A3}/traces/<TV>", None),
    (f"GET {_A3}/traces/get?trace_id=<TV>&allow_partial=true", None),
    (f"POST {_A3}/traces/search", {"locations": [{"mlflow_experiment": {"experiment_id": "<V>"}}]}),
    ("GET /api/2.0/mlflow-artifacts/artifacts?path=<V>", None),
    ("GET /api/2.0/mlflow-artifacts/artifacts?path=<V>/traces/<TV>/artifacts", None),
    ("GET /api/2.0/mlflow-artifacts/artifacts/<V>/<RV>/artifacts/secret.txt", None),
)


@contextlib.contextmanager
def embedded(folder: Path, prefix: str = "") -> Iterator[World]:
    """MLflow in the server's own process."""
    with authctl_server(folder, *config(folder), prefix=prefix, env=_ENVIRONMENT) as server:
        yield peopled(World(server, (folder,)))


@contextlib.contextmanager
def proxied(folder: Path) -> Iterator[World]:
    """Two workers in front of an MLflow that knows nothing of logins."""
    with bare_mlflow(folder / "mlflow") as mlflow:
        options = ("--upstream", mlflow.url, "--workers", "2", *config(folder))
        with authctl_server(folder, *options, env=_ENVIRONMENT) as server:
            yield peopled(World(server, (folder, mlflow.folder), mlflow.url))


@contextlib.contextmanager
def bare_mlflow(folder: Path) -> Iterator[Server]:
    """`mlflow server` without any authentication."""
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--port", str(port), "--workers", "1"]
    with running(command, folder, port, env=_ENVIRONMENT) as server:
        yield server


WORLDS: Mapping[str, Callable[[Path], contextlib.AbstractContextManager[World]]] = {
    "embedded": embedded,
    "static prefix": lambda folder: embedded(folder, PREFIX),
    "proxied": proxied,
}

_ENVIRONMENT = {
    "_MLFLOW_INTERNAL_GATEWAY_AUTH_TOKEN": TOKEN,
    "MLFLOW_CRYPTO_KEK_PASSPHRASE": "a-passphrase-for-secrets-of-32-bytes",
    # Else MLflow writes the trace of a gateway's use some time after it has answered, and what an
    # attack left unchanged does not look so.
    "MLFLOW_ENABLE_ASYNC_TRACE_LOGGING": "false",
}


def config(folder: Path, default: str = "NO_PERMISSIONS") -> tuple[str, str]:
    """The option that names a configuration with this default for everyone."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "basic_auth.ini"
    path.write_text(_CONFIG.format(default=default))
    return "--auth-config", str(path)


def peopled(world: World) -> World:
    """A world with its three people and what two of them own."""
    for name, _ in (ALICE, BOB, EVE):
        world.server.add_user(name)
    world.names |= make_things(world, ALICE, "V")
    world.names |= make_things(world, BOB, "O")
    return world
