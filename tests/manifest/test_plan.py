from __future__ import annotations

import pytest
from hypothesis import given

from authctl.errors import InvalidRequest, Refused
from authctl.manifest.accounts import GENERATED
from authctl.manifest.change import Act, Change
from authctl.manifest.plan import plan, refuse_lockout, stage
from authctl.manifest.state import Kind, RoleState, State, can_be_said
from authctl.manifest.wanted import Wanted
from authctl.model import Resource
from tests.manifest.things import changed, manifests, role, states, user, wanted

CHURN = Resource("registered_model", "churn")
FRAUD = Resource("experiment", "42")

STATE = State(
    users={"root": True, "ann": False},
    roles={"readers": RoleState(7, "May read.", frozenset({"ann"}))},
    grants={(user("ann"), CHURN): "READ", (role("readers"), FRAUD): "READ"},
)
NAMED = '[[user]]\nname = "root"\n[[user]]\nname = "ann"\n[[role]]\nname = "readers"\n'
GRANTS = (
    '[[grant]]\nuser = "ann"\nmodel = "churn"\nlevel = "READ"\n'
    '[[grant]]\nrole = "readers"\nexperiment = "fraud"\nlevel = "READ"\n'
)

PLANS: dict[str, tuple[str, bool, list[Change]]] = {
    "what is so already is no change": (NAMED + GRANTS, True, []),
    "what is not named is left alone": ("", False, []),
    "a new user is added, no admin unless it says so": (
        '[[user]]\nname = "bob"\npassword = "generate"',
        False,
        [Change(Act.ADD, Kind.USER, "bob", is_admin=False, password=GENERATED)],
    ),
    "a user who is there gets no password": (
        '[[user]]\nname = "ann"\npassword = "generate"',
        False,
        [],
    ),
    "an admin who should be none is demoted after another is promoted": (
        '[[user]]\nname = "ann"\nadmin = true\n[[user]]\nname = "root"\nadmin = false',
        False,
        [
            Change(Act.CHANGE, Kind.USER, "ann", before=False, is_admin=True),
            Change(Act.CHANGE, Kind.USER, "root", before=True, is_admin=False),
        ],
    ),
    "a level is changed from what it was": (
        '[[grant]]\nuser = "ann"\nmodel = "churn"\nlevel = "edit"',
        False,
        [Change(Act.CHANGE, Kind.GRANT, "ann", None, CHURN, "EDIT", "READ")],
    ),
    "a new role has its grants before its members": (
        (
            '[[role]]\nname = "writers"\nmembers = ["ann"]\n'
            'grants = [{ model = "churn", level = "DENY" }]'
        ),
        False,
        [
            Change(Act.ADD, Kind.ROLE, role="writers"),
            Change(Act.ADD, Kind.GRANT, None, "writers", CHURN, "DENY"),
            Change(Act.ADD, Kind.MEMBER, "ann", "writers"),
        ],
    ),
    "a description is changed, and taken away": (
        '[[role]]\nname = "readers"\ndescription = ""',
        False,
        [Change(Act.CHANGE, Kind.ROLE, role="readers", before="May read.", description="")],
    ),
    "members of a role that does not list them stay": (NAMED + GRANTS, True, []),
    "members of a role that lists others go": (
        '[[user]]\nname = "root"\n[[user]]\nname = "ann"\n'
        '[[role]]\nname = "readers"\nmembers = ["root"]\n' + GRANTS,
        True,
        [
            Change(Act.ADD, Kind.MEMBER, "root", "readers"),
            Change(Act.REMOVE, Kind.MEMBER, "ann", "readers"),
        ],
    ),
    "what is not named goes with all that is its own": (
        '[[user]]\nname = "root"',
        True,
        [
            Change(Act.REMOVE, Kind.ROLE, role="readers"),
            Change(Act.REMOVE, Kind.USER, "ann", before=False, is_admin=False),
        ],
    ),
    "a manifest without users removes none": (
        "",
        True,
        [
            Change(Act.REMOVE, Kind.GRANT, "ann", None, CHURN, before="READ"),
            Change(Act.REMOVE, Kind.ROLE, role="readers"),
        ],
    ),
}


@pytest.mark.parametrize("case", PLANS)
def test_a_plan_has_the_changes_that_it_takes(case: str) -> None:
    text, prune, changes = PLANS[case]
    assert plan(STATE, wanted(text), prune=prune) == changes


WRONG = {
    '[[user]]\nname = "bob"': "access.toml, user 1: 'bob' is new, and no password is given.",
    '[[user]]\nname = "a:b"\npassword = "generate"': (
        "access.toml, user 1: Invalid username: it contains ':', which no client can send."
    ),
    '[[grant]]\nuser = "anne"\nmodel = "m"\nlevel = "READ"': (
        "access.toml, grant 1: there is no user 'anne'."
    ),
    '[[grant]]\nrole = "raeders"\nmodel = "m"\nlevel = "READ"': (
        "access.toml, grant 1: there is no role 'raeders'."
    ),
    '[[role]]\nname = "r"\nmembers = ["ann", "zoe"]': (
        "access.toml, role 1: there is no user 'zoe'."
    ),
}


@pytest.mark.parametrize("text", WRONG)
def test_what_cannot_be_planned_is_named_by_its_table(text: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        plan(STATE, wanted(text))
    assert caught.value.message == WRONG[text]


def test_roles_are_refused_where_there_are_none() -> None:
    for text in (
        '[[role]]\nname = "r"',
        '[[grant]]\nrole = "readers"\nmodel = "m"\nlevel = "READ"',
    ):
        with pytest.raises(InvalidRequest, match="1: there are no roles here"):
            plan(State(roles=None), wanted(text))
    assert plan(State(roles=None), Wanted(), prune=True) == []


def test_a_level_nobody_knows_is_changed_where_named_and_else_left_alone() -> None:
    state = State(users={"ann": False}, grants={(user("ann"), CHURN): "SUPERVISE"})
    text = '[[grant]]\nuser = "ann"\nmodel = "churn"\nlevel = "READ"'
    assert plan(state, wanted(text)) == [
        Change(Act.CHANGE, Kind.GRANT, "ann", None, CHURN, "READ", "SUPERVISE")
    ]
    assert plan(state, Wanted(), prune=True) == []


def test_nobody_is_locked_out_without_being_told() -> None:
    alone = plan(STATE, wanted('[[user]]\nname = "root"\nadmin = false'))
    with pytest.raises(Refused, match=r"^The plan would leave no admin\.$"):
        refuse_lockout(STATE, alone, None)
    with pytest.raises(Refused, match=r"^The plan would demote 'root', who is you\.$"):
        refuse_lockout(STATE, alone, "root")
    gone = plan(STATE, wanted('[[user]]\nname = "ann"\nadmin = true'), prune=True)
    with pytest.raises(Refused, match=r"^The plan would delete 'root', who is you\.$"):
        refuse_lockout(STATE, gone, "root")
    refuse_lockout(STATE, gone, "ann")
    refuse_lockout(STATE, gone, None)


@given(states(odd=True), manifests())
def test_once_a_plan_is_carried_out_the_next_is_empty(state: State, manifest: Wanted) -> None:
    for prune in (False, True):
        changes = plan(state, manifest, prune=prune)
        after = changed(state, changes)
        assert plan(after, manifest, prune=prune) == []
        assert [stage(change) for change in changes] == sorted(map(stage, changes))


@given(states(odd=True), manifests())
def test_without_prune_nothing_is_taken_from_anybody(state: State, manifest: Wanted) -> None:
    changes = plan(state, manifest)
    assert Act.REMOVE not in {change.act for change in changes}
    after = changed(state, changes)
    assert state.users.keys() <= after.users.keys()
    assert state.grants.keys() <= after.grants.keys()
    for name, found in (state.roles or {}).items():
        assert found.members <= (after.roles or {})[name].members


@given(states(odd=True), manifests())
def test_with_prune_nothing_is_left_that_could_be_said_and_was_not(
    state: State, manifest: Wanted
) -> None:
    after = changed(state, plan(state, manifest, prune=True))
    for (holder, resource), level in after.grants.items():
        assert (holder, resource) in manifest.grants or not can_be_said(resource, level)
    assert set(after.roles or ()) == manifest.role_names()
    assert set(after.users) == (manifest.usernames() if manifest.users else set(state.users))


@given(states(), manifests())
def test_at_no_moment_are_there_fewer_admins_than_before_and_after(
    state: State, manifest: Wanted
) -> None:
    changes = plan(state, manifest, prune=True)

    def admins(count: int) -> int:
        return sum(changed(state, changes[:count]).users.values())

    least = min(admins(0), admins(len(changes)))
    assert all(admins(count) >= least for count in range(len(changes)))
