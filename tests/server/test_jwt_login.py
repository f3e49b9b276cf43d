"""Signing in with a token: MLflow's own client, and a server that asks an issuer for its keys."""

from __future__ import annotations

import configparser
from typing import TYPE_CHECKING

import pytest

from authctl.config import ALGORITHMS, AuthConfig, JwtSettings
from authctl.server.jwt import LEEWAY
from authctl.server.jwt_sources import FRESH, KEPT, PAUSE
from authctl.service_token import Asked
from tests.documents import ROOT, files
from tests.live import authctl_server
from tests.scripts import run_script
from tests.server.issuer import AUDIENCE, NAME, Issuer, hmac_token, soon, with_header
from tests.servers import recording_server
from tests.store.databases import execute, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.live import Server
    from tests.servers import Recorder

API = "/api/2.0/mlflow"
PAGE = (ROOT / "docs" / "authorization-function.md").read_text(encoding="utf-8")
SHOWN = files(PAGE)["basic_auth.ini"]

LOG_A_RUN = """
import mlflow

mlflow.set_experiment("tokens")
with mlflow.start_run() as run:
    mlflow.log_metric("m", 0.5)
print(mlflow.MlflowClient().get_run(run.info.run_id).data.metrics["m"])
"""


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture(scope="module")
def keys(issuer: Issuer) -> Iterator[Recorder]:
    with recording_server() as recorder:
        recorder.will_answer(200, issuer.document("rsa", "p256"))
        yield recorder


def written(folder: Path, keys: str) -> Path:
    """The document's file, with the keys at another place."""
    told = next(line for line in SHOWN.splitlines() if line.startswith("jwt_keys"))
    path = folder / "basic_auth.ini"
    path.write_text(SHOWN.replace(told, f"jwt_keys = {keys}"))
    return path


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, keys: Recorder) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("tokens")
    ini = written(folder, f"{keys.url}/certs")
    with authctl_server(folder, "--auth-config", str(ini)) as server:
        yield server


def token(issuer: Issuer, username: str = "alice") -> str:
    return issuer.token(preferred_username=username)


def current(server: Server, token: str | None) -> tuple[int, str | None]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = server.client(None).get(f"{API}/users/current", headers=headers)
    return answer.status_code, answer.json().get("user", {}).get("username")


@pytest.mark.mlflow
def test_mlflow_logs_a_run_with_a_token_and_is_refused_with_a_bad_one(
    server: Server, issuer: Issuer, tmp_path: Path
) -> None:
    env = {"MLFLOW_TRACKING_URI": server.url, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"}
    logged = run_script(LOG_A_RUN, tmp_path, MLFLOW_TRACKING_TOKEN=token(issuer), **env)
    assert logged.splitlines()[-1] == "0.5"
    forged = token(Issuer())
    told = run_script(LOG_A_RUN, tmp_path, fails=True, MLFLOW_TRACKING_TOKEN=forged, **env)
    assert "You are not authenticated. Send a token" in told


@pytest.mark.mlflow
def test_whoever_a_token_names_is_who_asks(server: Server, issuer: Issuer) -> None:
    assert current(server, token(issuer)) == (200, "alice")
    assert current(server, token(issuer, "stranger")) == (401, None)


@pytest.mark.mlflow
def test_attacks_with_tokens_are_answered_401(server: Server, issuer: Issuer) -> None:
    good = token(issuer)
    for bad in (
        with_header(good, {"alg": "none", "kid": "rsa"}),
        hmac_token(issuer.public_pem("rsa"), {"alg": "HS256", "kid": "rsa"}),
        token(Issuer()),
        issuer.token("p256", "ES256", preferred_username="alice"),  # not in jwt_algorithms
        issuer.token(preferred_username="alice", exp=soon(-60)),
        issuer.token(preferred_username="alice", aud="grafana"),
        issuer.token(preferred_username="alice", iss="https://evil.example"),
        issuer.token(sub="alice"),
    ):
        assert current(server, bad) == (401, None)


@pytest.mark.mlflow
def test_who_sends_no_token_is_asked_for_one(server: Server) -> None:
    answer = server.call("GET", f"{API}/users/current", user=("alice", "an-admin-password"))
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="mlflow"'
    assert answer.json()["message"].startswith("You are not authenticated. Send a token")
    page = server.call("GET", "/", user=None)
    assert (page.status_code, page.headers["WWW-Authenticate"]) == (401, 'Bearer realm="mlflow"')


@pytest.mark.mlflow
def test_service_tokens_count_besides_and_an_expired_one_is_asked_for_another(
    server: Server,
) -> None:
    with opened(server.database) as store:
        _, secret = store.create_token(Asked("nightly", "alice"))
    assert current(server, secret) == (200, "alice")
    execute(server.database, "UPDATE authctl_tokens SET expires_at = '2020-01-01T00:00:00Z'")
    headers = {"Authorization": f"Bearer {secret}"}
    answer = server.client(None).get(f"{API}/users/current", headers=headers)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (
        401,
        'Bearer realm="mlflow"',
    )
    assert answer.json()["message"].endswith("The service token 'nightly' has expired.")


@pytest.mark.mlflow
def test_runs_are_searched_where_mlflow_would_read_the_configuration(
    server: Server, issuer: Issuer
) -> None:
    found = server.client(None).post(
        f"{API}/runs/search",
        json={"experiment_ids": ["0"]},
        headers={"Authorization": f"Bearer {token(issuer)}"},
    )
    assert found.status_code == 200, found.text


@pytest.mark.mlflow
def test_neither_tokens_nor_what_they_say_are_logged(
    server: Server, issuer: Issuer, keys: Recorder
) -> None:
    bad = issuer.token(preferred_username="alice", email="alice-secret@example", aud="grafana")
    current(server, bad)
    current(server, issuer.token(headers={"kid": "secret-kid"}))
    log = server.log.read_text()
    assert "a JWT was refused: it is for another audience" in log
    assert not [part for part in bad.split(".") if part in log]
    assert "secret" not in log
    assert keys.requests
    assert {request.path for request in keys.requests} == {"/certs"}


@pytest.mark.mlflow
def test_a_gateway_without_mlflow_reads_tokens_too(tmp_path: Path, issuer: Issuer) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\n\nsys.modules['mlflow'] = None\n")
    (tmp_path / "jwks.json").write_bytes(issuer.document())
    ini = written(tmp_path, "jwks.json")
    with recording_server() as mlflow:
        options = ("--upstream", mlflow.url, "--auth-config", str(ini))
        env = {"PYTHONPATH": str(tmp_path)}
        with authctl_server(tmp_path, *options, env=env) as server:
            assert current(server, token(issuer)) == (200, "alice")
            assert current(server, token(Issuer())) == (401, None)
            assert current(server, None) == (401, None)
            good = {"Authorization": f"Bearer {token(issuer)}"}
            server.client(None).get(f"{API}/experiments/get?experiment_id=0", headers=good)
            (tmp_path / "jwks.json").unlink()
            answer = server.client(None).get(f"{API}/users/current", headers=good)
            assert answer.status_code == 503
        assert "authorization" not in mlflow.requests[-1].headers
        assert mlflow.requests[-1].path == f"{API}/experiments/get?experiment_id=0"


def test_the_document_tells_how_long_things_count() -> None:
    assert (LEEWAY, FRESH, PAUSE, KEPT) == (30, 600, 30, 3600)
    for told in ("half a minute", "every 10 minutes", "in 30 seconds", "until they are an hour"):
        assert told in PAGE


def test_the_document_tells_every_setting_with_its_default(tmp_path: Path) -> None:
    ini = tmp_path / "basic_auth.ini"
    ini.write_text(SHOWN)
    assert AuthConfig.load(ini, {}).jwt == JwtSettings(
        keys=f"{NAME}/protocol/openid-connect/certs",
        issuer=NAME,
        audience=AUDIENCE,
        algorithms=("RS256",),
        username_claim="preferred_username",
    )
    parser = configparser.ConfigParser()
    parser.read(ini)
    settings = {name for name in parser["mlflow"] if name.startswith("jwt_")}
    rows = [line.split("|") for line in PAGE.splitlines() if line.startswith("| `jwt_")]
    told = {row[1].strip(" `"): row[3].strip(" `") for row in rows}
    assert set(told) == settings
    assert told["jwt_algorithms"] == ",".join(JwtSettings.algorithms)
    assert told["jwt_username_claim"] == JwtSettings.username_claim
    for algorithm in ALGORITHMS:
        assert algorithm == "EdDSA" or f"{algorithm[:2]}256 to {algorithm[:2]}512" in PAGE
