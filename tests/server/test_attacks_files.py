"""Ways into another's files: the artifact proxy, runs, versions, traces, and what points there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.live import ADMIN, authctl_server
from tests.server.attack import ALICE, BOB, EVE, TEXT, Case, attack, cases, control, send
from tests.server.things import SECRET
from tests.server.world import World, config

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.mlflow

FILES = "/api/2.0/mlflow-artifacts/artifacts"
MPU = "/api/2.0/mlflow-artifacts/mpu"
PRESIGNED = "/api/2.0/mlflow/artifacts"
A2, A3 = "/api/2.0/mlflow", "/api/3.0/mlflow"
SECRET_FILE = "<V>/<RV>/artifacts/secret.txt"
PLACE = "mlflow-artifacts:/<V>/<RV>/artifacts"
PART = {"path": "secret.txt", "num_parts": 1}
DONE = {"path": "secret.txt", "upload_id": "x", "parts": []}
VERSION = f"POST {A2}/model-versions/create"
CREATE = f"POST {A2}/experiments/create"
PROMPT = {"tags": [{"key": "mlflow.prompt.is_prompt", "value": "true"}]}
UP = "../../../" + SECRET_FILE
UNIMPLEMENTED = (501,)  # by MLflow where files are kept on a disk


PLAIN = (
    Case("F1 read a file", f"GET {FILES}/{SECRET_FILE}"),
    Case("F1 write a file", f"PUT {FILES}/{SECRET_FILE}", "forged", TEXT),
    Case("F1 write a new file", f"PUT {FILES}/<V>/<RV>/artifacts/new.txt", "forged", TEXT),
    Case("F1 delete a file", f"DELETE {FILES}/{SECRET_FILE}", spoils="tracking"),
    Case("F1 delete an experiment's files", f"DELETE {FILES}/<V>", spoils="tracking"),
    Case("F2 begin a multipart upload", f"POST {MPU}/create/<V>/x", PART, passes=UNIMPLEMENTED),
    Case(
        "F2 complete a multipart upload", f"POST {MPU}/complete/<V>/x", DONE, passes=UNIMPLEMENTED
    ),
    Case("F2 abort a multipart upload", f"POST {MPU}/abort/<V>/x", DONE, passes=UNIMPLEMENTED),
    Case(
        "F3 a presigned download",
        f"GET /api/2.0/mlflow-artifacts/presigned/{SECRET_FILE}",
        passes=UNIMPLEMENTED,
    ),
    Case(
        "F3 a presigned upload to a run",
        f"POST {PRESIGNED}/presigned-upload-url",
        {"run_id": "<RV>", "path": "x"},
        by=ADMIN,
        passes=(400,),
    ),
    Case(
        "F3 a presigned upload to a logged model",
        f"POST {PRESIGNED}/presigned-upload-url",
        {"model_id": "<LV>", "path": "x"},
        by=ADMIN,
        passes=(400,),
    ),
    Case(
        "F3 a presigned download of a run's file",
        f"POST {PRESIGNED}/presigned-download-url",
        {"run_id": "<RV>", "path": "secret.txt"},
        by=ADMIN,
        passes=(400,),
    ),
    Case("F4 list an experiment", f"GET {FILES}?path=<V>"),
    Case("F7 a file of a run", "GET /get-artifact?run_id=<RV>&path=secret.txt"),
    Case("F7 a file of a run by run_uuid", "GET /get-artifact?run_uuid=<RV>&path=secret.txt"),
    Case("F7 the list of a run", f"GET {A2}/artifacts/list?run_id=<RV>"),
    Case(
        "F8 a file of a version",
        "GET /model-versions/get-artifact?name=<MV>&version=1&path=secret.txt",
    ),
    Case(
        "F8 where a version's files are",
        f"GET {A2}/model-versions/get-download-uri?name=<MV>&version=1",
    ),
    Case(
        "F8 a file of a logged model",
        "GET /ajax-api/2.0/mlflow/logged-models/<LV>/artifacts/files?artifact_file_path=x",
        passes=(404,),
    ),
    Case("F8 the list of a logged model", f"GET {A2}/logged-models/<LV>/artifacts/directories"),
    Case("F8 a trace's data, 2.0", "GET /ajax-api/2.0/mlflow/get-trace-artifact?request_id=<TV>"),
    Case("F8 a trace's data, 3.0", "GET /ajax-api/3.0/mlflow/get-trace-artifact?request_id=<TV>"),
    Case("F9 a version of one's own", VERSION, {"name": "<MV>", "run_id": "<RV>", "source": PLACE}),
    Case(
        "F9 a version of a logged model of one's own",
        VERSION,
        {"name": "<MV>", "model_id": "<LV>", "source": "models:/<LV>"},
    ),
)


@cases(*PLAIN)
def test_another_s_files_are_refused(world: World, case: Case) -> None:
    attack(world, case)


@cases(*PLAIN)
def test_the_victim_herself_passes(embedded: World, case: Case) -> None:
    control(embedded, case)


def _f4() -> Iterator[Case]:
    for query in ("", "?path=", "?path=.", "?path=./", "?path=/", "?path=%2e", "?path=<V>/.."):
        yield Case(f"F4 list {query or 'all'}", f"GET {FILES}{query}")
    for dots in (".", "%2e", "./.", ".//", "./", "", "/", "..", "<O>/..", "<O>/%2e%2e", "*", "%2a"):
        yield Case(f"F4 delete {dots or 'nothing'}", f"DELETE {FILES}/{dots}")


def _f5() -> Iterator[Case]:
    for path in (
        f"./{SECRET_FILE}",
        f"/{SECRET_FILE}",
        f"//{SECRET_FILE}",
        f"<O>/..%2F{SECRET_FILE}",
        f"<O>/../{SECRET_FILE}",
        f"<O>/%2e%2e/{SECRET_FILE}",
        f"<O>/%252e%252e/{SECRET_FILE}",
        f"<O>/%25252e%25252e/{SECRET_FILE}",
        f"<O>/..%5c{SECRET_FILE}",
        f"<O>/<RO>/artifacts/../../../{SECRET_FILE}",
        "%2531/<RV>/artifacts/secret.txt",
        "%31/<RV>/artifacts/secret.txt",
        "0<V>/<RV>/artifacts/secret.txt",
        "+<V>/<RV>/artifacts/secret.txt",
        f"WORKSPACES/x/{SECRET_FILE}",
        f"workspaces/default/{SECRET_FILE}",
        "<V>/MODELS/<LV>/artifacts",
        "<V>/models/<LV>/artifacts",
        f"{SECRET_FILE}%00",
        f"{SECRET_FILE}#<O>",
        f"{SECRET_FILE}?path=<O>",
        f"{SECRET_FILE};<O>",
    ):
        for method, body, headers in (
            ("GET", None, None),
            ("PUT", "forged", TEXT),
            ("DELETE", None, None),
        ):
            yield Case(f"F5 {method} {path}", f"{method} {FILES}/{path}", body, headers)


@cases(*_f4(), *_f5())
def test_no_spelling_of_a_path_reaches_another_s_files(world: World, case: Case) -> None:
    attack(world, case)


OUT_OF_ONES_OWN = (
    UP,
    "..%2f..%2f..%2f" + SECRET_FILE,
    "%252e%252e/%252e%252e/%252e%252e/" + SECRET_FILE,
    "%25252e%25252e/" + SECRET_FILE,
    "%23/../../../../" + SECRET_FILE,
    "x.txt%23/../../../../" + SECRET_FILE,
    "%3f/../../../" + SECRET_FILE,
    "/" + SECRET_FILE,
    "./" + UP,
    "file:///etc/passwd",
    "//proc/self/root/etc/passwd",
    "..",
    "%2e%2e",
)
READERS = (
    "GET /get-artifact?run_id=<RO>&path=",
    f"GET {A2}/artifacts/list?run_id=<RO>&path=",
    "GET /model-versions/get-artifact?name=<MO>&version=1&path=",
    "GET /ajax-api/2.0/mlflow/logged-models/<LO>/artifacts/files?artifact_file_path=",
    f"GET {A2}/logged-models/<LO>/artifacts/directories?artifact_directory_path=",
    "GET /ajax-api/3.0/mlflow/get-trace-artifact?request_id=<TO>&path=",
    "POST /ajax-api/2.0/mlflow/upload-artifact?run_uuid=<RO>&path=",
)


@cases(
    *(
        Case(
            f"F7 F8 {line.split('?')[0].split('/')[-1]} of one's own, {path}",
            line + path,
            "forged" if line.startswith("POST") else None,
            TEXT,
        )
        for line in READERS
        for path in OUT_OF_ONES_OWN
    )
)
def test_no_path_leads_out_of_ones_own_files(local: World, case: Case) -> None:
    attack(local, case, users=[BOB])


def test_f6_whoever_may_edit_deletes_no_files(world: World) -> None:
    editor = world.server.add_user("editor")
    thing = {"username": editor[0], "resource_type": "experiment", "resource_id": "<V>"}
    world.ok(f"POST {A3}/users/permissions/grant", thing | {"permission": "EDIT"})
    assert send(world, editor, Case("", f"GET {FILES}/{SECRET_FILE}")).body == SECRET
    before = world.state()
    for path in (SECRET_FILE, "<V>/<RV>", "<V>"):
        assert send(world, editor, Case("F6", f"DELETE {FILES}/{path}")).status == 403
    assert world.state() == before


def test_f12_a_server_of_files_alone_honours_grants(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("files-alone")
    with authctl_server(folder, *config(folder), "--", "--artifacts-only") as server:
        for name in ("alice", "eve"):
            server.add_user(name)
        world = World(server, (folder,), names={"V": "7", "RV": "a" * 32, "O": "8"})
        thing = {"username": "alice", "resource_type": "experiment", "resource_id": "7"}
        world.ok(f"POST {A3}/users/permissions/grant", thing | {"permission": "MANAGE"})
        put = Case("F12 write", f"PUT {FILES}/{SECRET_FILE}", SECRET.decode(), TEXT)
        assert send(world, ALICE, put).status == 200
        get = Case("F12 read", f"GET {FILES}/{SECRET_FILE}")
        assert send(world, ALICE, get).body == SECRET
        for case in (put, get, *_f4(), Case("F12 delete", f"DELETE {FILES}/{SECRET_FILE}")):
            attack(world, case, users=[EVE])
