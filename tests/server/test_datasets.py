"""Evaluation datasets hang on every experiment that they are linked to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.live import ADMIN
from tests.server.families import PREFIXES, make_family, unique

if TYPE_CHECKING:
    from tests.server.families import Family, User
    from tests.server.world import World

pytestmark = pytest.mark.mlflow

_SETS = "3.0/mlflow/datasets"
_RECORD = [{"inputs": {"question": "why"}, "expectations": {"answer": "because"}}]


@pytest.fixture(scope="module")
def family(embedded: World) -> Family:
    return make_family(embedded.server)


def _make(family: Family, user: User, *experiments: str) -> str:
    body = {"name": unique(), "experiment_ids": list(experiments), "tags": '{"k": "v"}'}
    return str(family.ok(user, f"POST {_SETS}/create", body)["dataset"]["dataset_id"])


def _state(family: Family, dataset: str) -> list[Any]:
    """All that is known of a dataset."""
    return [
        family.ok(ADMIN, f"GET {_SETS}/{dataset}{more}")
        for more in ("", "/experiment-ids", "/records")
    ]


def _found(family: Family, user: User, *experiments: str) -> list[set[str]]:
    """What searching datasets by experiments finds, in every way of asking."""
    ids = list(experiments)
    asked = [
        answer
        for prefix in PREFIXES
        for answer in (
            family.ok(user, f"GET {_SETS}/search", prefix=prefix, experiment_ids=ids),
            family.ok(user, f"POST {_SETS}/search", {"experiment_ids": ids}, prefix=prefix),
        )
    ]
    return [{row["dataset_id"] for row in answer.get("datasets", [])} for answer in asked]


@pytest.fixture
def dataset(family: Family) -> str:
    """A dataset of one experiment, with a record."""
    made = _make(family, family.editor, family.experiment)
    records = {"records": json.dumps(_RECORD)}
    family.ok(family.editor, f"POST {_SETS}/{made}/records", records)
    return made


@pytest.fixture
def shared(family: Family) -> str:
    """A dataset of two experiments, which nobody but administrators has both of."""
    return _make(family, ADMIN, family.experiment, family.others)


def test_making_a_dataset_takes_update_on_every_experiment_it_is_of(family: Family) -> None:
    mine = family.make_experiment(family.editor)
    before = _found(family, ADMIN, family.experiment, family.others, mine)
    cases = (
        ((family.reader, family.other, family.stranger), [family.experiment]),
        ((family.editor,), [family.experiment, family.others]),
        ((family.editor,), [family.others]),
        ((family.owner, family.editor), ["999999"]),
    )
    for users, experiments in cases:
        body = {"name": unique(), "experiment_ids": experiments}
        family.denied(users, f"POST {_SETS}/create", body)
    for nothing in ({}, {"experiment_ids": []}, {"experiment_ids": [7]}, {"experimentIds": [mine]}):
        answer = family.call(family.editor, f"POST {_SETS}/create", {"name": unique()} | nothing)
        assert answer.status_code == 400, answer.text
    assert _found(family, ADMIN, family.experiment, family.others, mine) == before
    made = _make(family, family.editor, family.experiment, mine)
    assert all(made in found for found in _found(family, family.editor, mine))


def test_a_reader_reads_a_dataset_and_nobody_else_does(family: Family, dataset: str) -> None:
    for more, told in (("", "name"), ("/experiment-ids", "experiment_ids"), ("/records", "why")):
        answer = family.ok(family.reader, f"GET {_SETS}/{dataset}{more}")
        assert told in json.dumps(answer)
        family.denied((family.other, family.stranger), f"GET {_SETS}/{dataset}{more}")


def test_changing_a_dataset_takes_update(family: Family, dataset: str) -> None:
    before = _state(family, dataset)
    record = json.loads(before[2]["records"])[0]["dataset_record_id"]
    changes: tuple[tuple[str, Any], ...] = (
        (f"PATCH {_SETS}/{dataset}/tags", {"tags": '{"k": "changed"}'}),
        (f"DELETE {_SETS}/{dataset}/tags/k", None),
        (f"POST {_SETS}/{dataset}/records", {"records": '[{"inputs": {"q": "more"}}]'}),
        (f"DELETE {_SETS}/{dataset}/records", {"dataset_record_ids": [record]}),
        (f"POST {_SETS}/{dataset}/add-experiments", {"experiment_ids": [family.experiment]}),
        (f"POST {_SETS}/{dataset}/remove-experiments", {"experiment_ids": [family.experiment]}),
    )
    for line, body in changes:
        family.denied((family.reader, family.other, family.stranger), line, body)
    assert _state(family, dataset) == before
    seen = [before]
    for line, body in changes:
        family.ok(family.editor, line, body)
        after = _state(family, dataset)
        assert after != seen[-1], line
        seen.append(after)


def test_deleting_a_dataset_takes_more_than_editing_it(family: Family, dataset: str) -> None:
    before = _state(family, dataset)
    users = (family.editor, family.reader, family.other, family.stranger)
    family.denied(users, f"DELETE {_SETS}/{dataset}")
    assert _state(family, dataset) == before
    family.ok(family.owner, f"DELETE {_SETS}/{dataset}")
    assert family.call(ADMIN, f"GET {_SETS}/{dataset}").status_code == 404


def test_a_dataset_of_two_experiments_is_for_those_who_have_both(
    family: Family, shared: str
) -> None:
    before = _state(family, shared)
    for user in (family.owner, family.other):
        for line, body in (
            (f"GET {_SETS}/{shared}", None),
            (f"GET {_SETS}/{shared}/experiment-ids", None),
            (f"GET {_SETS}/{shared}/records", None),
            (f"PATCH {_SETS}/{shared}/tags", {"tags": '{"k": "changed"}'}),
            (f"POST {_SETS}/{shared}/records", {"records": json.dumps(_RECORD)}),
            (f"POST {_SETS}/{shared}/remove-experiments", {"experiment_ids": [family.others]}),
            (f"DELETE {_SETS}/{shared}", None),
        ):
            family.denied((user,), line, body)
    assert _state(family, shared) == before
    both = family.person()
    family.grant(both, "experiment", family.experiment, "MANAGE")
    family.grant(both, "experiment", family.others, "READ")
    assert len(family.ok(both, f"GET {_SETS}/{shared}/experiment-ids")["experiment_ids"]) == 2
    family.denied((both,), f"DELETE {_SETS}/{shared}")
    family.revoke(both, "experiment", family.others)
    family.grant(both, "experiment", family.others, "MANAGE")
    family.ok(both, f"DELETE {_SETS}/{shared}")


def test_a_search_shows_the_datasets_of_which_one_may_read_all(
    family: Family, dataset: str, shared: str
) -> None:
    for user in (family.reader, family.owner):
        for found in _found(family, user, family.experiment):
            assert dataset in found
            assert shared not in found
    for found in _found(family, ADMIN, family.experiment):
        assert {dataset, shared} <= found
    for experiments in ([family.experiment], [family.others, family.experiment]):
        body = {"experiment_ids": experiments}
        users = (family.other, family.stranger)
        family.denied(users, f"POST {_SETS}/search", body)
        family.denied(users, f"GET {_SETS}/search", experiment_ids=experiments)


def test_a_search_that_names_no_experiment_is_refused(family: Family, dataset: str) -> None:
    for answer in (
        family.call(family.owner, f"GET {_SETS}/search"),
        family.call(family.owner, f"POST {_SETS}/search", {}),
        family.call(family.owner, f"POST {_SETS}/search", {"experiment_ids": []}),
        family.call(family.owner, f"POST {_SETS}/search", {"experimentIds": [family.experiment]}),
        family.call(family.owner, f"GET {_SETS}/search", **{"experiment_ids[]": family.experiment}),
    ):
        assert answer.status_code == 400, answer.text
        assert dataset not in answer.text


def test_a_search_is_not_widened_by_a_field_that_mlflow_cannot_read(
    family: Family, dataset: str
) -> None:
    """MLflow reads a body up to a field of the wrong type; without ids it finds every dataset."""
    body = {"order_by": [5], "experiment_ids": [family.others]}
    for user in (family.other, ADMIN):
        answer = family.call(user, f"POST {_SETS}/search", body)
        assert dataset not in answer.text, user


def test_a_page_of_a_search_is_refilled(family: Family) -> None:
    experiment = family.make_experiment(family.owner)
    rows = [_make(family, ADMIN, experiment, family.others) for _ in range(3)]
    mine = [_make(family, family.owner, experiment) for _ in range(2)]
    rows += [_make(family, ADMIN, experiment, family.others) for _ in range(3)]
    seen: list[str] = []
    token = ""
    for _ in range(len(mine)):
        body = {"experiment_ids": [experiment], "max_results": 1, "page_token": token}
        page = family.ok(family.owner, f"POST {_SETS}/search", body)
        seen += [row["dataset_id"] for row in page["datasets"]]
        token = page.get("next_page_token", "")
    assert sorted(seen) == sorted(mine)
    assert token == ""


def test_linking_takes_update_on_what_is_linked(family: Family, dataset: str) -> None:
    mine = family.make_experiment(family.editor)
    before = _state(family, dataset)
    line = f"POST {_SETS}/{dataset}/add-experiments"
    family.denied((family.editor, family.owner), line, {"experiment_ids": [family.others]})
    family.denied((family.editor,), line, {"experiment_ids": [mine, family.others]})
    family.denied((family.other,), line, {"experiment_ids": [family.others]})
    assert family.call(family.editor, line, {"experiment_ids": []}).status_code == 400
    assert _state(family, dataset) == before
    family.ok(family.editor, line, {"experiment_ids": [mine]})
    # Now it is of one more experiment, which its owner may not read.
    family.denied((family.owner, family.reader), f"GET {_SETS}/{dataset}")
    linked = family.ok(family.editor, f"GET {_SETS}/{dataset}/experiment-ids")["experiment_ids"]
    assert sorted(linked) == sorted([family.experiment, mine])


def test_a_dataset_of_no_experiment_is_for_administrators(family: Family, dataset: str) -> None:
    body = {"experiment_ids": [family.experiment]}
    family.ok(family.editor, f"POST {_SETS}/{dataset}/remove-experiments", body)
    for line in (f"GET {_SETS}/{dataset}", f"GET {_SETS}/{dataset}/records"):
        family.denied(family.people, line)
    family.denied(family.people, f"DELETE {_SETS}/{dataset}")
    family.denied((family.owner, family.editor), f"POST {_SETS}/{dataset}/add-experiments", body)
    assert _state(family, dataset)[1].get("experiment_ids", []) == []


def test_an_unknown_dataset_is_denied_like_a_forbidden_one(family: Family) -> None:
    for unknown in (f"d-{'0' * 32}", "nothing"):
        family.denied((family.owner,), f"GET {_SETS}/{unknown}")
        family.denied((family.owner,), f"DELETE {_SETS}/{unknown}")
    odd = family.call(family.owner, f"GET {_SETS}/a.b")
    assert odd.status_code == 400
