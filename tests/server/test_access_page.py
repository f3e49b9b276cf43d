"""The page of access: who has which level on what, and why, on both generations of databases."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from authctl.errors import Unavailable
from authctl.model import Generation, Limits, Permission, Resource, ResourceType
from authctl.policy.resolution import Levels
from authctl.server.pages.listing import ELSE, ROWS, by_person, on_resource, people_of
from authctl.store import tables
from tests.policy.databases_at_random import IDS, Database, databases, drawn, write
from tests.server.site import GENERATIONS, opened_site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.server.site import Site

HOSTILE = "<script>alert(1)</script>\"><img src=x onerror=alert(1)>'&"
NOT_THERE = (
    "no experiment, registered model or prompt that there is, and nothing that a grant names."
)
BIDI = "nim\u202edab\u200b"


@pytest.fixture(params=GENERATIONS)
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """A database of each generation."""
    with opened_site(tmp_path, GENERATIONS[request.param]) as site:
        yield site


@pytest.fixture
def modern(tmp_path: Path) -> Iterator[Site]:
    """One with roles."""
    with opened_site(tmp_path, tables.HEAD) as site:
        yield site


def test_without_a_filter_everybody_is_shown_with_what_they_have_and_why(site: Site) -> None:
    site.add("alice", "bob")
    site.tracking.experiments = {"7": "fraud", "12": "churn"}
    site.grant("alice", "experiment", "12", "EDIT")
    site.grant("alice", "experiment", "7", "MANAGE")
    site.grant("alice", "registered_model", "scoring", "NO_PERMISSIONS")
    answer = site.get()
    assert answer.status == 200
    assert answer.page.body == [
        ["alice"],
        ["fraud experiment 7", "MANAGE", "own grant"],
        ["churn experiment 12", "EDIT", "own grant"],
        ["scoring registered model", "NO_PERMISSIONS", "own grant"],
        ["everything else", "READ", "default"],
        ["bob"],
        ["everything else", "READ", "default"],
        ["root"],
        ["everything", "MANAGE", "administrator"],
    ]


def test_roles_wildcards_and_the_workspace_are_named_as_where_a_level_is_from(
    modern: Site,
) -> None:
    modern.add("alice", "keeper", "member")
    modern.role("readers", "alice", ("experiment", "*", "EDIT"), ("experiment", "7", "USE"))
    modern.role("keepers", "keeper", ("workspace", "*", "MANAGE"))
    modern.role("members", "member", ("workspace", "*", "USE"))
    modern.grant("alice", "prompt", "*", "USE")
    modern.grant("keeper", "experiment", "7", "NO_PERMISSIONS")
    assert modern.get().page.body == [
        ["alice"],
        ["every experiment", "EDIT", "role readers"],
        ["experiment 7", "EDIT", "role readers, on experiment:*"],
        ["every prompt", "USE", "own grant"],
        ["everything else", "READ", "default"],
        ["keeper"],
        ["everything", "MANAGE", "role keepers, which manages the workspace"],
        ["member"],
        ["the workspace", "USE", "role members"],
        ["everything else", "READ", "default"],
        ["root"],
        ["everything", "MANAGE", "administrator"],
    ]


def test_a_level_that_the_default_raises_is_said_to_be_the_defaults(modern: Site) -> None:
    modern.default = Permission.MANAGE
    modern.add("alice")
    modern.grant("alice", "experiment", "7", "READ")
    assert modern.get(user="alice").page.body[1] == [
        "experiment 7",
        "MANAGE",
        "default, which is higher than what is granted",
    ]


def test_a_resource_shows_everybody_the_highest_level_first(site: Site) -> None:
    site.add("alice", "bob", "carol", "dora")
    site.tracking.experiments = {"7": "fraud"}
    site.grant("dora", "experiment", "7", "MANAGE")
    site.grant("bob", "experiment", "7", "NO_PERMISSIONS")
    site.grant("carol", "experiment", "7", "EDIT")
    for text in ("fraud", "7", "experiment:7"):
        page = site.get(resource=text).page
        assert page.headings == ["fraud (experiment:7)"]
        assert page.body == [
            ["dora", "MANAGE", "own grant"],
            ["root", "MANAGE", "administrator"],
            ["carol", "EDIT", "own grant"],
            ["alice", "READ", "default"],
            ["bob", "NO_PERMISSIONS", "own grant"],
        ]
        assert page.captions == [
            "5 users, the highest level first: MANAGE 2, EDIT 1, READ 1, NO_PERMISSIONS 1."
        ]
        assert page.links["Open in MLflow"] == "/#/experiments/7"


def test_a_user_shows_what_they_have_and_the_default_for_all_else(site: Site) -> None:
    site.add("alice", "alice2", "bob")
    site.grant("alice", "experiment", "7", "EDIT")
    site.grant("bob", "experiment", "7", "EDIT")
    assert site.get(user="alice").page.body == [
        ["alice"],
        ["experiment 7", "EDIT", "own grant"],
        ["everything else", "READ", "default"],
    ]
    assert [row for row in site.get(user=" ALICE ").page.body if len(row) == 1] == [
        ["alice"],
        ["alice2"],
    ]


def test_a_user_and_a_resource_show_the_whole_chain(site: Site) -> None:
    site.add("alice")
    site.grant("alice", "experiment", "7", "EDIT")
    page = site.get(user="alice", resource="experiment:7").page
    told = [row[:2] for row in page.body]
    assert page.body[0] == ["alice", "EDIT", "own grant"]
    assert ["own grant", "EDIT"] in told
    assert ["default", "READ"] in told
    assert [row for row in page.body if row[2].startswith("decides")] == [
        ["own grant", "EDIT", "decides: No other grant speaks of it."]
    ]


def test_models_and_prompts_are_found_by_their_names(modern: Site) -> None:
    modern.add("alice")
    modern.tracking.models = {"scoring": False, "greeting": True}
    modern.grant("alice", "registered_model", "scoring", "EDIT")
    modern.grant("alice", "prompt", "greeting", "USE")
    model, prompt = modern.get(resource="scoring").page, modern.get(resource="greeting").page
    assert (model.headings, prompt.headings) == (["registered_model:scoring"], ["prompt:greeting"])
    assert ["alice", "EDIT", "own grant"] in model.body
    assert ["alice", "USE", "own grant"] in prompt.body


def test_before_mlflow_3_13_a_prompt_has_the_levels_of_the_model_of_its_name(
    tmp_path: Path,
) -> None:
    with opened_site(tmp_path, tables.INITIAL) as site:
        site.add("alice")
        site.tracking.models = {"greeting": True}
        site.grant("alice", "prompt", "greeting", "EDIT")
        page = site.get(resource="prompt:greeting").page
        assert ["alice", "EDIT", "own grant"] in page.body


def test_a_name_of_several_things_is_asked_back(site: Site) -> None:
    site.tracking.experiments, site.tracking.models = {"7": "churn"}, {"churn": False}
    page = site.get(resource="churn", user="root").page
    assert page.headings == ["Which one is meant?"]
    assert page.links["registered_model:churn"] == (
        "/access?user=root&resource=registered_model%3Achurn"
    )
    assert page.links["experiment:7"] == "/access?user=root&resource=experiment%3A7"


def test_deleted_experiments_and_those_that_are_gone_are_shown(site: Site) -> None:
    site.add("alice")
    site.tracking.experiments, site.tracking.deleted = {"7": "fraud"}, {"7"}
    site.grant("alice", "experiment", "7", "EDIT")
    site.grant("alice", "experiment", "8", "READ")
    site.grant("alice", "registered_model", "gone", "READ")
    assert site.get(user="alice").page.body[1:4] == [
        ["fraud experiment 7, deleted", "EDIT", "own grant"],
        ["experiment 8", "READ", "own grant"],
        ["gone registered model", "READ", "own grant"],
    ]
    assert site.get(resource="fraud").page.headings == ["fraud (deleted, experiment:7)"]
    assert site.get(resource="8").page.headings == ["experiment:8"]
    assert site.get(resource="gone").page.headings == ["registered_model:gone"]


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        (
            {"user": "nobody"},
            200,
            "No user is called 'nobody', and no user's name contains that.",
        ),
        (
            {"resource": "nothing"},
            200,
            f"Nothing is called 'nothing': {NOT_THERE}",
        ),
        (
            {"resource": "experiment:x"},
            400,
            "Invalid experiment id 'x'. An experiment id is a whole number such as 42.",
        ),
        ({"page": "x"}, 400, "Parameter 'page' must be an integer. Got: 'x'"),
    ],
)
def test_what_cannot_be_found_is_said_on_the_page(
    site: Site, query: dict[str, str], status: int, said: str
) -> None:
    answer = site.get(**query)
    assert (answer.status, answer.page.alert) == (status, said)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("status", [500, 502, 503])
def test_an_mlflow_that_does_not_answer_costs_only_the_names(site: Site, status: int) -> None:
    site.add("alice")
    site.tracking.status = status
    site.grant("alice", "experiment", "7", "EDIT")
    for answer in (site.get(), site.get(resource="7"), site.get(resource="unknown")):
        assert answer.status == 200
        assert "MLflow did not answer every question" in answer.text
    assert ["alice", "EDIT", "own grant"] in site.get(resource="7").page.body


def test_an_auth_database_that_is_not_available_is_said_on_a_page(site: Site) -> None:
    @dataclass(frozen=True)
    class Locked:
        """A store that is there for nobody."""

        generation: Generation = Generation.ROLES

        def keeps(self, _: str) -> bool:
            return True

        def get_user(self, _: str) -> None:
            raise Unavailable("The auth database is locked.")

    answer = replace(site, store=Locked()).get()  # type: ignore[arg-type]
    assert answer.status == 503
    assert answer.headers["Retry-After"] == "1"
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.page.alert == "The auth database is locked."


def test_the_page_is_for_administrators_alone(site: Site) -> None:
    site.add("alice")
    asked = [site.get("alice"), site.get("alice", user="alice"), site.get("alice", resource="1")]
    assert {(answer.status, answer.text) for answer in asked} == {(403, "Permission denied")}
    nobody = site.get(None)
    assert (nobody.status, nobody.headers["Www-Authenticate"]) == (401, 'Basic realm="mlflow"')
    assert site.tracking.asked == []


def test_a_token_of_an_administrators_sees_the_page_unless_it_is_for_some_resources(
    site: Site,
) -> None:
    site.limits = Limits(read_only=True)
    assert site.get().status == 200
    site.limits = Limits(resources=frozenset({Resource("experiment", "7")}))
    assert site.get().status == 403


def test_whoever_manages_the_workspace_may_make_users_and_not_see_everybodys_access(
    modern: Site,
) -> None:
    modern.add("keeper")
    modern.role("keepers", "keeper", ("workspace", "*", "MANAGE"))
    assert modern.get("keeper").status == 403
    signup = modern.open("/signup", "keeper")
    assert signup.status == 200
    assert "Access" not in signup.page.links
    assert modern.open("/signup", "root").page.links["Access"] == "/access"


def test_names_are_shown_as_they_are_and_do_nothing(site: Site) -> None:
    for name in (HOSTILE, BIDI, "\u05d3\u05d5\u05d3", "x" * 255):
        site.add(name)
        site.grant(name, "experiment", "7", "EDIT")
    site.grant(HOSTILE, "registered_model", HOSTILE, "MANAGE")
    site.tracking.experiments = {"7": HOSTILE}
    for query in (
        {},
        {"user": HOSTILE, "resource": "7"},
        {"resource": HOSTILE},
        {"user": f"{HOSTILE}?", "resource": BIDI},
        {"resource": f"registered_model:{HOSTILE}"},
    ):
        page = site.get(**query).page
        assert not page.tags & {"script", "img"}
        assert not {name for name in page.attributes if name.startswith("on")}
        assert page.fields == {"user": "", "resource": "", **query}
    everybody = site.get()
    names = [row[0] for row in everybody.page.body if len(row) == 1]
    assert set(names) >= {HOSTILE, "nimU+202EdabU+200B", "x" * 255}
    assert "\u202e" not in everybody.text.replace(f'<option value="{BIDI}">', "")
    link = everybody.page.links["nimU+202EdabU+200B"]
    assert site.open(link).page.body[0] == ["nimU+202EdabU+200B"]


def test_many_rows_are_told_a_page_at_a_time(site: Site) -> None:
    users = [f"user-{number:03}" for number in range(60)]
    site.add(*users)
    for user in users:
        for number in range(1, 4):
            site.grant(user, "experiment", str(number), "EDIT")
    rows, page = [], site.get().page
    for number in (1, 2, 3):
        told = [row for row in page.body if len(row) == 3]
        assert len(told) == (ROWS if number < 3 else 41)
        rows += told
        if number < 3:
            page = site.open(page.links["Next"]).page
    assert "Next" not in page.links
    assert page.links["Previous"] == "/access?page=2"
    assert len(rows) == 60 * 4 + 1
    assert site.get(page=99).page.body == page.body
    assert site.get(page=0).page.links["Next"] == "/access?page=2"
    filtered = site.get(resource="experiment:1", user="user", page=1).page
    assert "Next" not in filtered.links


def test_everything_below_the_static_prefix_stays_there(site: Site) -> None:
    site.add("alice")
    site.prefix = "/tracking"
    page = site.get(resource="7").page
    assert all(link.startswith("/tracking/") for link in page.links.values())
    assert 'action="/tracking/access"' in page.html
    assert site.get().status == 200


def test_the_page_is_guarded_against_scripts_frames_and_caches(site: Site) -> None:
    headers = site.get().headers
    policy = dict(
        part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";")
    )
    assert policy.pop("style-src").startswith("'sha256-")
    assert policy == {
        "default-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    told = {name: headers[name] for name in ("Cache-Control", "Referrer-Policy", "X-Frame-Options")}
    assert told == {
        "Cache-Control": "no-store",
        "Referrer-Policy": "same-origin",
        "X-Frame-Options": "DENY",
    }


def test_few_things_are_suggested_and_many_are_not(site: Site) -> None:
    site.add("alice")
    site.tracking.experiments = {"7": "fraud"}
    site.grant("alice", "registered_model", "scoring", "EDIT")
    assert site.get().page.suggested == [
        "alice",
        "root",
        "registered_model:scoring",
        "experiment:7",
    ]
    site.tracking.experiments = {str(number): f"e{number}" for number in range(1200)}
    site.grant("alice", "experiment", "1199", "EDIT")
    page = site.get().page
    assert ["e1199 experiment 1199", "EDIT", "own grant"] in page.body
    assert "experiment:7" not in page.suggested


def test_a_page_asks_mlflow_little(site: Site) -> None:
    site.add("alice")
    site.tracking.experiments = {str(number): f"e{number}" for number in range(50)}
    for number in range(50):
        site.grant("alice", "experiment", str(number), "EDIT")
    site.get()
    assert site.tracking.asked == ["experiments/search"]


ASKED = [
    Resource(kind, name) for kind in ResourceType for name in (IDS[kind][0], "*", "unheard-of")
]


def test_levels_on_the_page_are_those_that_count_on_random_databases(
    modern: Site, tmp_path: Path
) -> None:
    store = modern.store

    @drawn(25, always_the_same=True)
    @given(databases())
    def agree(database: Database) -> None:
        write(database, tmp_path / "auth.db")
        for default in database.defaults:
            people = people_of(store, default)
            levels = {
                user.username: Levels(grants, default=default, generation=store.generation)
                for user, grants in store.everybody()
            }
            told = [row for asked in ASKED for row in on_resource(people, asked, 1)[0].rows]
            told += by_person(people, 1).rows
            assert len(told) > len(ASKED) * len(people)
            for row in told:
                found = levels[row.person.user.username]
                assert row.level == found.on(row.resource), row

    agree()


def test_levels_on_the_page_are_the_stores_on_random_grants(site: Site) -> None:
    chance = Random(7)
    users = [f"user-{number}" for number in range(6)]
    site.add(*users)
    asked = [
        Resource(kind, name)
        for kind, names in {"experiment": "1234", "registered_model": "abcd"}.items()
        for name in names
    ]
    for user in users:
        for resource in chance.sample(asked, 4):
            level = chance.choice(["READ", "EDIT", "MANAGE", "NO_PERMISSIONS"])
            site.grant(user, resource.type, resource.id, level)
    for resource in asked:
        page = site.get(resource=str(resource)).page
        told = {row[0]: row[1] for row in page.body}
        assert told.pop("root") == "MANAGE"
        assert told == {user: str(site.store.level(user, resource)) for user in users}


def test_no_resource_that_a_grant_can_name_is_everything_else() -> None:
    assert ELSE.type not in ResourceType.__members__.values()
