"""Roles since MLflow 3.13, exchange by exchange (contract 2.3)."""

from __future__ import annotations

import uuid

import pytest

from tests.live import ADMIN
from tests.server.admin_api import (
    DONE,
    AdminApi,
    Answer,
    invalid,
    missing,
    no_experiment_id,
    no_level,
    no_type,
    no_user,
    not_found,
    taken,
)
from tests.store.databases import execute

pytestmark = pytest.mark.mlflow

ADD = "POST 3.0 roles/permissions/add"


def test_the_life_of_a_role(api: AdminApi) -> None:
    name = f"readers-{uuid.uuid4().hex[:8]}"
    made = api("POST 3.0 roles/create", name=name, workspace="default", description="d")
    role_id = made[1]["role"]["id"]
    role = {
        "description": "d",
        "id": role_id,
        "name": name,
        "permissions": [],
        "workspace": "default",
    }
    assert made == (200, {"role": role})
    assert api("GET 3.0 roles/get", role_id=role_id) == (200, {"role": role})
    again = api("POST 3.0 roles/create", name=name, workspace="default")
    assert again == taken(f"Role (name={name}, workspace=default) already exists")
    role["description"] = "e"
    changed = api("PATCH 3.0 roles/update", role_id=role_id, description="e")
    assert changed == (200, {"role": role})
    nothing = invalid("At least one of 'name' or 'description' must be provided to update a role.")
    assert api("PATCH 3.0 roles/update", role_id=role_id) == nothing
    assert role in api("GET 3.0 roles/list")[1]["roles"]
    assert role in api("GET 3.0 roles/list", workspace="default")[1]["roles"]
    assert role in api("GET 3.0 roles/list", workspace=["default", "elsewhere"])[1]["roles"]
    assert api("GET 3.0 roles/list", workspace="elsewhere") == (200, {"roles": []})
    assert api("DELETE 3.0 roles/delete", role_id=role_id) == DONE
    by_query = api.send("DELETE 3.0 roles/delete", params={"role_id": role_id})
    no_role = not_found(f"Role with id={role_id} not found")
    assert (by_query.status_code, by_query.json()) == no_role


def test_the_life_of_a_row(api: AdminApi) -> None:
    role_id = api.new_role()
    thing = {"resource_type": "experiment", "resource_pattern": "*"}
    added = api(ADD, role_id=role_id, **thing, permission="READ")
    row = {"id": added[1]["role_permission"]["id"], "role_id": role_id, **thing}
    assert added == (200, {"role_permission": row | {"permission": "READ"}})
    again = api(ADD, role_id=role_id, **thing, permission="READ")
    words = f"Role permission (role_id={role_id}, resource_type=experiment, resource_pattern=*)"
    assert again == taken(f"{words} already exists")
    held = {"role_permission_id": row["id"]}
    row["permission"] = "EDIT"
    raised = api("PATCH 3.0 roles/permissions/update", **held, permission="EDIT")
    assert raised == (200, {"role_permission": row})
    listed = api("GET 3.0 roles/permissions/list", role_id=role_id)
    assert listed == (200, {"role_permissions": [row]})
    assert api("GET 3.0 roles/get", role_id=role_id)[1]["role"]["permissions"] == [row]
    assert api("DELETE 3.0 roles/permissions/remove", **held) == DONE
    gone = not_found(f"Role permission with id={row['id']} not found")
    assert api("DELETE 3.0 roles/permissions/remove", **held) == gone
    update = api("PATCH 3.0 roles/permissions/update", **held, permission="EDIT")
    assert update == gone


def test_the_life_of_an_assignment(api: AdminApi) -> None:
    user, role_id = api.new_user(), api.new_role(("experiment", "*", "READ"))
    role = api("GET 3.0 roles/get", role_id=role_id)[1]["role"]
    member, number = {"username": user[0], "role_id": role_id}, api.id_of(user)
    assigned = api("POST 3.0 roles/assign", **member)
    assignment = {
        "id": assigned[1]["assignment"]["id"],
        "role_id": role_id,
        "user_id": number,
    }
    assert assigned == (200, {"assignment": assignment})
    same = f"User role assignment (user_id={number}, role_id={role_id})"
    assert api("POST 3.0 roles/assign", **member) == taken(f"{same} already exists")
    holders = api("GET 3.0 roles/users/list", role_id=role_id)
    assert holders == (200, {"assignments": [assignment]})
    assert api("GET 3.0 users/roles/list", username=user[0]) == (200, {"roles": [role]})
    users = {row["username"]: row for row in api("GET 2.0 users/list")[1]["users"]}
    assert (users[user[0]]["roles"], users["admin"]["roles"]) == ([role], [])
    assert api("DELETE 3.0 roles/unassign", **member) == DONE
    assert api("DELETE 3.0 roles/unassign", **member) == not_found(f"{same} not found")
    nobody = member | {"username": "nobody"}
    assert api("POST 3.0 roles/assign", **nobody) == no_user("nobody")


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        ({"name": "z"}, missing("workspace")),
        ({"workspace": "default"}, missing("name")),
        ({"name": "", "workspace": "default"}, invalid("Role name cannot be empty.")),
        (
            {"name": "__user_9__", "workspace": "default"},
            invalid("Role name '__user_9__' uses the reserved '__user_' prefix."),
        ),
        (
            {"name": "z", "workspace": "team-a"},
            invalid("Workspaces are not supported: the only workspace is 'default'."),
        ),
        (
            {"name": "z" * 256, "workspace": "default"},
            invalid("Invalid role name: it has 256 characters, at most 255 are allowed."),
        ),
    ],
)
def test_a_role_that_cannot_be_is_refused(
    api: AdminApi, fields: dict[str, str], answer: Answer
) -> None:
    assert api("POST 3.0 roles/create", **fields) == answer


@pytest.mark.parametrize(
    ("resource_type", "pattern", "level", "answer"),
    [
        (
            "workspace",
            "*",
            "READ",
            invalid(
                "Invalid permission 'READ' for resource_type='workspace'."
                " Workspace-wide grants accept only: ('MANAGE', 'USE')."
            ),
        ),
        ("experiment", "abc", "READ", no_experiment_id("abc")),
        ("experiment", " 01", "READ", no_experiment_id(" 01")),
        ("widget", "*", "READ", no_type("widget")),
        ("experiment", "*", "OWNER", no_level("OWNER")),
    ],
)
def test_a_row_that_cannot_be_in_a_role_is_refused(
    api: AdminApi, resource_type: str, pattern: str, level: str, answer: Answer
) -> None:
    row = {"resource_type": resource_type, "resource_pattern": pattern, "permission": level}
    assert api(ADD, role_id=api.new_role(), **row) == answer


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        ("abc", invalid("Parameter 'role_id' must be an integer. Got: 'abc'")),
        ("-1", invalid("Parameter 'role_id' must be an integer. Got: '-1'")),
        ("9" * 5000, invalid(f"Parameter 'role_id' must be an integer. Got: '{'9' * 40}'")),
        ("", missing("role_id")),
        ("99999", not_found("Role with id=99999 not found")),
        ("99999999999999999", not_found("Role with id=99999999999999999 not found")),
    ],
)
def test_a_role_is_named_by_its_number(api: AdminApi, given: str, answer: Answer) -> None:
    assert api("GET 3.0 roles/get", role_id=given) == answer
    assert api("DELETE 3.0 roles/delete", role_id=given) == answer


def test_a_users_own_role_cannot_be_renamed_or_given_to_others(api: AdminApi) -> None:
    owner, other = api.new_user(), api.new_user()
    api.grant(owner, "EDIT", "experiment", "1")
    (own,) = api("GET 3.0 users/roles/list", username=owner[0])[1]["roles"]
    reserved = f"Role name '{own['name']}' uses the reserved '__user_' prefix."
    assert api("PATCH 3.0 roles/update", role_id=own["id"], name="x") == invalid(reserved)
    assigned = api("POST 3.0 roles/assign", role_id=own["id"], username=other[0])
    assert assigned == invalid(f"Role '{own['name']}' is a user's own and cannot be assigned.")


def test_roles_of_other_workspaces_are_for_administrators(api: AdminApi) -> None:
    manager, member = api.new_workspace_manager(), api.new_user()
    role_id = api.new_role(("experiment", "*", "EDIT"), members=(member,))
    listed = api("GET 3.0 roles/permissions/list", role_id=role_id)
    row = {"role_permission_id": listed[1]["role_permissions"][0]["id"]}
    role = {"role_id": role_id}
    execute(api.server.database, f"UPDATE roles SET workspace = 'team' WHERE id = {role_id}")

    no_role = not_found(f"Role with id={role_id} not found")
    no_row = not_found(f"Role permission with id={row['role_permission_id']} not found")
    thing = {"resource_type": "workspace", "resource_pattern": "*", "permission": "MANAGE"}
    for route, fields, answer in (
        ("GET 3.0 roles/get", role, no_role),
        ("PATCH 3.0 roles/update", role | {"description": "d"}, no_role),
        ("DELETE 3.0 roles/delete", role, no_role),
        (ADD, role | thing, no_role),
        ("GET 3.0 roles/permissions/list", role, no_role),
        ("PATCH 3.0 roles/permissions/update", row | {"permission": "READ"}, no_row),
        ("DELETE 3.0 roles/permissions/remove", row, no_row),
        ("POST 3.0 roles/assign", role | {"username": manager[0]}, no_role),
        ("DELETE 3.0 roles/unassign", role | {"username": member[0]}, no_role),
        ("GET 3.0 roles/users/list", role, no_role),
        ("GET 3.0 roles/list", {"workspace": "team"}, (200, {"roles": []})),
        ("GET 3.0 users/roles/list", {"username": member[0]}, (200, {"roles": []})),
    ):
        assert api(route, manager, **fields) == answer, route
    for asking, seen in ((manager, []), (ADMIN, [role_id])):
        users = {row["username"]: row for row in api("GET 2.0 users/list", asking)[1]["users"]}
        assert [held["id"] for held in users[member[0]]["roles"]] == seen
    assert api("GET 3.0 roles/get", **role)[1]["role"]["workspace"] == "team"
