"""Users' own grants since MLflow 3.13, exchange by exchange (contract 2.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.server.admin_api import (
    DENIED,
    DONE,
    AdminApi,
    Answer,
    User,
    invalid,
    missing,
    no_experiment_id,
    no_level,
    no_type,
    no_user,
    not_found,
    taken,
)

if TYPE_CHECKING:
    from tests.live import Server

pytestmark = pytest.mark.mlflow

GRANT = "POST 3.0 users/permissions/grant"
REVOKE = "POST 3.0 users/permissions/revoke"
GET = "GET 3.0 users/permissions/get"
NO_WORKSPACE = invalid("resource_type 'workspace' cannot be granted to a user; grant it to a role.")


@pytest.fixture(scope="module")
def bob(server: Server) -> User:
    """A user who gets nothing."""
    return AdminApi(server).new_user("bob")


def subject(user: User, kind: str, name: str) -> str:
    return f"Permission for user={user[0]} on resource_type={kind}, resource_id={name}"


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
        ({"permission": "OWNER"}, no_level("OWNER")),
        ({"permission": "read"}, no_level("read")),
        ({"resource_type": "widget"}, no_type("widget")),
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


@pytest.mark.parametrize(
    "number", [" 01", "01", " 1", "1 ", "+1", "-1", "1_0", "1.0", "\u0661", "abc"]
)
def test_an_experiment_id_that_mlflow_would_read_as_another_is_refused(
    api: AdminApi, bob: User, number: str
) -> None:
    thing = {"username": bob[0], "resource_type": "experiment", "resource_id": number}
    assert api(GRANT, **thing, permission="MANAGE") == no_experiment_id(number)
    assert api(REVOKE, **thing) == no_experiment_id(number)
    assert api(GET, **thing) == no_experiment_id(number)


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
