from __future__ import annotations

import socket
import ssl
import subprocess
import time
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import pytest

from authctl import __version__
from authctl.client.address import Address
from authctl.client.tls import Tls
from authctl.client.transport import Transport, connect
from authctl.errors import InvalidRequest, Unavailable
from tests.live import free_port
from tests.servers import recording_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from authctl.client.http import httpx
    from authctl.client.sign_in import Scheme
    from tests.servers import Recorder

PATH = "/2.0/mlflow/users/get"


def openssl(arguments: str) -> None:
    subprocess.run(["openssl", *arguments.split()], check=True, capture_output=True)


class Says:
    """Signs in with this header, or not at all."""

    def __init__(self, header: str | None) -> None:
        self.scheme: Scheme | None = "header" if header else None
        self._header = header

    def sign(self, request: httpx.Request) -> None:
        if self._header:
            request.headers["Authorization"] = self._header


class Lines:
    """Transports to any address that are closed in the end, and the pauses they made."""

    def __init__(self) -> None:
        self.pauses: list[float] = []
        self._open: list[Transport] = []

    def to(self, uri: str, header: str | None = None, **settings: Any) -> Transport:
        transport = Transport(
            Address.parse(uri), lambda: Says(header), sleep=self.pauses.append, **settings
        )
        self._open.append(transport)
        return transport

    def close(self) -> None:
        for transport in self._open:
            transport.close()


@pytest.fixture
def lines() -> Iterator[Lines]:
    lines = Lines()
    yield lines
    lines.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1 and its key, in one file."""
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    made = f"req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test -keyout {key} -out {cert}"
    openssl(f"{made} -addext subjectAltName=IP:127.0.0.1")
    whole = folder / "whole.pem"
    whole.write_text(cert.read_text() + key.read_text())
    return whole


@pytest.fixture
def tls_recorder(certificate: Path) -> Iterator[Recorder]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with recording_server(context) as recorder:
        yield recorder


@pytest.fixture
def proxied(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """A proxy that the environment names for every host."""
    for name in ("HTTP_PROXY", "NO_PROXY", "no_proxy", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", recorder.url)
    return recorder


def test_a_get_has_a_query_and_all_else_has_json(recorder: Recorder, lines: Lines) -> None:
    transport = lines.to(recorder.url, "Basic abc")
    transport.send("GET", PATH, query={"username": "a&b ü"})
    transport.send("PATCH", PATH, body={"username": "ü", "is_admin": True})
    get, patch = recorder.requests
    assert (get.method, get.path, get.body) == ("GET", f"/api{PATH}?username=a%26b%20%C3%BC", None)
    assert (patch.path, patch.body) == (f"/api{PATH}", {"username": "ü", "is_admin": True})
    assert patch.headers["content-type"] == "application/json"
    assert "content-type" not in get.headers


def test_a_request_says_who_sends_it(recorder: Recorder, lines: Lines) -> None:
    lines.to(recorder.url, "Basic abc").send("GET", PATH)
    headers = recorder.requests[0].headers
    assert headers["authorization"] == "Basic abc"
    assert headers["user-agent"] == f"authctl/{__version__}"


def test_without_a_credential_none_is_sent(recorder: Recorder, lines: Lines) -> None:
    lines.to(recorder.url).send("GET", PATH)
    assert "authorization" not in recorder.requests[0].headers


def test_a_prefix_in_the_address_is_kept(recorder: Recorder, lines: Lines) -> None:
    lines.to(f"{recorder.url}/team/ml/").send("GET", PATH)
    assert recorder.requests[0].path == f"/team/ml/api{PATH}"


def test_an_answer_of_any_status_is_a_reply(recorder: Recorder, lines: Lines) -> None:
    recorder.will_answer(403, b"Permission denied")
    reply = lines.to(recorder.url).send("GET", PATH)
    assert (reply.status, reply.body) == (403, b"Permission denied")


def test_the_credential_is_looked_up_for_each_request(recorder: Recorder, tmp_path: Path) -> None:
    env = {"MLFLOW_TRACKING_TOKEN": "old"}
    transport = connect(recorder.url, env, tmp_path)
    transport.send("GET", PATH)
    env["MLFLOW_TRACKING_TOKEN"] = "new"
    transport.send("GET", PATH)
    transport.close()
    sent = [request.headers["authorization"] for request in recorder.requests]
    assert sent == ["Bearer old", "Bearer new"]


def test_a_netrc_file_of_the_process_changes_nothing(
    recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    transport = connect(recorder.url, {"MLFLOW_TRACKING_TOKEN": "mine"}, tmp_path)
    transport.send("GET", PATH)
    transport.close()
    assert recorder.requests[0].headers["authorization"] == "Bearer mine"


def test_this_machine_is_never_asked_through_a_proxy(
    recorder: Recorder, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    lines.to(recorder.url, "Basic abc").send("GET", PATH)
    assert recorder.requests[0].path == f"/api{PATH}"


def test_another_machine_is_asked_through_the_proxy_of_the_environment(
    proxied: Recorder, lines: Lines
) -> None:
    lines.to("http://mlflow.invalid").send("GET", PATH)
    assert proxied.requests[0].path == f"http://mlflow.invalid/api{PATH}"


def test_a_proxy_that_cannot_be_used_is_refused(
    lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "carrier-pigeon://user:opensesame@loft")
    with pytest.raises(InvalidRequest, match="ALL_PROXY") as raised:
        lines.to("http://mlflow.invalid")
    assert "opensesame" not in raised.value.message


def test_a_credential_does_not_cross_a_network_unencrypted(lines: Lines) -> None:
    with pytest.raises(InvalidRequest, match="not encrypted") as raised:
        lines.to("http://mlflow.invalid", "Basic abc").send("GET", PATH)
    assert "--allow-http" in str(raised.value.hint)


def test_a_credential_crosses_a_network_unencrypted_where_that_is_allowed(
    proxied: Recorder, lines: Lines
) -> None:
    lines.to("http://mlflow.invalid", "Basic abc", allow_http=True).send("GET", PATH)
    assert proxied.requests[0].headers["authorization"] == "Basic abc"


def test_a_redirect_is_refused_and_takes_no_credential_along(
    recorder: Recorder, lines: Lines
) -> None:
    with recording_server() as elsewhere:
        recorder.will_answer(308, headers={"Location": f"{elsewhere.url}/x?secret=opensesame"})
        with pytest.raises(InvalidRequest, match="sends its callers on") as raised:
            lines.to(recorder.url, "Basic abc").send("GET", PATH)
        assert elsewhere.requests == []
    assert "opensesame" not in raised.value.message


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_get_is_repeated_after_a_failure_that_may_pass(
    status: int, recorder: Recorder, lines: Lines
) -> None:
    recorder.will_answer(status)
    recorder.will_answer(status, headers={"Retry-After": "7"})
    recorder.will_answer(200)
    assert lines.to(recorder.url).send("GET", PATH).status == 200
    assert lines.pauses == [0.25, 7.0]


def test_a_pause_may_be_asked_for_as_a_date(recorder: Recorder, lines: Lines) -> None:
    recorder.will_answer(503, headers={"Retry-After": formatdate(time.time() + 20, usegmt=True)})
    recorder.will_answer(200)
    assert lines.to(recorder.url).send("GET", PATH).status == 200
    assert 15 < lines.pauses[0] <= 20


def test_a_long_pause_is_not_waited_for(recorder: Recorder, lines: Lines) -> None:
    recorder.will_answer(503, headers={"Retry-After": "3600"})
    assert lines.to(recorder.url).send("GET", PATH).status == 503
    assert len(recorder.requests) == 1


def test_repetitions_come_to_an_end(recorder: Recorder, lines: Lines) -> None:
    recorder.will_answer(503)
    assert lines.to(recorder.url, retries=3).send("GET", PATH).status == 503
    assert len(recorder.requests) == 4
    assert lines.pauses == [0.25, 0.5, 1.0]


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_a_change_is_never_repeated(method: str, recorder: Recorder, lines: Lines) -> None:
    recorder.will_answer(503)
    assert lines.to(recorder.url).send(method, PATH, body={}).status == 503
    recorder.answers = [(0, {}, b"")]
    with pytest.raises(Unavailable, match="gave no answer") as raised:
        lines.to(recorder.url).send(method, PATH, body={})
    assert "may have been made" in str(raised.value.hint)
    assert len(recorder.requests) == 2


def test_other_failures_are_not_repeated(recorder: Recorder, lines: Lines) -> None:
    recorder.will_answer(500)
    assert lines.to(recorder.url).send("GET", PATH).status == 500
    assert len(recorder.requests) == 1


def test_a_get_is_repeated_after_a_lost_connection(recorder: Recorder, lines: Lines) -> None:
    recorder.will_answer(0)
    recorder.will_answer(200)
    assert lines.to(recorder.url).send("GET", PATH).status == 200


def test_a_server_that_is_not_there_is_unavailable(lines: Lines) -> None:
    uri = f"http://user:opensesame@127.0.0.1:{free_port()}"
    with pytest.raises(Unavailable, match="connection refused") as raised:
        lines.to(uri, "Basic abc").send("GET", PATH)
    assert "opensesame" not in raised.value.message
    assert len(lines.pauses) == 2


def test_a_server_that_does_not_answer_is_unavailable(lines: Lines) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        transport = lines.to(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.05)
        with pytest.raises(Unavailable, match="did not answer in time"):
            transport.send("GET", PATH)
    assert lines.pauses == []


def test_a_server_that_speaks_no_http_is_unavailable(recorder: Recorder, lines: Lines) -> None:
    with pytest.raises(Unavailable, match="TLS") as raised:
        lines.to(recorder.url.replace("http:", "https:")).send("GET", PATH)
    assert "speaks TLS" in str(raised.value.hint)


def test_a_certificate_that_nobody_vouches_for_is_refused(
    tls_recorder: Recorder, lines: Lines
) -> None:
    with pytest.raises(Unavailable, match=r"self.signed certificate") as raised:
        lines.to(tls_recorder.url, "Basic abc").send("GET", PATH)
    assert "MLFLOW_TRACKING_SERVER_CERT_PATH" in str(raised.value.hint)
    assert tls_recorder.requests == []
    assert lines.pauses == []


def test_a_certificate_is_trusted_where_it_is_named(
    tls_recorder: Recorder, certificate: Path, lines: Lines
) -> None:
    tls = Tls(ca_cert=str(certificate))
    assert lines.to(tls_recorder.url, "Basic abc", tls=tls).send("GET", PATH).status == 200


def test_a_server_is_not_verified_where_that_is_switched_off(
    tls_recorder: Recorder, tmp_path: Path
) -> None:
    transport = connect(tls_recorder.url, {"MLFLOW_TRACKING_INSECURE_TLS": "true"}, tmp_path)
    assert transport.send("GET", PATH).status == 200
    transport.close()


def test_a_client_certificate_is_shown_to_a_server_that_asks(
    certificate: Path, lines: Lines
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.load_verify_locations(certificate)
    context.verify_mode = ssl.CERT_REQUIRED
    mine = Tls(ca_cert=str(certificate), client_cert=str(certificate))
    none = Tls(ca_cert=str(certificate))
    with recording_server(context) as recorder:
        assert lines.to(recorder.url, tls=mine).send("GET", PATH).status == 200
        with pytest.raises(Unavailable):
            lines.to(recorder.url, tls=none, retries=0).send("GET", PATH)
        assert len(recorder.requests) == 1


def test_a_key_with_a_password_is_refused_rather_than_asked_for(
    certificate: Path, tmp_path: Path
) -> None:
    locked = tmp_path / "locked.pem"
    openssl(f"rsa -aes128 -passout pass:opensesame -in {certificate} -out {locked}")
    locked.write_text(certificate.read_text().split("-----BEGIN PRIVATE")[0] + locked.read_text())
    with pytest.raises(InvalidRequest, match=r"locked\.pem"):
        Tls(client_cert=str(locked)).context()


def test_each_exchange_can_be_watched(recorder: Recorder, lines: Lines) -> None:
    seen: list[tuple[str, str, int, float]] = []
    recorder.will_answer(503)
    recorder.will_answer(200)
    transport = lines.to(
        recorder.url.replace("http://", "http://user:opensesame@"),
        "Basic abc",
        trace=lambda *exchange: seen.append(exchange),
    )
    transport.send("GET", PATH)
    url = f"{recorder.url}/api{PATH}"
    assert [exchange[:3] for exchange in seen] == [("GET", url, 503), ("GET", url, 200)]
    assert all(0 < exchange[3] < 10_000 for exchange in seen)


@pytest.mark.parametrize("sent", [{"query": {"a": "\udcff"}}, {"body": {"a": "\udcff"}}])
def test_bytes_that_are_no_text_are_refused(
    sent: dict[str, Any], recorder: Recorder, lines: Lines
) -> None:
    with pytest.raises(InvalidRequest, match="Unicode"):
        lines.to(recorder.url).send("POST", PATH, **sent)
    assert recorder.requests == []


def test_a_host_that_cannot_be_one_is_refused(lines: Lines) -> None:
    with pytest.raises(InvalidRequest, match="not a valid URL"):
        lines.to("http://☃..example", retries=0).send("GET", PATH)
