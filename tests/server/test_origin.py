"""Which hosts a server answers to, and whose pages may change anything on it (contract 3.2)."""

from __future__ import annotations

import pytest

from authctl.errors import PermissionDenied
from authctl.server.origin import Origins

BY_DEFAULT = Origins.from_environment({})
NAMED = Origins.from_environment(
    {
        "MLFLOW_SERVER_ALLOWED_HOSTS": "mlflow.example.com, *.internal:8080,10.0.0.1",
        "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS": "https://app.example.com,https://*.pages.example",
    }
)


def allows(origins: Origins, method: str = "POST", **headers: str) -> bool:
    try:
        origins.check(method, headers)
    except PermissionDenied:
        return False
    return True


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:5000",
        "LOCALHOST:5000",
        "127.0.0.1:5000",
        "127.8.9.1",
        "[::1]:5000",
        "10.1.2.3:5000",
        "172.16.0.1",
        "192.168.1.10:5000",
    ],
)
def test_by_default_loopback_and_private_addresses_are_known(host: str) -> None:
    assert allows(BY_DEFAULT, "GET", host=host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "evil.example:5000",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "8.8.8.8",
        "172.32.0.1",
        "[::1",
        "2130706433",
    ],
)
def test_by_default_other_hosts_are_not(host: str) -> None:
    assert not allows(BY_DEFAULT, "GET", host=host)


@pytest.mark.parametrize(
    "host", ["mlflow.example.com", "mlflow.example.com:5000", "a.internal:8080", "10.0.0.1:80"]
)
def test_hosts_that_were_named_are_known(host: str) -> None:
    assert allows(NAMED, "GET", host=host)


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "example.com", "a.internal:9090", "mlflow.example.com.evil"]
)
def test_where_hosts_are_named_no_other_is_known(host: str) -> None:
    assert not allows(NAMED, "GET", host=host)


def test_a_page_of_this_server_may_change_things() -> None:
    assert allows(BY_DEFAULT, host="localhost:5000", origin="http://localhost:5000")
    assert allows(NAMED, host="mlflow.example.com", origin="https://mlflow.example.com")


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://localhost:3000",
        "http://localhost:5000.evil.example",
        "null",
        "",
        "localhost:5000",
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_foreign_page_may_not(method: str, origin: str) -> None:
    assert not allows(BY_DEFAULT, method, host="localhost:5000", origin=origin)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_reading_is_left_to_the_browsers_own_rules(method: str) -> None:
    assert allows(BY_DEFAULT, method, host="localhost:5000", origin="https://evil.example")


def test_pages_that_were_named_may_change_things() -> None:
    assert allows(NAMED, host="mlflow.example.com", origin="https://app.example.com")
    assert allows(NAMED, host="mlflow.example.com", origin="https://a.pages.example")
    assert not allows(NAMED, host="mlflow.example.com", origin="https://example.com")


def test_programs_send_no_origin() -> None:
    assert allows(BY_DEFAULT, host="localhost:5000")


@pytest.mark.parametrize(("value", "off"), [("true", True), ("1", True), ("false", False)])
def test_the_checks_can_be_switched_off_as_in_mlflow(value: str, off: bool) -> None:
    origins = Origins.from_environment({"MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE": value})
    assert allows(origins, host="evil.example", origin="https://evil.example") is off
