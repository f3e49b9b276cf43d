"""Keys for tokens at an address: fetched seldom, shared, and had when the address is down."""

from __future__ import annotations

import datetime as dt
import ipaddress
import logging
import socket
import ssl
import uuid
from typing import TYPE_CHECKING

import anyio
import pytest
from anyio.abc import SocketAttribute
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from authctl.errors import InvalidRequest, Unavailable
from authctl.server.jwt_sources import FRESH, KEPT, PAUSE
from tests.server.issuer import Issuer, ask, asked, reader
from tests.servers import recording_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from anyio.abc import SocketStream

    from authctl.server.jwt import JwtLogin
    from tests.servers import Recorder


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer()


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server(issuer: Issuer) -> Iterator[Recorder]:
    """It answers with the key `rsa`."""
    with recording_server() as recorder:
        recorder.will_answer(200, issuer.document("rsa"))
        yield recorder


def at(server: Recorder, clock: Clock) -> JwtLogin:
    return reader(f"{server.url}/jwks", clock)


def unknown(issuer: Issuer) -> str:
    """A token that names a key nobody has."""
    return issuer.token(headers={"kid": str(uuid.uuid4())})


def answer_anew(server: Recorder, status: int, body: bytes = b"", **headers: str) -> None:
    server.answers.clear()
    server.will_answer(status, body, headers)


def self_signed(folder: Path) -> Path:
    """A certificate for 127.0.0.1 and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    here = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    today = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - dt.timedelta(days=1))
        .not_valid_after(today + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([here]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "whole.pem"
    plain = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(made.public_bytes(Encoding.PEM) + key.private_bytes(*plain))
    return path


@pytest.mark.parametrize(
    "address",
    ["https://login.example/jwks", "https://login.example:8443/keys?appid=1", "http://[::1]/jwks"],
)
def test_an_address_is_not_asked_before_a_token_comes(address: str) -> None:
    reader(address)


@pytest.mark.parametrize(
    "address",
    [
        "http://login.example/jwks",
        "http://10.0.0.7/jwks",
        "http://127.0.0.1.login.example/jwks",
        "http://localhost@login.example/jwks",
        "https://user:hunter2@login.example/jwks",
        "https://login.example/jwks#keys",
        "file:///etc/jwks.json",
        "ftp://login.example/jwks",
        "https://",
        "https:///jwks",
        "https://login.example:port/jwks",
        "://login.example/jwks",
    ],
)
def test_an_address_that_cannot_be_trusted_is_refused_at_the_start(address: str) -> None:
    with pytest.raises(InvalidRequest, match="jwt_keys") as caught:
        reader(address)
    assert "hunter2" not in f"{caught.value} {caught.value.hint}"


def test_the_keys_are_fetched_once_and_remembered(
    issuer: Issuer, server: Recorder, clock: Clock
) -> None:
    reading = at(server, clock)
    assert [ask(reading, issuer.token()) for _ in range(3)] == ["alice"] * 3
    (fetched,) = server.requests
    assert (fetched.method, fetched.path) == ("GET", "/jwks")
    assert "authorization" not in fetched.headers


def test_what_no_key_is_needed_for_fetches_none(
    issuer: Issuer, server: Recorder, clock: Clock
) -> None:
    assert ask(at(server, clock), "rubbish") is None
    assert ask(at(server, clock), issuer.token("p256", "ES256")) is None
    assert server.requests == []


def test_a_burst_of_unknown_keys_fetches_once(
    issuer: Issuer, server: Recorder, clock: Clock
) -> None:
    reading = at(server, clock)
    assert ask(reading, issuer.token()) == "alice"
    clock.now += PAUSE

    async def burst() -> list[str | None]:
        answers: list[str | None] = []

        async def one() -> None:
            answers.append(await asked(reading, f"Bearer {unknown(issuer)}"))

        async with anyio.create_task_group() as group:
            for _ in range(50):
                group.start_soon(one)
        return answers

    assert anyio.run(burst) == [None] * 50
    assert len(server.requests) == 2
    for _ in range(10):
        assert ask(reading, unknown(issuer)) is None
        clock.now += PAUSE / 11
    assert len(server.requests) == 2


def test_many_first_callers_share_one_fetch(issuer: Issuer, server: Recorder, clock: Clock) -> None:
    reading = at(server, clock)
    names: list[str | None] = []

    async def one() -> None:
        names.append(await asked(reading, f"Bearer {issuer.token()}"))

    async def all_at_once() -> None:
        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(one)

    anyio.run(all_at_once)
    assert names == ["alice"] * 20
    assert len(server.requests) == 1


def test_a_new_key_is_found_as_soon_as_another_fetch_is_allowed(
    issuer: Issuer, server: Recorder, clock: Clock
) -> None:
    reading = at(server, clock)
    assert ask(reading, issuer.token()) == "alice"
    answer_anew(server, 200, issuer.document("rsa", "rsa-2"))
    clock.now += PAUSE - 1
    assert ask(reading, issuer.token("rsa-2")) is None
    clock.now += 1
    assert ask(reading, issuer.token("rsa-2")) == "alice"
    assert len(server.requests) == 2


def test_a_key_that_was_withdrawn_goes_when_the_keys_are_no_longer_fresh(
    issuer: Issuer, server: Recorder, clock: Clock
) -> None:
    reading = at(server, clock)
    assert ask(reading, issuer.token()) == "alice"
    answer_anew(server, 200, issuer.document("rsa-2"))
    clock.now += FRESH - 1
    assert ask(reading, issuer.token()) == "alice"
    clock.now += 1
    assert ask(reading, issuer.token()) is None


UNUSABLE: dict[str, tuple[int, bytes, dict[str, str]]] = {
    "nothing": (0, b"", {}),
    "an error": (500, b"", {}),
    "another success": (203, b'{"keys": []}', {}),
    "a page": (200, b"<html>", {}),
    "no keys": (200, b"{}", {}),
    "too much": (200, b'{"keys": []}'.ljust(300_000), {}),
    "something compressed": (200, b"\x1f\x8b", {"Content-Encoding": "gzip"}),
    "less than it says": (200, b'{"keys": []}', {"Content-Length": "4000"}),
    "no length that can be": (200, b"{}", {"Content-Length": "x"}),
}


@pytest.mark.parametrize(("status", "body", "headers"), UNUSABLE.values(), ids=UNUSABLE)
def test_nobody_passes_without_keys_where_the_address_answers(
    issuer: Issuer,
    server: Recorder,
    clock: Clock,
    status: int,
    body: bytes,
    headers: dict[str, str],
) -> None:
    answer_anew(server, status, body, **headers)
    reading = at(server, clock)
    with pytest.raises(Unavailable, match="cannot be fetched"):
        ask(reading, issuer.token())


@pytest.mark.parametrize(("status", "body", "headers"), UNUSABLE.values(), ids=UNUSABLE)
def test_known_keys_count_for_an_hour_where_the_address_answers(
    issuer: Issuer,
    server: Recorder,
    clock: Clock,
    status: int,
    body: bytes,
    headers: dict[str, str],
) -> None:
    reading = at(server, clock)
    assert ask(reading, issuer.token()) == "alice"
    answer_anew(server, status, body, **headers)
    for passed in (FRESH, KEPT / 2, KEPT - 1):
        clock.now = 1000.0 + passed
        assert ask(reading, issuer.token()) == "alice"
        assert ask(reading, issuer.token("rsa-2")) is None
    clock.now = 1000.0 + KEPT
    with pytest.raises(Unavailable, match="cannot be fetched"):
        ask(reading, issuer.token())
    answer_anew(server, 200, issuer.document("rsa"))
    clock.now += PAUSE
    assert ask(reading, issuer.token()) == "alice"


def test_a_redirect_is_not_followed(issuer: Issuer, server: Recorder, clock: Clock) -> None:
    with recording_server() as other:
        other.will_answer(200, issuer.document("rsa"))
        for location in (f"{other.url}/jwks", f"{server.url}/jwks2"):
            answer_anew(server, 302, Location=location)
            with pytest.raises(Unavailable):
                ask(at(server, clock), issuer.token())
        assert other.requests == []
    assert [request.path for request in server.requests] == ["/jwks", "/jwks"]


def test_keys_from_a_server_that_nobody_vouches_for_are_not_taken(
    issuer: Issuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with recording_server(context) as server:
        server.will_answer(200, issuer.document("rsa"))
        with pytest.raises(Unavailable):
            ask(reader(f"{server.url}/jwks"), issuer.token())
        assert server.requests == []
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert ask(reader(f"{server.url}/jwks"), issuer.token()) == "alice"


def test_authorities_that_cannot_be_read_let_nobody_pass(
    issuer: Issuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing.pem"))
    with pytest.raises(Unavailable):
        ask(reader("https://127.0.0.1:1/jwks"), issuer.token())


def test_no_proxy_is_shown_what_is_fetched_without_tls(
    issuer: Issuer, server: Recorder, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with recording_server() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        assert ask(at(server, clock), issuer.token()) == "alice"
        assert proxy.requests == []


def test_a_server_that_is_down_is_asked_no_more_often(
    issuer: Issuer, server: Recorder, clock: Clock
) -> None:
    answer_anew(server, 503)
    reading = at(server, clock)
    for _ in range(10):
        with pytest.raises(Unavailable):
            ask(reading, issuer.token())
        clock.now += PAUSE / 11
    assert len(server.requests) == 1


def test_why_keys_cannot_be_had_is_logged(
    server: Recorder, clock: Clock, issuer: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    answer_anew(server, 503)
    with pytest.raises(Unavailable):
        ask(at(server, clock), token := issuer.token())
    assert f"the keys at {server.url}/jwks cannot be used: The answer is 503." in caplog.messages
    with socket.socket() as taken, caplog.at_level(logging.WARNING):
        taken.bind(("127.0.0.1", 0))  # nobody listens
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(Unavailable):
            ask(reader(address), token)
    assert f"the keys at {address} cannot be had: ConnectError" in caplog.messages
    assert not [part for part in token.split(".") if part in caplog.text]


def test_who_has_a_known_key_does_not_wait_for_a_server_that_hangs(
    issuer: Issuer, clock: Clock
) -> None:
    """It answers once; the second caller is heard, but not answered."""
    keys = issuer.document("rsa")
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(keys) + keys

    async def attempt() -> str | None:
        asked_again = anyio.Event()
        answers = [answer]

        async def handle(stream: SocketStream) -> None:
            async with stream:
                await stream.receive()
                if not answers:
                    asked_again.set()
                    await anyio.sleep_forever()
                await stream.send(answers.pop())

        listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
        port = listener.extra(SocketAttribute.local_port)
        reading = reader(f"http://127.0.0.1:{port}/jwks", clock)
        async with listener, anyio.create_task_group() as group:
            group.start_soon(listener.serve, handle)
            assert await asked(reading, f"Bearer {issuer.token()}") == "alice"
            clock.now += FRESH
            group.start_soon(asked, reading, f"Bearer {issuer.token()}")
            await asked_again.wait()
            with anyio.fail_after(5):
                name = await asked(reading, f"Bearer {issuer.token()}")
            group.cancel_scope.cancel()
        return name

    assert anyio.run(attempt) == "alice"
