"""The door in front of a real MLflow: a victim, an owner of something else, and a stranger."""

from __future__ import annotations

import base64
import http.client
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.live import ADMIN, Server, authctl_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

pytestmark = pytest.mark.mlflow

API = "/api/2.0/mlflow"
SECRET = b"the secret bytes"


@dataclass(frozen=True)
class World:
    """Alice owns an experiment with a run and a file, and a model; bob owns others; eve nothing."""

    server: Server
    alice: tuple[str, str]
    bob: tuple[str, str]
    eve: tuple[str, str]
    experiment: str
    run: str
    others: str
    other_run: str

    def call(self, method: str, path: str, body: Any = None, /, **more: Any) -> httpx.Response:
        return self.server.call(method, path, body, **more)


@pytest.fixture(scope="module", params=["", "/tracking"], ids=["no prefix", "static prefix"])
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("door")
    config = folder / "basic_auth.ini"
    config.write_text(
        "[mlflow]\ndefault_permission = NO_PERMISSIONS\n"
        "database_uri = sqlite:///basic_auth.db\nadmin_username = admin\n"
    )
    options = ("--auth-config", str(config))
    with authctl_server(folder, *options, prefix=request.param) as server:
        alice, bob, eve = (server.add_user(name) for name in ("alice", "bob", "eve"))
        experiment, run = _work(server, alice, "alice's")
        others, other_run = _work(server, bob, "bob's")
        _make_model(server, alice, "alices-model")
        _make_model(server, bob, "bobs-model")
        yield World(server, alice, bob, eve, experiment, run, others, other_run)


def _work(server: Server, user: tuple[str, str], name: str) -> tuple[str, str]:
    experiment = ok(server.call("POST", f"{API}/experiments/create", {"name": name}, user=user))
    number = experiment["experiment_id"]
    body = {"experiment_id": number}
    run = ok(server.call("POST", f"{API}/runs/create", body, user=user))["run"]["info"]["run_id"]
    path = f"/api/2.0/mlflow-artifacts/artifacts/{number}/{run}/artifacts/secret.txt"
    put = server.client(user).put(path, content=SECRET)
    assert put.status_code == 200, put.text
    return number, run


def _make_model(server: Server, user: tuple[str, str], name: str) -> None:
    ok(server.call("POST", f"{API}/registered-models/create", {"name": name}, user=user))


def ok(response: httpx.Response) -> Any:
    assert response.status_code == 200, response.text
    return response.json()


def refused(response: httpx.Response) -> None:
    assert response.status_code in (400, 401, 403, 404), response.text
    assert SECRET not in response.content


def raw(
    world: World, method: str, path: str, headers: dict[str, str], body: bytes = b""
) -> tuple[int, bytes]:
    """A request exactly as written, which no HTTP client library would send."""
    parts = urlsplit(world.server.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    connection.putrequest(method, parts.path + path, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders(body or None)
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response.status, content


def basic(user: tuple[str, str]) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(":".join(user).encode()).decode()}


PREFIXES = ["/api", "/ajax-api"]


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("who", ["bob", "eve"])
def test_what_is_not_granted_is_refused(world: World, prefix: str, who: str) -> None:
    user = getattr(world, who)
    api = f"{prefix}/2.0/mlflow"
    file = f"{prefix}/2.0/mlflow-artifacts/artifacts/{world.experiment}/{world.run}/artifacts"
    attempts: list[tuple[str, str, Any, dict[str, str]]] = [
        ("GET", f"{api}/experiments/get", None, {"experiment_id": world.experiment}),
        ("GET", f"{api}/experiments/get-by-name", None, {"experiment_name": "alice's"}),
        ("POST", f"{api}/experiments/update", {"experiment_id": world.experiment}, {}),
        ("POST", f"{api}/experiments/delete", {"experiment_id": world.experiment}, {}),
        ("POST", f"{api}/runs/create", {"experiment_id": world.experiment}, {}),
        ("GET", f"{api}/runs/get", None, {"run_id": world.run}),
        ("GET", f"{api}/runs/get", None, {"run_uuid": world.run}),
        ("POST", f"{api}/runs/delete", {"run_id": world.run}, {}),
        ("POST", f"{api}/runs/log-metric", {"run_uuid": world.run, "key": "x", "value": 1}, {}),
        ("GET", f"{api}/artifacts/list", None, {"run_id": world.run}),
        ("GET", f"{api}/metrics/get-history-bulk", None, {"run_id": world.run}),
        ("GET", f"{api}/registered-models/get", None, {"name": "alices-model"}),
        ("DELETE", f"{api}/registered-models/delete", {"name": "alices-model"}, {}),
        ("POST", f"{api}/registered-models/rename", {"name": "alices-model", "new_name": "x"}, {}),
        ("GET", f"{file}/secret.txt", None, {}),
        ("DELETE", f"{file}/secret.txt", None, {}),
        ("GET", f"{prefix}/2.0/mlflow-artifacts/artifacts", None, {"path": world.experiment}),
        ("GET", f"{prefix}/2.0/mlflow-artifacts/artifacts", None, {"path": "."}),
        ("GET", f"{prefix}/2.0/mlflow-artifacts/artifacts", None, {}),
        ("GET", "/get-artifact", None, {"run_id": world.run, "path": "secret.txt"}),
        ("GET", f"{api}/webhooks", None, {}),
        ("POST", "/graphql", {"query": "{ __schema { types { name } } }"}, {}),
        ("GET", f"{prefix}/9.9/mlflow/experiments/get", None, {}),
    ]
    for method, path, body, query in attempts:
        refused(world.call(method, path, body, user=user, **query))
    mine = world.server.client(world.alice).get(f"{file}/secret.txt")
    assert mine.content == SECRET
    still = ok(world.call("GET", f"{API}/runs/get", run_id=world.run, user=world.alice))
    assert still["run"]["info"]["lifecycle_stage"] == "active"


@pytest.mark.parametrize("path", ["/", "/version", "/graphql", "/docs", "/metrics", "/nope"])
def test_nobody_passes_without_credentials(world: World, path: str) -> None:
    response = world.call("GET", path, user=None)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == 'Basic realm="mlflow"'


def test_health_is_open(world: World) -> None:
    assert world.call("GET", "/health", user=None).text == "OK"


def test_an_unknown_run_and_a_forbidden_run_look_alike(world: World) -> None:
    forbidden = world.call("GET", f"{API}/runs/get", run_id=world.run, user=world.eve)
    unknown = world.call("GET", f"{API}/runs/get", run_id="0" * 32, user=world.eve)
    assert (forbidden.status_code, forbidden.content) == (403, unknown.content)


def test_a_name_that_does_not_exist_is_told_so_that_clients_can_create_it(world: World) -> None:
    response = world.call(
        "GET", f"{API}/experiments/get-by-name", experiment_name="new", user=world.eve
    )
    assert (response.status_code, response.json()["error_code"]) == (
        404,
        "RESOURCE_DOES_NOT_EXIST",
    )


@pytest.mark.parametrize("prefix", PREFIXES)
def test_one_request_has_one_reading(world: World, prefix: str) -> None:
    mine, theirs = world.others, world.experiment
    update = f"{prefix}/2.0/mlflow/experiments/update"
    headers = {**basic(world.bob), "Content-Type": "application/json"}

    def post(body: bytes, path: str = update, **more: str) -> int:
        sent = {**headers, "Content-Length": str(len(body)), **more}
        return raw(world, "POST", path, sent, body)[0]

    both = json.dumps({"experiment_id": mine, "experimentId": theirs, "new_name": "taken"})
    twice = f'{{"experiment_id":"{mine}","experiment_id":"{theirs}","new_name":"taken"}}'
    escaped = f'{{"experiment_id":"{mine}","experiment\\u005fid":"{theirs}","new_name":"taken"}}'
    theirs_body = json.dumps({"experiment_id": theirs, "new_name": "taken"}).encode()
    assert post(both.encode()) == 400
    assert post(twice.encode()) == 400
    assert post(escaped.encode()) == 400
    assert post(json.dumps({"experimentId": theirs, "new_name": "taken"}).encode()) == 400
    assert post(theirs_body, f"{update}?experiment_id={mine}") == 400
    assert post(json.dumps(theirs_body.decode()).encode()) == 400
    assert post(theirs_body.decode().encode("utf-16")) == 400
    assert post(b"\xef\xbb\xbf" + theirs_body) == 400
    assert post(theirs_body, **{"Content-Type": "text/plain"}) == 400
    assert post(b"[1]") == 400
    for spelling in (f"0{theirs}", f" {theirs}", f"+{theirs}", f"{theirs}_0", int(theirs)):
        body = json.dumps({"experiment_id": spelling, "new_name": "taken"}).encode()
        assert post(body) == 400
    assert (
        raw(
            world,
            "GET",
            f"{prefix}/2.0/mlflow/experiments/get",
            {**headers, "Content-Length": str(len(theirs_body))},
            theirs_body,
        )[0]
        == 400
    )
    query = f"experiment_id={mine}&experiment_id={theirs}"
    path = f"{prefix}/2.0/mlflow/experiments/get"
    assert raw(world, "GET", f"{path}?{query}", headers)[0] == 400
    assert raw(world, "HEAD", f"{path}?experiment_id={mine}", headers)[0] == 400
    assert raw(world, "get", f"{path}?experiment_id={mine}", headers)[0] == 400
    assert (
        raw(
            world, "GET", f"{path}?experiment_id={mine}", {**headers, "X-MLFLOW-WORKSPACE": "other"}
        )[0]
        == 400
    )
    found = ok(world.call("GET", f"{API}/experiments/get", experiment_id=theirs, user=world.alice))
    assert found["experiment"]["name"] == "alice's"


@pytest.mark.parametrize("route", ["registered-models/delete", "registered-models/delete-tag"])
def test_a_delete_acts_on_what_was_judged(world: World, route: str) -> None:
    body = json.dumps({"name": "alices-model", "key": "k"}).encode()
    headers = {**basic(world.bob), "Content-Length": str(len(body))}
    for content_type in ("text/plain", "application/json"):
        status, _ = raw(
            world,
            "DELETE",
            f"{API}/{route}?name=bobs-model",
            {**headers, "Content-Type": content_type},
            body,
        )
        assert status == 400
    ok(world.call("GET", f"{API}/registered-models/get", name="alices-model", user=world.alice))


def test_a_chunked_body_is_read_by_both_sides(world: World) -> None:
    body = {"experiment_id": world.others, "key": "k", "value": "chunked"}
    response = world.server.client(world.bob).post(
        f"{API}/experiments/set-experiment-tag",
        content=iter([json.dumps(body).encode()]),
        headers={"Content-Type": "application/json"},
    )
    assert response.status_code == 200, response.text
    found = ok(world.call("GET", f"{API}/experiments/get", experiment_id=world.others))
    assert {"key": "k", "value": "chunked"} in found["experiment"]["tags"]


@pytest.mark.parametrize(
    "path",
    [
        "{base}/{mine}/../{theirs}/{run}/artifacts/secret.txt",
        "{base}/{mine}/%2e%2e/{theirs}/{run}/artifacts/secret.txt",
        "{base}/{mine}/..%2F{theirs}/{run}/artifacts/secret.txt",
        "{base}/{mine}/%252e%252e/{theirs}/{run}/artifacts/secret.txt",
        "{base}/./{theirs}/{run}/artifacts/secret.txt",
        "{base}//{theirs}/{run}/artifacts/secret.txt",
        "{base}/%25{code}/{run}/artifacts/secret.txt",
        "/static-files/..{base}/{theirs}/{run}/artifacts/secret.txt",
        "/health/../{base}/{theirs}/{run}/artifacts/secret.txt",
        "//api/2.0/mlflow-artifacts/artifacts/{theirs}/{run}/artifacts/secret.txt",
    ],
)
def test_no_spelling_of_a_path_reaches_another_s_file(world: World, path: str) -> None:
    written = path.format(
        base="/api/2.0/mlflow-artifacts/artifacts",
        mine=world.others,
        theirs=world.experiment,
        run=world.run,
        code=f"{ord(world.experiment[0]):x}",
    )
    for user in (world.bob, world.eve):
        status, content = raw(world, "GET", written, basic(user))
        assert status in (400, 401, 403, 404)
        assert SECRET not in content


def test_an_artifact_location_may_not_point_into_anothers_files(world: World) -> None:
    for location in (
        f"mlflow-artifacts:/{world.experiment}",
        f"mlflow-artifacts:/{world.others}/../{world.experiment}",
        f"mlflow-artifacts://elsewhere/{world.others}",
        "file:///etc",
        "/etc",
        "s3://bucket/anything",
    ):
        refused(
            world.call(
                "POST",
                f"{API}/experiments/create",
                {"name": "alias", "artifact_location": location},
                user=world.bob,
            )
        )


def test_a_version_may_not_have_its_source_in_anothers_files(world: World) -> None:
    place = f"mlflow-artifacts:/{world.experiment}/{world.run}/artifacts"
    for more in (
        {"source": place},
        {"source": place, "run_id": world.other_run},
        {"source": f"runs:/{world.run}/artifacts"},
        {"source": "file:///etc"},
        {"source": f"mlflow-artifacts:/{world.others}/../{world.experiment}/x"},
        {"source": "models:/alices-model/1"},
        {"source": f"mlflow-artifacts:/{world.others}/x", "run_id": world.run},
    ):
        refused(
            world.call(
                "POST",
                f"{API}/model-versions/create",
                {"name": "bobs-model", **more},
                user=world.bob,
            )
        )
    found = ok(world.call("GET", f"{API}/model-versions/search"))
    assert "model_versions" not in found


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_searches_show_only_what_may_be_read(world: World, method: str) -> None:
    path = f"{API}/experiments/search"

    def names(user: tuple[str, str]) -> list[str]:
        body = {"max_results": 100} if method == "POST" else None
        query = {} if method == "POST" else {"max_results": 100}
        found = ok(world.call(method, path, body, user=user, **query))
        return sorted(row["name"] for row in found["experiments"])

    assert names(world.alice) == ["alice's"]
    assert names(world.bob) == ["bob's"]
    assert names(world.eve) == []
    assert names(ADMIN) == ["Default", "alice's", "bob's"]


def test_run_searches_drop_experiments_that_may_not_be_read(world: World) -> None:
    body = {"experiment_ids": [world.experiment, world.others]}
    found = ok(world.call("POST", f"{API}/runs/search", body, user=world.bob))
    assert [row["info"]["run_id"] for row in found["runs"]] == [world.other_run]
    assert "runs" not in ok(world.call("POST", f"{API}/runs/search", body, user=world.eve))


def test_model_searches_show_only_what_may_be_read(world: World) -> None:
    found = ok(world.call("GET", f"{API}/registered-models/search", user=world.bob))
    assert [row["name"] for row in found["registered_models"]] == ["bobs-model"]
    found = ok(world.call("GET", f"{API}/registered-models/search", user=world.eve))
    assert found == {"registered_models": []}


@pytest.mark.parametrize("name", ["*", "__user_1__", "__user_x", "a\x00b", "a\nb", "x" * 256])
def test_a_name_that_means_something_to_the_grants_is_refused(world: World, name: str) -> None:
    for user in (world.eve, ADMIN):
        made = world.call("POST", f"{API}/registered-models/create", {"name": name}, user=user)
        assert made.status_code == 400
    body = {"name": "bobs-model", "new_name": name}
    renamed = world.call("POST", f"{API}/registered-models/rename", body, user=world.bob)
    assert renamed.status_code == 400


@pytest.mark.parametrize(("method", "route"), [("POST", "set-tag"), ("DELETE", "delete-tag")])
def test_nobody_makes_a_prompt_of_a_model_which_would_void_its_grants(
    world: World, method: str, route: str
) -> None:
    body = {"name": "bobs-model", "key": "mlflow.prompt.is_prompt", "value": "true"}
    for user in (world.bob, ADMIN):
        path = f"{API}/registered-models/{route}"
        assert world.call(method, path, body, user=user).status_code == 400
    other = {"name": "bobs-model", "key": "stage", "value": "dev"}
    ok(world.call("POST", f"{API}/registered-models/set-tag", other, user=world.bob))


def level(world: World, user: str, kind: str, name: str) -> str:
    return str(
        ok(
            world.call(
                "GET",
                "/api/3.0/mlflow/users/permissions/get",
                username=user,
                resource_type=kind,
                resource_id=name,
            )
        )["permission"]
    )


def grant(world: World, user: str, kind: str, name: str, permission: str) -> None:
    body = {
        "username": user,
        "resource_type": kind,
        "resource_id": name,
        "permission": permission,
    }
    ok(world.call("POST", "/api/3.0/mlflow/users/permissions/grant", body))


@pytest.mark.parametrize("tags", [[], [{"key": "mlflow.prompt.is_prompt", "value": "true"}]])
def test_a_name_made_again_does_not_pass_on_old_grants(
    world: World, tags: list[dict[str, str]]
) -> None:
    kind = "prompt" if tags else "registered_model"
    name = f"again-{kind}"
    body = {"name": name, "tags": tags}
    ok(world.call("POST", f"{API}/registered-models/create", body, user=world.alice))
    grant(world, "eve", kind, name, "EDIT")
    assert level(world, "alice", kind, name) == "MANAGE"
    ok(world.call("DELETE", f"{API}/registered-models/delete", {"name": name}))  # by an admin
    assert level(world, "alice", kind, name) == level(world, "eve", kind, name) == "NO_PERMISSIONS"
    grant(world, "eve", kind, name, "MANAGE")  # waits on the name
    ok(world.call("POST", f"{API}/registered-models/create", body, user=world.bob))
    assert level(world, "bob", kind, name) == "MANAGE"
    assert level(world, "eve", kind, name) == "NO_PERMISSIONS"


def test_grants_move_with_a_rename_and_none_is_captured(world: World) -> None:
    _make_model(world.server, world.alice, "before")
    grant(world, "bob", "registered_model", "before", "READ")
    grant(world, "eve", "registered_model", "after", "MANAGE")  # waits on the name
    body = {"name": "before", "new_name": "after"}
    ok(world.call("POST", f"{API}/registered-models/rename", body, user=world.alice))
    assert level(world, "alice", "registered_model", "after") == "MANAGE"
    assert level(world, "bob", "registered_model", "after") == "READ"
    assert level(world, "eve", "registered_model", "after") == "NO_PERMISSIONS"
    assert level(world, "alice", "registered_model", "before") == "NO_PERMISSIONS"


def test_a_deleted_experiment_keeps_its_grants_for_its_restoration(world: World) -> None:
    made = ok(world.call("POST", f"{API}/experiments/create", {"name": "gone"}, user=world.alice))
    body = {"experiment_id": made["experiment_id"]}
    ok(world.call("POST", f"{API}/experiments/delete", body, user=world.alice))
    ok(world.call("POST", f"{API}/experiments/restore", body, user=world.alice))
    assert level(world, "alice", "experiment", made["experiment_id"]) == "MANAGE"


def test_a_failed_creation_grants_nothing(world: World) -> None:
    taken = world.call(
        "POST", f"{API}/registered-models/create", {"name": "alices-model"}, user=world.eve
    )
    assert taken.status_code == 400
    assert level(world, "eve", "registered_model", "alices-model") == "NO_PERMISSIONS"
    assert level(world, "alice", "registered_model", "alices-model") == "MANAGE"


def test_a_change_counts_from_the_next_request_on(world: World) -> None:
    path = f"{API}/experiments/get"
    query = {"experiment_id": world.experiment}
    grants = "/api/3.0/mlflow/users/permissions"
    target = {
        "username": "eve",
        "resource_type": "experiment",
        "resource_id": world.experiment,
    }
    for _ in range(5):
        ok(world.call("POST", f"{grants}/grant", {**target, "permission": "READ"}))
        assert world.call("GET", path, user=world.eve, **query).status_code == 200
        ok(world.call("POST", f"{grants}/revoke", target))
        assert world.call("GET", path, user=world.eve, **query).status_code == 403


def test_a_page_of_another_site_changes_nothing(world: World) -> None:
    body = {"username": "planted", "password": "planted-password"}
    response = world.server.client().post(
        f"{API}/users/create", json=body, headers={"Origin": "https://evil.example"}
    )
    assert response.status_code == 403
    response = world.server.client().get(f"{API}/users/list", headers={"Host": "evil.example"})
    assert response.status_code == 403
    listed = ok(world.call("GET", f"{API}/users/list"))
    assert "planted" not in [user["username"] for user in listed["users"]]
