"""Servers with certificates of a private authority, met as MLflow's client meets them."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pytest

from authctl.client.transport import connect
from authctl.errors import AuthctlError, InvalidRequest, Unavailable
from tests.client.authority import Authority
from tests.client.sent import send_all
from tests.servers import recording_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers import Recorder

PATH = "/2.0/mlflow/users/get"
INSECURE = "MLFLOW_TRACKING_INSECURE_TLS"
CA_CERT = "MLFLOW_TRACKING_SERVER_CERT_PATH"
CLIENT_CERT = "MLFLOW_TRACKING_CLIENT_CERT_PATH"

Kind = Literal["good", "asking", "other host", "expired"]


@dataclass(frozen=True)
class Case:
    """A server, what is set (files by their names below), and how that ends."""

    server: Kind
    env: dict[str, str]
    error: type[AuthctlError] | None = None
    says: str = ""
    remedy: str = ""
    alike: bool = True  # to MLflow's client


OURS = {CA_CERT: "authority"}
TOO_MUCH = OURS | {INSECURE: "true"}
CASES = [
    Case("good", OURS),
    Case("good", {"REQUESTS_CA_BUNDLE": "authority"}),
    Case("good", {INSECURE: "true"}),
    Case("good", {INSECURE: "true", "REQUESTS_CA_BUNDLE": "stranger"}),
    Case("good", OURS | {"REQUESTS_CA_BUNDLE": "stranger"}),
    Case("good", {}, Unavailable, "unable to get local issuer certificate", CA_CERT),
    Case("good", {CA_CERT: "stranger"}, Unavailable, "certificate", CA_CERT),
    Case("good", TOO_MUCH, InvalidRequest, "verify", INSECURE),
    Case("good", OURS | {INSECURE: "false"}),
    Case("good", OURS | {INSECURE: "maybe"}, InvalidRequest, "true or false"),
    Case("good", {CA_CERT: "missing"}, InvalidRequest, "missing"),
    # Unset to us; MLflow's client trusts everybody then.
    Case("good", {CA_CERT: ""}, Unavailable, "issuer", CA_CERT, alike=False),
    Case("good", OURS | {CLIENT_CERT: "caller"}),
    Case("good", OURS | {CLIENT_CERT: "missing"}, InvalidRequest, "missing"),
    Case("asking", OURS | {CLIENT_CERT: "caller"}),
    Case("asking", {INSECURE: "1", CLIENT_CERT: "caller"}),
    Case("asking", OURS, Unavailable, "", ""),
    Case("asking", OURS | {CLIENT_CERT: "unknown caller"}, Unavailable, "", ""),
    Case("other host", OURS, Unavailable, "127.0.0.1", "Use the name"),
    Case("other host", {INSECURE: "true"}),
    Case("expired", OURS, Unavailable, "expired", "Renew"),
    Case("expired", {INSECURE: "TRUE"}),
]
IDS = [f"{case.server} {' '.join(f'{k}={v}' for k, v in case.env.items())}" for case in CASES]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tls")


@pytest.fixture(scope="module")
def servers(folder: Path) -> Iterator[dict[Kind, Recorder]]:
    authority = Authority(folder)
    authority.certificate("caller")
    Authority(folder, "stranger").certificate("unknown caller")
    good = authority.certificate("good", "127.0.0.1")
    contexts = {
        "good": authority.server(good),
        "asking": authority.server(good, asks=True),
        "other host": authority.server(authority.certificate("other", "mlflow.test")),
        "expired": authority.server(authority.certificate("old", "127.0.0.1", days=-1)),
    }
    with ExitStack() as stack:
        yield {
            kind: stack.enter_context(recording_server(context))  # type: ignore[misc]
            for kind, context in contexts.items()
        }


def environment(case: Case, folder: Path) -> dict[str, str]:
    """The variables, with the paths of files in the place of their names."""
    return {
        name: str(folder / f"{value}.pem") if value and name != INSECURE else value
        for name, value in case.env.items()
    }


@pytest.fixture(scope="module")
def theirs(
    servers: dict[Kind, Recorder], folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> list[str | None]:
    """How each case ends with MLflow's client: None is well, else an error."""
    home = str(tmp_path_factory.mktemp("home"))
    cases: list[dict[str, object]] = [
        {
            "name": name,
            "uri": servers[case.server].url,
            "env": environment(case, folder),
            "home": home,
        }
        for name, case in zip(IDS, CASES, strict=True)
    ]
    return send_all("mlflow", cases, sys.executable, folder)


@pytest.mark.parametrize("number", range(len(CASES)), ids=IDS)
def test_a_connection_comes_about_or_the_reason_is_told(
    number: int,
    servers: dict[Kind, Recorder],
    folder: Path,
    tmp_path: Path,
    theirs: list[str | None],
) -> None:
    case = CASES[number]
    ended: AuthctlError | None = None
    server = servers[case.server]
    before = len(server.requests)
    try:
        transport = connect(server.url, environment(case, folder), tmp_path)
        try:
            assert transport.send("GET", PATH).status == 200
        finally:
            transport.close()
    except AuthctlError as error:
        ended = error
    assert type(ended) is (case.error or type(None))
    if ended:
        assert case.says in ended.message
        assert case.remedy in (ended.hint or "")
        assert len(server.requests) == before
    assert ((theirs[number] is None) == (ended is None)) == case.alike


@pytest.mark.parametrize("shown", [{}, {CLIENT_CERT: "unknown caller"}])
def test_who_is_not_known_to_a_server_that_asks_is_told_how_to_show_a_certificate(
    shown: dict[str, str], servers: dict[Kind, Recorder], folder: Path, tmp_path: Path
) -> None:
    env = environment(Case("asking", OURS | shown), folder)
    transport = connect(servers["asking"].url, env, tmp_path)
    with pytest.raises(Unavailable) as raised:
        transport.send("GET", PATH)
    transport.close()
    if "TLS" in raised.value.message:  # else it hung up before it was heard
        assert CLIENT_CERT in str(raised.value.hint)
