"""Label schemas and review queues hang on their experiment; a queue names people besides."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.live import ADMIN
from tests.server.families import PREFIXES, make_family, unique

if TYPE_CHECKING:
    from tests.server.families import Family, User
    from tests.server.world import World

pytestmark = pytest.mark.mlflow

_QUEUES = "3.0/mlflow/review-queues"
_SCHEMAS = "3.0/mlflow/label-schemas"


@pytest.fixture(scope="module")
def family(embedded: World) -> Family:
    return make_family(embedded.server)


@pytest.fixture(scope="module")
def second(family: Family) -> User:
    """Another editor of the experiment."""
    user = family.person()
    family.grant(user, "experiment", family.experiment, "EDIT")
    return user


# Label schemas


def test_label_schemas_are_kept_by_managers_and_seen_by_readers(family: Family) -> None:
    name = unique()
    body = {"experiment_id": family.experiment, "name": name, "type": "FEEDBACK"}
    body |= {"input": {"text": {}}}
    below = (family.editor, family.reader, family.other, family.stranger)
    by_name = {"experiment_id": family.experiment, "name": name}
    family.denied(below, f"POST {_SCHEMAS}/create", body)
    assert family.call(ADMIN, f"GET {_SCHEMAS}/get-by-name", **by_name).status_code == 404
    schema = family.ok(family.owner, f"POST {_SCHEMAS}/create", body)["label_schema"]
    this = {"schema_id": schema["schema_id"]}
    before = family.ok(family.reader, f"GET {_SCHEMAS}/get", **this)
    assert before["label_schema"]["name"] == name
    assert family.ok(family.reader, f"GET {_SCHEMAS}/get-by-name", **by_name) == before
    listed = family.ok(family.reader, f"GET {_SCHEMAS}/list", experiment_id=family.experiment)
    assert name in {row["name"] for row in listed["label_schemas"]}
    shut = (family.other, family.stranger)
    family.denied(shut, f"GET {_SCHEMAS}/get", **this)
    family.denied(shut, f"GET {_SCHEMAS}/get-by-name", **by_name)
    family.denied(shut, f"GET {_SCHEMAS}/list", experiment_id=family.experiment)
    family.denied(below, f"PATCH {_SCHEMAS}/update", this | {"instruction": "changed"})
    family.denied(below, f"DELETE {_SCHEMAS}/delete", this)
    assert family.ok(ADMIN, f"GET {_SCHEMAS}/get", **this) == before
    family.ok(family.owner, f"PATCH {_SCHEMAS}/update", this | {"instruction": "changed"})
    assert "changed" in json.dumps(family.ok(family.reader, f"GET {_SCHEMAS}/get", **this))
    family.ok(family.owner, f"DELETE {_SCHEMAS}/delete", this)
    family.denied((family.owner,), f"GET {_SCHEMAS}/get", **this)


def test_one_experiment_named_does_not_open_a_schema_of_another(family: Family) -> None:
    body = {"experiment_id": family.experiment, "name": unique(), "type": "FEEDBACK"}
    body |= {"input": {"text": {}}}
    schema = family.ok(family.owner, f"POST {_SCHEMAS}/create", body)["label_schema"]["schema_id"]
    forged = {"schema_id": schema, "experiment_id": family.others, "instruction": "forged"}
    family.denied((family.other,), f"PATCH {_SCHEMAS}/update", forged)
    family.denied((family.other,), f"DELETE {_SCHEMAS}/delete", forged)
    family.denied((family.other,), f"GET {_SCHEMAS}/get", schema_id=schema, experiment_id="0")
    assert "forged" not in json.dumps(family.ok(ADMIN, f"GET {_SCHEMAS}/get", schema_id=schema))


# Review queues


@dataclass(frozen=True)
class Queue:
    """A queue of the editor's, which a reader works through, with one trace in it."""

    family: Family
    name: str
    id: str
    trace: str

    @property
    def this(self) -> dict[str, str]:
        return {"queue_id": self.id}

    @property
    def named(self) -> dict[str, str]:
        return {"experiment_id": self.family.experiment, "name": self.name}

    def state(self) -> list[Any]:
        return [
            self.family.ok(ADMIN, f"GET {_QUEUES}/get", **self.this),
            self.family.ok(ADMIN, f"GET {_QUEUES}/items/list", **self.this),
        ]


def _make(family: Family, user: User, name: str, *members: str) -> dict[str, Any]:
    body = {"experiment_id": family.experiment, "name": name, "queue_type": "CUSTOM"}
    body |= {"users": list(members), "created_by": "forged"}
    made: dict[str, Any] = family.ok(user, f"POST {_QUEUES}/create", body)["review_queue"]
    return made


@pytest.fixture
def queue(family: Family) -> Queue:
    name = unique()
    made = _make(family, family.editor, name, family.reader[0], family.stranger[0])
    trace = family.make_trace(family.owner, family.experiment)
    body = {"queue_id": made["queue_id"], "item_ids": [trace]}
    family.ok(family.editor, f"POST {_QUEUES}/items/add", body)
    return Queue(family, name, made["queue_id"], trace)


def test_whoever_makes_a_queue_is_written_down_as_its_owner(family: Family) -> None:
    name = unique()
    body = {"experiment_id": family.experiment, "name": name, "queue_type": "CUSTOM"}
    users = (family.reader, family.other, family.stranger)
    family.denied(users, f"POST {_QUEUES}/create", body)
    family.denied(users, f"POST {_QUEUES}/get-or-create-user", body | {"user": users[0][0]})
    listed = family.ok(ADMIN, f"GET {_QUEUES}/list", experiment_id=family.experiment)
    assert name not in json.dumps(listed)
    assert _make(family, family.editor, name)["created_by"] == family.editor[0]


def test_a_queue_is_seen_by_members_its_owner_and_managers(
    family: Family, second: User, queue: Queue
) -> None:
    for line, query in (
        (f"GET {_QUEUES}/get", queue.this),
        (f"GET {_QUEUES}/get-by-name", queue.named),
        (f"GET {_QUEUES}/items/list", queue.this),
    ):
        for user in (family.reader, family.editor, family.owner):
            assert queue.id in json.dumps(family.ok(user, line, **query))
        # The stranger is a member too, but may not read the experiment.
        family.denied((second, family.other, family.stranger), line, **query)
    forged = {"experiment_id": family.others, "name": queue.name}
    family.denied((family.other,), f"GET {_QUEUES}/get-by-name", **forged)


def test_a_list_shows_readers_the_queues_they_work_through(
    family: Family, second: User, queue: Queue
) -> None:
    onlooker = family.person()
    family.grant(onlooker, "experiment", family.experiment, "READ")
    for prefix in PREFIXES:
        for user, sees in ((family.reader, True), (second, True), (onlooker, False)):
            query = {"experiment_id": family.experiment}
            answer = family.ok(user, f"GET {_QUEUES}/list", prefix=prefix, **query)
            ids = {row["queue_id"] for row in answer["review_queues"]}
            assert (queue.id in ids) is sees, user
            assert sees or not ids
    line = f"GET {_QUEUES}/list?experiment_id={family.experiment}&user={family.reader[0]}"
    assert family.ok(onlooker, line)["review_queues"] == []
    assert queue.id in json.dumps(family.ok(family.reader, line))
    family.denied((family.other, family.stranger), line)


def test_a_page_of_a_list_is_refilled(family: Family) -> None:
    member = family.person()
    experiment = family.make_experiment(family.owner)
    family.grant(member, "experiment", experiment, "READ")
    body = {"experiment_id": experiment, "queue_type": "CUSTOM"}
    for users in ([], [member[0]], [], [], [member[0]], []):
        more = {"name": unique(), "users": users}
        family.ok(family.owner, f"POST {_QUEUES}/create", body | more)
    seen: list[str] = []
    token = ""
    for _ in range(2):
        query = {"experiment_id": experiment, "max_results": 1, "page_token": token}
        page = family.ok(member, f"GET {_QUEUES}/list", **query)
        seen += [row["name"] for row in page["review_queues"]]
        token = page.get("next_page_token", "")
    assert len(set(seen)) == 2
    assert token == ""


def test_a_queue_is_kept_by_its_owner_and_managers(
    family: Family, second: User, queue: Queue
) -> None:
    before = queue.state()
    users = (second, family.reader, family.other, family.stranger)
    changes = (
        ("update", {"users": [], "update_users": True}),
        ("update", {"name": unique()}),
        ("items/remove", {"item_ids": [queue.trace]}),
        ("delete", {}),
    )
    for route, body in changes:
        family.denied(users, f"POST {_QUEUES}/{route}", queue.this | body)
        forged = queue.this | body | {"experiment_id": family.others}
        family.denied((family.other,), f"POST {_QUEUES}/{route}", forged)
    assert queue.state() == before
    for user, (route, body) in zip(
        (family.editor, family.owner, family.editor, family.owner), changes, strict=True
    ):
        family.ok(user, f"POST {_QUEUES}/{route}", queue.this | body)
    family.denied((family.owner,), f"GET {_QUEUES}/get", **queue.this)


def test_only_managers_give_a_queue_away(family: Family, second: User, queue: Queue) -> None:
    before = queue.state()
    body = queue.this | {"new_owner": second[0]}
    family.denied((second, family.editor, family.reader), f"POST {_QUEUES}/update", body)
    camel = queue.this | {"newOwner": second[0]}
    assert family.call(family.editor, f"POST {_QUEUES}/update", camel).status_code == 400
    assert queue.state() == before
    family.ok(family.owner, f"POST {_QUEUES}/update", body)
    family.denied((family.editor,), f"POST {_QUEUES}/delete", queue.this)
    family.ok(second, f"POST {_QUEUES}/delete", queue.this)


def test_any_editor_adds_what_is_in_the_experiment(
    family: Family, second: User, queue: Queue
) -> None:
    before = queue.state()
    foreign = family.make_trace(family.other, family.others)
    mine = family.make_trace(second, family.experiment)
    body = queue.this | {"item_ids": [mine]}
    family.denied((family.reader, family.other), f"POST {_QUEUES}/items/add", body)
    body = queue.this | {"item_ids": [foreign, mine]}
    assert family.call(second, f"POST {_QUEUES}/items/add", body).status_code == 404
    assert queue.state() == before
    family.ok(second, f"POST {_QUEUES}/items/add", queue.this | {"item_ids": [mine]})
    assert mine in json.dumps(queue.state())


def test_members_who_may_edit_review_in_their_own_name(
    family: Family, second: User, queue: Queue
) -> None:
    before = queue.state()
    body = queue.this | {"item_id": queue.trace, "status": "COMPLETE", "completed_by": "forged"}
    line = f"POST {_QUEUES}/items/set-status"
    # A member who may only read, an owner and an editor who are no members.
    family.denied((family.reader, family.editor, second, family.other, family.stranger), line, body)
    assert queue.state() == before
    members = {"users": [second[0].upper()], "update_users": True}
    family.ok(family.editor, f"POST {_QUEUES}/update", queue.this | members)
    assert family.ok(second, line, body)["item"]["completed_by"] == second[0]


def test_a_users_own_queue_is_theirs_to_see_and_managers_to_delete(
    family: Family, second: User
) -> None:
    body = {"experiment_id": family.experiment, "user": family.editor[0]}
    made = family.ok(second, f"POST {_QUEUES}/get-or-create-user", body)["review_queue"]
    this = {"queue_id": made["queue_id"]}
    family.ok(family.editor, f"GET {_QUEUES}/get", **this)
    family.denied((second, family.reader), f"GET {_QUEUES}/get", **this)
    family.denied((second, family.editor), f"POST {_QUEUES}/delete", this)
    family.ok(family.owner, f"POST {_QUEUES}/delete", this)


def test_a_queue_may_not_be_named_like_a_user(family: Family, queue: Queue) -> None:
    before = queue.state()
    taken = family.stranger[0].upper()
    body = {"experiment_id": family.experiment, "queue_type": "CUSTOM"}
    for user in (family.editor, family.owner, ADMIN):
        for name in (taken, f" {taken} "):
            answer = family.call(user, f"POST {_QUEUES}/create", body | {"name": name})
            assert answer.status_code == 400, answer.text
            answer = family.call(user, f"POST {_QUEUES}/update", queue.this | {"name": name})
            assert answer.status_code == 400, answer.text
    assert queue.state() == before
    # Who may make no queue learns from it who is a user as little as from any other name.
    for name in (taken, unique()):
        family.denied(
            (family.reader, family.other), f"POST {_QUEUES}/create", body | {"name": name}
        )
        family.denied((family.other,), f"POST {_QUEUES}/update", queue.this | {"name": name})


def test_denied_queues_are_denied_to_managers_members_and_owners(
    family: Family, queue: Queue
) -> None:
    shut = family.without("review_queue")
    members = {"users": [shut[0]], "update_users": True, "new_owner": shut[0]}
    family.ok(ADMIN, f"POST {_QUEUES}/update", queue.this | members)
    before = queue.state()
    for line, query in (
        (f"GET {_QUEUES}/get", queue.this),
        (f"GET {_QUEUES}/get-by-name", queue.named),
        (f"GET {_QUEUES}/items/list", queue.this),
    ):
        family.denied((shut,), line, **query)
    body = queue.named | {"queue_type": "CUSTOM", "name": unique(), "user": shut[0]}
    for route, more in (
        ("create", body),
        ("get-or-create-user", body),
        ("update", queue.this | {"name": unique()}),
        ("items/add", queue.this | {"item_ids": [queue.trace]}),
        ("items/set-status", queue.this | {"item_id": queue.trace, "status": "COMPLETE"}),
        ("items/remove", queue.this | {"item_ids": [queue.trace]}),
        ("delete", queue.this),
    ):
        family.denied((shut,), f"POST {_QUEUES}/{route}", more)
    query = {"experiment_id": family.experiment}
    assert family.ok(shut, f"GET {_QUEUES}/list", **query)["review_queues"] == []
    assert queue.state() == before
