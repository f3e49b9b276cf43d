from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from authctl.errors import InvalidRequest
from authctl.manifest.accounts import PasswordSource
from authctl.manifest.change import Act, Change
from authctl.manifest.plan import plan
from authctl.manifest.saved import Moved, SavedPlan, digest, refuse_moved
from authctl.manifest.state import Kind, RoleState, State
from authctl.model import Resource
from tests.manifest.things import changed, manifests, role, states, user

if TYPE_CHECKING:
    from authctl.manifest.wanted import Wanted

CHURN = Resource("registered_model", "churn")
STATE = State(
    users={"root": True, "ann": False},
    roles={"readers": RoleState(7, "", frozenset({"ann"}))},
    grants={(user("ann"), CHURN): "READ", (role("readers"), CHURN): "READ"},
)
RAISE = Change(Act.CHANGE, Kind.GRANT, "ann", None, CHURN, "EDIT", "READ")
NEW = Change(
    Act.ADD, Kind.USER, "bob", is_admin=False, password=PasswordSource.of(file=Path("/etc/bob"))
)
GONE = Change(Act.REMOVE, Kind.USER, "ann", before=False, is_admin=False)
NO_ROLE = Change(Act.REMOVE, Kind.ROLE, role="readers")
LEAVES = Change(Act.REMOVE, Kind.MEMBER, "ann", "readers")


@given(states(), manifests())
def test_a_saved_plan_is_read_as_it_was(state: State, manifest: Wanted) -> None:
    changes = plan(state, manifest, prune=True)
    saved = SavedPlan("sqlite:///auth.db", digest(state, changes), tuple(changes))
    assert SavedPlan.from_text(saved.to_text(), "access.plan") == saved
    refuse_moved(saved.digest, state, saved.changes)


@given(states(), manifests())
def test_a_plan_that_was_carried_out_cannot_be_again(state: State, manifest: Wanted) -> None:
    changes = plan(state, manifest, prune=True)
    if changes:
        with pytest.raises(Moved):
            refuse_moved(digest(state, changes), changed(state, changes), changes)


MOVED: dict[str, tuple[Change, State, str]] = {
    "the level is another": (
        RAISE,
        replace(STATE, grants={**STATE.grants, (user("ann"), CHURN): "USE"}),
        ": the grant of 'ann' on registered_model:churn is not what it was",
    ),
    "the user has been made": (
        NEW,
        replace(STATE, users={**STATE.users, "bob": False}),
        ": the user 'bob' is not what it was",
    ),
    "the user has got more, which would be lost": (
        GONE,
        replace(STATE, grants={**STATE.grants, (user("ann"), Resource("prompt", "p")): "READ"}),
        "",
    ),
    "the role has other members": (NO_ROLE, replace(STATE, roles={"readers": RoleState(7)}), ""),
    "the member has left": (
        LEAVES,
        replace(STATE, roles={"readers": RoleState(7)}),
        ": 'ann' as a member of role 'readers' is not what it was",
    ),
}


@pytest.mark.parametrize("case", MOVED)
def test_a_plan_is_refused_where_what_it_rests_on_has_changed(case: str) -> None:
    change, now, what = MOVED[case]
    with pytest.raises(Moved) as caught:
        refuse_moved(digest(STATE, [change]), now, [change])
    assert caught.value.message == (
        f"The users, roles or grants have changed since the plan was made{what}."
    )
    assert caught.value.exit_code == 6


def test_what_a_plan_does_not_touch_may_change() -> None:
    now = replace(
        STATE,
        users={**STATE.users, "zoe": True},
        grants={**STATE.grants, (user("root"), CHURN): "READ"},
    )
    for change in (RAISE, NEW, GONE, NO_ROLE, LEAVES):
        refuse_moved(digest(STATE, [change]), now, [change])


def written(**other: object) -> str:
    saved = SavedPlan("sqlite:///auth.db", "0" * 64, (RAISE, NEW))
    return json.dumps({**json.loads(saved.to_text()), **other})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "version = 1",
        "[]",
        "{}",
        "[" * 100_000,
        written(form="terraform"),
        written(changes=[{}]),
        written(changes=None),
        *(
            written(changes=[{**change.to_json(), key: value}])
            for change, key, value in [
                (RAISE, "level", None),
                (RAISE, "username", None),
                (RAISE, "role", "readers"),
                (RAISE, "resource_id", "\x1b"),
                (RAISE, "resource", "registered_model:other"),
                (NEW, "is_admin", None),
                (NEW, "is_admin", "yes"),
                (NEW, "password_file", None),
                (NEW, "password_from", "given"),
                (LEAVES, "role", None),
                (NO_ROLE, "username", "ann"),
            ]
        ),
    ],
    ids=lambda text: text[-60:],
)
def test_what_is_no_plan_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match=r"^access\.plan is not a plan that authctl saved\.$"):
        SavedPlan.from_text(text, "access.plan")


def test_a_plan_of_another_release_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="is of another authctl"):
        SavedPlan.from_text(written(version=2), "access.plan")
