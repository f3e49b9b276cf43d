"""A service token's life on a real server of two workers, with MLflow's own client."""

from __future__ import annotations

import contextlib
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from authctl.service_token import is_well_formed
from tests.live import ADMIN, authctl_server
from tests.scripts import run_script
from tests.server.admin_api import AdminApi
from tests.store.databases import execute

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.live import Server

pytestmark = pytest.mark.mlflow

A2, A3 = "/api/2.0/mlflow", "/api/3.0/mlflow"
TOKENS = "/api/3.0/authctl/tokens"
CURRENT = f"{A2}/users/current"
WORKERS = 2
CONNECTIONS = 8


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("tokens")
    (folder / "auth.ini").write_text("[mlflow]\ndefault_permission = NO_PERMISSIONS\n")
    options = ("--workers", str(WORKERS), "--auth-config", str(folder / "auth.ini"))
    with authctl_server(folder, *options) as running:
        yield running


@pytest.fixture
def api(server: Server) -> AdminApi:
    return AdminApi(server)


@pytest.fixture
def alice(api: AdminApi) -> tuple[str, str]:
    return api.new_user("alice")


@pytest.fixture
def fraud(api: AdminApi, alice: tuple[str, str]) -> str:
    """An experiment of hers."""
    return api.new_experiment(alice)


def create(
    server: Server, username: str, *, user: tuple[str, str] = ADMIN, **asked: Any
) -> httpx.Response:
    body = {"name": "ci", "username": username, **asked}
    return server.call("POST", f"{TOKENS}/create", body, user=user)


def secret_for(server: Server, username: str, **asked: Any) -> str:
    made = create(server, username, **asked)
    assert made.status_code == 200, made.text
    return str(made.json()["secret"])


def send(
    server: Server, secret: str, method: str, path: str, body: Any = None, **query: Any
) -> httpx.Response:
    with httpx.Client(base_url=server.url, trust_env=False, verify=False, timeout=60) as client:
        headers = {"Authorization": f"Bearer {secret}"}
        return client.request(method, path, json=body, params=query or None, headers=headers)


@contextlib.contextmanager
def connected(server: Server) -> Iterator[list[httpx.Client]]:
    """Clients with a connection each, opened at once, so that every worker has some."""
    with contextlib.ExitStack() as stack:
        clients = [
            stack.enter_context(
                httpx.Client(base_url=server.url, trust_env=False, verify=False, timeout=60)
            )
            for _ in range(CONNECTIONS)
        ]
        statuses(clients, "none")
        yield clients


def statuses(clients: list[httpx.Client], secret: str) -> set[int]:
    """What the connections are answered, all at the same time."""
    headers = {"Authorization": f"Bearer {secret}"}
    with ThreadPoolExecutor(CONNECTIONS) as threads:
        found = threads.map(lambda client: client.get(CURRENT, headers=headers), clients)
        return {response.status_code for response in found}


_PROGRAM = """
    import mlflow

    mlflow.set_tracking_uri("{url}")
    mlflow.set_experiment(experiment_id="{experiment}")
    with mlflow.start_run() as run:
        mlflow.log_metric("loss", 0.25)
        mlflow.log_text("hello", "notes.txt")
    found = mlflow.search_runs(experiment_ids=["{experiment}"], output_format="list")
    print(found[0].data.metrics, mlflow.artifacts.load_text(run.info.artifact_uri + "/notes.txt"))
"""
_LOOK = """
    import mlflow

    mlflow.set_tracking_uri("{url}")
    print(len(mlflow.search_runs(experiment_ids=["{experiment}"], output_format="list")))
    try:
        mlflow.start_run(experiment_id="{experiment}")
    except mlflow.exceptions.MlflowException as error:
        print(error)
"""


def test_mlflows_client_works_with_a_token_until_it_is_revoked(
    server: Server, alice: tuple[str, str], fraud: str, tmp_path: Path
) -> None:
    secret = secret_for(server, alice[0])
    program = _PROGRAM.format(url=server.url, experiment=fraud)
    printed = run_script(program, tmp_path, MLFLOW_TRACKING_TOKEN=secret)
    assert printed.splitlines()[-1] == "{'loss': 0.25} hello"
    [token] = server.call("GET", f"{TOKENS}/list", username=alice[0]).json()["tokens"]
    assert token["last_used_at"] is not None
    server.call("DELETE", f"{TOKENS}/revoke", {"username": alice[0], "name": "ci"})
    refused = run_script(program, tmp_path, fails=True, MLFLOW_TRACKING_TOKEN=secret)
    assert "You are not authenticated." in refused
    assert secret not in refused


def test_a_token_that_may_only_read_reads_in_mlflows_client(
    server: Server, alice: tuple[str, str], fraud: str, tmp_path: Path
) -> None:
    server.call("POST", f"{A2}/runs/create", {"experiment_id": fraud}, user=alice)
    secret = secret_for(server, alice[0], scope="read")
    look = _LOOK.format(url=server.url, experiment=fraud)
    runs, refusal = run_script(look, tmp_path, MLFLOW_TRACKING_TOKEN=secret).splitlines()[-2:]
    assert runs == "1"
    assert "Permission denied" in refusal


def test_a_revoked_token_is_refused_by_the_next_request_on_every_worker(
    server: Server, alice: tuple[str, str]
) -> None:
    with connected(server) as clients:
        for _ in range(25):
            secret = secret_for(server, alice[0])
            assert statuses(clients, secret) == {200}
            server.call("DELETE", f"{TOKENS}/revoke", {"username": alice[0], "name": "ci"})
            assert statuses(clients, secret) == {401}


def test_so_is_one_that_is_revoked_or_deleted_in_the_database(
    server: Server, alice: tuple[str, str]
) -> None:
    with connected(server) as clients:
        for statement in (
            "DELETE FROM authctl_tokens WHERE username = '{0}'",
            "UPDATE authctl_tokens SET expires_at = '2020-01-01T00:00:00Z' WHERE username = '{0}'",
            "DELETE FROM users WHERE username = '{0}'",
        ):
            secret = secret_for(server, alice[0], name=statement[:3] + uuid.uuid4().hex)
            assert statuses(clients, secret) == {200}
            execute(server.database, statement.format(alice[0]))
            assert statuses(clients, secret) == {401}


def test_a_token_ends_when_it_expires(server: Server, alice: tuple[str, str]) -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)
    secret = secret_for(server, alice[0], expires_at=soon.isoformat())
    with connected(server) as clients:
        assert statuses(clients, secret) == {200}
        past = datetime.now(UTC).isoformat(timespec="seconds")
        execute(
            server.database,
            f"UPDATE authctl_tokens SET expires_at = '{past}' WHERE username = '{alice[0]}'",
        )
        assert statuses(clients, secret) == {401}
    refused = send(server, secret, "GET", CURRENT)
    assert refused.headers["WWW-Authenticate"] == 'Basic realm="mlflow"'
    assert refused.json() == {
        "error_code": "UNAUTHENTICATED",
        "message": "You are not authenticated. The service token 'ci' has expired.",
    }
    other = f"{secret[:12]}{secret[12:][::-1]}"
    assert "expired" not in send(server, other, "GET", CURRENT).text


def test_a_deleted_users_token_is_refused_and_stays_so(
    server: Server, alice: tuple[str, str]
) -> None:
    secret = secret_for(server, alice[0])
    with connected(server) as clients:
        assert statuses(clients, secret) == {200}
        server.call("DELETE", f"{A2}/users/delete", {"username": alice[0]})
        assert statuses(clients, secret) == {401}
        server.add_user(alice[0])
        assert statuses(clients, secret) == {401}


def test_a_token_is_made_once_is_known_by_its_start_and_shown_by_nothing_else(
    server: Server, alice: tuple[str, str]
) -> None:
    made = create(server, alice[0]).json()
    secret = made["secret"]
    assert is_well_formed(secret)
    assert made["token"]["start"] == secret[:12]
    again = create(server, alice[0])
    assert (again.status_code, again.json()["error_code"]) == (400, "RESOURCE_ALREADY_EXISTS")
    send(server, secret, "GET", CURRENT)
    send(server, f"{secret[:-1]}!", "GET", CURRENT)
    send(server, secret, "GET", f"{A2}/nowhere")
    send(server, secret, "POST", f"{A2}/experiments/create", {"nonsense": secret[:12]})
    listed = server.call("GET", f"{TOKENS}/list-all").text
    log = server.log.read_text(encoding="utf-8")
    for told in (listed, again.text, log):
        assert secret[12:24] not in told
    assert "ci" in listed


def test_a_token_acts_as_its_user_and_no_further(
    server: Server, api: AdminApi, alice: tuple[str, str], fraud: str
) -> None:
    others = api.new_experiment()
    secret = secret_for(server, alice[0])
    assert send(server, secret, "GET", CURRENT).json()["user"]["username"] == alice[0]
    get = f"{A2}/experiments/get"
    assert send(server, secret, "GET", get, experiment_id=fraud).status_code == 200
    assert send(server, secret, "GET", get, experiment_id=others).status_code == 403
    assert send(server, secret, "GET", f"{A2}/users/list").status_code == 403
    mine = send(server, secret, "POST", f"{A2}/experiments/create", {"name": uuid.uuid4().hex})
    assert mine.status_code == 200
    found = server.call("GET", f"{A2}/users/get", username=alice[0]).json()["user"]
    assert mine.json()["experiment_id"] in {
        row["experiment_id"] for row in found["experiment_permissions"]
    }


def test_a_token_for_some_resources_reaches_nothing_else(
    server: Server, api: AdminApi, alice: tuple[str, str], fraud: str
) -> None:
    second = api.new_experiment(alice)
    run = server.call("POST", f"{A2}/runs/create", {"experiment_id": second}, user=alice).json()
    only = [{"type": "experiment", "id": fraud}]
    secret = secret_for(server, alice[0], resources=only)
    search = {"max_results": 100}
    found = send(server, secret, "POST", f"{A2}/experiments/search", search).json()
    assert [row["experiment_id"] for row in found["experiments"]] == [fraud]
    log = {"key": "loss", "value": 1, "timestamp": 1}
    mine = send(server, secret, "POST", f"{A2}/runs/create", {"experiment_id": fraud})
    ids = {"mine": mine.json()["run"]["info"]["run_id"], "other": run["run"]["info"]["run_id"]}
    for name, status in (("mine", 200), ("other", 403)):
        body = log | {"run_id": ids[name]}
        assert send(server, secret, "POST", f"{A2}/runs/log-metric", body).status_code == status
    for method, path, body in (
        ("POST", f"{A2}/experiments/create", {"name": uuid.uuid4().hex}),
        ("POST", f"{A2}/registered-models/create", {"name": uuid.uuid4().hex}),
        ("POST", f"{A2}/runs/create", {"experiment_id": second}),
        ("POST", f"{TOKENS}/create", {"name": "more", "username": alice[0]}),
        ("PATCH", f"{A2}/users/update-password", {"username": alice[0], "password": "x" * 12}),
    ):
        assert send(server, secret, method, path, body).status_code == 403, path


def test_an_administrators_limited_tokens_are_no_administrators(
    server: Server, api: AdminApi, fraud: str
) -> None:
    boss = api.new_user("boss", is_admin=True)
    full = secret_for(server, boss[0], name="full")
    reader = secret_for(server, boss[0], name="reader", scope="read")
    some = secret_for(server, boss[0], name="some", resources=[{"type": "experiment", "id": fraud}])
    for path, answers in (
        (f"{A2}/users/list", (200, 200, 403)),
        (f"{A2}/experiments/get?experiment_id={fraud}", (200, 200, 200)),
        (f"{A2}/experiments/get?experiment_id=0", (200, 200, 403)),
        (f"{TOKENS}/list-all", (200, 200, 403)),
        ("/ajax-api/9.9/mlflow/unlisted", (404, 403, 403)),
    ):
        found = tuple(send(server, each, "GET", path).status_code for each in (full, reader, some))
        assert found == answers, path
    victim = api.new_user("victim")
    for secret, status in ((reader, 403), (some, 403), (full, 200)):
        body = {"username": victim[0], "is_admin": True}
        done = send(server, secret, "PATCH", f"{A2}/users/update-admin", body)
        assert done.status_code == status


def test_nobody_makes_sees_or_revokes_the_tokens_of_others(
    server: Server, api: AdminApi, alice: tuple[str, str]
) -> None:
    eve = api.new_user("eve")
    assert create(server, eve[0], user=eve).status_code == 200
    assert create(server, alice[0], user=alice).status_code == 200
    for method, path, body, query in (
        ("POST", "create", {"name": "x", "username": alice[0]}, {}),
        ("GET", "list", None, {"username": alice[0]}),
        ("GET", "list-all", None, {}),
        ("DELETE", "revoke", {"name": "ci", "username": alice[0]}, {}),
    ):
        assert server.call(method, f"{TOKENS}/{path}", body, user=eve, **query).status_code == 403
        assert server.call(method, f"{TOKENS}/{path}", body, user=None, **query).status_code == 401
    own = server.call("GET", f"{TOKENS}/list", user=eve, username=eve[0]).json()["tokens"]
    assert [(token["name"], token["created_by"]) for token in own] == [("ci", eve[0])]
    done = server.call("DELETE", f"{TOKENS}/revoke", {"name": "ci", "username": eve[0]}, user=eve)
    assert (done.status_code, done.json()) == (200, {})


def test_whoever_found_a_token_cannot_make_it_last(server: Server, alice: tuple[str, str]) -> None:
    secret = secret_for(server, alice[0])
    more = send(server, secret, "POST", f"{TOKENS}/create", {"name": "x", "username": alice[0]})
    assert (more.status_code, more.json()["error_code"]) == (403, "PERMISSION_DENIED")
    body = {"username": alice[0], "password": "another-password"}
    changed = send(server, secret, "PATCH", f"{A2}/users/update-password", body)
    assert (changed.status_code, changed.json()["message"]) == (
        400,
        "Current password is required when changing your own password.",
    )


def test_an_administrators_token_makes_tokens_for_others(
    server: Server, api: AdminApi, alice: tuple[str, str]
) -> None:
    boss = api.new_user("boss", is_admin=True)
    secret = secret_for(server, boss[0])
    made = send(server, secret, "POST", f"{TOKENS}/create", {"name": "x", "username": alice[0]})
    assert made.status_code == 200
    assert made.json()["token"]["created_by"] == boss[0]


def test_a_service_account_logs_in_with_its_token_alone(server: Server) -> None:
    name = f"ci-bot-{uuid.uuid4().hex[:8]}"
    body = {"username": name, "no_password": True}
    assert server.call("POST", f"{A2}/users/create", body).status_code == 200
    secret = secret_for(server, name)
    assert send(server, secret, "GET", CURRENT).json()["user"]["username"] == name
    for password in ("", "!", "password1234", secret):
        assert server.call("GET", CURRENT, user=(name, password)).status_code == 401


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"username": "admin"}, "Missing value for required parameter 'name'."),
        ({"name": "x"}, "Missing value for required parameter 'username'."),
        ({"name": "a\nb", "username": "admin"}, "Invalid token name"),
        ({"name": "x", "username": "admin", "scope": "write"}, "Invalid token"),
        ({"name": "x", "username": "admin", "resources": []}, "for all resources, or for 1 to"),
        ({"name": "x", "username": "admin", "resources": "experiment:1"}, "Invalid token"),
        ({"name": "x", "username": "admin", "resources": [{"type": "experiment"}]}, "Invalid"),
        (
            {"name": "x", "username": "admin", "resources": [{"type": "x", "id": "1"}]},
            "Invalid resource type",
        ),
        ({"name": "x", "username": "admin", "expires_at": "2020-01-01T00:00:00Z"}, "before it is"),
        ({"name": "x", "username": "admin", "expires_at": "tomorrow"}, "Invalid token"),
        ({"name": "x", "username": "admin", "expires_at": "2099-01-01T00:00:00"}, "Invalid token"),
        ({"name": "x", "username": "admin", "expires_at": 4102444800}, "Invalid token"),
    ],
)
def test_a_malformed_token_is_refused(server: Server, body: dict[str, Any], told: str) -> None:
    done = server.call("POST", f"{TOKENS}/create", body)
    assert (done.status_code, done.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert told in done.json()["message"]


def test_a_token_for_nobody_is_not_found(server: Server) -> None:
    assert create(server, "nobody").status_code == 404
    revoked = server.call("DELETE", f"{TOKENS}/revoke", {"username": "admin", "name": "none"})
    assert revoked.status_code == 404
