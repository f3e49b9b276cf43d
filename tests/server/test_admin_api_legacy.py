"""Permissions before MLflow 3.13, exchange by exchange (contract 2.1), and a database of then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.server.admin_api import (
    DENIED,
    DONE,
    ROUTES,
    AdminApi,
    Answer,
    User,
    invalid,
    missing,
    no_experiment_id,
    no_level,
    no_user,
    not_found,
    taken,
)

pytestmark = pytest.mark.mlflow

NO_ROLES = invalid("This database keeps no roles.")


@dataclass(frozen=True)
class Family:
    """The endpoints of one resource type, and how they write and call a grant."""

    path: str
    field: str
    key: str
    called: str

    def route(self, method: str, verb: str) -> str:
        return f"{method} 2.0 {self.path}/permissions/{verb}"

    def new(self, api: AdminApi, owner: User) -> str:
        return api.new_experiment(owner) if self.field == "experiment_id" else api.new_model(owner)

    def row(self, name: str, user_id: int, permission: str) -> Answer:
        return 200, {self.key: {self.field: name, "permission": permission, "user_id": user_id}}

    def exists(self, name: str, user: User) -> Answer:
        return taken(
            f"{self.called} permission ({self.field}={name}, username={user[0]}) already exists."
        )

    def none(self, name: str, user: User) -> Answer:
        return not_found(
            f"{self.called} permission with {self.field}={name} and username={user[0]} not found"
        )


FAMILIES = (
    Family("experiments", "experiment_id", "experiment_permission", "Experiment"),
    Family("registered-models", "name", "registered_model_permission", "Registered model"),
)


@pytest.fixture(params=FAMILIES, ids=lambda family: family.path)
def family(request: pytest.FixtureRequest) -> Family:
    return request.param  # type: ignore[no-any-return]


def test_the_life_of_a_grant_which_a_manager_sees_and_its_holder_does_not(
    either: AdminApi, family: Family
) -> None:
    alice, bob = either.new_user("alice"), either.new_user("bob")
    name, number = family.new(either, alice), either.id_of(bob)
    create, get = family.route("POST", "create"), family.route("GET", "get")
    update, delete = family.route("PATCH", "update"), family.route("DELETE", "delete")
    asked = {family.field: name, "username": bob[0]}

    assert either(get, alice, **asked) == family.none(name, bob)
    assert either(update, alice, **asked, permission="EDIT") == family.none(name, bob)
    made = either(create, alice, **asked, permission="NO_PERMISSIONS")
    assert made == family.row(name, number, "NO_PERMISSIONS")
    assert either(create, alice, **asked, permission="READ") == family.exists(name, bob)
    assert either(get, alice, **asked) == family.row(name, number, "NO_PERMISSIONS")
    assert either(get, **asked) == family.row(name, number, "NO_PERMISSIONS")
    assert either(get, bob, **asked) == DENIED
    assert either(create, bob, **asked, permission="MANAGE") == DENIED
    assert either(update, alice, **asked, permission="EDIT") == DONE
    assert either(update, alice, **asked, permission="EDIT") == DONE
    assert either(get, alice, **asked) == family.row(name, number, "EDIT")
    assert either(delete, alice, **asked) == DONE
    assert either(delete, alice, **asked) == family.none(name, bob)
    by_query = either.send(delete, alice, params=asked)
    assert (by_query.status_code, by_query.json()) == family.none(name, bob)


def test_a_grant_may_wait_for_a_thing_that_does_not_exist(either: AdminApi) -> None:
    bob = either.new_user()
    for family, name in zip(FAMILIES, ("999999", "no-model"), strict=True):
        asked = {family.field: name, "username": bob[0]}
        made = either(family.route("POST", "create"), **asked, permission="READ")
        assert made == family.row(name, either.id_of(bob), "READ")


@pytest.mark.parametrize("verb", ["POST create", "PATCH update", "GET get", "DELETE delete"])
def test_an_unknown_user_and_a_missing_field_are_told_of(
    either: AdminApi, family: Family, verb: str
) -> None:
    route = family.route(*verb.split())
    valid = {family.field: "7", "username": "nobody", "permission": "READ"}
    if verb in ("GET get", "DELETE delete"):
        del valid["permission"]
    assert either(route, **valid) == no_user("nobody")
    for name in (family.field, "username"):
        assert either(route, **{key: valid[key] for key in valid if key != name}) == missing(name)
        assert either(route, **valid | {name: ""}) == missing(name)
    assert either(route, either.new_user(), username="nobody") == missing(family.field)


@pytest.mark.parametrize("level", ["OWNER", "read", "", " READ", "MANAGE\n"])
@pytest.mark.parametrize("verb", ["POST create", "PATCH update"])
def test_a_level_that_is_none_is_told_what_would_be(
    either: AdminApi, family: Family, verb: str, level: str
) -> None:
    answer = either(
        family.route(*verb.split()), **{family.field: "7"}, username="admin", permission=level
    )
    assert answer == (no_level(level) if level else missing("permission"))


@pytest.mark.parametrize("number", [" 01", "01", " 1", "+1", "1_0", "1\n", "abc", "*"])
def test_an_experiment_id_that_mlflow_would_read_as_another_is_refused(
    either: AdminApi, number: str
) -> None:
    for verb in ("POST create", "GET get", "PATCH update", "DELETE delete"):
        route = FAMILIES[0].route(*verb.split())
        more = {"permission": "READ"} if verb in ("POST create", "PATCH update") else {}
        assert either(route, experiment_id=number, username="admin", **more) == no_experiment_id(
            number
        )


def test_an_experiment_id_is_a_string_and_a_number_is_refused(either: AdminApi) -> None:
    asked: dict[str, Any] = {"experiment_id": 1, "username": "admin", "permission": "READ"}
    refusal = invalid("Parameter 'experiment_id' must be a string.")
    assert either("POST 2.0 experiments/permissions/create", **asked) == refusal


def test_a_wrong_method_is_mlflows_to_refuse(either: AdminApi) -> None:
    answer = either.send("POST 2.0 experiments/permissions/get", json={})
    assert answer.status_code == 404
    assert either("POST 2.0 experiments/permissions/get", either.new_user()) == DENIED


# The endpoints of later clients on a database of then


def test_a_grant_of_a_later_client_is_kept_as_an_older_one_reads_it(legacy: AdminApi) -> None:
    alice, bob = legacy.new_user("alice"), legacy.new_user("bob")
    number = legacy.id_of(bob)
    for family, kind in zip(FAMILIES, ("experiment", "registered_model"), strict=True):
        name = family.new(legacy, alice)
        thing = {"username": bob[0], "resource_type": kind, "resource_id": name}
        get = {family.field: name, "username": bob[0]}
        words = f"Permission for user={bob[0]} on resource_type={kind}, resource_id={name}"
        assert legacy("POST 3.0 users/permissions/grant", alice, **thing, permission="EDIT") == DONE
        again = legacy("POST 3.0 users/permissions/grant", alice, **thing, permission="READ")
        assert again == taken(f"{words} already exists.")
        assert legacy(family.route("GET", "get"), alice, **get) == family.row(name, number, "EDIT")
        level = legacy("GET 3.0 users/permissions/get", bob, **thing)
        assert level == (200, {"allowed": True, "permission": "EDIT"})
        assert legacy("POST 3.0 users/permissions/revoke", alice, **thing) == DONE
        gone = legacy("POST 3.0 users/permissions/revoke", alice, **thing)
        assert gone == not_found(f"{words} not found.")


def test_a_prompts_grants_are_its_models_there(legacy: AdminApi) -> None:
    owner, other = legacy.new_user(), legacy.new_user()
    name = legacy.new_model(owner)
    thing = {"username": other[0], "resource_type": "prompt", "resource_id": name}
    assert legacy("POST 3.0 users/permissions/grant", owner, **thing, permission="EDIT") == DONE
    level = legacy("GET 3.0 users/permissions/get", other, **thing)
    assert level == (200, {"allowed": True, "permission": "EDIT"})
    assert legacy("POST 3.0 users/permissions/revoke", owner, **thing) == DONE


def test_grants_are_listed_there_as_if_they_lay_in_a_role_of_ones_own(legacy: AdminApi) -> None:
    user = legacy.new_user()
    experiment = legacy.new_experiment(user)
    listed = {
        "is_admin": False,
        "permissions": [
            {
                "permission": "MANAGE",
                "resource_pattern": experiment,
                "resource_type": "experiment",
                "role_id": 0,
                "role_name": f"__user_{legacy.id_of(user)}__",
                "workspace": "default",
            }
        ],
    }
    assert legacy("GET 3.0 users/current/permissions", user) == (200, listed)
    assert legacy("GET 3.0 users/permissions/list", user, username=user[0]) == (200, listed)
    assert legacy("GET 3.0 users/permissions/list", username=user[0]) == (200, listed)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"permission": "DENY"},
            "This database cannot keep DENY, which came with MLflow 3.17.",
        ),
        (
            {"permission": "USE"},
            (
                "Invalid permission 'USE' for resource_type='experiment'. Resource-level grants"
                " accept only: ('EDIT', 'MANAGE', 'NO_PERMISSIONS', 'READ')."
            ),
        ),
        ({"resource_id": "*"}, "This database keeps no wildcard grants."),
        (
            {"resource_type": "skill"},
            "This database keeps no grants on resource_type='skill'.",
        ),
    ],
)
def test_what_came_with_later_releases_cannot_be_granted_there(
    legacy: AdminApi, fields: dict[str, str], message: str
) -> None:
    user = legacy.new_user()
    thing = {"resource_type": "experiment", "resource_id": "1", "permission": "READ"}
    answer = legacy("POST 3.0 users/permissions/grant", username=user[0], **{**thing, **fields})
    assert answer == invalid(message)
    assert legacy("GET 3.0 users/current/permissions", user)[1]["permissions"] == []


def test_there_are_no_roles_there_which_an_administrator_is_told(legacy: AdminApi) -> None:
    routes = [route for route in ROUTES if " roles/" in route or "users/roles" in route]
    assert {route: legacy(route, **ROUTES[route]) for route in routes} == dict.fromkeys(
        routes, NO_ROLES
    )
