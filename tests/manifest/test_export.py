from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from authctl.manifest.export import exported, left_out, to_toml
from authctl.manifest.plan import plan
from authctl.manifest.read import read_manifest
from authctl.manifest.state import RoleState, State, can_be_said
from authctl.manifest.wanted import Wanted
from authctl.model import Resource
from tests.manifest.things import Names, role, states, user

STATE = State(
    users={"zoe": False, "ann": True},
    roles={
        "readers": RoleState(7, "May read.", frozenset({"zoe", "ann"})),
        "nobody": RoleState(3),
    },
    grants={
        (user("zoe"), Resource("experiment", "2")): "EDIT",
        (user("zoe"), Resource("experiment", "10")): "EDIT",
        (user("zoe"), Resource("prompt", "*")): "READ",
        (role("readers"), Resource("skill", "plan")): "READ",
        (user("ann"), Resource("experiment", "1")): "SUPERVISE",
        (role("readers"), Resource("hologram", "h")): "READ",
    },
    elsewhere=2,
)

TEXT = """\
version = 1

[[user]]
name = "ann"
admin = true

[[user]]
name = "zoe"
admin = false

[[role]]
name = "nobody"
members = []
grants = []

[[role]]
name = "readers"
description = "May read."
members = [
    "ann",
    "zoe",
]
grants = [
    { resource = "skill:plan", level = "READ" },
]

[[grant]]
user = "zoe"
level = "EDIT"
experiment_id = [
    "10",
    "2",
]

[[grant]]
user = "zoe"
level = "READ"
resource = "prompt:*"
"""


def planned_again(state: State, *, prune: bool) -> list[object]:
    content = to_toml(exported(state)).encode()
    asked = read_manifest(content, name="access.toml", folder=Path())
    return [*plan(state, Wanted.of(asked, Names()), prune=prune)]


def test_an_export_is_in_order_and_says_what_it_leaves_out() -> None:
    head, _, body = to_toml(exported(STATE)).partition("version = 1")
    assert all(line.startswith("#") for line in head.splitlines())
    assert f"version = 1{body}" == TEXT
    assert left_out(STATE) == [
        "READ of role 'readers' on hologram:h is left out: a manifest has no words for it.",
        "SUPERVISE of 'ann' on experiment:1 is left out: a manifest has no words for it.",
        "2 role(s) of other workspaces are left out: a manifest speaks of the default one.",
    ]


@given(states(odd=True))
def test_the_plan_of_an_export_is_empty(state: State) -> None:
    assert planned_again(state, prune=False) == []
    assert planned_again(state, prune=True) == []
    told = [line for line in left_out(state) if "workspaces" not in line]
    assert len(told) == sum(not can_be_said(on, level) for (_, on), level in state.grants.items())


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_whatever_a_name_is_made_of_it_is_exported_as_it_is(name: str) -> None:
    thing = Resource("registered_model", name)
    state = State(
        users={name: True},
        roles={} if name.startswith("__user_") else {name: RoleState(1, name, frozenset({name}))},
        grants={(user(name), thing): "READ"},
    )
    assert planned_again(state, prune=True) == []


def test_what_no_eye_sees_is_escaped() -> None:
    text = to_toml(exported(State(users={"a\u202eb\x7f\x85\u200b\U000e0001é": False})))
    assert '"a\\u202eb\\u007f\\u0085\\u200b\\U000e0001é"' in text
