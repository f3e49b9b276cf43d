"""The page of access in a browser, with and without scripts, and in every deployment."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from tests.browser import chromium, paper
from tests.live import ADMIN, authctl_server
from tests.server.admin_api import AdminApi
from tests.server.attack import ALICE
from tests.servers import recording_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from tests.browser import Paper
    from tests.live import Server
    from tests.server.world import World

pytestmark = pytest.mark.mlflow


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def shown(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Paper]:
    with paper(browser, ADMIN, javascript=request.param) as shown:
        yield shown


def ask(shown: Paper, user: str = "", resource: str = "") -> None:
    shown.page.get_by_label("User", exact=True).fill(user)
    shown.page.get_by_label("Resource").fill(resource)
    shown.press("button", "Show")


def test_an_administrator_finds_who_has_access_by_asking_and_by_clicking(
    server: Server, shown: Paper
) -> None:
    api, word = AdminApi(server), uuid.uuid4().hex[:8]
    made = api("POST 2.0 experiments/create", name=f"fraud {word}")
    experiment = str(made[1]["experiment_id"])
    alice, bob = server.add_user(f"alice-{word}"), server.add_user(f"bob-{word}")
    api.grant(alice, "EDIT", "experiment", experiment)
    api.grant(bob, "NO_PERMISSIONS", "experiment", experiment)

    shown.page.goto(f"{server.url}/access")
    ask(shown, word)
    assert shown.rows()[1:] == [
        [alice[0]],
        [f"fraud {word} experiment {experiment}", "EDIT", "own grant"],
        ["everything else", "READ", "default"],
        [bob[0]],
        [f"fraud {word} experiment {experiment}", "NO_PERMISSIONS", "own grant"],
        ["everything else", "READ", "default"],
    ]
    shown.press("link", f"fraud {word}")
    shown.page.get_by_role("heading", name=f"fraud {word} (experiment:{experiment})").wait_for()
    told = {row[0]: row[1:] for row in shown.rows()}
    assert told["admin"] == ["MANAGE", "administrator"]
    assert told[alice[0]] == ["EDIT", "own grant"]
    assert told[bob[0]] == ["NO_PERMISSIONS", "own grant"]

    ask(shown, bob[0], f"fraud {word}")
    assert [row for row in shown.rows() if "decides" in row[-1]] == [
        ["own grant", "NO_PERMISSIONS", "decides: It denies, and no other grant gives more."]
    ]
    shown.press("link", bob[0])
    assert shown.rows()[1] == [bob[0]]
    shown.press("link", "Show all")
    assert shown.page.url == f"{server.url}/access"
    shown.press("link", "Create a user")
    shown.page.get_by_role("heading", name="Create a user").wait_for()
    assert shown.complaints == []


def test_many_rows_are_turned_over_by_clicking(server: Server, shown: Paper) -> None:
    api, word = AdminApi(server), uuid.uuid4().hex[:8]
    user = server.add_user(f"many-{word}")
    for number in range(120):
        api.grant(user, "READ", "registered_model", f"{word}-{number:03}")
    shown.page.goto(f"{server.url}/access?user={user[0]}")
    assert shown.page.get_by_text("Page 1 of 2").is_visible()
    shown.press("link", "Next")
    assert shown.page.get_by_text("Page 2 of 2").is_visible()
    assert shown.rows()[2][0] == f"{word}-100 registered model"
    assert shown.rows()[-1] == ["everything else", "READ", "default"]
    shown.press("link", "Previous")
    assert shown.rows()[2][0] == f"{word}-000 registered model"
    assert shown.complaints == []


def test_names_that_would_do_something_do_nothing(server: Server, shown: Paper) -> None:
    api, word = AdminApi(server), uuid.uuid4().hex[:8]
    name = f'<script>alert(1)</script>"><img src=x onerror=alert(2)>\u202e{word}'
    server.call("POST", "/api/2.0/mlflow/users/create", {"username": name, "password": "p" * 12})
    made = api("POST 2.0 experiments/create", name=f"<b onclick=alert(3)>{word}")
    api.grant((name, ""), "EDIT", "experiment", str(made[1]["experiment_id"]))
    shown.page.goto(f"{server.url}/access")
    ask(shown, name)
    seen = name.replace("\u202e", "U+202E")
    assert shown.rows()[1] == [seen]
    shown.press("link", f"<b onclick=alert(3)>{word}")
    shown.press("link", seen)
    assert shown.rows()[1] == [seen]
    assert shown.page.locator("main script, main img, main b").count() == 0
    assert shown.complaints == []


def test_whoever_is_no_administrator_sees_nothing_of_it(world: World, browser: Browser) -> None:
    with paper(browser, ALICE) as shown:
        answer = shown.page.goto(f"{world.server.url}/access")
        assert answer is not None
        assert (answer.status, shown.page.inner_text("body")) == (403, "Permission denied")


def test_experiments_have_their_names_in_every_deployment(world: World, browser: Browser) -> None:
    name = world.ok("GET /api/2.0/mlflow/experiments/get?experiment_id=<V>")["experiment"]["name"]
    with paper(browser, ADMIN) as shown:
        shown.page.goto(f"{world.server.url}/access")
        ask(shown, resource=name)
        heading = f"{name} (experiment:{world.names['V']})"
        shown.page.get_by_role("heading", name=heading).wait_for()
        assert [ALICE[0], "MANAGE", "own grant"] in shown.rows()
        shown.press("link", "Open in MLflow")
        there = f"{world.server.url}/#/experiments/{world.names['V']}"
        assert shown.page.url.startswith(there)


def test_on_a_database_of_before_3_13_it_is_the_same(
    legacy_server: Server, browser: Browser
) -> None:
    api = AdminApi(legacy_server)
    user, experiment = api.new_user(), api.new_experiment()
    api.grant(user, "EDIT", "experiment", experiment)
    with paper(browser, ADMIN) as shown:
        shown.page.goto(f"{legacy_server.url}/access")
        ask(shown, user[0])
        assert [row[1:] for row in shown.rows()[2:]] == [
            ["EDIT", "own grant"],
            ["READ", "default"],
        ]


@pytest.mark.parametrize("width", [375, 1280])
def test_the_page_fits_small_and_large_screens(
    server: Server, browser: Browser, width: int
) -> None:
    api = AdminApi(server)
    user = server.add_user((uuid.uuid4().hex * 8)[:200])
    api.grant(user, "NO_PERMISSIONS", "registered_model", "m" * 200)
    with paper(browser, ADMIN, width=width) as shown:
        for path in ("/access", f"/access?user={user[0]}&resource=registered_model:{'m' * 200}"):
            shown.page.goto(f"{server.url}{path}")
            assert shown.width_needed() == width


def test_without_its_mlflow_a_gateway_shows_ids_and_says_so(
    tmp_path_factory: pytest.TempPathFactory, browser: Browser
) -> None:
    folder = tmp_path_factory.mktemp("gateway")
    with (
        recording_server() as mlflow,
        authctl_server(folder, "--upstream", mlflow.url) as server,
        paper(browser, ADMIN) as shown,
    ):
        user = server.add_user("alice")
        AdminApi(server).grant(user, "EDIT", "experiment", "7")
        mlflow.will_answer(0)  # it hangs up
        shown.page.goto(f"{server.url}/access?resource=7")
        assert ["alice", "EDIT", "own grant"] in shown.rows()
        assert shown.page.get_by_text("MLflow did not answer every question").is_visible()
