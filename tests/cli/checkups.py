"""What doctor finds, and servers for it to look at that answer whatever a test says."""

from __future__ import annotations

import base64
import contextlib
import http.server
import json
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.cli.commands import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.cli.commands import Shell

Answer = tuple[int, dict[str, str], str]

_USER = {"id": 2, "username": "alice", "is_admin": False}
_BAD = ("warning", "error")


@dataclass(frozen=True)
class Checkup:
    """All findings of one run, and its exit code."""

    findings: list[dict[str, Any]]
    code: int

    def of(self, check: str) -> list[tuple[str, str, str, str | None]]:
        """Severity, subject, message and remedy of what one check found."""
        return [
            (each["severity"], each["subject"], each["message"], each["remedy"])
            for each in self.findings
            if each["check"] == check
        ]

    def one(self, check: str) -> tuple[str, str, str, str | None]:
        (found,) = self.of(check)
        return found

    def has(self, check: str) -> bool:
        return bool(self.of(check))

    @property
    def bad(self) -> list[str]:
        return [each["check"] for each in self.findings if each["severity"] in _BAD]


def checkup(shell: Shell, *arguments: str) -> Checkup:
    done = shell.run("doctor", "-o", "json", *arguments)
    assert done.code in (0, 8), done
    found = Checkup(json.loads(done.stdout), done.code)
    assert found.code == (8 if found.bad else 0)
    return found


def asking(_path: str, authorization: str) -> Answer:
    """MLflow of the roles generation, whose only user is alice."""
    return mlflow("3.17.2", current=True)(_path, authorization)


def mlflow(
    release: str, *, current: bool, is_admin: bool = False, password: str = PASSWORD
) -> Callable[[str, str], Answer]:
    """Answers as MLflow's basic-auth of a release does."""
    pairs = (f"alice:{PASSWORD}", f"admin:{password}")
    known = [f"Basic {base64.b64encode(pair.encode()).decode()}" for pair in pairs]

    me = json.dumps({"user": _USER | {"is_admin": is_admin}})
    pages = {
        "/version": release,
        "/api/2.0/mlflow/users/get?username=alice": me,
        "/api/2.0/mlflow/users/get?username=admin": '{"user": {"id": 1, "username": "admin"}}',
    }
    if current:
        pages["/api/2.0/mlflow/users/current"] = me

    def answer(path: str, authorization: str) -> Answer:
        if path == "/health":
            return 200, {}, "OK"
        if authorization not in known:
            return 401, {}, "You are not authenticated."
        if path in pages:
            return 200, {}, pages[path]
        return 404, {}, "<!doctype html><title>404 Not Found</title>"

    return answer


@contextlib.contextmanager
def answering(
    answer: Callable[[str, str], Answer],
    *,
    context: ssl.SSLContext | None = None,
    clock: Callable[[], float] = time.time,
) -> Iterator[str]:
    """A server's address; `answer` is told the path and the Authorization header."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = answer(self.path, self.headers.get("Authorization", ""))
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body.encode()))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())

        def date_time_string(self, timestamp: float | None = None) -> str:
            return formatdate(clock() if timestamp is None else timestamp, usegmt=True)

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    class Listener(http.server.ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """A refused handshake is the client's to tell."""

    server = Listener(("127.0.0.1", 0), Handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"{'https' if context else 'http'}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def saying(greeting: bytes) -> Iterator[str]:
    """The address of something that says this to whoever connects, and then hangs up.

    With no greeting it says nothing, and does not hang up.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def talk() -> None:
            with contextlib.suppress(OSError):
                while True:
                    answer(listener.accept()[0])

        def answer(line: socket.socket) -> None:
            with line, contextlib.suppress(OSError):
                line.sendall(greeting)
                line.recv(1_000_000)
                if not greeting:
                    held.wait()

        held = threading.Event()
        thread = threading.Thread(target=talk, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            held.set()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def certificate(
    folder: Path, *, name: str = "127.0.0.1", days: float = 365, since: float = 1
) -> tuple[ssl.SSLContext, Path]:
    """A server's TLS, and the file of its certificate, which signs itself.

    It is valid from `since` days before now to `days` days after.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    try:
        spelled: x509.GeneralName = x509.IPAddress(ip_address(name))
    except ValueError:
        spelled = x509.DNSName(name)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=since))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([spelled]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    file.chmod(0o600)
    whole = folder / "whole.pem"
    whole.write_bytes(
        file.read_bytes()
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(whole)
    return context, file
