"""A stand-in for a Databricks workspace, over TLS, under any name that is asked for by a proxy."""

from __future__ import annotations

import base64
import contextlib
import http.server
import json
import select
import socket
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.cli.checkups import certificate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = "dapi-open-sesame"
USER = ("alice@example.com", "open-sesame")
COMMUNITY = "community.cloud.databricks.com"

_ME = "/api/2.0/preview/scim/v2/Me"
_ZONES = "/api/2.1/clusters/list-zones"
_EXPERIMENTS = "/api/2.0/mlflow/experiments/search"
_ANSWERS: dict[str, Any] = {
    _ME: {"userName": USER[0], "active": True},
    _ZONES: {"zones": ["a"], "default_zone": "a"},
    _EXPERIMENTS: {"experiments": [{"experiment_id": "7", "name": "fraud"}]},
}


@dataclass
class Workspace:
    """Where it is, whom it accepts, and what it was asked: paths with their Authorization."""

    url: str
    authority: Path
    accepted: set[str] = field(default_factory=set)
    asked: list[tuple[str, str]] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=lambda: dict(_ANSWERS))
    status: int = 403
    proxy: str = ""

    def signed_in(self) -> list[str]:
        """The Authorization of the requests so far that an authctl or an SDK signs in with."""
        return [header for path, header in self.asked if path in (_ME, _ZONES)]


def basic(username: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{username}:{password}'.encode()).decode()}"


@contextlib.contextmanager
def workspace(folder: Path, *, name: str = "127.0.0.1") -> Iterator[Workspace]:
    """A workspace that accepts TOKEN and USER and speaks TLS with a certificate of its own."""
    context, authority = certificate(folder, name=name)
    found = Workspace("", authority, {f"Bearer {TOKEN}", basic(*USER)})

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_any(self) -> None:
            path = self.path.partition("?")[0]
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            authorization = self.headers.get("Authorization", "")
            found.asked.append((path, authorization))
            answer = found.answers.get(path)
            if path.startswith("/api/") and authorization not in found.accepted:
                self.reply(found.status, {"error_code": "403", "message": "Invalid access token."})
            elif answer is None:
                self.reply(404, b"<!doctype html>")
            else:
                self.reply(200, answer)

        do_GET = do_POST = do_any  # noqa: N815 - http.server's names

        def reply(self, status: int, answer: Any) -> None:
            content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    class Listener(http.server.ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """A refused handshake is the client's to tell."""

    server = Listener(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with _served(server):
        found.url = f"https://127.0.0.1:{server.server_port}"
        if name == "127.0.0.1":
            yield found
            return
        with _proxy(server.server_port) as proxy:
            found.url = f"https://{name}"
            found.proxy = proxy
            yield found


@contextlib.contextmanager
def _proxy(port: int) -> Iterator[str]:
    """The address of a proxy that takes every connection to this port of this machine."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            with socket.create_connection(("127.0.0.1", port)) as server:
                self.send_response(200)
                self.end_headers()
                ends = {self.connection: server, server: self.connection}
                while True:
                    for end in select.select(list(ends), [], [])[0]:
                        if not (content := end.recv(65536)):
                            return
                        ends[end].sendall(content)

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    with _served(server):
        yield f"http://127.0.0.1:{server.server_port}"


@contextlib.contextmanager
def _served(server: http.server.ThreadingHTTPServer) -> Iterator[None]:
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
