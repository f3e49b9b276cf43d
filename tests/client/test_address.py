from __future__ import annotations

import pytest

from authctl.client.address import Address
from authctl.errors import InvalidRequest


@pytest.mark.parametrize(
    ("uri", "url"),
    [
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("https://mlflow.example.com/", "https://mlflow.example.com"),
        ("https://mlflow.example.com/team/prefix/", "https://mlflow.example.com/team/prefix"),
        ("HTTPS://MLflow.Example.com", "https://mlflow.example.com"),
        ("http://[::1]:5000", "http://[::1]:5000"),
        (" http://localhost:5000\n", "http://localhost:5000"),
    ],
)
def test_an_address_is_kept_with_its_prefix_and_without_its_last_slash(uri: str, url: str) -> None:
    assert Address.parse(uri).url == url


def test_a_username_and_password_are_decoded_and_taken_out_of_what_is_shown() -> None:
    address = Address.parse("https://al%40ice:p%3Aw%2Fd@example.com:8443/ml")
    assert address.url == "https://example.com:8443/ml"
    assert (address.username, address.password) == ("al@ice", "p:w/d")
    assert "p:w/d" not in repr(address)


def test_a_username_without_a_password_is_left_out_as_mlflows_client_does() -> None:
    address = Address.parse("https://alice@example.com")
    assert (address.username, address.password) == (None, None)
    assert address.url == "https://example.com"


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "mlflow.example.com",
        "databricks",
        "ftp://example.com",
        "http://",
        "http://:5000",
        "http://host:port",
        "http://host:99999",
        "http://[::1",
        "https://example.com/#/experiments",
        "https://example.com/?x=1",
    ],
)
def test_what_is_no_http_address_is_refused(uri: str) -> None:
    with pytest.raises(InvalidRequest):
        Address.parse(uri)


@pytest.mark.parametrize(
    "uri",
    [
        "postgresql://user:opensesame@host/db",
        "http://user:opensesame@host:port",
        "http://user:opensesame@[broken",
        "https://user:opensesame@host/#/x",
    ],
)
def test_a_refusal_does_not_tell_the_password(uri: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        Address.parse(uri)
    assert "opensesame" not in f"{raised.value.message} {raised.value.hint}"


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("http://localhost", True),
        ("http://127.0.0.1:5000", True),
        ("http://127.9.9.9", True),
        ("http://[::1]:5000", True),
        ("http://10.0.0.1", False),
        ("http://localhost.example.com", False),
        ("http://127.0.0.1.example.com", False),
        ("http://127.0.0.1@example.com", False),
        ("http://127.0.0.1\\@example.com", False),
        ("http://0.0.0.0", False),
    ],
)
def test_only_this_machine_is_loopback(uri: str, expected: bool) -> None:
    assert Address.parse(uri).is_loopback is expected
