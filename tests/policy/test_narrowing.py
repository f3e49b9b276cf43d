"""A limited token: which rows it passes, and that it never can do more than its user."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authctl.model import (
    Action,
    Generation,
    Grant,
    Limits,
    Permission,
    Principal,
    Resource,
    ResourceType,
    User,
)
from authctl.policy.decision import Demand, admit, decide, met
from authctl.policy.narrowing import Narrowed, levels_of, refusal
from authctl.policy.resolution import Levels
from authctl.policy.rule import Access, Effect
from authctl.policy.table import ALL_RULES

if TYPE_CHECKING:
    from authctl.policy.rule import Rule

ALICE = User(2, "alice", is_admin=False)
ROOT = User(1, "root", is_admin=True)
FRAUD, OTHER = Resource("experiment", "42"), Resource("experiment", "43")
READ_ONLY = Limits(read_only=True)
FOR_FRAUD = Limits(resources=frozenset({FRAUD}))
BY_NAME = {rule.name: rule for rule in ALL_RULES}
CHANGING = {Action.USE, Action.UPDATE, Action.DELETE}


def token_of(user: User, limits: Limits | None) -> Principal:
    return Principal(user, "token", "ci", limits)


def passes(rule: Rule | None, user: User, limits: Limits | None) -> bool:
    """Whether a row lets a token pass, whatever levels its user has."""
    decision = admit(rule, token_of(user, limits), user.username)
    return decision is None or decision.allowed


@pytest.mark.parametrize("rule", ALL_RULES, ids=lambda rule: rule.name)
def test_a_row_that_reads_changes_nothing(rule: Rule) -> None:
    if rule.reads:
        assert rule.method in ("GET", "HEAD", "POST")
        assert rule.then is None
        assert not {need.action for need in rule.needs} & CHANGING


@pytest.mark.parametrize("rule", ALL_RULES, ids=lambda rule: rule.name)
def test_a_token_that_may_only_read_passes_no_other_row_not_even_an_administrators(
    rule: Rule,
) -> None:
    for user in (ALICE, ROOT):
        if rule.access is Access.PUBLIC or (
            rule.reads and not (rule.access is Access.ADMIN and user is ALICE)
        ):
            assert passes(rule, user, READ_ONLY)
        else:
            assert not passes(rule, user, READ_ONLY)


@pytest.mark.parametrize(
    ("name", "read_only", "for_fraud"),
    [
        ("GET /mlflow/runs/get", True, True),
        ("POST /mlflow/runs/search", True, True),
        ("POST /mlflow/traces/search", True, True),
        ("POST /graphql", True, True),
        ("GET /version", True, True),
        ("GET /mlflow/users/current", True, True),
        ("POST /mlflow/runs/create", False, True),
        ("POST /mlflow/runs/log-metric", False, True),
        ("POST /mlflow/scorers/register", False, True),
        ("POST /mlflow/experiments/permissions/create", False, True),
        ("POST /mlflow/experiments/create", False, False),
        ("POST /mlflow/registered-models/create", False, False),
        ("PATCH /mlflow/users/update-password", False, False),
        ("POST /authctl/tokens/create", False, False),
        ("DELETE /authctl/tokens/revoke", False, False),
        ("GET /authctl/tokens/list", True, False),
        ("GET /mlflow/users/get", True, False),
        ("POST /jobs/search", True, False),
        ("PATCH /jobs/cancel/{job_id}", False, False),
        ("POST /mlflow/ui-telemetry", False, False),
        ("GET /health", True, True),
    ],
)
def test_a_limited_token_passes_these_rows_and_not_those(
    name: str, read_only: bool, for_fraud: bool
) -> None:
    rule = BY_NAME[name]
    assert passes(rule, ALICE, READ_ONLY) is read_only
    assert passes(rule, ALICE, FOR_FRAUD) is for_fraud
    assert passes(rule, ALICE, None)


def test_what_no_row_speaks_for_is_for_unlimited_tokens_of_administrators_alone() -> None:
    assert passes(None, ROOT, None)
    for user, limits in ((ROOT, READ_ONLY), (ROOT, FOR_FRAUD), (ALICE, None), (ALICE, READ_ONLY)):
        assert not passes(None, user, limits)
    assert refusal(None, READ_ONLY) == "no row speaks for this route"


def test_a_token_for_some_resources_is_no_administrators() -> None:
    assert token_of(ROOT, None).is_admin
    assert token_of(ROOT, READ_ONLY).is_admin
    assert not token_of(ROOT, FOR_FRAUD).is_admin
    assert not token_of(ALICE, None).is_admin
    for rule in ALL_RULES:
        if rule.access is Access.ADMIN:
            assert not passes(rule, ROOT, FOR_FRAUD)


def test_a_token_for_some_resources_makes_nothing_of_its_own() -> None:
    makers = [rule for rule in ALL_RULES if rule.then and rule.then.effect is Effect.OWN]
    assert {rule.name for rule in makers if passes(rule, ALICE, FOR_FRAUD)} == {
        "POST /mlflow/scorers/register"
    }
    register = BY_NAME["POST /mlflow/scorers/register"]
    levels = _levels(ROOT, FOR_FRAUD)
    for experiment, allowed in ((FRAUD, True), (OTHER, False)):
        scorer = Resource("scorer", f"{experiment.id}/judge")
        new = Demand(Action.CREATE, scorer, ResourceType.SCORER_VERSION, experiment)
        assert decide(register, [new], levels).allowed is allowed


def _levels(
    user: User, limits: Limits | None, *grants: Grant, default: str = "NO_PERMISSIONS"
) -> Levels:
    return levels_of(
        token_of(user, limits),
        grants,
        default=Permission(default),
        generation=Generation.ROLES,
    )


def test_an_administrators_token_manages_what_it_names_and_nothing_else() -> None:
    levels = _levels(ROOT, FOR_FRAUD)
    assert levels.on(FRAUD) is Permission.MANAGE
    assert levels.on(OTHER) is Permission.NO_PERMISSIONS
    assert levels.on(Resource("workspace", "*")) is Permission.NO_PERMISSIONS
    assert met(Demand(Action.UPDATE, FRAUD, ResourceType.RUN), levels)
    assert not met(Demand(Action.READ, OTHER, ResourceType.RUN), levels)


def test_what_is_in_a_named_thing_is_named_with_it() -> None:
    levels = _levels(ALICE, FOR_FRAUD, Grant("alice", FRAUD, "EDIT"), default="READ")
    judge = Resource("scorer", "42/judge")
    assert met(Demand(Action.READ, judge, parent=FRAUD), levels)
    assert not met(Demand(Action.READ, Resource("scorer", "43/judge"), parent=OTHER), levels)


def test_a_type_may_be_named_as_a_whole() -> None:
    every = Limits(resources=frozenset({Resource("experiment", "*")}))
    levels = _levels(ALICE, every, default="READ")
    assert levels.on(FRAUD) is levels.on(OTHER) is Permission.READ
    assert levels.on(Resource("registered_model", "churn")) is Permission.NO_PERMISSIONS


def test_no_resource_is_named_by_limits_that_are_not_understood() -> None:
    levels = _levels(ROOT, Limits(read_only=True, resources=frozenset()))
    assert levels.on(FRAUD) is Permission.NO_PERMISSIONS


_RESOURCES = st.builds(
    Resource,
    st.sampled_from(["experiment", "registered_model", "run", "scorer", "workspace"]),
    st.sampled_from(["*", "1", "2", "1/judge"]),
)
_GRANTS = st.lists(
    st.builds(Grant, st.just("alice"), _RESOURCES, st.sampled_from([*map(str, Permission), "?"]))
)


@given(
    grants=_GRANTS,
    named=st.frozensets(_RESOURCES),
    keys=st.lists(_RESOURCES, min_size=1, max_size=3),
    default=st.sampled_from(Permission),
    generation=st.sampled_from(Generation),
)
def test_a_token_never_has_more_than_its_user(
    grants: list[Grant],
    named: frozenset[Resource],
    keys: list[Resource],
    default: Permission,
    generation: Generation,
) -> None:
    users = Levels(grants, default=default, generation=generation)
    narrowed = Narrowed(named, grants, default=default, generation=generation)
    level = narrowed.on(*keys)
    assert level in (users.on(*keys), Permission.NO_PERMISSIONS)
    assert not level.at_least(Permission.READ) or users.on(*keys).at_least(level)
    for key in keys:
        assert narrowed.deny(key) is users.deny(key)
