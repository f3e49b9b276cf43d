"""Accounts over HTTP, exchange by exchange (contract 2): both generations, both prefixes."""

from __future__ import annotations

import httpx
import pytest

from authctl.model import Generation
from tests.live import ADMIN
from tests.server.admin_api import (
    DENIED,
    DONE,
    AdminApi,
    invalid,
    missing,
    no_user,
    refused,
    taken,
)

pytestmark = pytest.mark.mlflow

NEW_PASSWORD = "another-password-1"
TOO_SHORT = invalid("Password must be at least 12 characters.")
WHO = "GET 2.0 users/current"


def generation(api: AdminApi) -> str:
    return str(api(WHO)[1]["generation"])


# Create


def test_a_new_user_has_no_rights_and_is_shown_with_the_legacy_arrays_on_both_generations(
    either: AdminApi,
) -> None:
    name = f"new{either.prefix.replace('/', '-')}"
    answer = either("POST 2.0 users/create", username=name, password=NEW_PASSWORD)
    shown = {
        "user": {
            "experiment_permissions": [],
            "id": either.id_of((name, NEW_PASSWORD)),
            "is_admin": False,
            "registered_model_permissions": [],
            "scorer_permissions": [],
            "username": name,
        }
    }
    assert answer == (200, shown)
    for asking in (ADMIN, (name, NEW_PASSWORD)):
        assert either("GET 2.0 users/get", asking, username=name) == (200, shown)


def test_a_taken_name_is_told_without_sql_or_a_hash(either: AdminApi) -> None:
    name = either.new_user()[0]
    answer = either("POST 2.0 users/create", username=name, password=NEW_PASSWORD)
    assert answer == taken(f"User (username={name}) already exists")


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        ({"username": "x"}, missing("password")),
        ({"password": NEW_PASSWORD}, missing("username")),
        ({"username": "x", "password": "short"}, TOO_SHORT),
        ({"username": "x", "password": "eleven-char"}, TOO_SHORT),
        ({"username": "", "password": ""}, invalid("Username and password cannot be empty.")),
        ({"username": "x", "password": ""}, invalid("Username and password cannot be empty.")),
    ],
)
def test_what_cannot_be_an_account_is_refused(
    either: AdminApi, fields: dict[str, str], answer: tuple[int, object]
) -> None:
    assert either("POST 2.0 users/create", **fields) == answer
    assert either("GET 2.0 users/get", username="x") == no_user("x")


def test_twelve_characters_are_enough_and_255_make_the_longest_name(either: AdminApi) -> None:
    longest = either.prefix.strip("/").ljust(255, "x")
    made = either("POST 2.0 users/create", username=longest, password="twelve-chars")
    assert made[0] == 200
    assert either(WHO, (longest, "twelve-chars"))[0] == 200


def test_the_media_type_may_name_utf_8(either: AdminApi) -> None:
    name = f"charset{either.prefix.replace('/', '-')}"
    made = either.send(
        "POST 2.0 users/create",
        content=f'{{"username":"{name}","password":"{NEW_PASSWORD}"}}',
        headers={"Content-Type": "application/json; charset=utf-8"},
    )
    assert made.status_code == 200


# Look


def test_the_grants_of_a_user_are_in_the_legacy_arrays(either: AdminApi) -> None:
    owner = either.new_user()
    experiment, model = either.new_experiment(owner), either.new_model(owner)
    number = either.id_of(owner)
    assert either("GET 2.0 users/get", owner, username=owner[0])[1]["user"] == {
        "experiment_permissions": [
            {"experiment_id": experiment, "permission": "MANAGE", "user_id": number}
        ],
        "id": number,
        "is_admin": False,
        "registered_model_permissions": [
            {"name": model, "permission": "MANAGE", "user_id": number}
        ],
        "scorer_permissions": [],
        "username": owner[0],
    }


@pytest.mark.parametrize("asking", ["admin", "user"])
def test_a_look_at_nobody_in_particular_is_refused(either: AdminApi, asking: str) -> None:
    user = ADMIN if asking == "admin" else either.new_user()
    assert either("GET 2.0 users/get", user) == missing("username")
    assert either("GET 2.0 users/get", user, username="") == missing("username")


def test_an_administrator_is_told_that_a_user_does_not_exist(either: AdminApi) -> None:
    assert either("GET 2.0 users/get", username="nobody") == no_user("nobody")


def test_current_tells_who_asks_and_besides_how_the_database_keeps_grants(
    either: AdminApi,
) -> None:
    user = either.new_user()
    assert either(WHO, user) == (
        200,
        {
            "generation": generation(either),
            "is_basic_auth": True,
            "user": {"id": either.id_of(user), "is_admin": False, "username": user[0]},
        },
    )


def test_the_list_has_every_user_in_order_with_an_array_of_roles(either: AdminApi) -> None:
    user, boss = either.new_user("b"), either.new_user("a", is_admin=True)
    status, body = either("GET 2.0 users/list")
    rows = [row for row in body["users"] if row["username"] in (user[0], boss[0])]
    assert (status, set(body)) == (200, {"users"})
    assert rows == [
        {"id": either.id_of(boss), "is_admin": True, "roles": [], "username": boss[0]},
        {"id": either.id_of(user), "is_admin": False, "roles": [], "username": user[0]},
    ]


# Change a password


def test_an_administrator_sets_a_password_which_counts_from_the_next_request_on(
    either: AdminApi,
) -> None:
    user = either.new_user()
    assert either(WHO, user)[0] == 200
    changed = either("PATCH 2.0 users/update-password", username=user[0], password=NEW_PASSWORD)
    assert changed == DONE
    assert either(WHO, user)[0] == 401
    assert either(WHO, (user[0], NEW_PASSWORD))[0] == 200


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        ({"username": "nobody", "password": NEW_PASSWORD}, no_user("nobody")),
        ({"username": "nobody"}, missing("password")),
        ({"password": NEW_PASSWORD}, missing("username")),
        ({"username": "nobody", "password": "short"}, TOO_SHORT),
    ],
)
def test_a_password_that_cannot_be_set_is_refused(
    either: AdminApi, fields: dict[str, str], answer: tuple[int, object]
) -> None:
    assert either("PATCH 2.0 users/update-password", **fields) == answer


def test_the_short_password_that_mlflow_takes_for_a_change_is_refused(either: AdminApi) -> None:
    user = either.new_user()
    for asking in (ADMIN, user):
        answer = either(
            "PATCH 2.0 users/update-password",
            asking,
            username=user[0],
            password="short",
            current_password=user[1],
        )
        assert answer == TOO_SHORT
    assert either(WHO, user)[0] == 200


def test_since_mlflow_3_13_ones_own_password_changes_with_the_present_one_only(
    api: AdminApi,
) -> None:
    user = api.new_user()
    route, asked = "PATCH 2.0 users/update-password", {"username": user[0]}
    new, old = {"password": NEW_PASSWORD}, {"current_password": user[1]}
    no_present = invalid("Current password is required when changing your own password.")
    assert api(route, user, **asked, **new) == no_present
    assert api(route, user, **asked, **new, current_password="") == no_present
    wrong = api(route, user, **asked, **new, current_password="wrong-password")
    assert wrong == invalid("Current password does not match.")
    same = api(route, user, **asked, **old, password=user[1])
    assert same == invalid("New password must differ from the current password.")
    assert api(WHO, user)[0] == 200
    assert api(route, user, **asked, **new, **old) == DONE
    assert api(WHO, user)[0] == 401
    assert api(WHO, (user[0], NEW_PASSWORD))[0] == 200


def test_an_administrator_needs_the_present_password_too_for_their_own(api: AdminApi) -> None:
    answer = api("PATCH 2.0 users/update-password", username="admin", password=NEW_PASSWORD)
    assert answer == invalid("Current password is required when changing your own password.")


def test_before_mlflow_3_13_ones_own_password_changes_without_the_present_one(
    legacy: AdminApi,
) -> None:
    user = legacy.new_user()
    changed = legacy(
        "PATCH 2.0 users/update-password", user, username=user[0], password=NEW_PASSWORD
    )
    assert changed == DONE
    assert legacy(WHO, user)[0] == 401


# Promote, demote, delete


def test_promotion_and_demotion_count_from_the_next_request_on(either: AdminApi) -> None:
    user = either.new_user()
    for is_admin, listed in ((True, 200), (True, 200), (False, 403), (False, 403)):
        changed = either("PATCH 2.0 users/update-admin", username=user[0], is_admin=is_admin)
        assert changed == DONE
        assert either("GET 2.0 users/list", user)[0] == listed
        assert either("GET 2.0 users/get", username=user[0])[1]["user"]["is_admin"] is is_admin


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        ({"username": "nobody", "is_admin": True}, no_user("nobody")),
        ({"username": "nobody"}, missing("is_admin")),
        ({"username": "nobody", "isAdmin": True}, missing("is_admin")),
        ({"is_admin": True}, missing("username")),
        (
            {"username": "nobody", "is_admin": "false"},
            invalid("Parameter 'is_admin' must be true or false."),
        ),
    ],
)
def test_a_promotion_that_cannot_be_is_refused_without_sql(
    either: AdminApi, fields: dict[str, object], answer: tuple[int, object]
) -> None:
    assert either("PATCH 2.0 users/update-admin", **fields) == answer


def test_the_last_administrator_cannot_be_demoted_or_delete_themselves(either: AdminApi) -> None:
    admins = {
        row["username"] for row in either("GET 2.0 users/list")[1]["users"] if row["is_admin"]
    }
    for name in admins - {"admin"}:
        either("PATCH 2.0 users/update-admin", username=name, is_admin=False)
    demoted = either("PATCH 2.0 users/update-admin", username="admin", is_admin=False)
    assert demoted == refused("User 'admin' is the last admin and cannot be demoted.")
    deleted = either("DELETE 2.0 users/delete", username="admin")
    assert deleted == refused(
        "Users cannot delete their own account. Ask another admin to delete this user instead."
    )
    assert either("GET 2.0 users/get", username="admin")[1]["user"]["is_admin"] is True


def test_a_user_with_grants_and_roles_is_deleted_with_them_which_mlflow_before_3_13_cannot(
    either: AdminApi,
) -> None:
    user, heir = either.new_user(), either.new_user()
    experiment = either.new_experiment(user)
    if generation(either) == Generation.ROLES:
        either.new_role(("experiment", "*", "EDIT"), members=(user,))
    assert either("DELETE 2.0 users/delete", username=user[0]) == DONE
    assert either(WHO, user)[0] == 401
    assert either("DELETE 2.0 users/delete", username=user[0]) == no_user(user[0])
    again = either("POST 2.0 users/create", username=user[0], password=user[1])
    assert again[1]["user"]["experiment_permissions"] == []
    denied = either(
        "POST 3.0 users/permissions/grant",
        user,
        username=heir[0],
        resource_type="experiment",
        resource_id=experiment,
        permission="READ",
    )
    assert denied == DENIED


def test_a_deletion_takes_its_name_from_the_query_when_there_is_no_body(either: AdminApi) -> None:
    user = either.new_user()
    assert either("DELETE 2.0 users/delete") == missing("username")
    deleted = either.send("DELETE 2.0 users/delete", params={"username": user[0]})
    assert (deleted.status_code, deleted.json()) == DONE
    assert either(WHO, user)[0] == 401


# Who is not known


@pytest.mark.parametrize(
    "header",
    [
        None,
        "Basic YWRtaW46d3Jvbmc=",  # admin:wrong
        "Basic bm9ib2R5Ondyb25n",  # nobody:wrong
        "Basic YWRtaW4=",  # no colon
        "Basic ///",
        "Basic",
        "Bearer token",
    ],
)
def test_whoever_is_not_proven_gets_one_401_in_json(either: AdminApi, header: str | None) -> None:
    headers = {"Authorization": header} if header else {}
    answer = httpx.get(
        f"{either.server.url}{either.prefix}/2.0/mlflow/users/current",
        headers=headers,
        trust_env=False,
    )
    body = answer.json()
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="mlflow"'
    assert body["error_code"] == "UNAUTHENTICATED"
    assert body["message"].startswith("You are not authenticated.")
