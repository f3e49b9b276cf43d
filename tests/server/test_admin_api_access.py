"""For each thing that somebody may do with the admin API, who may not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from authctl.policy.rules import admin
from tests.live import ADMIN
from tests.server.admin_api import (
    DENIED,
    DONE,
    ROUTES,
    AdminApi,
    Answer,
    invalid,
    not_found,
    taken,
)

if TYPE_CHECKING:
    from tests.live import Server

pytestmark = pytest.mark.mlflow

OPEN_TO_ALL = {"GET 2.0 users/current", "GET 3.0 users/current/permissions"}
CURRENT = "GET 2.0 users/current"
GRANT = "POST 3.0 users/permissions/grant"
REVOKE = "POST 3.0 users/permissions/revoke"
PASSWORD = "another-password-1"


# Both prefixes are one route to the policy, so who may what is asked under one of them.


@pytest.fixture
def api(server: Server) -> AdminApi:
    return AdminApi(server, "/ajax-api")


@pytest.fixture(params=["server", "legacy_server"])
def either(request: pytest.FixtureRequest) -> AdminApi:
    return AdminApi(request.getfixturevalue(request.param))


def test_the_routes_under_test_are_those_of_the_policy() -> None:
    pages = {"GET /access", "GET /signup", "POST /mlflow/users/create-ui"}
    rows = {
        f"{rule.method} {version} {rule.path.removeprefix('/mlflow/')}"
        for rule in admin.RULES
        for version in rule.versions
        if rule.name not in pages
    }
    assert set(ROUTES) == rows


@pytest.mark.parametrize("route", ROUTES)
def test_no_route_is_open_without_a_password(api: AdminApi, route: str) -> None:
    status, body = api(route, None, **ROUTES[route])
    assert (status, body["error_code"]) == (401, "UNAUTHENTICATED")


def test_a_user_without_grants_is_answered_about_themselves_only(either: AdminApi) -> None:
    user = either.new_user()
    answers = {route: either(route, user, **fields) for route, fields in ROUTES.items()}
    open_to_all = {route for route, answer in answers.items() if answer != DENIED}
    assert open_to_all == OPEN_TO_ALL


def test_a_user_learns_nothing_of_others_not_even_whether_they_exist(either: AdminApi) -> None:
    user, other = either.new_user(), either.new_user()
    for route, fields in ROUTES.items():
        if "username" not in fields:
            continue
        known = either(route, user, **{**fields, "username": other[0]})
        unknown = either(route, user, **{**fields, "username": "no-such-user"})
        assert known == unknown == DENIED, route


def test_users_may_look_at_themselves(api: AdminApi) -> None:
    user = api.new_user()
    api.grant(user, "EDIT", "experiment", "0")
    number = api.id_of(user)
    (role,) = api("GET 3.0 users/roles/list", user, username=user[0])[1]["roles"]
    own = {
        "permission": "EDIT",
        "resource_pattern": "0",
        "resource_type": "experiment",
        "role_id": role["id"],
        "role_name": f"__user_{number}__",
        "workspace": "default",
    }
    grants = (200, {"is_admin": False, "permissions": [own]})
    assert api("GET 3.0 users/current/permissions", user) == grants
    assert api("GET 3.0 users/permissions/list", user, username=user[0]) == grants
    asked = {"username": user[0], "resource_type": "experiment", "resource_id": "0"}
    level = api("GET 3.0 users/permissions/get", user, **asked)
    assert level == (200, {"allowed": True, "permission": "EDIT"})


@pytest.mark.parametrize("is_admin", [True, False])
def test_users_cannot_change_their_own_rank(either: AdminApi, is_admin: bool) -> None:
    user = either.new_user()
    asked = {"username": user[0], "is_admin": is_admin}
    assert either("PATCH 2.0 users/update-admin", user, **asked) == DENIED
    assert either(CURRENT, user)[1]["user"]["is_admin"] is False


def test_users_cannot_change_the_password_of_others(either: AdminApi) -> None:
    user, other = either.new_user(), either.new_user()
    asked = {"username": other[0], "password": PASSWORD, "current_password": other[1]}
    assert either("PATCH 2.0 users/update-password", user, **asked) == DENIED
    assert either(CURRENT, other)[0] == 200


@pytest.mark.parametrize("level", ["READ", "USE", "EDIT", "NO_PERMISSIONS", "DENY"])
def test_below_manage_nobody_grants_or_revokes_or_looks(api: AdminApi, level: str) -> None:
    user, other = api.new_user(), api.new_user()
    experiment, model = api.new_experiment(), api.new_model()
    for kind, name, field, family in (
        ("experiment", experiment, "experiment_id", "experiments"),
        ("registered_model", model, "name", "registered-models"),
    ):
        api.grant(user, level, kind, name)
        api.grant(other, "READ", kind, name)
        new = {"username": other[0], "resource_type": kind, "resource_id": name}
        old = {"username": other[0], field: name}
        assert api(GRANT, user, **new, permission="READ") == DENIED
        assert api(REVOKE, user, **new) == DENIED
        for method, verb, more in (
            ("POST", "create", {"permission": "READ"}),
            ("GET", "get", {}),
            ("PATCH", "update", {"permission": "READ"}),
            ("DELETE", "delete", {}),
        ):
            assert api(f"{method} 2.0 {family}/permissions/{verb}", user, **old, **more) == DENIED


def test_manage_on_one_thing_gives_no_say_over_another(either: AdminApi) -> None:
    manager, other = either.new_user(), either.new_user()
    mine, theirs = either.new_experiment(manager), either.new_experiment()
    my_model, their_model = either.new_model(manager), either.new_model()

    def grant(kind: str, name: str) -> Answer:
        asked = {"username": other[0], "resource_type": kind, "resource_id": name}
        return either(GRANT, manager, **asked, permission="READ")

    assert grant("experiment", mine) == grant("registered_model", my_model) == DONE
    assert grant("experiment", theirs) == grant("registered_model", their_model) == DENIED
    # The number of an experiment is not the name of a model.
    assert grant("registered_model", mine) == DENIED


@pytest.mark.parametrize("kind", ["experiment", "registered_model", "prompt", "run", "trace"])
def test_everything_of_a_type_is_granted_by_administrators_and_workspace_managers_only(
    api: AdminApi, kind: str
) -> None:
    other, holder, manager = api.new_user(), api.new_user(), api.new_workspace_manager()
    api.grant(holder, "MANAGE", kind, "*")
    asked = {"username": other[0], "resource_type": kind, "resource_id": "*"}
    for asking, granted in ((other, DENIED), (holder, DENIED), (manager, DONE), (ADMIN, DONE)):
        assert api(GRANT, asking, **asked, permission="READ") == granted
        assert api(REVOKE, asking, **asked) == granted


def test_the_older_endpoints_know_no_wildcard_whatever_the_caller_holds(either: AdminApi) -> None:
    other = either.new_user()
    model = {"name": "*", "username": other[0]}
    refusal = invalid("'*' is not the name of a registered model.")
    assert (
        either("POST 2.0 registered-models/permissions/create", **model, permission="READ")
        == refusal
    )
    experiment = {"experiment_id": "*", "username": other[0], "permission": "READ"}
    status, body = either("POST 2.0 experiments/permissions/create", **experiment)
    assert (status, body["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


def test_manage_on_every_model_is_not_passed_on_through_the_older_endpoints(api: AdminApi) -> None:
    holder, other = api.new_user(), api.new_user()
    api.grant(holder, "MANAGE", "registered_model", "*")
    asked = {"name": "*", "username": other[0], "permission": "MANAGE"}
    status, _ = api("POST 2.0 registered-models/permissions/create", holder, **asked)
    assert status == 400
    assert api("GET 3.0 users/current/permissions", other)[1]["permissions"] == []


def test_a_workspace_manager_has_all_to_do_with_users_and_roles_but_not_with_accounts(
    api: AdminApi,
) -> None:
    manager, member = api.new_workspace_manager(), api.new_user()
    made = api("POST 3.0 roles/create", manager, name=f"of-{manager[0]}", workspace="default")
    role = {"role_id": made[1]["role"]["id"]}
    row = {"resource_type": "experiment", "resource_pattern": "*", "permission": "EDIT"}
    added = api("POST 3.0 roles/permissions/add", manager, **role, **row)
    held = {"role_permission_id": added[1]["role_permission"]["id"]}
    new_user: dict[str, Any] = {
        "username": f"by-{manager[0]}",
        "password": PASSWORD,
        "is_admin": True,
    }
    allowed: list[tuple[str, dict[str, Any]]] = [
        ("PATCH 3.0 roles/permissions/update", held | {"permission": "READ"}),
        ("POST 3.0 roles/assign", role | {"username": member[0]}),
        ("GET 3.0 roles/get", role),
        ("GET 3.0 roles/list", {}),
        ("GET 3.0 roles/permissions/list", role),
        ("GET 3.0 roles/users/list", role),
        ("GET 2.0 users/list", {}),
        ("GET 3.0 users/roles/list", {"username": member[0]}),
        ("GET 3.0 users/permissions/list", {"username": member[0]}),
        ("DELETE 3.0 roles/unassign", role | {"username": member[0]}),
        ("PATCH 3.0 roles/update", role | {"description": "d"}),
        ("DELETE 3.0 roles/permissions/remove", held),
        ("DELETE 3.0 roles/delete", role),
        ("POST 2.0 users/create", new_user),
    ]
    for route, fields in allowed:
        assert api(route, manager, **fields)[0] == 200, route
    assert api(CURRENT, (new_user["username"], PASSWORD))[1]["user"]["is_admin"] is False
    denied: list[tuple[str, dict[str, Any]]] = [
        ("PATCH 2.0 users/update-admin", {"username": member[0], "is_admin": True}),
        ("PATCH 2.0 users/update-admin", {"username": manager[0], "is_admin": True}),
        ("PATCH 2.0 users/update-admin", {"username": "admin", "is_admin": False}),
        ("PATCH 2.0 users/update-password", {"username": "admin", "password": PASSWORD}),
        ("DELETE 2.0 users/delete", {"username": member[0]}),
        ("GET 2.0 users/get", {"username": member[0]}),
    ]
    for route, fields in denied:
        assert api(route, manager, **fields) == DENIED, route


def test_use_of_the_workspace_lets_one_see_roles_and_change_none(api: AdminApi) -> None:
    user = api.new_user()
    role = {"role_id": api.new_role(("workspace", "*", "USE"), members=(user,))}
    reads = {
        "GET 3.0 roles/get": role,
        "GET 3.0 roles/list": {},
        "GET 3.0 roles/permissions/list": role,
    }
    for route, fields in ROUTES.items():
        if " roles/" in route:
            asked = {**fields, **role} if "role_id" in fields else fields
            answer = api(route, user, **asked)
            assert (answer == DENIED) is (route not in reads), route


def test_holding_a_role_alone_does_not_show_it_unlike_in_mlflow_where_it_shows_all_roles(
    api: AdminApi,
) -> None:
    user = api.new_user()
    role_id = api.new_role(("experiment", "*", "EDIT"), members=(user,))
    assert api("GET 3.0 roles/get", user, role_id=role_id) == DENIED
    assert api("GET 3.0 roles/list", user, workspace="default") == DENIED
    roles = api("GET 3.0 users/roles/list", user, username=user[0])[1]["roles"]
    assert [role["id"] for role in roles] == [role_id]


def test_a_grant_and_its_end_count_from_the_next_request_on(either: AdminApi) -> None:
    user, other = either.new_user(), either.new_user()
    thing = {"resource_type": "experiment", "resource_id": either.new_experiment()}

    def attempt() -> Answer:
        return either(GRANT, user, username=other[0], **thing, permission="READ")

    assert attempt() == DENIED
    assert either(GRANT, username=user[0], **thing, permission="MANAGE") == DONE
    assert attempt() == DONE
    assert either(REVOKE, username=user[0], **thing) == DONE
    assert attempt() == DENIED


def test_a_role_and_its_end_count_from_the_next_request_on(api: AdminApi) -> None:
    user = api.new_user()
    role = {"role_id": api.new_role(("workspace", "*", "MANAGE"))}
    member = role | {"username": user[0]}
    assert api("GET 2.0 users/list", user) == DENIED
    assert api("POST 3.0 roles/assign", **member)[0] == 200
    assert api("GET 2.0 users/list", user)[0] == 200
    assert api("DELETE 3.0 roles/unassign", **member) == DONE
    assert api("GET 2.0 users/list", user) == DENIED


def test_a_manager_may_give_away_and_lose_their_own_say(either: AdminApi) -> None:
    first, second = either.new_user(), either.new_user()
    experiment = either.new_experiment(first)
    thing = {"resource_type": "experiment", "resource_id": experiment}
    assert either(GRANT, first, username=second[0], **thing, permission="MANAGE") == DONE
    already = either(GRANT, first, username=second[0], **thing, permission="READ")
    words = f"Permission for user={second[0]} on resource_type=experiment, resource_id="
    assert already == taken(f"{words}{thing['resource_id']} already exists.")
    assert either(REVOKE, second, username=first[0], **thing) == DONE
    assert either(REVOKE, first, username=second[0], **thing) == DENIED
    gone = either(REVOKE, second, username=first[0], **thing)
    words = f"Permission for user={first[0]} on resource_type=experiment, resource_id="
    assert gone == not_found(f"{words}{thing['resource_id']} not found.")
