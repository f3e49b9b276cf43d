"""Permissions and roles since MLflow 3.13, exchange by exchange (contract 2.3)."""

from __future__ import annotations

import pytest

from authctl.model import ResourceType
from tests.live import ADMIN
from tests.server.admin_api import (
    DENIED,
    DONE,
    AdminApi,
    Answer,
    User,
    invalid,
    missing,
    no_user,
    not_found,
    taken,
)
from tests.store.databases import execute

pytestmark = pytest.mark.mlflow

GRANT = "POST 3.0 users/permissions/grant"
REVOKE = "POST 3.0 users/permissions/revoke"
GET = "GET 3.0 users/permissions/get"
ADD = "POST 3.0 roles/permissions/add"

LEVELS = "('NO_PERMISSIONS', 'READ', 'USE', 'EDIT', 'MANAGE', 'DENY')"
TYPES = ", ".join(repr(str(kind)) for kind in sorted(ResourceType))
NO_TYPE = invalid(f"Invalid resource type 'widget'. Valid resource types are: ({TYPES})")
NO_LEVEL = invalid(f"Invalid permission 'OWNER'. Valid permissions are: {LEVELS}")
NO_WORKSPACE = invalid("resource_type 'workspace' cannot be granted to a user; grant it to a role.")


@pytest.fixture(scope="module")
def bob(server: object) -> User:
    return AdminApi(server).new_user("bob")  # type: ignore[arg-type]


def subject(user: User, kind: str, name: str) -> str:
    return f"Permission for user={user[0]} on resource_type={kind}, resource_id={name}"


# A user's own grants


def test_a_creator_manages_what_they_made_and_grants_it(api: AdminApi) -> None:
    alice, bob = api.new_user("alice"), api.new_user("bob")
    experiment = api.new_experiment(alice)
    thing = {"username": bob[0], "resource_type": "experiment", "resource_id": experiment}
    exists = taken(f"{subject(bob, 'experiment', experiment)} already exists.")
    assert api(GRANT, alice, **thing, permission="READ") == DONE
    assert api(GRANT, alice, **thing, permission="READ") == exists
    assert api(GRANT, alice, **thing, permission="EDIT") == exists
    assert api(GET, bob, **thing) == (200, {"allowed": False, "permission": "READ"})
    nobody = thing | {"username": "nobody", "permission": "READ"}
    assert api(GRANT, alice, **nobody) == no_user("nobody")
    assert api(REVOKE, alice, **thing) == DONE
    gone = not_found(f"{subject(bob, 'experiment', experiment)} not found.")
    assert api(REVOKE, alice, **thing) == gone


def test_an_experiment_id_may_be_a_number(api: AdminApi) -> None:
    bob = api.new_user()
    thing = {"username": bob[0], "resource_type": "experiment"}
    assert api(GRANT, **thing, resource_id=1, permission="MANAGE") == DONE
    exists = taken(f"{subject(bob, 'experiment', '1')} already exists.")
    assert api(GRANT, **thing, resource_id="1", permission="MANAGE") == exists
    assert api(REVOKE, **thing, resource_id=1) == DONE


@pytest.mark.parametrize("level", ["READ", "USE", "EDIT", "MANAGE", "DENY", "NO_PERMISSIONS"])
def test_every_level_is_granted_also_no_permissions_which_denies(api: AdminApi, level: str) -> None:
    bob = api.new_user()
    thing = {"username": bob[0], "resource_type": "experiment", "resource_id": "4242"}
    assert api(GRANT, **thing, permission=level) == DONE
    allowed = level in ("USE", "EDIT", "MANAGE")
    assert api(GET, **thing) == (200, {"allowed": allowed, "permission": level})


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        ({"permission": "OWNER"}, NO_LEVEL),
        ({"permission": "read"}, invalid(NO_LEVEL[1]["message"].replace("OWNER", "read"))),
        ({"resource_type": "widget"}, NO_TYPE),
        ({"resource_type": "workspace", "resource_id": "*"}, NO_WORKSPACE),
        (
            {"resource_type": "run", "resource_id": "abc"},
            invalid(
                "Invalid resource_pattern 'abc' for resource_type='run'."
                " This resource type supports only wildcard ('*') grants."
            ),
        ),
        (
            {"resource_type": "skill", "resource_id": "s", "permission": "USE"},
            invalid(
                "Invalid permission 'USE' for resource_type='skill'. Resource-level grants accept"
                " only: ('DENY', 'EDIT', 'MANAGE', 'NO_PERMISSIONS', 'READ')."
            ),
        ),
        ({"permission": ""}, missing("permission")),
        ({"username": ""}, missing("username")),
        ({"resource_type": ""}, missing("resource_type")),
        ({"resource_id": ""}, missing("resource_id")),
    ],
)
def test_a_grant_that_cannot_be_is_told_what_can(
    api: AdminApi, bob: User, fields: dict[str, str], answer: Answer
) -> None:
    valid = {"resource_type": "experiment", "resource_id": "1", "permission": "READ"}
    assert api(GRANT, **{"username": bob[0], **valid, **fields}) == answer
    assert api("GET 3.0 users/current/permissions", bob)[1]["permissions"] == []


@pytest.mark.parametrize("number", [" 01", "01", " 1", "1 ", "+1", "-1", "1_0", "1.0", "١", "abc"])
def test_an_experiment_id_that_mlflow_would_read_as_another_is_refused(
    api: AdminApi, bob: User, number: str
) -> None:
    thing = {"username": bob[0], "resource_type": "experiment", "resource_id": number}
    refusal = invalid(
        f"Invalid experiment id '{number}'. An experiment id is a whole number such as 42."
    )
    assert api(GRANT, **thing, permission="MANAGE") == refusal
    assert api(REVOKE, **thing) == refusal
    assert api(GET, **thing) == refusal


def test_the_level_in_effect_counts_wildcards_roles_and_the_default(api: AdminApi) -> None:
    user = api.new_user()
    thing = {"username": user[0], "resource_type": "experiment", "resource_id": "77777"}

    def level() -> str:
        status, body = api(GET, **thing)
        assert (status, set(body)) == (200, {"allowed", "permission"})
        return str(body["permission"])

    assert level() == "READ"
    api.grant(user, "USE", "experiment", "*")
    assert level() == "USE"
    api.grant(user, "READ", "experiment", "77777")
    assert level() == "USE"
    api.new_role(("experiment", "*", "EDIT"), members=(user,))
    assert level() == "EDIT"
    api.new_role(("experiment", "77777", "DENY"), members=(user,))
    assert level() == "DENY"
    api.new_role(("workspace", "*", "MANAGE"), members=(user,))
    assert level() == "MANAGE"


def test_the_level_of_an_administrator_leaves_that_aside(api: AdminApi) -> None:
    asked = {"username": "admin", "resource_type": "experiment", "resource_id": "1"}
    assert api(GET, **asked) == (200, {"allowed": False, "permission": "READ"})
    assert api(GET, **asked | {"username": "nobody"}) == no_user("nobody")
    assert api(GET, **asked | {"resource_type": "workspace", "resource_id": "*"}) == NO_WORKSPACE


def test_the_grants_of_a_user_are_listed_with_the_roles_they_come_through(api: AdminApi) -> None:
    user = api.new_user()
    none = (200, {"is_admin": False, "permissions": []})
    assert api("GET 3.0 users/current/permissions", user) == none
    api.grant(user, "DENY", "experiment", "4242")
    role_id = api.new_role(("experiment", "*", "EDIT"), members=(user,))
    role = api("GET 3.0 roles/get", role_id=role_id)[1]["role"]
    own = api("GET 3.0 users/roles/list", username=user[0])[1]["roles"][0]
    listed = {
        "is_admin": False,
        "permissions": [
            {
                "permission": "DENY",
                "resource_pattern": "4242",
                "resource_type": "experiment",
                "role_id": own["id"],
                "role_name": f"__user_{api.id_of(user)}__",
                "workspace": "default",
            },
            {
                "permission": "EDIT",
                "resource_pattern": "*",
                "resource_type": "experiment",
                "role_id": role_id,
                "role_name": role["name"],
                "workspace": "default",
            },
        ],
    }
    assert api("GET 3.0 users/permissions/list", username=user[0]) == (200, listed)
    assert api("GET 3.0 users/current/permissions", user) == (200, listed)
    assert api("GET 3.0 users/permissions/list", username="nobody") == no_user("nobody")


def test_revoke_is_a_post(api: AdminApi, bob: User) -> None:
    thing = {"username": bob[0], "resource_type": "experiment", "resource_id": "1"}
    assert api("DELETE 3.0 users/permissions/revoke", bob, **thing) == DENIED


# Roles


def test_the_life_of_a_role(api: AdminApi) -> None:
    user = api.new_user()
    name = f"readers-of-{user[0]}"
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

    thing = {"resource_type": "experiment", "resource_pattern": "*"}
    added = api(ADD, role_id=role_id, **thing, permission="READ")
    row = {"id": added[1]["role_permission"]["id"], "role_id": role_id, **thing}
    assert added == (200, {"role_permission": row | {"permission": "READ"}})
    assert api(ADD, role_id=role_id, **thing, permission="READ") == taken(
        f"Role permission (role_id={role_id}, resource_type=experiment, resource_pattern=*)"
        " already exists"
    )
    held = {"role_permission_id": row["id"]}
    row["permission"] = "EDIT"
    raised = api("PATCH 3.0 roles/permissions/update", **held, permission="EDIT")
    assert raised == (200, {"role_permission": row})
    listed = api("GET 3.0 roles/permissions/list", role_id=role_id)
    assert listed == (200, {"role_permissions": [row]})
    role["permissions"] = [row]
    assert role in api("GET 3.0 roles/list")[1]["roles"]
    assert role in api("GET 3.0 roles/list", workspace="default")[1]["roles"]
    assert api("GET 3.0 roles/list", workspace="elsewhere") == (200, {"roles": []})

    member = {"username": user[0], "role_id": role_id}
    number = api.id_of(user)
    same = f"User role assignment (user_id={number}, role_id={role_id})"
    assigned = api("POST 3.0 roles/assign", **member)
    assignment = {
        "id": assigned[1]["assignment"]["id"],
        "role_id": role_id,
        "user_id": number,
    }
    assert assigned == (200, {"assignment": assignment})
    assert api("POST 3.0 roles/assign", **member) == taken(f"{same} already exists")
    holders = api("GET 3.0 roles/users/list", role_id=role_id)
    assert holders == (200, {"assignments": [assignment]})
    roles = (200, {"roles": [role]})
    assert api("GET 3.0 users/roles/list", username=user[0]) == roles
    users = {row["username"]: row for row in api("GET 2.0 users/list")[1]["users"]}
    assert users[user[0]]["roles"] == [role]
    assert users["admin"]["roles"] == []
    assert api("DELETE 3.0 roles/unassign", **member) == DONE
    assert api("DELETE 3.0 roles/unassign", **member) == not_found(f"{same} not found")

    assert api("DELETE 3.0 roles/permissions/remove", **held) == DONE
    gone = not_found(f"Role permission with id={row['id']} not found")
    assert api("DELETE 3.0 roles/permissions/remove", **held) == gone
    assert api("DELETE 3.0 roles/delete", role_id=role_id) == DONE
    by_query = api.send("DELETE 3.0 roles/delete", params={"role_id": role_id})
    no_role = not_found(f"Role with id={role_id} not found")
    assert (by_query.status_code, by_query.json()) == no_role


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
        (
            "experiment",
            "abc",
            "READ",
            invalid("Invalid experiment id 'abc'. An experiment id is a whole number such as 42."),
        ),
        ("widget", "*", "READ", NO_TYPE),
        ("experiment", "*", "OWNER", NO_LEVEL),
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
