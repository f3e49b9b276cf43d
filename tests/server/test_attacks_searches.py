"""Searches, pages and GraphQL: who may not read a thing cannot find, count or guess it either."""

from __future__ import annotations

import base64
import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.server.attack import (
    ALICE,
    BOB,
    EVE,
    Case,
    cases,
    check_untold,
    control,
    send,
    turns,
)

if TYPE_CHECKING:
    from tests.server.world import World

pytestmark = pytest.mark.mlflow

A2, A3 = "/api/2.0/mlflow", "/api/3.0/mlflow"
EXPERIMENTS = f"{A2}/experiments/search"
MODELS = f"{A2}/registered-models/search"
VERSIONS = f"{A2}/model-versions/search"

# Of the victim's, of the attacker's own and of nothing.
FINDS = (
    Case("M5 experiments", f"POST {EXPERIMENTS}", {"max_results": 1000}),
    Case("M5 experiments by GET", f"GET {EXPERIMENTS}?max_results=1000"),
    Case(
        "M5 experiments by name",
        f"POST {EXPERIMENTS}",
        {"max_results": 9, "filter": "name LIKE 'hush%'"},
    ),
    Case(
        "M5 experiments by tag",
        f"POST {EXPERIMENTS}",
        {"max_results": 9, "filter": "tags.k = '<wordV>'"},
    ),
    Case("M5 deleted experiments", f"POST {EXPERIMENTS}", {"max_results": 9, "view_type": "ALL"}),
    Case("M5 models", f"GET {MODELS}?max_results=1000"),
    Case("M5 models by name", f"GET {MODELS}?filter=name+LIKE+'hush%25'"),
    Case("M5 prompts by tag", f"GET {MODELS}?filter=tags.%60mlflow.prompt.is_prompt%60+%3D+'true'"),
    Case("M5 versions", f"GET {VERSIONS}?max_results=1000"),
    Case("M5 versions by name", f"GET {VERSIONS}?filter=name+%3D+'<MV>'"),
    Case("M5 versions by run_id", f"GET {VERSIONS}?filter=run_id+%3D+'<RV>'"),
    Case("M5 versions by source", f"GET {VERSIONS}?filter=source_path+LIKE+'%25<RV>%25'"),
    Case("M5 runs", f"POST {A2}/runs/search", {"experiment_ids": ["<V>"]}),
    Case(
        "M5 runs by name",
        f"POST {A2}/runs/search",
        {"experiment_ids": ["<V>"], "filter": "attributes.run_name LIKE 'hush%'"},
    ),
    Case("M5 runs of no experiment", f"POST {A2}/runs/search", {"filter": "params.p = '1'"}),
    Case(
        "M5 deleted runs",
        f"POST {A2}/runs/search",
        {"experiment_ids": ["<V>"], "run_view_type": "ALL"},
    ),
    Case("M5 logged models", f"POST {A2}/logged-models/search", {"experiment_ids": ["<V>"]}),
    Case(
        "M5 logged models by run",
        f"POST {A2}/logged-models/search",
        {"experiment_ids": ["<V>", "<O>"], "filter": "source_run_id = '<RV>'"},
    ),
)


@cases(*FINDS)
def test_a_search_finds_nothing_of_anothers(world: World, case: Case) -> None:
    before = world.state()
    for user, turn in turns(world, case):
        answer = send(world, user, turn)
        assert answer.status == (400 if turn.line.startswith("HEAD") else 200), answer
        check_untold(world, case, answer)
    assert world.state() == before


@cases(*FINDS)
def test_the_victim_s_search_succeeds(embedded: World, case: Case) -> None:
    control(embedded, case)


def _search(world: World, user: tuple[str, str], kind: str, **more: Any) -> dict[str, Any]:
    word = more.pop("word")
    if kind == "experiments":
        body = {"filter": f"name LIKE '{word}%'", "order_by": ["name"]} | more
        answer = send(world, user, Case("", f"POST {EXPERIMENTS}", body))
    else:
        query = f"filter=name+LIKE+'{word}%25'&order_by=name"
        query += "".join(f"&{key}={value}" for key, value in more.items())
        answer = send(world, user, Case("", f"GET {A2}/{kind}/search?{query}"))
    assert answer.status == 200, answer
    found: dict[str, Any] = answer.json()
    return found


ROWS = {"experiments": "experiments", "registered-models": "registered_models"}


def _make(world: World, user: tuple[str, str], kind: str, name: str) -> None:
    world.ok(f"POST {A2}/{kind}/create", {"name": name}, user)


def _pages(world: World, user: tuple[str, str], kind: str, word: str, size: int) -> list[list[str]]:
    pages: list[list[str]] = []
    more: dict[str, Any] = {"word": word, "max_results": size}
    while True:
        found = _search(world, user, kind, **more)
        pages.append([row["name"] for row in found.get(ROWS[kind], [])])
        if not found.get("next_page_token"):
            return pages
        more["page_token"] = found["next_page_token"]


@pytest.mark.parametrize("kind", ROWS)
def test_m6_pages_are_full_and_skip_nothing_that_may_be_read(world: World, kind: str) -> None:
    word = uuid.uuid4().hex[:8]
    for number in range(7):
        _make(world, BOB if number in (0, 3, 4, 6) else ALICE, kind, f"{word}-{number}")
    expected = [f"{word}-{number}" for number in (0, 3, 4, 6)]
    for size in (1, 2, 3, 4, 5):
        pages = _pages(world, BOB, kind, word, size)
        assert [name for page in pages for name in page] == expected
        assert all(len(page) == size for page in pages[:-1])
        assert pages[-1]
    assert _pages(world, EVE, kind, word, 2) == [[]]


@pytest.mark.parametrize("kind", ROWS)
def test_m6_a_page_token_does_not_count_what_may_not_be_read(world: World, kind: str) -> None:
    tokens: set[str] = set()
    for hidden in (0, 1, 5):
        word = uuid.uuid4().hex[:8]
        _make(world, BOB, kind, f"{word}-a")
        for number in range(hidden):
            _make(world, ALICE, kind, f"{word}-b{number}")
        _make(world, BOB, kind, f"{word}-c")
        found = _search(world, BOB, kind, word=word, max_results=1)
        tokens.add(_readable(found["next_page_token"]).replace(word, "word"))
    assert len(tokens) == 1, tokens


def _readable(token: str) -> str:
    """What anybody can read in a token: sealed ones tell their length alone."""
    try:
        text = base64.b64decode(token, validate=True).decode()
    except ValueError:
        return str(len(token))
    return json.dumps(json.loads(text)) if text.startswith("{") else str(len(token))


@pytest.mark.parametrize("kind", ROWS)
def test_m6_a_forged_page_token_does_not_tell_where_ones_own_row_stands(
    world: World, kind: str
) -> None:
    seen: list[list[Any]] = []
    for hidden in (0, 3):
        word = uuid.uuid4().hex[:8]
        for number in range(hidden):
            _make(world, ALICE, kind, f"{word}-a{number}")
        _make(world, BOB, kind, f"{word}-b")
        answers: list[Any] = []
        for offset in (1, 2, 3):
            token = base64.b64encode(json.dumps({"offset": offset}).encode()).decode()
            body = {"filter": f"name LIKE '{word}%'", "order_by": ["name"]} | {
                "max_results": 1,
                "page_token": token,
            }
            query = f"filter=name+LIKE+'{word}%25'&order_by=name&max_results=1&page_token={token}"
            case = (
                Case("", f"POST {EXPERIMENTS}", body)
                if kind == "experiments"
                else Case("", f"GET {MODELS}?{query}")
            )
            answer = send(world, BOB, case)
            rows = answer.json().get(ROWS[kind], []) if answer.status == 200 else []
            answers.append((answer.status, len(rows)))
        seen.append(answers)
    assert seen[0] == seen[1]


RUN = 'mlflowGetRun(input: {runId: "<RV>"})'
EXPERIMENT = 'mlflowGetExperiment(input: {experimentId: "<V>"})'
OWN_RUN = 'mlflowGetRun(input: {runId: "<RO>"})'
NAMED = "run { info { runName runId } }"
GRAPHQL = "POST /graphql"


def _graphql(name: str, query: str, **variables: Any) -> Case:
    body = {"query": query, "variables": variables} if variables else {"query": query}
    return Case(f"M2 {name}", GRAPHQL, body)


ASKED = (
    _graphql("a run", f"{{ {RUN} {{ {NAMED} }} }}"),
    _graphql("a run by runUuid", f'{{ mlflowGetRun(input: {{runUuid: "<RV>"}}) {{ {NAMED} }} }}'),
    _graphql("an experiment", f"{{ {EXPERIMENT} {{ experiment {{ name }} }} }}"),
    _graphql(
        "runs",
        '{ mlflowSearchRuns(input: {experimentIds: ["<V>"]}) { runs { info { runName } } } }',
    ),
    _graphql("files", '{ mlflowListArtifacts(input: {runId: "<RV>"}) { files { path } } }'),
    _graphql(
        "metrics",
        '{ mlflowGetMetricHistoryBulkInterval(input: {runIds: ["<RV>"], metricKey: "metric",'
        " maxResults: 5}) { metrics { value } } }",
    ),
    _graphql(
        "datasets",
        '{ mlflowSearchDatasets(input: {experimentIds: ["<V>"]}) { datasetSummaries { name } } }',
    ),
    _graphql(
        "a variable",
        f"query Q($r: String) {{ mlflowGetRun(input: {{runId: $r}}) {{ {NAMED} }} }}",
        r="<RV>",
    ),
    _graphql(
        "a variable for all",
        f"query Q($d: MlflowGetRunInput!) {{ mlflowGetRun(input: $d) {{ {NAMED} }} }}",
        d={"runId": "<RV>"},
    ),
)
HIDDEN = (
    _graphql("an alias", f"{{ mlflowGetExperiment: {RUN} {{ {NAMED} }} }}"),
    _graphql("behind an own one", f"{{ a: {OWN_RUN} {{ {NAMED} }} b: {RUN} {{ {NAMED} }} }}"),
    _graphql("a fragment", f"{{ ...F }} fragment F on Query {{ {RUN} {{ {NAMED} }} }}"),
    _graphql("an inline fragment", f"{{ ... on Query {{ {RUN} {{ {NAMED} }} }} }}"),
    _graphql(
        "@include", f"query Q($y: Boolean!) {{ {RUN} @include(if: $y) {{ {NAMED} }} }}", y=True
    ),
    _graphql("@skip", f"{{ {RUN} @skip(if: false) {{ {NAMED} }} }}"),
    _graphql(
        "an own experiment besides",
        '{ mlflowSearchRuns(input: {experimentIds: ["<O>", "<V>"]}) { runs { info { runId } } } }',
    ),
    _graphql("no experiment", "{ mlflowSearchRuns(input: {}) { runs { info { runName } } } }"),
    _graphql(
        "versions", '{ mlflowSearchModelVersions(input: {filter: ""}) { modelVersions { name } } }'
    ),
    _graphql(
        "two fields of one input",
        f'{{ mlflowGetRun(input: {{runId: "<RO>", runId: "<RV>"}}) {{ {NAMED} }} }}',
    ),
    _graphql(
        "two runs of one input",
        f'{{ mlflowGetRun(input: {{runId: "<RO>", runUuid: "<RV>"}}) {{ {NAMED} }} }}',
    ),
    _graphql(
        "a default",
        f'query Q($r: String = "<RV>") {{ mlflowGetRun(input: {{runId: $r}}) {{ {NAMED} }} }}',
    ),
    _graphql(
        "a path out of one's own",
        '{ mlflowListArtifacts(input: {runId: "<RO>", path: "../../<V>"}) { files { path } } }',
    ),
    _graphql("introspection", "{ __schema { types { name } } }"),
    _graphql("a mutation", 'mutation { testMutation(inputString: "x") { output } }'),
    _graphql("depth", "{ " + f"{RUN} {{ " + "run { " * 40 + "info { runName }" + " }" * 42),
    _graphql("breadth", "{ " + " ".join(f"f{n}: {RUN} {{ {NAMED} }}" for n in range(200)) + " }"),
    Case(
        "M2 two operations",
        GRAPHQL,
        {
            "query": f"query A {{ {OWN_RUN} {{ {NAMED} }} }} query B {{ {RUN} {{ {NAMED} }} }}",
            "operationName": "B",
        },
    ),
    Case("M2 a batch", GRAPHQL, [{"query": f"{{ {RUN} {{ {NAMED} }} }}"}]),
    Case("M2 a query by GET", "GET /graphql?query=%7B__typename%7D"),
    Case(
        "M2 a query twice",
        GRAPHQL,
        '{"query": "{ __typename }", "query": "{ __schema { types { name } } }"}',
    ),
    Case(
        "M2 a query as GraphQL",
        GRAPHQL,
        f"{{ {RUN} {{ {NAMED} }} }}",
        (("Content-Type", "application/graphql"),),
    ),
)


@cases(*ASKED, *HIDDEN)
def test_graphql_tells_nothing_of_anothers(local: World, case: Case) -> None:
    before = local.state()
    for user in (BOB, EVE):
        answer = send(local, user, case)
        assert answer.status in (200, 400, 403), answer
        check_untold(local, case, answer)
        if answer.status == 200:
            data = answer.json()["data"] or {}
            assert not any(data.values()), answer
    assert local.state() == before


@cases(*ASKED)
def test_the_victim_s_query_succeeds(embedded: World, case: Case) -> None:
    control(embedded, case)


def test_m2_versions_nested_in_a_run_are_those_one_may_read(world: World) -> None:
    thing = {"username": "eve", "resource_type": "experiment", "resource_id": "<V>"}
    grant = f"{A3}/users/permissions"
    world.ok(f"POST {grant}/grant", thing | {"permission": "READ"})
    query = f"{{ {RUN} {{ run {{ info {{ runId }} modelVersions {{ name }} }} }} }}"
    seen = {
        user[0]: send(world, user, Case("M2", GRAPHQL, {"query": query})).json()["data"]
        for user in (ALICE, EVE)
    }
    world.ok(f"POST {grant}/revoke", thing)
    assert seen["alice"]["mlflowGetRun"]["run"]["modelVersions"] == [{"name": world.names["MV"]}]
    assert seen["eve"]["mlflowGetRun"]["run"]["modelVersions"] == []
