from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest

from authctl.client.tls import Tls
from authctl.errors import InvalidRequest

if TYPE_CHECKING:
    from pathlib import Path

INSECURE = "MLFLOW_TRACKING_INSECURE_TLS"
CA_CERT = "MLFLOW_TRACKING_SERVER_CERT_PATH"
CLIENT_CERT = "MLFLOW_TRACKING_CLIENT_CERT_PATH"


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({}, Tls()),
        ({INSECURE: "true"}, Tls(insecure=True)),
        ({INSECURE: "1"}, Tls(insecure=True)),
        ({INSECURE: "FALSE"}, Tls()),
        ({CA_CERT: "ca.pem"}, Tls(ca_cert="ca.pem")),
        ({CLIENT_CERT: "me.pem"}, Tls(client_cert="me.pem")),
        ({"REQUESTS_CA_BUNDLE": "site.pem"}, Tls(ca_cert="site.pem")),
        ({"REQUESTS_CA_BUNDLE": "site.pem", CA_CERT: "ca.pem"}, Tls(ca_cert="ca.pem")),
        ({"REQUESTS_CA_BUNDLE": "site.pem", INSECURE: "true"}, Tls(insecure=True)),
    ],
)
def test_mlflows_variables_mean_what_they_mean_to_its_client(
    env: dict[str, str], expected: Tls
) -> None:
    assert Tls.find(env) == expected


def test_what_is_asked_for_beats_the_environment() -> None:
    assert Tls.find({INSECURE: "true"}, ca_cert="ca.pem") == Tls(ca_cert="ca.pem")
    assert Tls.find({CA_CERT: "ca.pem"}, insecure=True) == Tls(insecure=True)
    assert Tls.find({CLIENT_CERT: "a.pem"}, client_cert="b.pem") == Tls(client_cert="b.pem")


def test_to_verify_with_a_certificate_and_not_at_all_contradict_each_other() -> None:
    with pytest.raises(InvalidRequest, match="verify"):
        Tls.find({INSECURE: "true", CA_CERT: "ca.pem"})
    with pytest.raises(InvalidRequest, match="verify"):
        Tls.find({}, insecure=True, ca_cert="ca.pem")


def test_a_flag_is_true_or_false() -> None:
    with pytest.raises(InvalidRequest, match=f"{INSECURE} is 'yes'"):
        Tls.find({INSECURE: "yes"})


def test_servers_are_verified_unless_told_otherwise() -> None:
    assert Tls().context().verify_mode is ssl.CERT_REQUIRED
    assert Tls().context().check_hostname
    assert Tls(insecure=True).context().verify_mode is ssl.CERT_NONE


@pytest.mark.parametrize("content", [None, "", "not a certificate"])
@pytest.mark.parametrize("option", ["ca_cert", "client_cert"])
def test_a_certificate_that_cannot_be_used_is_named(
    option: str, content: str | None, tmp_path: Path
) -> None:
    file = tmp_path / "a.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(InvalidRequest, match=r"a\.pem"):
        Tls(**{option: str(file)}).context()
