"""authctl doctor on certificates: trusted, expiring, refused, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.checkups import answering, asking, certificate
from tests.cli.commands import Shell
from tests.cli.test_doctor_network import DIRECT, LOGIN, at

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path, {**DIRECT, **LOGIN})


def test_a_certificate_that_is_trusted_passes_with_its_days(shell: Shell) -> None:
    context, file = certificate(shell.folder, days=100.5)
    with answering(asking, context=context) as url:
        found = at(shell, url, "--ca-cert", str(file))
    assert found.bad == []
    assert found.one("tls")[2].startswith("TLSv1.")
    assert found.one("certificate")[2].endswith("for 100 days more.")


def test_a_certificate_that_soon_expires_is_a_warning(shell: Shell) -> None:
    context, file = certificate(shell.folder, days=2.5)
    with answering(asking, context=context) as url:
        found = at(shell, url, "--ca-cert", str(file))
    severity, _, message, remedy = found.one("certificate")
    assert (severity, remedy) == ("warning", "Renew the certificate.")
    assert message.endswith("in 2 days.")
    assert found.has("signed-in")


@pytest.mark.parametrize(
    ("made", "trusted", "message", "remedy"),
    [
        ({}, False, "Nobody whom this machine trusts has signed it (CN=test).", "--ca-cert"),
        ({"days": -3.5, "since": 30}, True, "3 days ago.", "Renew"),
        ({"since": -2}, True, " on only.", "clocks"),
        ({"name": "other.test"}, True, "It is for other.test, not for 127.0.0.1.", "name"),
    ],
    ids=["unknown authority", "expired", "not yet valid", "another host"],
)
def test_why_a_certificate_is_refused_is_told(
    shell: Shell, made: dict[str, float], trusted: bool, message: str, remedy: str
) -> None:
    context, file = certificate(shell.folder, **made)  # type: ignore[arg-type]
    options = ("--ca-cert", str(file)) if trusted else ()
    with answering(asking, context=context) as url:
        found = at(shell, url, *options)
    severity, _, told, mends = found.one("certificate")
    assert severity == "error"
    assert told.endswith(message)
    assert mends is not None
    assert remedy in mends
    assert not found.has("http")


def test_a_certificate_that_is_not_checked_is_a_warning(shell: Shell) -> None:
    context, _ = certificate(shell.folder, days=-3, since=30)
    with answering(asking, context=context) as url:
        found = at(shell, url, "--insecure")
    assert found.one("tls-verification")[:2] == ("warning", "--insecure")
    assert found.one("certificate")[0] == "warning"
    assert found.has("signed-in")


def test_an_https_address_of_an_http_server_is_told(shell: Shell) -> None:
    with answering(asking) as url:
        found = at(shell, url.replace("http:", "https:"))
    severity, _, message, remedy = found.one("tls")
    assert severity == "error"
    assert message.startswith("It does not speak TLS as it should")
    assert remedy == "Check the port, and whether it is an http:// address."


def test_settings_of_tls_that_contradict_each_other_are_told(shell: Shell) -> None:
    settings = {
        "MLFLOW_TRACKING_INSECURE_TLS": "true",
        "MLFLOW_TRACKING_SERVER_CERT_PATH": "ca.pem",
    }
    found = at(Shell(shell.folder, {**shell.settings, **settings}), "https://127.0.0.1:1")
    assert found.one("tls-verification")[0] == "error"
    assert not found.has("tcp")
