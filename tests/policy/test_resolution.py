"""Levels as contract 1.7 and 4.1 define them."""

from __future__ import annotations

import pytest

from authctl.model import Generation, Grant, Permission, Resource
from authctl.policy.resolution import Levels

E42 = Resource("experiment", "42")
ALL = Resource("experiment", "*")
RUNS = Resource("run", "*")
WORKSPACE = Resource("workspace", "*")


def level(
    *rows: tuple[Resource, str],
    on: tuple[Resource, ...] = (E42,),
    default: Permission = Permission.READ,
    generation: Generation = Generation.ROLES,
    beside: tuple[tuple[Resource, str], ...] = (),
) -> Permission:
    """The level that own rows give, and rows of a role beside them."""
    grants = [Grant("alice", resource, permission) for resource, permission in rows]
    grants += [Grant("alice", resource, permission, "readers") for resource, permission in beside]
    return Levels(grants, default=default, generation=generation).on(*on)


@pytest.mark.parametrize("generation", Generation)
@pytest.mark.parametrize("default", [Permission.NO_PERMISSIONS, Permission.READ, Permission.MANAGE])
def test_without_a_grant_the_default_decides(generation: Generation, default: Permission) -> None:
    assert level(default=default, generation=generation) == default


@pytest.mark.parametrize("generation", Generation)
@pytest.mark.parametrize("word", ["READ", "USE", "EDIT", "MANAGE", "NO_PERMISSIONS"])
def test_an_own_grant_decides(generation: Generation, word: str) -> None:
    found = level((E42, word), default=Permission.NO_PERMISSIONS, generation=generation)
    assert found == Permission(word)


@pytest.mark.parametrize("generation", Generation)
@pytest.mark.parametrize("word", ["OWNER", "", "read"])
def test_an_unknown_word_denies(generation: Generation, word: str) -> None:
    assert level((E42, word), generation=generation).denies


def test_a_legacy_grant_below_the_default_lowers_it() -> None:
    found = level((E42, "READ"), default=Permission.EDIT, generation=Generation.LEGACY)
    assert found == Permission.READ


def test_a_role_grant_below_the_default_is_raised_to_it() -> None:
    assert level((E42, "READ"), default=Permission.EDIT) == Permission.EDIT


@pytest.mark.parametrize("word", ["DENY", "NO_PERMISSIONS"])
def test_a_denial_is_not_raised_to_the_default(word: str) -> None:
    assert level((E42, word)).denies


def test_an_exact_read_does_not_restrict_a_wildcard_edit() -> None:
    assert level((E42, "READ"), (ALL, "EDIT")) == Permission.EDIT


def test_deny_beats_every_level_of_its_key() -> None:
    assert level((E42, "MANAGE"), (ALL, "DENY")) == Permission.DENY
    assert level((E42, "DENY"), (ALL, "MANAGE")) == Permission.DENY


def test_managing_the_workspace_beats_even_deny() -> None:
    assert level((E42, "DENY"), (WORKSPACE, "MANAGE")) == Permission.MANAGE


def test_a_workspace_grant_means_nothing_in_the_legacy_generation() -> None:
    found = level((WORKSPACE, "MANAGE"), default=Permission.READ, generation=Generation.LEGACY)
    assert found == Permission.READ


def test_the_default_says_nothing_about_the_workspace() -> None:
    for generation in Generation:
        found = level(on=(WORKSPACE,), default=Permission.MANAGE, generation=generation)
        assert found == Permission.NO_PERMISSIONS


def test_a_grant_on_the_workspace_is_not_raised_to_the_default() -> None:
    found = level((WORKSPACE, "USE"), on=(WORKSPACE,), default=Permission.MANAGE)
    assert found == Permission.USE


def test_the_first_key_with_a_row_decides() -> None:
    rows = ((RUNS, "READ"), (E42, "MANAGE"))
    assert level(*rows, on=(RUNS, E42), default=Permission.NO_PERMISSIONS) == Permission.READ
    assert level((E42, "MANAGE"), on=(RUNS, E42)) == Permission.MANAGE


def test_a_grant_on_one_resource_says_nothing_about_another() -> None:
    found = level(
        (Resource("experiment", "4"), "MANAGE"),
        (Resource("registered_model", "42"), "MANAGE"),
        default=Permission.NO_PERMISSIONS,
    )
    assert found == Permission.NO_PERMISSIONS


@pytest.mark.parametrize(
    ("own", "beside", "found"),
    [
        ("READ", (E42, "EDIT"), "EDIT"),
        ("EDIT", (E42, "READ"), "EDIT"),
        ("NO_PERMISSIONS", (ALL, "READ"), "READ"),
        (None, (ALL, "READ"), "READ"),
        (None, (WORKSPACE, "USE"), "USE"),
        (None, (WORKSPACE, "MANAGE"), "MANAGE"),
        (None, (ALL, "NO_PERMISSIONS"), "EDIT"),
        (None, (RUNS, "MANAGE"), "EDIT"),
        ("MANAGE", (ALL, "OWNER"), "DENY"),
    ],
)
def test_in_mlflow_3_12_the_higher_of_own_row_and_roles_decides_before_the_default(
    own: str | None, beside: tuple[Resource, str], found: str
) -> None:
    rows = ((E42, own),) if own else ()
    default = Permission.EDIT
    assert level(*rows, beside=(beside,), default=default, generation=Generation.LEGACY) == found


def test_in_mlflow_3_12_roles_say_nothing_about_what_is_in_an_experiment() -> None:
    beside = ((E42, "MANAGE"), (RUNS, "MANAGE"), (WORKSPACE, "MANAGE"))
    for rows, found in (((), "READ"), (((E42, "EDIT"),), "EDIT")):
        decided = level(*rows, on=(RUNS, E42), beside=beside, generation=Generation.LEGACY)
        assert decided == found


def test_a_wildcard_of_ones_own_means_nothing_in_the_legacy_generation() -> None:
    found = level((ALL, "MANAGE"), (WORKSPACE, "MANAGE"), generation=Generation.LEGACY)
    assert found == Permission.READ
