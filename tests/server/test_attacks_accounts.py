"""Other people's accounts, and whether a thing is there: nothing is taken, nothing is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.live import ADMIN
from tests.server.attack import ALICE, BOB, EVE, JSON, Case, attack, cases, send, unclear

if TYPE_CHECKING:
    from tests.server.world import World

pytestmark = pytest.mark.mlflow

A2, A3 = "/api/2.0/mlflow", "/api/3.0/mlflow"
MODELS = f"{A2}/registered-models"
GRANTS = f"{A3}/users/permissions"
ROLES = f"{A3}/roles"
USERS = f"{A2}/users"
FILES = "/api/2.0/mlflow-artifacts/artifacts"
READ = Case("", f"GET {A2}/experiments/get?experiment_id=<V>")

ROLE = {"name": "planted", "workspace": "default"}


@cases(
    Case(
        "G4 another's password",
        f"PATCH {USERS}/update-password",
        {"username": "alice", "password": "taken-over-now"},
    ),
    Case(
        "G4 the administrator's password",
        f"PATCH {USERS}/update-password",
        {"username": "admin", "password": "taken-over-now"},
    ),
    Case(
        "G4 an own password without the old one",
        f"PATCH {USERS}/update-password",
        {"username": "eve", "password": "taken-over-now"},
    ),
    Case(
        "G4 an own password with a wrong old one",
        f"PATCH {USERS}/update-password",
        {"username": "eve", "password": "taken-over-now", "current_password": "wrong"},
    ),
    Case(
        "G4 promote oneself", f"PATCH {USERS}/update-admin", {"username": "eve", "is_admin": True}
    ),
    Case(
        "G4 demote the administrator",
        f"PATCH {USERS}/update-admin",
        {"username": "admin", "is_admin": False},
    ),
    Case(
        "G4 an administrator from the start",
        f"POST {USERS}/create",
        {"username": "x", "password": "a-long-password", "is_admin": True},
    ),
    Case("G4 delete another", f"DELETE {USERS}/delete", {"username": "alice"}),
    Case("G4 delete oneself", f"DELETE {USERS}/delete", {"username": "eve"}),
    Case("G4 a role", f"POST {ROLES}/create", ROLE),
    Case("G4 a role elsewhere", f"POST {ROLES}/create", ROLE | {"workspace": "other"}),
    Case(
        "G4 a row of a role",
        f"POST {ROLES}/permissions/add",
        {
            "role_id": 1,
            "resource_type": "workspace",
            "resource_pattern": "*",
            "permission": "MANAGE",
        },
    ),
    Case("G4 an assignment", f"POST {ROLES}/assign", {"role_id": 1, "username": "eve"}),
    Case("G4 roles of everyone", f"GET {ROLES}/list?workspace=default"),
    Case("G5 all users", f"GET {USERS}/list"),
    Case("G5 grants of another", f"GET {GRANTS}/list?username=alice"),
    Case("G5 roles of another", f"GET {A3}/users/roles/list?username=alice"),
)
def test_nobody_takes_over_an_account(local: World, case: Case) -> None:
    attack(local, case, users=[EVE, BOB])


@cases(
    unclear(
        "G4 the last administrator is deleted", f"DELETE {USERS}/delete", {"username": "admin"}
    ),
    unclear(
        "G4 the last administrator is demoted",
        f"PATCH {USERS}/update-admin",
        {"username": "admin", "is_admin": False},
    ),
    unclear("G4 a role in no workspace", f"POST {ROLES}/create", ROLE | {"workspace": "other"}),
)
def test_not_even_an_administrator_leaves_nobody_in_charge(local: World, case: Case) -> None:
    attack(local, case, users=[ADMIN])


@pytest.mark.parametrize("line", [f"{USERS}/get", f"{GRANTS}/list", f"{A3}/users/roles/list"])
def test_g5_a_known_and_an_unknown_user_look_alike(local: World, line: str) -> None:
    for user in (BOB, EVE):
        known, unknown = (
            send(local, user, Case("G5", f"GET {line}?username={name}"))
            for name in ("alice", "nobody")
        )
        assert (known.status, known.body) == (unknown.status, unknown.body) == (403, known.body)


UNKNOWN = {
    "run": (f"GET {A2}/runs/get?run_id=", "<RV>", "0" * 32),
    "experiment": (f"GET {A2}/experiments/get?experiment_id=", "<V>", "424242"),
    "model": (f"GET {MODELS}/get?name=", "<MV>", "nothing"),
    "prompt": (f"GET {MODELS}/get?name=", "<PV>", "nothing"),
    "version": (f"GET {A2}/model-versions/get?version=1&name=", "<MV>", "nothing"),
    "logged model": (f"GET {A2}/logged-models/", "<LV>", f"m-{'0' * 32}"),
    "trace": (f"GET {A3}/traces/", "<TV>", f"tr-{'0' * 32}"),
    "data of a trace": (f"GET {A3}/get-trace-artifact?request_id=", "<TV>", f"tr-{'0' * 32}"),
    "file": (
        "GET /api/2.0/mlflow-artifacts/artifacts/",
        "<V>/<RV>/artifacts/secret.txt",
        "424242/x",
    ),
    "no such file": (
        "GET /api/2.0/mlflow-artifacts/artifacts/",
        "<V>/<RV>/artifacts/no",
        "424242/x",
    ),
    "file of a run": ("GET /get-artifact?path=secret.txt&run_id=", "<RV>", "0" * 32),
    "dataset": (f"GET {A3}/datasets/", "<DV>", f"d-{'0' * 32}"),
    "issue": (f"GET {A3}/issues/", "<issueV>", f"iss-{'0' * 32}"),
    "schema": (f"GET {A3}/label-schemas/get?schema_id=", "<schemaV>", f"ls-{'0' * 32}"),
    "queue": (f"GET {A3}/review-queues/get?queue_id=", "<queueV>", f"rq-{'0' * 32}"),
    "scorer": (f"GET {A3}/scorers/get?experiment_id=<V>&name=", "<SV>", "nothing"),
    "secret": (f"GET {A3}/gateway/secrets/get?secret_id=", "<secretV>", f"s-{'0' * 32}"),
    "definition": (f"GET {A3}/gateway/model-definitions/get?model_definition_id=", "<defV>", "d-0"),
    "endpoint": (f"GET {A3}/gateway/endpoints/get?endpoint_id=", "<endV>", "e-0"),
    "endpoint by name": (f"GET {A3}/gateway/endpoints/get?name=", "<endNameV>", "nothing"),
    "job": ("GET /ajax-api/3.0/jobs/", "<jobV>", "0" * 32),
    "webhook": (f"GET {A2}/webhooks/", "<hookV>", "0" * 32),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_g9_what_is_forbidden_looks_like_what_is_not_there(world: World, name: str) -> None:
    line, foreign, unknown = UNKNOWN[name]
    for user in (BOB, EVE):
        answers = [send(world, user, Case("G9", line + value)) for value in (foreign, unknown)]
        first, second = (
            (answer.status, answer.body, {k: v for k, v in answer.headers if k != "date"})
            for answer in answers
        )
        assert first == second
        assert first[0] == 403


@cases(
    *(
        Case(f"G9 {line.split('/')[-1]} of nothing", line, body)
        for line, body in (
            (f"GET {A2}/runs/get", None),
            (f"GET {A2}/runs/get?run_id=", None),
            (f"GET {A2}/experiments/get", None),
            (f"POST {A2}/experiments/delete", {}),
            (f"POST {A2}/experiments/update", {"experiment_id": None, "new_name": "x"}),
            (f"POST {A2}/runs/set-tag", {"key": "k", "value": "v"}),
            (f"POST {A3}/traces/search", {}),
            (f"GET {A3}/traces/batchGet", None),
            (f"GET {A2}/traces", None),
            (f"DELETE {MODELS}/delete", {}),
            (f"POST {A2}/model-versions/create", {"source": "mlflow-artifacts:/<V>"}),
            ("GET /get-artifact?path=secret.txt", None),
        )
    )
)
def test_what_names_nothing_is_refused(local: World, case: Case) -> None:
    attack(local, case)


def test_g9_a_search_for_traces_of_nowhere_finds_nothing(local: World) -> None:
    nowhere = Case("G9", f"POST {A3}/traces/search", {"locations": []})
    for user in (BOB, EVE):
        answer = send(local, user, nowhere)
        assert (answer.status, answer.json()) == (200, {})


def test_g9_a_deleted_run_stays_as_closed_as_it_was(world: World) -> None:
    made = world.ok(f"POST {A2}/runs/create", {"experiment_id": "<V>"}, ALICE)["run"]["info"]
    world.ok(f"POST {A2}/runs/delete", {"run_id": made["run_id"]}, ALICE)
    attack(world, Case("G9", f"GET {A2}/runs/get?run_id={made['run_id']}"))
    attack(world, Case("G9", f"POST {A2}/runs/restore", {"run_id": made["run_id"]}))


@cases(
    *(
        Case(
            f"G10 {line.split('?')[0]}",
            line,
            body,
            (*JSON[: bool(body)], ("X-MLFLOW-WORKSPACE", value)),
            answers=(400,),
        )
        for value in ("default", "other", "")
        for line, body in (
            (READ.line, None),
            (f"POST {A2}/experiments/search", {"max_results": 9}),
            (
                f"POST {GRANTS}/grant",
                {
                    "username": "eve",
                    "resource_type": "experiment",
                    "resource_id": "<V>",
                    "permission": "READ",
                },
            ),
            (f"GET {A3}/workspaces", None),
            ("GET /api/2.0/mlflow-artifacts/artifacts/<V>/<RV>/artifacts/secret.txt", None),
        )
    )
)
def test_no_workspace_is_chosen_by_a_header(local: World, case: Case) -> None:
    attack(local, case, users=[ADMIN, EVE])
