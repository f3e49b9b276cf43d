"""GraphQL requests taken apart, and judged in front of a real MLflow."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from authctl.errors import AuthctlError, InvalidRequest, PermissionDenied
from authctl.server.graphql import MAX_DEPTH, MAX_ROOT_FIELDS, Document
from authctl.upstream.subrequest import Answer
from tests.live import ADMIN

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

    from authctl.policy.rule import Need
    from tests.live import Server

API = "/api/2.0/mlflow"


def asked(query: str, variables: Any = None) -> list[dict[str, Any]]:
    document = Document.read({"query": query, "variables": variables})
    return [dict(reading.body) for _, reading in document.asked]


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ('{ mlflowGetRun(input: {runId: "A"}) { run { info { runUuid } } } }', None),
        ("query Q($d: I!) { mlflowGetRun(input: $d) { __typename } }", {"d": {"runId": "A"}}),
        ("query Q($r: String) { mlflowGetRun(input: {runId: $r}) { __typename } }", {"r": "A"}),
        ('{ x: mlflowGetRun(input: {runId: "A"}) { __typename } __typename }', None),
        ('{ ...F } fragment F on Query { mlflowGetRun(input: {runId: "A"}) { __typename } }', None),
        ('{ ... on Query { mlflowGetRun(input: {runId: "A"}) { __typename } } }', None),
        ('{ mlflowGetRun(input: {runId: "A"}) @skip(if: true) { __typename } }', None),
    ],
)
def test_what_a_query_asks_for_is_found_however_it_is_written(query: str, variables: Any) -> None:
    assert asked(query, variables) == [{"runId": "A"}]


def test_every_root_field_is_judged() -> None:
    fields = " ".join(f'f{n}: mlflowGetRun(input: {{runId: "{n}"}}) {{ a }}' for n in range(3))
    assert asked(f"{{ {fields} }}") == [{"runId": "0"}, {"runId": "1"}, {"runId": "2"}]


GET = 'mlflowGetRun(input: {runId: "A"})'


@pytest.mark.parametrize(
    "query",
    [
        None,
        7,
        "",
        "{",
        "{ }",
        "x" * 30_000,
        "{ " + "a " * 3_000 + "}",
        f"query A {{ {GET} {{ a }} }} query B {{ {GET} {{ a }} }}",
        f"subscription {{ ...F }} type T {{ a: Int }} fragment F on Q {{ {GET} {{ a }} }}",
        "{ mlflowGetRun { a } }",
        '{ mlflowGetRun(other: {runId: "A"}) { a } }',
        '{ mlflowGetRun(input: "A") { a } }',
        '{ mlflowGetRun(input: {runId: "A", runId: "B"}) { a } }',
        'query Q($d: I = {runId: "B"}) { mlflowGetRun(input: $d) { a } }',
        "query Q($d: I) { mlflowGetRun(input: $d) { a } }",
        "{ ...Missing }",
        "{ ...F } fragment F on Query { ...F }",
        f"{{ {GET} {{ ...F }} }} fragment F on R {{ run {{ ...F }} }}",
        f"{{ {GET} " + "{ a " * (MAX_DEPTH + 2) + "}" * (MAX_DEPTH + 2) + " }",
        f"{{ {' '.join(f'f{n}: {GET} {{ a }}' for n in range(MAX_ROOT_FIELDS + 1))} }}",
        f"{{ {GET} {{ run {{ modelVersions {{ name: version }} }} }} }}",
        f"{{ {GET} {{ run {{ modelVersions: tags {{ name }} }} }} }}",
    ],
)
def test_a_query_that_cannot_be_judged_is_refused(query: Any) -> None:
    with pytest.raises(InvalidRequest):
        asked(query)


@pytest.mark.parametrize("variables", ["{}", [], 7])
def test_variables_must_be_an_object(variables: Any) -> None:
    with pytest.raises(InvalidRequest):
        asked(f"{{ {GET} {{ a }} }}", variables)


@pytest.mark.parametrize(
    "query",
    [
        "{ __schema { types { name } } }",
        '{ test(inputString: "x") { output } }',
        "mutation { testMutation { output } }",
        '{ mlflowSearchModelVersions(input: {filter: ""}) { modelVersions { name } } }',
        f"{{ {GET} {{ a }} unknown }}",
        f"{{ {GET} {{ run {{ modelVersions {{ version }} }} }} }}",
        f"{{ {GET} {{ run {{ ...F }} }} }} fragment F on R {{ x: modelVersions {{ source }} }}",
    ],
)
def test_a_field_without_a_rule_is_denied(query: str) -> None:
    with pytest.raises(PermissionDenied):
        asked(query)


def test_nested_rows_are_kept_where_they_may_be_read() -> None:
    query = f"{{ g: {GET} {{ run {{ ...F }} }} }} fragment F on R {{ v: modelVersions {{ name }} }}"
    document = Document.read({"query": query})
    rows = [{"name": "mine"}, {"name": "theirs"}]
    answer = Answer(200, [], json.dumps({"data": {"g": {"run": {"v": rows}}}}).encode())

    async def allowed(_: Need, row: Mapping[str, Any]) -> bool:
        return bool(row["name"] == "mine")

    kept = asyncio.run(document.keep(answer, allowed))
    assert json.loads(kept.body) == {"data": {"g": {"run": {"v": [{"name": "mine"}]}}}}


@pytest.mark.parametrize("body", [b'{"data": null}', b"[]", b'{"data": {"g": null}}'])
def test_an_answer_without_rows_is_left_alone(body: bytes) -> None:
    document = Document.read({"query": f"{{ g: {GET} {{ run {{ a }} }} }}"})

    async def allowed(_: Need, _row: Mapping[str, Any]) -> bool:
        raise AuthctlError("nothing is to be looked up")

    kept = asyncio.run(document.keep(Answer(200, [], body), allowed))
    assert json.loads(kept.body) == json.loads(body)


@pytest.mark.mlflow
def test_a_real_query_shows_what_may_be_read_and_nothing_else(server: Server) -> None:
    alice, eve = server.add_user("alice"), server.add_user("eve")
    experiment = call(server, "experiments/create", {"name": "hers"}, alice)["experiment_id"]
    run = call(server, "runs/create", {"experiment_id": experiment}, alice)["run"]["info"]["run_id"]
    for name in ("open", "closed"):
        call(server, "registered-models/create", {"name": name}, alice)
        place = {"name": name, "run_id": run, "source": f"runs:/{run}/model"}
        source = f"mlflow-artifacts:/{experiment}/{run}/artifacts/model"
        call(server, "model-versions/create", {**place, "source": source}, alice)
    shut = {"name": "closed", "username": "eve", "permission": "NO_PERMISSIONS"}
    call(server, "registered-models/permissions/create", shut)
    query = (
        "query GetRun($data: MlflowGetRunInput!) { mlflowGetRun(input: $data) { run {"
        " info { experimentId } modelVersions { name version } } } }"
    )
    body = {"query": query, "operationName": "GetRun", "variables": {"data": {"runId": run}}}

    def seen(user: tuple[str, str]) -> list[str]:
        data = graphql(server, body, user).json()["data"]["mlflowGetRun"]["run"]
        assert data["info"]["experimentId"] == experiment
        return sorted(row["name"] for row in data["modelVersions"])

    assert seen(ADMIN) == seen(alice) == ["closed", "open"]
    assert seen(eve) == ["open"]
    shut = {"experiment_id": experiment, "username": "eve", "permission": "NO_PERMISSIONS"}
    call(server, "experiments/permissions/create", shut)
    for text in (
        query,
        f'{{ a: mlflowGetRun(input: {{runUuid: "{run}"}}) {{ run {{ info {{ status }} }} }} }}',
        f'{{ mlflowGetExperiment(input: {{experimentId: "{experiment}"}}) {{ __typename }} }}',
        f'{{ mlflowSearchRuns(input: {{experimentIds: ["0", "{experiment}"]}}) {{ __typename }} }}',
        f'{{ mlflowListArtifacts(input: {{runId: "{run}"}}) {{ __typename }} }}',
    ):
        denied = graphql(server, {**body, "query": text, "operationName": None}, eve)
        assert denied.status_code == 403
    batch = server.client(eve).post("/graphql", json=[body])
    assert batch.status_code == 400


def call(server: Server, path: str, body: Any, user: tuple[str, str] = ADMIN) -> Any:
    response = server.call("POST", f"{API}/{path}", body, user=user)
    assert response.status_code == 200, response.text
    return response.json()


def graphql(server: Server, body: Any, user: tuple[str, str]) -> httpx.Response:
    return server.call("POST", "/graphql", body, user=user)
