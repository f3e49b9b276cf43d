from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from authctl.errors import (
    AlreadyExists,
    AuthctlError,
    InvalidRequest,
    NotAuthenticated,
    NotFound,
    PermissionDenied,
    Refused,
    TooManyRequests,
    Unavailable,
)
from authctl.wire import paths
from authctl.wire.exchange import Reply, call, nothing
from authctl.wire.failures import NoSuchEndpoint, error_from_response, error_to_json

if TYPE_CHECKING:
    from collections.abc import Mapping

DUPLICATE = json.dumps(
    {
        "error_code": "RESOURCE_ALREADY_EXISTS",
        "message": "User (username=a) already exists. Error: (sqlite3.IntegrityError) UNIQUE\n"
        "[SQL: INSERT INTO users]\n[parameters: ('a', 'scrypt:32768:8:1$x')]",
    }
).encode()


@dataclass
class OneReply:
    """A Sender that always answers the same."""

    reply: Reply
    sent: list[tuple[str, str, Any, Any]] = field(default_factory=list)

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: dict[str, Any] | None = None,
    ) -> Reply:
        self.sent.append((method, path, query, body))
        return self.reply

    def close(self) -> None:
        """There is nothing to give back."""


def test_fields_go_into_the_query_of_a_get_and_the_body_of_all_else() -> None:
    server = OneReply(Reply(200, b'{"role": 3}'))
    read = call(server, "GET", paths.ROLES_GET, lambda reply: reply["role"], role_id=3, name=None)
    call(server, "PATCH", paths.ROLES_UPDATE, nothing, role_id=3, name=None, description="")
    assert read == 3
    assert server.sent == [
        ("GET", paths.ROLES_GET, {"role_id": "3"}, None),
        ("PATCH", paths.ROLES_UPDATE, None, {"role_id": 3, "description": ""}),
    ]


def test_an_endpoint_that_is_not_there_is_named() -> None:
    server = OneReply(Reply(404, b"<!doctype html><title>404 Not Found</title>"))
    with pytest.raises(NoSuchEndpoint, match=r"does not answer GET /2\.0/mlflow/users/current"):
        call(server, "GET", paths.USERS_CURRENT, nothing)


@pytest.mark.parametrize("body", [b"", b"OK", b"[]", b"{}", b'{"user": []}', b'"x"', b"\xff"])
def test_an_answer_that_cannot_be_read_is_none_of_mlflows(body: bytes) -> None:
    with pytest.raises(Unavailable, match="not one that MLflow gives"):
        call(OneReply(Reply(200, body)), "GET", paths.USERS_GET, lambda reply: reply["user"]["id"])


def test_a_body_is_not_shown() -> None:
    assert "opensesame" not in repr(Reply(200, b"opensesame"))


# What servers of MLflow 3.4 to 3.18 were seen to answer.
@pytest.mark.parametrize(
    ("status", "body", "error", "message"),
    [
        (401, b"You are not authenticated.", NotAuthenticated, "You are not authenticated."),
        (403, b"Permission denied", PermissionDenied, "Permission denied"),
        (400, b"Username and password cannot be empty.", InvalidRequest, None),
        (404, b"<!doctype html>\n<title>404 Not Found</title>", NoSuchEndpoint, None),
        (404, b'{"detail":"Not Found"}', NoSuchEndpoint, None),
        (405, b"<!doctype html>\n<title>405</title>", NoSuchEndpoint, None),
        (500, b"<!doctype html>\n<title>500</title>", AuthctlError, "The server answered 500."),
        (502, b"", Unavailable, "The server answered 502."),
        (429, b"slow down", TooManyRequests, "slow down"),
        (
            429,
            b'{"error_code": "REQUEST_LIMIT_EXCEEDED", "message": "Too many wrong passwords."}',
            TooManyRequests,
            "Too many wrong passwords.",
        ),
        (
            404,
            b'{"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "User not found"}',
            NotFound,
            "User not found",
        ),
        (
            400,
            DUPLICATE,
            AlreadyExists,
            "User (username=a) already exists.",
        ),
        (
            400,
            b'{"error_code": "BAD_REQUEST", "message": "NOT NULL failed\\n[SQL: UPDATE]"}',
            Refused,
            "NOT NULL failed",
        ),
        (
            400,
            b'{"error_code": "INVALID_PARAMETER_VALUE", "message": "no", "sqlstate": "KAM00"}',
            InvalidRequest,
            "no",
        ),
        (500, b'{"error_code": "SOMETHING_NEW", "message": "no"}', AuthctlError, "no"),
    ],
)
def test_an_error_is_read_from_what_a_server_answers(
    status: int, body: bytes, error: type[AuthctlError], message: str | None
) -> None:
    found = error_from_response(status, body)
    assert type(found) is error
    if message is not None:
        assert found.message == message


def test_an_error_survives_the_way_over_the_wire() -> None:
    errors = (AlreadyExists("a"), NotFound("b"), Refused("c"), Unavailable("d"))
    for error in (*errors, TooManyRequests("e", retry_after=7)):
        again = error_from_response(error.http_status, json.dumps(error_to_json(error)).encode())
        assert (type(again), again.message) == (type(error), error.message)
