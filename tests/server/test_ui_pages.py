"""The web UI's pages, for a user who may read what is on them and for one who may not."""

from __future__ import annotations

import json
import re
import time
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser import chromium, signed_in
from tests.live import authctl_server
from tests.server.things import ALICE, make_things, otlp
from tests.server.world import World
from tests.tour.journey import options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from tests.browser import Visit

pytestmark = pytest.mark.mlflow

_READER, _STRANGER = (("reader", "reader-password-1"), ("stranger", "stranger-password-1"))
_A2, _A3 = "/api/2.0/mlflow", "/api/3.0/mlflow"
_GRANTED = {
    "experiment": "<V>",
    "registered_model": "<MV>",
    "prompt": "<PV>",
    "gateway_endpoint": "<endV>",
    "gateway_secret": "<secretV>",
}

# A page of the victim's things, and what it shows to whoever may read them.
PAGES = {
    "": ("Welcome to MLflow", "<wordV>-experiment"),
    "experiments": ("<wordV>-experiment",),
    "experiments/<V>/overview/usage": ("<wordV>-experiment", "Latency"),
    "experiments/<V>/runs": ("<wordV>-run", "1 matching run"),
    "experiments/<V>/runs/<RV>": ("<wordV>-run", "<RV>", "depth", "<MV>"),
    "experiments/<V>/runs/<RV>/model-metrics": ("<wordV>-run", "metric"),
    "experiments/<V>/runs/<RV>/artifacts": ("<wordV>-run", "secret.txt", "notes"),
    "experiments/<V>/traces": ("<wordV>-asked today",),
    "experiments/<V>/traces/<todayV>": ("<wordV>-span of today",),
    "experiments/<V>/models": ("<wordV>-logged",),
    "experiments/<V>/models/<LV>": ("<wordV>-logged", "<LV>"),
    "experiments/<V>/judges": ("<wordV>-scorer",),
    "experiments/<V>/datasets": ("<wordV>-dataset",),
    "experiments/<V>/datasets/<DV>": ("<wordV>-dataset", "hush question"),
    "experiments/<V>/evaluation-runs": ("<wordV>-run",),
    "experiments/<V>/review-queue": ("<wordV>-shared queue",),
    "models": ("<MV>", "Version 1"),
    "models/<MV>": ("<MV>", "champion"),
    "models/<MV>/versions/1": ("<MV>", "<wordV>-run"),
    "prompts": ("<PV>", "Version 1"),
    "prompts/<PV>": ("<PV>", "<wordV>"),
    "gateway": ("<wordV>-endpoint",),
    "gateway/api-keys": ("<wordV>-s",),
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("pages")
    with authctl_server(folder, *options(folder)) as server:
        made = World(server, (folder,))
        for name, _ in (ALICE, _READER, _STRANGER):
            server.add_user(name)
        made.names |= make_things(made, ALICE, "V")
        for kind, thing in _GRANTED.items():
            body = {"username": "reader", "resource_type": kind, "resource_id": thing}
            made.ok(f"POST {_A3}/users/permissions/grant", body | {"permission": "READ"})
        _add_what_pages_show(made)
        yield made


def _add_what_pages_show(world: World) -> None:
    """A parameter, text files, a trace of today, records, and a queue that is the reader's too."""
    queue = {"experiment_id": "<V>", "name": "<wordV>-shared queue", "queue_type": "CUSTOM"}
    records = json.dumps([{"inputs": {"q": "hush question"}, "expectations": {"a": "b"}}])
    for line, body in (
        (f"POST {_A2}/runs/log-parameter", {"run_id": "<RV>", "key": "depth", "value": "3"}),
        (f"POST {_A3}/datasets/<DV>/records", {"records": records}),
        (f"POST {_A3}/review-queues/create", queue | {"users": ["reader"]}),
    ):
        world.ok(line, body, ALICE)
    for path, content in (
        ("notes/notes.txt", b"hush notes"),
        ("MLmodel", b"flavors: {}\n"),
    ):
        url = world.fill(f"/api/2.0/mlflow-artifacts/artifacts/<V>/<RV>/artifacts/{path}")
        assert world.server.client(ALICE).put(url, content=content).status_code == 200
    number = uuid.uuid4().hex
    world.names["todayV"] = f"tr-{number}"
    exported = otlp(number, world.fill("<wordV>-span of today"))
    span = exported["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    now = time.time_ns()
    asked = {"key": "mlflow.spanInputs", "value": {"stringValue": json.dumps(_asked(world))}}
    span |= {"startTimeUnixNano": str(now - 10**9), "endTimeUnixNano": str(now)}
    span["attributes"].append(asked)
    headers = {"X-MLflow-Experiment-Id": world.names["V"]}
    sent = world.server.client(ALICE).post("/v1/traces", json=exported, headers=headers)
    assert sent.status_code == 200, sent.text


def _asked(world: World) -> Any:
    return world.fill("<wordV>-asked today")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def reader(world: World, browser: Browser) -> Iterator[Visit]:
    with signed_in(browser, world.server.url, _READER) as visit:
        yield visit


@pytest.fixture(scope="module")
def stranger(world: World, browser: Browser) -> Iterator[Visit]:
    with signed_in(browser, world.server.url, _STRANGER) as visit:
        yield visit


@pytest.mark.parametrize("path", PAGES)
def test_a_page_shows_a_reader_its_data_and_nothing_on_it_is_refused(
    world: World, reader: Visit, path: str
) -> None:
    reader.go(world.fill(path), *world.fill(PAGES[path]))
    reader.page.screenshot(path=str(world.server.folder / f"{_name(path)}.png"))
    assert reader.failures() == []


def test_a_reader_opens_a_file_of_a_run(world: World, reader: Visit) -> None:
    reader.go(world.fill("experiments/<V>/runs/<RV>/artifacts"), "secret.txt")
    for name in ("notes", "notes.txt"):
        reader.page.get_by_text(name, exact=True).first.click()
    reader.page.get_by_text("hush notes").first.wait_for()
    reader.settle()
    assert reader.failures() == []


def test_no_page_tells_a_stranger_anything(world: World, stranger: Visit) -> None:
    words = [word.decode() for word in world.words()]
    told: list[tuple[str, str]] = []
    answers = 0
    for page in PAGES:
        # What is in the address, the stranger has said.
        path = world.fill(page)
        unknown = [word for word in words if word not in path]
        stranger.go(path)
        told += [(path, word) for word in unknown if word in stranger.text()]
        for asked, answer in stranger.answers():
            answers += 1
            told += [(asked, word) for word in unknown if word not in asked and word in answer]
    assert told == []
    assert answers > len(PAGES)


def _name(path: str) -> str:
    return re.sub(r"[^a-z]+", "-", path.lower()).strip("-")
