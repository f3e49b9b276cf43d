"""Scorers have grants of their own within their experiment, and so have all their versions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests.live import ADMIN
from tests.server.families import PREFIXES, SAFETY, make_family, unique

if TYPE_CHECKING:
    from tests.server.families import Family, User
    from tests.server.world import World

pytestmark = pytest.mark.mlflow

_SCORERS = "3.0/mlflow/scorers"


@pytest.fixture(scope="module")
def family(embedded: World) -> Family:
    return make_family(embedded.server)


def _register(family: Family, user: User, name: str, text: str = SAFETY) -> int:
    body = {"experiment_id": family.experiment, "name": name, "serialized_scorer": text}
    return int(family.ok(user, f"POST {_SCORERS}/register", body)["version"])


def _key(family: Family, name: str) -> str:
    return f"{family.experiment}/{quote(name, safe='')}"


def _versions(family: Family, name: str) -> list[int]:
    """What is left of a scorer."""
    query = {"experiment_id": family.experiment, "name": name}
    answer = family.call(ADMIN, f"GET {_SCORERS}/versions", **query)
    return [row["scorer_version"] for row in answer.json().get("scorers", [])]


def _listed(family: Family, user: User, **query: Any) -> list[set[str]]:
    return [
        {row["scorer_name"] for row in answer["scorers"]}
        for prefix in PREFIXES
        for answer in (family.ok(user, f"GET {_SCORERS}/list", prefix=prefix, **query),)
    ]


@pytest.fixture
def scorer(family: Family) -> str:
    """The editor's scorer, of two versions."""
    name = unique()
    assert [_register(family, family.editor, name) for _ in range(2)] == [1, 2]
    return name


@pytest.mark.parametrize("ending", ["", " a/b%", "-é"])
def test_whoever_makes_the_first_version_owns_a_scorer(family: Family, ending: str) -> None:
    name = unique() + ending
    body = {"experiment_id": family.experiment, "name": name, "serialized_scorer": SAFETY}
    strangers = (family.reader, family.other, family.stranger)
    family.denied(strangers, f"POST {_SCORERS}/register", body)
    assert _versions(family, name) == []
    assert _register(family, family.editor, name) == 1
    owner = {family.editor[0]: "MANAGE"}
    assert family.granted("scorer", _key(family, name)) == owner
    assert _register(family, family.owner, name) == 2
    assert family.granted("scorer", _key(family, name)) == owner
    family.denied(strangers, f"POST {_SCORERS}/register", body)
    assert _versions(family, name) == [1, 2]


def test_a_scorer_is_read_by_who_may_read_its_experiment(family: Family, scorer: str) -> None:
    query = {"experiment_id": family.experiment, "name": scorer}
    for line in (f"GET {_SCORERS}/get", f"GET {_SCORERS}/versions"):
        assert scorer in json.dumps(family.ok(family.reader, line, **query))
        family.denied((family.other, family.stranger), line, **query)
        family.denied((family.owner,), line, experiment_id=family.others, name=scorer)


def test_lists_show_what_one_may_read(family: Family, scorer: str) -> None:
    for query in ({}, {"experiment_id": family.experiment}, {"experiment_ids": family.experiment}):
        for user in (family.reader, family.editor, family.owner, ADMIN):
            assert all(scorer in found for found in _listed(family, user, **query))
        for user in (family.other, family.stranger):
            assert not any(found for found in _listed(family, user, **query))
    both = [family.experiment, family.others]
    assert all(scorer in found for found in _listed(family, family.reader, experiment_ids=both))
    twice = family.call(family.reader, f"GET {_SCORERS}/list?experiment_id=1&experiment_id=2")
    assert twice.status_code == 400


def test_a_scorer_may_be_denied_within_a_readable_experiment(family: Family, scorer: str) -> None:
    shut, open_ = family.person(), unique()
    _register(family, family.editor, open_)
    family.grant(shut, "experiment", family.experiment, "MANAGE")
    family.grant(shut, "scorer", _key(family, scorer), "DENY")
    for query in ({}, {"experiment_id": family.experiment}):
        for found in _listed(family, shut, **query):
            assert open_ in found
            assert scorer not in found
    name = {"experiment_id": family.experiment, "name": scorer}
    family.denied((shut,), f"GET {_SCORERS}/get", **name)
    family.denied((shut,), f"GET {_SCORERS}/versions", **name)
    family.denied((shut,), f"DELETE {_SCORERS}/delete", name)
    family.denied((shut,), f"DELETE {_SCORERS}/delete", name | {"version": 1})
    family.denied((shut,), f"POST {_SCORERS}/register", name | {"serialized_scorer": SAFETY})
    family.denied((shut,), f"PUT {_SCORERS}/online-config", name | {"sample_rate": 0})
    assert _versions(family, scorer) == [1, 2]


@pytest.mark.parametrize("kind", ["scorer", "scorer_version"])
def test_all_scorers_or_all_their_versions_may_be_denied(
    family: Family, scorer: str, kind: str
) -> None:
    shut = family.without(kind)
    assert _listed(family, shut) == [set(), set()]
    name = {"experiment_id": family.experiment, "name": scorer}
    family.denied((shut,), f"GET {_SCORERS}/get", **name)
    family.denied((shut,), f"DELETE {_SCORERS}/delete", name)
    for made in (scorer, unique()):
        body = name | {"name": made, "serialized_scorer": SAFETY}
        family.denied((shut,), f"POST {_SCORERS}/register", body)
        body = {"experiment_id": family.experiment, "serialized_scorer": SAFETY}
        trace = family.make_trace(family.owner, family.experiment)
        body |= {"trace_ids": [trace], "scorer_name": made, "scorer_version": 1}
        family.denied((shut,), "POST /ajax-api/3.0/mlflow/scorer/invoke", body)
    assert _versions(family, scorer) == [1, 2]


def test_a_grant_on_a_scorer_opens_it_but_not_its_experiment(family: Family, scorer: str) -> None:
    guest = family.person()
    family.grant(guest, "scorer", _key(family, scorer), "MANAGE")
    name = {"experiment_id": family.experiment, "name": scorer}
    family.denied((guest,), f"GET {_SCORERS}/get", **name)
    family.denied((guest,), f"DELETE {_SCORERS}/delete", name)
    family.grant(guest, "experiment", family.experiment, "READ")
    family.denied((guest,), f"POST {_SCORERS}/register", name | {"serialized_scorer": SAFETY})
    family.denied((guest,), f"PUT {_SCORERS}/online-config", name | {"sample_rate": 0})
    other = unique()
    _register(family, family.editor, other)
    family.denied((guest,), f"DELETE {_SCORERS}/delete", name | {"name": other})
    assert (_versions(family, scorer), _versions(family, other)) == ([1, 2], [1])
    family.ok(guest, f"DELETE {_SCORERS}/delete", name)
    assert _versions(family, scorer) == []


def test_deleting_a_scorer_forgets_its_grants(family: Family, scorer: str) -> None:
    guest = family.reader
    family.grant(guest, "scorer", _key(family, scorer), "EDIT")
    name = {"experiment_id": family.experiment, "name": scorer}
    users = (guest, family.other, family.stranger)
    family.denied(users, f"DELETE {_SCORERS}/delete", name)
    family.denied(users, f"DELETE {_SCORERS}/delete", name | {"version": 1})
    assert _versions(family, scorer) == [1, 2]
    before = family.granted("scorer", _key(family, scorer))
    family.ok(family.editor, f"DELETE {_SCORERS}/delete", name | {"version": 1})
    assert _versions(family, scorer) == [2]
    assert family.granted("scorer", _key(family, scorer)) == before
    family.ok(family.editor, f"DELETE {_SCORERS}/delete", name)
    assert family.granted("scorer", _key(family, scorer)) == {}
    assert _register(family, family.owner, scorer) == 1
    assert family.granted("scorer", _key(family, scorer)) == {family.owner[0]: "MANAGE"}


def test_a_scorer_made_again_after_its_last_version_has_no_old_grants(
    family: Family, scorer: str
) -> None:
    family.grant(family.reader, "scorer", _key(family, scorer), "MANAGE")
    for version in (1, 2):
        body = {"experiment_id": family.experiment, "name": scorer, "version": version}
        family.ok(family.editor, f"DELETE {_SCORERS}/delete", body)
    assert _register(family, family.owner, scorer) == 1
    assert family.granted("scorer", _key(family, scorer)) == {family.owner[0]: "MANAGE"}


def test_who_may_delete_versions_does_not_delete_the_scorer_with_an_unreadable_one(
    family: Family, scorer: str
) -> None:
    """MLflow takes a version that is no number for none, and deletes them all."""
    pruner = family.person()
    family.grant(pruner, "experiment", family.experiment, "READ")
    family.grant(pruner, "scorer_version", "*", "MANAGE")
    name = {"experiment_id": family.experiment, "name": scorer}
    for version in (None, True, False, 1.5, ""):
        family.denied((pruner,), f"DELETE {_SCORERS}/delete", name | {"version": version})
    assert _versions(family, scorer) == [1, 2]
    family.ok(pruner, f"DELETE {_SCORERS}/delete", name | {"version": 1})
    assert _versions(family, scorer) == [2]
    family.ok(family.editor, f"DELETE {_SCORERS}/delete", name | {"version": True})
    assert _versions(family, scorer) == []
    assert family.granted("scorer", _key(family, scorer)) == {}


@pytest.mark.parametrize("name", ["*", "__user_1__", "a\nb"])
def test_names_that_mean_something_to_grants_are_refused(family: Family, name: str) -> None:
    body = {"experiment_id": family.experiment, "name": name, "serialized_scorer": SAFETY}
    assert family.call(ADMIN, f"POST {_SCORERS}/register", body).status_code == 400
    assert _versions(family, name) == []


def test_online_scoring_takes_update_and_shows_to_readers(family: Family, scorer: str) -> None:
    body = {"experiment_id": family.experiment, "name": scorer, "sample_rate": 0}
    users = (family.reader, family.other, family.stranger)
    family.denied(users, f"PUT {_SCORERS}/online-config", body)
    found = family.ok(family.editor, f"GET {_SCORERS}/get", **{k: body[k] for k in list(body)[:2]})
    ids = {"scorer_ids": [found["scorer"]["scorer_id"], "unknown"]}
    assert family.ok(ADMIN, f"GET {_SCORERS}/online-configs", **ids) == {"configs": []}
    family.ok(family.editor, f"PUT {_SCORERS}/online-config", body)
    for user, shown in ((family.reader, 1), (family.other, 0), (family.stranger, 0), (ADMIN, 1)):
        assert len(family.ok(user, f"GET {_SCORERS}/online-configs", **ids)["configs"]) == shown


_JUDGE = '{"instructions_judge_pydantic_data": {"instructions": "i", "model": "%s"}}'


@pytest.mark.parametrize(
    "shape", [_JUDGE, f'{{"memory_augmented_judge_data": {{"base_judge": {_JUDGE}}}}}']
)
def test_a_judge_takes_use_of_its_endpoint(embedded: World, family: Family, shape: str) -> None:
    endpoint, name = embedded.names["endV"], f"{embedded.names['wordV']}-endpoint"
    body = {"experiment_id": family.experiment, "name": unique()}
    for model in (f"gateway:/{name}", f"gateway:///{name}", f"gateway\\u003a/{name}"):
        body["serialized_scorer"] = shape % model
        family.denied((family.owner, family.editor), f"POST {_SCORERS}/register", body)
    body["serialized_scorer"] = shape % "gateway:/no-such-endpoint"
    family.denied((family.owner,), f"POST {_SCORERS}/register", body)
    assert _versions(family, body["name"]) == []
    user = family.person()
    family.grant(user, "experiment", family.experiment, "EDIT")
    family.grant(user, "gateway_endpoint", endpoint, "READ")
    body["serialized_scorer"] = shape % f"gateway:/{name}"
    family.denied((user,), f"POST {_SCORERS}/register", body)
    family.revoke(user, "gateway_endpoint", endpoint)
    family.grant(user, "gateway_endpoint", endpoint, "USE")
    family.ok(user, f"POST {_SCORERS}/register", body)
    assert _versions(family, body["name"]) == [1]


def test_running_scorers_takes_all_that_it_touches(embedded: World, family: Family) -> None:
    trace = family.make_trace(family.owner, family.experiment)
    foreign = family.make_trace(family.other, family.others)
    asked = {"experiment_id": family.experiment, "trace_ids": [trace]}
    judged = json.dumps({"model": f"gateway:/{embedded.names['wordV']}-endpoint"})
    no_traces, no_marks = (family.without(kind) for kind in ("trace", "assessment"))
    no_runs = family.without("run")
    below = (family.reader, family.other, family.stranger)
    runs = {"experiment_ids": [family.experiment]}
    before = family.ok(ADMIN, "POST 2.0/mlflow/runs/search", runs)

    def one(text: str) -> tuple[str, dict[str, Any]]:
        return "scorer/invoke", asked | {"serialized_scorer": text}

    def many(*texts: str) -> tuple[str, dict[str, Any]]:
        return "genai/evaluate/invoke", asked | {"serialized_scorers": list(texts)}

    refused: list[tuple[tuple[User, ...], tuple[str, dict[str, Any]], dict[str, Any]]] = [
        ((*below, no_traces), one(SAFETY), {}),
        ((*below, no_traces, no_runs), many(SAFETY), {}),
        ((no_marks,), one(SAFETY), {"log_assessments": True}),
        ((family.owner,), one(SAFETY), {"trace_ids": [trace, foreign]}),
        ((family.owner,), many(SAFETY), {"trace_ids": [trace, foreign]}),
        ((family.owner,), one(judged), {}),
        ((family.owner,), many(judged), {}),
        ((family.owner,), many(SAFETY, judged), {}),
    ]
    for users, (route, body), more in refused:
        family.denied(users, f"POST /ajax-api/3.0/mlflow/{route}", body | more)
    assert family.ok(ADMIN, "POST 2.0/mlflow/runs/search", runs) == before
    # Whoever may gets as far as the queue of jobs, which this server has not.
    for user, (route, body) in (
        (family.editor, one(SAFETY)),
        (family.editor, many(SAFETY)),
        (no_marks, one(SAFETY)),
        (no_runs, one(SAFETY)),
    ):
        answer = family.call(user, f"POST /ajax-api/3.0/mlflow/{route}", body)
        assert "job execution" in answer.text
