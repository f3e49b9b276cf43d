"""Requests about ones own things that refer to another's: one that may not be used is enough."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.live import ADMIN
from tests.server.attack import ALICE, BOB, EVE, Case, attack, cases, check_untold, control, send

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.server.world import World

pytestmark = pytest.mark.mlflow

A3 = "/api/3.0/mlflow"
J3 = "/ajax-api/3.0/mlflow"
GATEWAY = f"{A3}/gateway"
OWN = {"experiment_id": "<O>"}
SAFETY = json.dumps({"name": "s", "builtin_scorer_class": "Safety"})
INVOKED = OWN | {"trace_ids": ["<TO>"], "categories": ["x"], "provider": "openai", "model": "m"}
TWO_TRACES = {"trace_ids": ["<TO>", "<TV>"]}
OPTIMIZED = OWN | {"source_prompt_uri": "prompts:/<PO>/1"}
CONFIG = {"optimizer_type": "OPTIMIZER_TYPE_GEPA", "scorers": ["Correctness"]}


def _judge(uri: str, **more: Any) -> str:
    """A scorer that asks a model, as MLflow writes it."""
    data = {"instructions": "Is {{ outputs }} good?", "model": uri}
    return json.dumps({"name": "j", "instructions_judge_pydantic_data": data} | more)


ENDPOINT, OWN_ENDPOINT = "gateway:/<endNameV>", "gateway:/<endNameO>"
REFLECTED = json.dumps({"reflection_model": ENDPOINT})
TWICE = f'"model": "{ENDPOINT}"'
JUDGES = {
    "plain": _judge(ENDPOINT),
    "escaped": _judge(ENDPOINT).replace("gateway", "\\u0067ateway"),
    "a slash escaped": _judge(ENDPOINT).replace(":/", ":\\/"),
    "behind an own one": _judge("<model>").replace('"<model>"', f'"{OWN_ENDPOINT}", {TWICE}'),
    "inside JSON in JSON": json.dumps({"name": "j", "inner": _judge(ENDPOINT)}),
    "in capitals": _judge(ENDPOINT.replace("gateway", "GATEWAY")),
    "with two slashes": _judge(ENDPOINT.replace(":/", "://")),
}


def _judged() -> Iterator[Case]:
    for name, scorer in JUDGES.items():
        register = OWN | {"name": "j", "serialized_scorer": scorer}
        yield Case(f"M9 register a scorer, {name}", f"POST {A3}/scorers/register", register)
        traces = OWN | {"trace_ids": ["<TO>"]}
        invoke = traces | {"serialized_scorer": scorer}
        yield Case(f"M9 invoke a scorer, {name}", f"POST {J3}/scorer/invoke", invoke)
        evaluate = traces | {"serialized_scorers": [SAFETY, scorer]}
        yield Case(f"M9 evaluate, {name}", f"POST {J3}/genai/evaluate/invoke", evaluate)


MIXED = (
    Case("M9 another's secret", f"POST {J3}/issues/invoke", INVOKED | {"secret_id": "<secretV>"}),
    Case(
        "M9 another's endpoint",
        f"POST {J3}/issues/invoke",
        INVOKED | {"endpoint_name": "<endNameV>"},
    ),
    Case(
        "M9 another's trace", f"POST {J3}/issues/invoke", INVOKED | {"trace_ids": ["<TO>", "<TV>"]}
    ),
    Case(
        "M9 another's trace for a scorer",
        f"POST {J3}/scorer/invoke",
        OWN | TWO_TRACES | {"serialized_scorer": SAFETY},
    ),
    Case(
        "M9 another's trace for an evaluation",
        f"POST {J3}/genai/evaluate/invoke",
        OWN | TWO_TRACES | {"serialized_scorers": [SAFETY]},
    ),
    Case(
        "M9 an own trace in another's experiment",
        f"POST {J3}/scorer/invoke",
        {"experiment_id": "<V>", "trace_ids": ["<TO>"], "serialized_scorer": SAFETY},
    ),
    Case(
        "M8 another's secret in an own model definition",
        f"POST {GATEWAY}/model-definitions/update",
        {"model_definition_id": "<defO>", "secret_id": "<secretV>"},
    ),
    Case(
        "M8 another's secret in a new model definition",
        f"POST {GATEWAY}/model-definitions/create",
        {"name": "x", "secret_id": "<secretV>", "provider": "openai", "model_name": "m"},
    ),
    Case(
        "M8 another's model in an own endpoint",
        f"POST {GATEWAY}/endpoints/update",
        {
            "endpoint_id": "<endO>",
            "model_configs": [
                {"model_definition_id": "<defO>", "linkage_type": "PRIMARY", "weight": 1},
                {"model_definition_id": "<defV>", "linkage_type": "PRIMARY", "weight": 1},
            ],
        },
    ),
    Case(
        "M8 another's model attached to an own endpoint",
        f"POST {GATEWAY}/endpoints/models/attach",
        {
            "endpoint_id": "<endO>",
            "model_config": {
                "model_definition_id": "<defV>",
                "linkage_type": "PRIMARY",
                "weight": 1,
            },
        },
    ),
    Case(
        "M8 an own endpoint recorded in another's experiment",
        f"POST {GATEWAY}/endpoints/update",
        {"endpoint_id": "<endO>", "usage_tracking": True, "experiment_id": "<V>"},
    ),
    Case(
        "M11 a dataset of both",
        f"POST {A3}/datasets/create",
        {"name": "x", "experiment_ids": ["<O>", "<V>"]},
    ),
    Case("M11 datasets of both", f"GET {A3}/datasets/search?experiment_ids=<O>&experiment_ids=<V>"),
    Case("M11 datasets of both", f"POST {A3}/datasets/search", {"experiment_ids": ["<O>", "<V>"]}),
    Case(
        "M11 an own dataset into another's experiment",
        f"POST {A3}/datasets/<DO>/add-experiments",
        {"experiment_ids": ["<V>"]},
    ),
    Case(
        "M11 an issue out of another's run",
        f"POST {A3}/issues",
        OWN | {"name": "x", "description": "x", "source_run_id": "<RV>"},
    ),
    Case(
        "M11 another's prompt to optimise",
        f"POST {A3}/prompt-optimization/jobs",
        OWN | {"source_prompt_uri": "prompts:/<PV>/1", "config": CONFIG},
    ),
    Case(
        "M11 another's dataset to optimise with",
        f"POST {A3}/prompt-optimization/jobs",
        OPTIMIZED | {"config": CONFIG | {"dataset_id": "<DV>"}},
    ),
    Case(
        "M11 another's endpoint to optimise with",
        f"POST {A3}/prompt-optimization/jobs",
        OPTIMIZED
        | {
            "config": CONFIG | {"optimizer_config_json": json.dumps({"reflection_model": ENDPOINT})}
        },
    ),
)


NO_JOBS = (500,)  # from MLflow, which the tests run without jobs
OWN_MODELS = [{"model_definition_id": "<defO>", "linkage_type": "PRIMARY", "weight": 1}]

# The same with nothing but ones own.
OWN_ONLY = tuple(
    Case(f"{line.split('/', 4)[-1]} of ones own", line, body, by=BOB, passes=passes)
    for line, body, passes in (
        (f"POST {J3}/issues/invoke", INVOKED | {"secret_id": "<secretO>"}, NO_JOBS),
        (f"POST {J3}/issues/invoke", INVOKED | {"endpoint_name": "<endNameO>"}, NO_JOBS),
        (
            f"POST {A3}/scorers/register",
            OWN | {"name": "own", "serialized_scorer": _judge(OWN_ENDPOINT)},
            (200,),
        ),
        (
            f"POST {J3}/scorer/invoke",
            OWN | {"trace_ids": ["<TO>"], "serialized_scorer": _judge(OWN_ENDPOINT)},
            NO_JOBS,
        ),
        (
            f"POST {J3}/genai/evaluate/invoke",
            OWN | {"trace_ids": ["<TO>"], "serialized_scorers": [_judge(OWN_ENDPOINT)]},
            NO_JOBS,
        ),
        (
            f"POST {GATEWAY}/model-definitions/update",
            {"model_definition_id": "<defO>", "secret_id": "<secretO>"},
            (200,),
        ),
        (
            f"POST {GATEWAY}/endpoints/update",
            {"endpoint_id": "<endO>", "model_configs": OWN_MODELS, "experiment_id": "<O>"},
            (200,),
        ),
        (
            f"POST {A3}/datasets/create",
            {"name": "<wordO> again", "experiment_ids": ["<O>"]},
            (200,),
        ),
        (f"POST {A3}/datasets/<DO>/add-experiments", {"experiment_ids": ["<O>"]}, (200,)),
        (
            f"POST {A3}/issues",
            OWN | {"name": "x", "description": "x", "source_run_id": "<RO>"},
            (200,),
        ),
        (
            f"POST {A3}/prompt-optimization/jobs",
            OPTIMIZED | {"config": CONFIG | {"dataset_id": "<DO>"}},
            (400, 500),
        ),
    )
)


@cases(*OWN_ONLY)
def test_with_ones_own_alone_it_succeeds(embedded: World, case: Case) -> None:
    control(embedded, case)


@cases(*MIXED, *_judged())
def test_one_thing_of_anothers_is_enough(local: World, case: Case) -> None:
    attack(local, case)


def test_m11_a_dataset_of_two_experiments_is_for_whoever_may_read_both(world: World) -> None:
    body = {"name": f"hush of both {world.server.folder.name}", "experiment_ids": ["<V>", "<O>"]}
    made = world.ok(f"POST {A3}/datasets/create", body)["dataset"]["dataset_id"]
    for line, sent in (
        (f"GET {A3}/datasets/{made}", None),
        (f"GET {A3}/datasets/{made}/records", None),
        (f"DELETE {A3}/datasets/{made}", None),
        (f"POST {A3}/datasets/{made}/remove-experiments", {"experiment_ids": ["<V>"]}),
    ):
        attack(world, Case("M11", line, sent))
    for case in (
        Case("M11", f"GET {A3}/datasets/search?experiment_ids=<O>"),
        Case("M11", f"POST {A3}/datasets/search", {"experiment_ids": ["<O>"]}),
    ):
        answer = send(world, BOB, case)
        assert world.names["DO"].encode() in answer.body
        check_untold(world, case, answer)


def test_m11_a_dataset_that_hangs_on_nothing_is_nobodys(world: World) -> None:
    body = {"name": f"hush of none {world.server.folder.name}", "experiment_ids": []}
    made = world.ok(f"POST {A3}/datasets/create", body)["dataset"]["dataset_id"]
    for line in (f"GET {A3}/datasets/{made}", f"DELETE {A3}/datasets/{made}"):
        attack(world, Case("M11", line))
    given = {"experiment_ids": ["<O>"]}
    attack(world, Case("M11", f"POST {A3}/datasets/{made}/add-experiments", given))


def test_m11_scorers_of_several_experiments_are_those_one_may_read(world: World) -> None:
    line = f"GET {A3}/scorers/list?experiment_ids=<O>&experiment_ids=<V>"
    for user, count in ((BOB, 1), (EVE, 0)):
        answer = send(world, user, Case("M11", line))
        assert answer.body.count(world.names["SO"].encode()) >= count
        assert (answer.status, b"scorer_name" in answer.body) == (200, bool(count))
        check_untold(world, Case("M11", line), answer)


def test_m11_anothers_trace_in_an_own_queue_tells_nothing_of_it(world: World) -> None:
    before = world.victim()
    added = {"queue_id": "<queueO>", "item_type": "TRACE"}
    line = f"POST {A3}/review-queues/items/add"
    foreign = send(world, BOB, Case("", line, added | {"item_ids": ["<TV>"]}))
    unknown = send(world, BOB, Case("", line, added | {"item_ids": [f"tr-{'9' * 32}"]}))
    assert foreign.status == unknown.status
    assert b"hush" not in foreign.body
    for path in (
        "review-queues/items/list?queue_id=<queueO>",
        "review-queues/get?queue_id=<queueO>",
    ):
        assert b"hush" not in send(world, BOB, Case("", f"GET {A3}/{path}")).body
    assert world.victim() == before


INSIDE = (
    *("http://169.254.169.254/", "https://169.254.169.254/", "https://127.0.0.1/"),
    *("https://localhost/", "https://10.0.0.1/", "https://[64:ff9b::a9fe:a9fe]/"),
    *("https://[::1]/", "https://2130706433/", "file:///etc/passwd"),
)
HOOK = {"name": "x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]}


@pytest.mark.parametrize("url", INSIDE)
def test_m7_m8_no_address_inside_is_called(embedded: World, url: str) -> None:
    hook = Case("M7", "POST /api/2.0/mlflow/webhooks", HOOK | {"url": url})
    attack(embedded, hook, users=[ADMIN, EVE])
    api = {"secret_id": "<secretO>", "auth_config": {"api_base": url}}
    attack(embedded, Case("M8", f"POST {GATEWAY}/secrets/update", api))


LISTS = {
    "M8 secrets": (f"GET {GATEWAY}/secrets/list", None, "secret"),
    "M8 model definitions": (f"GET {GATEWAY}/model-definitions/list", None, "def"),
    "M8 endpoints": (f"GET {GATEWAY}/endpoints/list", None, "end"),
    "M8 models": ("GET /gateway/mlflow/v1/models", None, "endName"),
    "M10 jobs": ("POST /ajax-api/3.0/jobs/search", {}, "job"),
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_of_what_one_may_read(world: World, name: str) -> None:
    line, body, kind = LISTS[name]
    case = Case(name, line, body)
    hers, his = (world.names[kind + end].encode() for end in "VO")
    for user, seen in ((ALICE, {hers}), (BOB, {his}), (EVE, set()), (ADMIN, {hers, his})):
        answer = send(world, user, case)
        assert answer.status == 200, answer
        assert {found for found in (hers, his) if found in answer.body} == seen
        if user in (BOB, EVE):
            check_untold(world, case, answer)
