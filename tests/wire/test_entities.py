from __future__ import annotations

import pytest

from authctl.model import (
    Assignment,
    Generation,
    Grant,
    Resource,
    Role,
    RolePermission,
    User,
)
from authctl.wire.entities import (
    assignment_from_json,
    assignment_to_json,
    current_user_to_json,
    generation_from_json,
    legacy_grants_from_json,
    role_from_json,
    role_to_json,
    user_from_json,
    user_to_json,
    user_with_grants_to_json,
)

ALICE = User(2, "alice", False)
ROLE = Role(
    3,
    "readers",
    "default",
    None,
    (RolePermission(7, 3, Resource("experiment", "*"), "READ"),),
)


def test_a_user_is_read_as_it_was_written() -> None:
    assert user_to_json(ALICE) == {"id": 2, "is_admin": False, "username": "alice"}
    assert user_from_json(user_to_json(ALICE)) == ALICE


@pytest.mark.parametrize("row", [{}, {"is_admin": None}, {"is_admin": False}])
def test_who_is_not_said_to_be_an_admin_is_none(row: dict[str, bool | None]) -> None:
    assert user_from_json({"id": 2, "username": "alice", **row}) == ALICE


def test_a_users_own_grants_are_read_as_they_were_written() -> None:
    grants = [
        Grant("alice", Resource("experiment", "42"), "EDIT"),
        Grant("alice", Resource("registered_model", "churn"), "NO_PERMISSIONS"),
    ]
    through_a_role = Grant("alice", Resource("experiment", "43"), "EDIT", role="readers")
    written = user_with_grants_to_json(ALICE, [*grants, through_a_role])
    assert written["experiment_permissions"] == [
        {"experiment_id": "42", "permission": "EDIT", "user_id": 2}
    ]
    assert legacy_grants_from_json(written) == grants
    assert user_from_json(written) == ALICE


def test_a_role_and_an_assignment_are_read_as_they_were_written() -> None:
    assert role_from_json(role_to_json(ROLE)) == ROLE
    held = Assignment(1, 3, 2)
    assert assignment_from_json(assignment_to_json(held)) == held


def test_authctl_tells_its_generation_and_mlflow_does_not() -> None:
    for generation in Generation:
        written = current_user_to_json(ALICE, generation, is_basic_auth=True)
        assert generation_from_json(written) is generation
        assert written["user"] == user_to_json(ALICE)
    assert generation_from_json({"is_basic_auth": True, "user": user_to_json(ALICE)}) is None
