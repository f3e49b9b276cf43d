"""`authctl serve --upstream`: in front of an MLflow that knows nothing of logins."""

from __future__ import annotations

import hashlib
import sys
from typing import TYPE_CHECKING

import pytest

from tests.live import ADMIN, authctl_server, free_port, running
from tests.processes import peak_memory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.live import Server

pytestmark = pytest.mark.mlflow

API = "/api/2.0/mlflow"
MIB = 1024 * 1024
LARGE = 50 * MIB


@pytest.fixture(scope="module")
def without_mlflow(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which MLflow is not installed: a gateway needs none."""
    folder = tmp_path_factory.mktemp("blocked")
    (folder / "sitecustomize.py").write_text("import sys\n\nsys.modules['mlflow'] = None\n")
    return {"PYTHONPATH": str(folder)}


@pytest.fixture(scope="module")
def mlflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--port", str(port), "--workers", "1"]
    with running(command, tmp_path_factory.mktemp("mlflow"), port) as server:
        yield server


@pytest.fixture(scope="module")
def gateway(
    mlflow: Server, tmp_path_factory: pytest.TempPathFactory, without_mlflow: dict[str, str]
) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("gateway")
    ini = folder / "basic_auth.ini"
    ini.write_text("[mlflow]\ndefault_permission = NO_PERMISSIONS\n")
    options = ("--upstream", mlflow.url, "--auth-config", str(ini))
    with authctl_server(folder, *options, env=without_mlflow) as server:
        server.add_user("alice")
        server.add_user("bob")
        yield server


ALICE = ("alice", "alice-password-1")
BOB = ("bob", "bob-password-1")


@pytest.fixture(scope="module")
def run(gateway: Server) -> tuple[str, str]:
    """An experiment of alice's and a run in it."""
    made = gateway.call("POST", f"{API}/experiments/create", {"name": "secret-e"}, user=ALICE)
    experiment = made.json()["experiment_id"]
    created = gateway.call("POST", f"{API}/runs/create", {"experiment_id": experiment}, user=ALICE)
    return experiment, created.json()["run"]["info"]["run_id"]


def test_health_is_open_and_nothing_else(gateway: Server) -> None:
    assert gateway.call("GET", "/health", user=None).text == "OK"
    answer = gateway.call("GET", f"{API}/experiments/get", user=None, experiment_id="0")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="mlflow"'
    assert answer.json()["error_code"] == "UNAUTHENTICATED"


def test_who_may_reads_and_writes(gateway: Server, run: tuple[str, str]) -> None:
    metric = {"run_id": run[1], "key": "m", "value": 0.5, "timestamp": 1}
    logged = gateway.call("POST", f"{API}/runs/log-metric", metric, user=ALICE)
    assert logged.status_code == 200
    got = gateway.call("GET", f"{API}/runs/get", user=ALICE, run_id=run[1]).json()
    assert got["run"]["data"]["metrics"][0]["value"] == 0.5


def test_who_may_not_does_neither(gateway: Server, mlflow: Server, run: tuple[str, str]) -> None:
    metric = {"run_id": run[1], "key": "forged", "value": 1.0, "timestamp": 1}
    for answer in (
        gateway.call("GET", f"{API}/runs/get", user=BOB, run_id=run[1]),
        gateway.call("GET", f"{API}/experiments/get", user=BOB, experiment_id=run[0]),
        gateway.call("POST", f"{API}/runs/log-metric", metric, user=BOB),
    ):
        assert answer.status_code == 403
        assert answer.json()["error_code"] == "PERMISSION_DENIED"
    assert "forged" not in mlflow.client(None).get(f"{API}/runs/get?run_id={run[1]}").text


@pytest.mark.usefixtures("run")
def test_a_search_shows_what_one_may_read(gateway: Server) -> None:
    search = {"max_results": 10}
    for user, names in ((ALICE, ["secret-e"]), (BOB, []), (ADMIN, ["secret-e", "Default"])):
        found = gateway.call("POST", f"{API}/experiments/search", search, user=user).json()
        assert [row["name"] for row in found["experiments"]] == names


@pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")
def test_a_large_file_streams_both_ways(gateway: Server, run: tuple[str, str]) -> None:
    path = f"/api/2.0/mlflow-artifacts/artifacts/{run[0]}/{run[1]}/artifacts/large.bin"
    piece = bytes(range(256)) * 256
    before = peak_memory(gateway.process.pid)
    sent = gateway.client(ALICE).put(
        path,
        content=(piece for _ in range(LARGE // len(piece))),
        headers={"Content-Length": str(LARGE)},
    )
    assert sent.status_code == 200, sent.text
    digest = hashlib.sha256()
    with gateway.client(ALICE).stream("GET", path) as answer:
        assert answer.status_code == 200
        for chunk in answer.iter_bytes():
            digest.update(chunk)
    assert digest.digest() == hashlib.sha256(piece * (LARGE // len(piece))).digest()
    assert peak_memory(gateway.process.pid) - before < LARGE / 2
    assert gateway.call("GET", path, user=BOB).status_code == 403


def test_an_empty_file_is_sent_in_chunks_and_arrives(gateway: Server, run: tuple[str, str]) -> None:
    path = f"/api/2.0/mlflow-artifacts/artifacts/{run[0]}/{run[1]}/artifacts/empty.txt"
    nothing: list[bytes] = []
    sent = gateway.client(ALICE).put(path, content=iter(nothing))
    assert sent.request.headers["Transfer-Encoding"] == "chunked"
    assert sent.status_code == 200, sent.text
    assert gateway.call("GET", path, user=ALICE).content == b""
