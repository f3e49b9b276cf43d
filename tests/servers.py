"""MLflow's own basic-auth servers of any release, and a server that records what it is sent."""

from __future__ import annotations

import contextlib
import http.server
import json
import sys
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tests.live import ADMIN, authctl_server, free_port, running

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.live import Server


_DATABASE = "sqlite:///basic_auth.db"
_CONFIG = """\
[mlflow]
default_permission = READ
database_uri = {database}
admin_username = {admin[0]}
admin_password = {admin[1]}
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
auth_cache_ttl_seconds = {cached}
"""


@contextlib.contextmanager
def mlflow_server(
    folder: Path,
    *,
    python: str = sys.executable,
    prefix: str = "",
    database: str | None = None,
    cached: int = 600,
) -> Iterator[Server]:
    """`mlflow server --app-name basic-auth` of the release that this interpreter has.

    It caches verified passwords for some seconds (MLflow 3.12 on), which spares most of a test's
    time; with 0 it asks the database each time.
    """
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "basic_auth.ini"
    config.write_text(_CONFIG.format(database=database or _DATABASE, admin=ADMIN, cached=cached))
    env = {"MLFLOW_FLASK_SERVER_SECRET_KEY": "a-key", "MLFLOW_AUTH_CONFIG_PATH": str(config)}
    port = free_port()
    command = [python, "-m", "mlflow", "server", "--app-name", "basic-auth", "--workers", "1"]
    options = ["--host", "127.0.0.1", "--port", str(port)]
    if prefix:
        options += ["--static-prefix", prefix]
    with running([*command, *options], folder, port, env=env, prefix=prefix) as server:
        yield replace(server, database=database) if database else server


BOTH = {"authctl": authctl_server, "mlflow": mlflow_server}
"""The two kinds of servers that authctl administers, each by how it is started."""


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: Any
    content: bytes = b""


@dataclass
class Recorder:
    """What a server was sent, and what it is going to answer: the last answer stays."""

    port: int = 0
    scheme: str = "http"
    requests: list[Request] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def will_answer(
        self, status: int, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
        self.answers.append((status, dict(headers or {}), content))

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        if not self.answers:
            return 200, {}, b"{}"
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextlib.contextmanager
def recording_server(context: ssl.SSLContext | None = None) -> Iterator[Recorder]:
    """A server in a thread; with a context it speaks TLS. A status of 0 hangs up unanswered."""
    recorder = Recorder(scheme="https" if context else "http")

    class Handler(http.server.BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            parsed = json.loads(body) if body else None
            recorder.requests.append(Request(self.command, self.path, headers, parsed, body))
            status, extra, content = recorder.answer()
            if status == 0:
                return
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **extra}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_DELETE = handle_any  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    class Listener(http.server.ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """A refused handshake is the client's to tell."""

    server = Listener(("127.0.0.1", 0), Handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    recorder.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield recorder
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
