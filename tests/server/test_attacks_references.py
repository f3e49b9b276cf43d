"""What points into another's files: sources of versions, places of experiments, tags of traces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.server.attack import BOB, EVE, TEXT, Case, attack, cases, send
from tests.server.things import trace_info

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.server.world import World

pytestmark = pytest.mark.mlflow

A2, A3 = "/api/2.0/mlflow", "/api/3.0/mlflow"
FILES = "/api/2.0/mlflow-artifacts/artifacts"
SECRET_FILE = "<V>/<RV>/artifacts/secret.txt"
PLACE = "mlflow-artifacts:/<V>/<RV>/artifacts"
VERSION = f"POST {A2}/model-versions/create"
CREATE = f"POST {A2}/experiments/create"
PROMPT = {"tags": [{"key": "mlflow.prompt.is_prompt", "value": "true"}]}


def _pointing() -> Iterator[Case]:
    for name, body in {
        "a run's files as the source": {"source": PLACE},
        "another's run": {"source": PLACE, "run_id": "<RV>"},
        "another's files with an own run": {"source": PLACE, "run_id": "<RO>"},
        "an own source with another's run": {"source": "mlflow-artifacts:/<O>/x", "run_id": "<RV>"},
        "run_uuid": {"source": PLACE, "run_uuid": "<RV>"},
        "runId": {"source": PLACE, "runId": "<RV>"},
        "a logged model": {"source": "models:/<LV>", "model_id": "<LV>"},
        "a logged model as the source": {"source": "models:/<LV>"},
        "modelId": {"source": "mlflow-artifacts:/<O>/x", "modelId": "<LV>"},
        "a model as the source": {"source": "models:/<MV>/1"},
        "a model's alias as the source": {"source": "models:/<MV>@champion"},
        "runs:/": {"source": "runs:/<RV>/x"},
        "runs:/ and out of it": {"source": "runs:/<RO>/../../../<V>/<RV>/artifacts"},
        "a path out of one's own": {"source": "mlflow-artifacts:/<O>/../<V>/x", "run_id": "<RO>"},
        "an escaped path": {"source": "mlflow-artifacts:/<O>/%2e%2e/<V>/x", "run_id": "<RO>"},
        "a host": {"source": f"mlflow-artifacts://localhost/{SECRET_FILE}", "run_id": "<RO>"},
        "http": {"source": f"http://localhost/api/2.0/mlflow-artifacts/artifacts/{SECRET_FILE}"},
        "capitals": {"source": PLACE.replace("mlflow", "MLFLOW")},
        "a space before": {"source": f" {PLACE}"},
        "a tab inside": {"source": PLACE.replace(":/", ":\t/")},
        "no slash": {"source": PLACE.replace(":/", ":")},
    }.items():
        yield Case(f"F9 {name}", VERSION, {"name": "<MO>"} | body)
    for source in (
        "file:///etc/",
        "file://localhost/etc/",
        "/etc",
        "//proc/self/root",
        "file:////proc/self/root",
        "./mlartifacts/<V>",
        "mlartifacts/<V>/<RV>/artifacts",
        "s3://bucket/x",
        "mlflow-artifacts:/",
        "mlflow-artifacts:/.",
    ):
        yield Case(f"F10 a version at {source}", VERSION, {"name": "<MO>", "source": source})
        prompt = {"name": "<PO>", "source": source} | PROMPT
        yield Case(f"F10 a prompt at {source}", VERSION, prompt)
    for name, place in (
        ("F10 a fragment", "http:///#/../../etc"),
        ("F10 a file", "file:///etc"),
        ("F10 a path", "/etc"),
        ("F10 a relative path", "mlartifacts/<V>"),
        ("F10 s3", "s3://bucket/x?a=../../etc"),
        ("F11 another's folder", "mlflow-artifacts:/<V>"),
        ("F11 another's folder by a host", "mlflow-artifacts://localhost/<V>"),
        ("F11 a run's folder", PLACE),
        ("F11 out of one's own", "mlflow-artifacts:/<O>/../<V>"),
        ("F11 the folder of all", "mlflow-artifacts:/<O>/.."),
        ("F11 escaped", "mlflow-artifacts:/<O>/%2e%2e/<V>"),
        ("F11 escaped twice", "mlflow-artifacts:/%2531"),
        ("F11 the root", "mlflow-artifacts:/"),
        ("F11 the folder of an experiment to come", "mlflow-artifacts:/999999"),
        ("F11 a tab", "mlflow-artifacts:/\t<V>"),
        ("F11 another spelling", "mlflow-artifacts:/0<V>"),
    ):
        body = {"name": f"alias {name}", "artifact_location": place}
        yield Case(f"{name} as a new experiment's place", CREATE, body)


@cases(*_pointing())
def test_nothing_new_points_into_another_s_files(local: World, case: Case) -> None:
    attack(local, case)


TRACE_FILES = "mlflow-artifacts:/<V>/traces/<TV>/artifacts"
ON_DISK = "mlartifacts/<V>/traces/<TV>/artifacts"
FILES_TAG, ARCHIVE_TAG = "mlflow.artifactLocation", "mlflow.trace.archiveLocation"
ARCHIVED = {"mlflow.trace.spansLocation": "ARCHIVE_REPO", ARCHIVE_TAG: ON_DISK}


def _begun(**tags: str) -> dict[str, Any]:
    return {"trace": {"trace_info": trace_info("<O>", f"tr-{'e' * 32}", "x", tags=tags)}}


@cases(
    *(
        Case(
            f"F8 {key} of one's own trace, {version}",
            f"PATCH /api/{version}/mlflow/traces/<TO>/tags",
            tag,
        )
        for version in ("2.0", "3.0")
        for key in (FILES_TAG, ARCHIVE_TAG, "mlflow.trace.spansLocation")
        for tag in ({"key": key, "value": ARCHIVED.get(key, TRACE_FILES)},)
    ),
    Case(
        "F8 a new trace with files elsewhere",
        f"POST {A3}/traces",
        _begun(**{FILES_TAG: TRACE_FILES}),
    ),
    Case("F8 a new trace archived elsewhere", f"POST {A3}/traces", _begun(**ARCHIVED)),
    Case(
        "F8 a new trace with files elsewhere, 2.0",
        f"POST {A2}/traces",
        {
            "experiment_id": "<O>",
            "timestamp_ms": 1,
            "tags": [{"key": FILES_TAG, "value": TRACE_FILES}],
        },
    ),
    Case(
        "F8 an ended trace with files elsewhere, 2.0",
        f"PATCH {A2}/traces/<TO>",
        {"timestamp_ms": 1, "status": "OK", "tags": [{"key": FILES_TAG, "value": TRACE_FILES}]},
    ),
)
def test_a_trace_does_not_say_that_another_s_files_are_its_own(local: World, case: Case) -> None:
    attack(local, case, users=[BOB])
    for line in (
        f"GET {A3}/get-trace-artifact?request_id=<TO>",
        f"GET {A3}/traces/get?trace_id=<TO>",
    ):
        assert b"hush" not in send(local, BOB, Case("", line)).body


def test_f11_whoever_places_files_in_ones_own_folder_keeps_them_and_shares_no_more(
    world: World,
) -> None:
    body = {
        "name": f"<wordO> {world.server.folder.name}",
        "artifact_location": "mlflow-artifacts:/<O>",
    }
    made = world.ok(CREATE, body, BOB)["experiment_id"]
    run = world.ok(f"POST {A2}/runs/create", {"experiment_id": made}, BOB)["run"]["info"]["run_id"]
    thing = {"username": "eve", "resource_type": "experiment", "resource_id": made}
    world.ok(f"POST {A3}/users/permissions/grant", thing | {"permission": "READ"}, BOB)
    path = f"<O>/{run}/artifacts/x.txt"
    assert send(world, BOB, Case("", f"PUT {FILES}/{path}", "bob's", TEXT)).status == 200
    shared = Case("F11", f"GET /get-artifact?run_id={run}&path=x.txt")
    assert send(world, BOB, shared).body == send(world, EVE, shared).body == b"bob's"
    for other in (path, "<O>/<RO>/artifacts/secret.txt"):
        assert send(world, EVE, Case("F11", f"GET {FILES}/{other}")).status == 403
