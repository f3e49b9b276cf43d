"""Bad input to the admin API: a clear 400, and nothing has changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.server.admin_api import (
    ROUTES,
    AdminApi,
    Answer,
    invalid,
    missing,
)
from tests.store.databases import contents

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.live import Server

pytestmark = pytest.mark.mlflow

WITH_BODY = [route for route in ROUTES if not route.startswith("GET")]
WITH_FIELDS = [route for route in ROUTES if ROUTES[route]]
CREATE = "POST 2.0 users/create"
PASSWORD = "a-long-password"
WRONG: dict[str, Any] = {
    "number": 7.5,
    "boolean": True,
    "list": ["x"],
    "empty list": [],
    "object": {"x": "y"},
    "nested": [[["x"]]],
}
HOSTILE = {
    "a control character": "a\x07b",
    "a line break": "a\nb",
    "NUL": "a\x00b",
    "a C1 control": "a\x9bb",
    "the wildcard": "*",
    "a reserved name": "__user_1__",
    "a colon": "a:b",
    "white space": "   ",
    "leading white space": " a",
    "trailing white space": "a ",
    "too long": "a" * 256,
}


@pytest.fixture(scope="module")
def standing(server: Server) -> AdminApi:
    """A server with something in every table, which no test here may change."""
    api = AdminApi(server, "/ajax-api")
    user = api.new_user()
    api.grant(user, "EDIT", "experiment", "0")
    api.new_role(("experiment", "*", "READ"), members=(user,))
    return api


@pytest.fixture
def api(standing: AdminApi) -> Iterator[AdminApi]:
    before = contents(standing.server.database)
    yield standing
    assert contents(standing.server.database) == before


def send(api: AdminApi, route: str, body: bytes | str, media: str = "application/json") -> Answer:
    headers = {"Content-Type": media} if media else {}
    response = api.send(route, content=body, headers=headers)
    return response.status_code, response.json()


def is_refused(answer: Answer) -> bool:
    status, body = answer
    return (
        status == 400
        and body["error_code"] == "INVALID_PARAMETER_VALUE"
        and set(body) == {"error_code", "message"}
        and "Traceback" not in body["message"]
        and "SQL" not in body["message"]
    )


@pytest.mark.parametrize("kind", WRONG)
@pytest.mark.parametrize("route", WITH_BODY)
def test_a_field_of_the_wrong_type_is_refused_whichever_it_is(
    api: AdminApi, route: str, kind: str
) -> None:
    for name in ROUTES[route]:
        if (name, kind) != ("is_admin", "boolean"):
            answer = api(route, **{**ROUTES[route], name: WRONG[kind]})
            assert is_refused(answer), (name, answer)
            assert name in answer[1]["message"]


@pytest.mark.parametrize("route", WITH_BODY)
def test_null_is_as_good_as_nothing(api: AdminApi, route: str) -> None:
    fields = ROUTES[route]
    for name in fields.keys() - {"description"}:
        if route == "PATCH 3.0 roles/update" and name == "name":
            continue
        without = {key: value for key, value in fields.items() if key != name}
        assert api(route, **fields | {name: None}) == api(route, **without) == missing(name)


@pytest.mark.parametrize("route", WITH_FIELDS)
def test_a_field_given_twice_is_refused(api: AdminApi, route: str) -> None:
    if route == "GET 3.0 roles/list":  # may name several workspaces
        return
    for name, value in ROUTES[route].items():
        if route.startswith("GET"):
            answer = api(route, **{**ROUTES[route], name: [value, "other"]})
            assert answer == invalid(f"Parameter '{name}' must be given once.")
        else:
            text = json.dumps(ROUTES[route])[:-1] + f", {json.dumps(name)}: {json.dumps(value)}}}"
            answer = send(api, route, text)
            assert answer == invalid(f"The key '{name}' is repeated in the request body.")


@pytest.mark.parametrize(
    ("route", "name", "twin"),
    [
        ("PATCH 2.0 users/update-admin", "is_admin", "isAdmin"),
        ("PATCH 2.0 users/update-password", "current_password", "currentPassword"),
        ("POST 2.0 experiments/permissions/create", "experiment_id", "experimentId"),
        ("POST 3.0 users/permissions/grant", "resource_type", "resourceType"),
        ("POST 3.0 users/permissions/grant", "resource_id", "resourceId"),
        ("POST 3.0 roles/permissions/add", "resource_pattern", "resourcePattern"),
        ("POST 3.0 roles/assign", "role_id", "roleId"),
        ("PATCH 3.0 roles/permissions/update", "role_permission_id", "rolePermissionId"),
    ],
)
def test_the_other_spelling_of_a_field_never_counts(
    api: AdminApi, route: str, name: str, twin: str
) -> None:
    fields = {name: "x", **ROUTES[route]}
    both = {**fields, twin: fields[name]}
    assert api(route, **both) == invalid(f"Write '{name}' instead of '{twin}'.")
    del both[name]
    assert is_refused(api(route, **both))


@pytest.mark.parametrize("route", WITH_BODY)
@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("{bad", "The request body is not valid JSON."),
        ("{}x", "The request body is not valid JSON."),
        ('{"a": 1,}', "The request body is not valid JSON."),
        ("[1]", "The request body must be a JSON object."),
        ("null", "The request body must be a JSON object."),
        ('"{}"', "The request body must be a JSON object."),
        (b'{"username": "\xff"}', "The request body must be UTF-8."),
        ('{"username": "\\ud800"}', "The request body must be UTF-8."),
        ("{}".encode("utf-16"), "The request body must be UTF-8."),
        ("[" * 100_000, "The request body is not valid JSON."),
    ],
    ids=["broken", "more", "comma", "list", "null", "text", "byte", "half", "utf-16", "deep"],
)
def test_anything_but_one_json_object_is_refused(
    api: AdminApi, route: str, body: bytes | str, message: str
) -> None:
    assert send(api, route, body) == invalid(message)


@pytest.mark.parametrize("route", WITH_BODY)
def test_a_body_of_another_type_is_refused(api: AdminApi, route: str) -> None:
    body = json.dumps(ROUTES[route])
    refusal = invalid("Invalid content type. Must be application/json")
    for media in ("text/plain", "application/x-www-form-urlencoded", "APPLICATION/JSON", ""):
        assert send(api, route, body, media) == refusal
    status, _ = send(api, route, body, "application/json; charset=latin-1")
    assert status == 400


@pytest.mark.parametrize("route", WITH_BODY)
def test_an_empty_body_lacks_its_first_field(api: AdminApi, route: str) -> None:
    answer = send(api, route, b"")
    assert is_refused(answer)
    assert "required parameter" in answer[1]["message"] or "At least one" in answer[1]["message"]


@pytest.mark.parametrize("route", WITH_BODY)
def test_a_query_beside_a_body_is_refused_also_on_a_deletion(api: AdminApi, route: str) -> None:
    response = api.send(route, json=ROUTES[route], params=ROUTES[route])
    refusal = invalid("Give the parameters in the body, not in the query.")
    assert (response.status_code, response.json()) == refusal


@pytest.mark.parametrize("route", [route for route in WITH_BODY if "DELETE" not in route])
def test_a_query_instead_of_a_body_is_refused(api: AdminApi, route: str) -> None:
    headers = {"Content-Type": "application/json"}
    response = api.send(route, params=ROUTES[route], headers=headers)
    refusal = invalid("Give the parameters in the body, not in the query.")
    assert (response.status_code, response.json()) == refusal


@pytest.mark.parametrize("route", [route for route in ROUTES if route.startswith("GET")])
def test_a_look_takes_no_body(api: AdminApi, route: str) -> None:
    answer = api.send(route, json={"username": "admin"}, params=ROUTES[route])
    assert (answer.status_code, answer.json()) == invalid("A GET here takes no body.")


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_name_makes_no_account(api: AdminApi, case: str) -> None:
    answer = api(CREATE, username=HOSTILE[case], password=PASSWORD)
    assert is_refused(answer)
    assert "username" in answer[1]["message"]


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_name_of_nobody_changes_nothing(api: AdminApi, case: str) -> None:
    name = HOSTILE[case]
    for route, fields in ROUTES.items():
        if "username" in fields and route != CREATE:
            status, body = api(route, **{**fields, "username": name})
            assert (status, body["error_code"]) in (
                (404, "RESOURCE_DOES_NOT_EXIST"),
                (400, "INVALID_PARAMETER_VALUE"),
            ), route


@pytest.mark.parametrize("case", ["a control character", "NUL", "the wildcard", "too long"])
def test_a_hostile_name_of_a_model_gets_no_grant(api: AdminApi, case: str) -> None:
    name = HOSTILE[case]
    older = {"name": name, "username": "admin", "permission": "READ"}
    assert is_refused(api("POST 2.0 registered-models/permissions/create", **older))
    if name != "*":
        newer = {"resource_type": "registered_model", "resource_id": name, "permission": "READ"}
        assert is_refused(api("POST 3.0 users/permissions/grant", username="admin", **newer))
        row = {"resource_type": "registered_model", "resource_pattern": name, "permission": "READ"}
        assert is_refused(api("POST 3.0 roles/permissions/add", role_id=1, **row))


@pytest.mark.parametrize(
    "password", ["", "short", "eleven-char", "twelve\x00chars", "line\nbreak-in-it"]
)
def test_a_password_that_cannot_be_is_refused_and_not_repeated(
    api: AdminApi, password: str
) -> None:
    for route, fields in (
        (CREATE, {"username": "made"}),
        ("PATCH 2.0 users/update-password", {"username": "admin"}),
    ):
        answer = api(route, **fields, password=password)
        assert is_refused(answer)
        assert not password or password not in answer[1]["message"]
