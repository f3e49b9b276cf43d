"""Each exit code, provoked for real."""

from __future__ import annotations

import signal
import sqlite3
import ssl
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.cli.commands import AUTHCTL, Shell
from tests.live import ADMIN, authctl_server, free_port
from tests.processes import notice_ctrl_c, wait_until_asleep
from tests.servers import recording_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.live import Server

pytestmark = pytest.mark.mlflow


@dataclass(frozen=True)
class Place:
    """A database of its own, and a server that all tests here share."""

    shell: Shell
    server: Server

    def code(self, *arguments: str, stdin: str = "") -> int:
        return self.shell.run(*arguments, stdin=stdin).code

    def at_server(self, user: tuple[str, str], *arguments: str) -> int:
        settings = {
            "MLFLOW_TRACKING_URI": self.server.url,
            "MLFLOW_TRACKING_USERNAME": user[0],
            "MLFLOW_TRACKING_PASSWORD": user[1],
        }
        return Shell(self.shell.folder, settings).run(*arguments).code

    def write(self, name: str, content: str) -> str:
        (self.shell.folder / name).write_text(content)
        (self.shell.folder / name).chmod(0o600)
        return name

    @contextmanager
    def started(
        self, *arguments: str, stdout: int | None = None
    ) -> Iterator[subprocess.Popen[str]]:
        with subprocess.Popen(
            [*AUTHCTL, *arguments],
            cwd=self.shell.folder,
            env=self.shell.environment,
            stdin=subprocess.PIPE,
            stdout=stdout or subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            preexec_fn=notice_ctrl_c,  # noqa: PLW1509 - no threads here
        ) as process:
            yield process


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with authctl_server(tmp_path_factory.mktemp("server")) as server:
        server.add_user("nobody-special")
        yield server


@pytest.fixture
def place(shell: Shell, server: Server) -> Place:
    shell.new_user("alice")
    return Place(shell, server)


def broken_pipe(place: Place) -> int:
    with place.started("user", "list") as process:
        assert process.stdout is not None
        process.stdout.close()
        return process.wait()


def full_disk(place: Place) -> int:
    with (
        open("/dev/full", "w", encoding="utf-8") as full,  # noqa: PTH123 - a device, not a path
        place.started("user", "list", stdout=full.fileno()) as process,
    ):
        return process.wait()


def untrusted_certificate(place: Place) -> int:
    cert, key = (place.shell.folder / name for name in ("cert.pem", "key.pem"))
    made = f"openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=test -keyout {key} -out {cert}"
    command = [*made.split(), "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    with recording_server(context) as recorder:
        return Shell(place.shell.folder).run("user", "list", "--server", recorder.url).code


def locked_database(place: Place) -> int:
    other = sqlite3.connect(place.shell.folder / "auth.db", isolation_level=None)
    try:
        other.execute("BEGIN EXCLUSIVE")
        return place.code("user", "delete", "alice", "--yes")
    finally:
        other.close()


def unknown_schema(place: Place) -> int:
    sqlite3.connect(place.shell.folder / "other.db").close()
    return place.code("user", "list", "--db", "sqlite:///other.db")


def moved_state(place: Place) -> int:
    manifest = place.write("access.toml", 'version = 1\n[[user]]\nname = "alice"\nadmin = true\n')
    place.shell.run("plan", "-f", manifest, "--out", "access.plan")
    place.shell.ok("admin", "promote", "alice")
    place.shell.ok("user", "create", "bob", "--generate", "--fields", "password")
    return place.code("apply", "access.plan", "--yes")


def drift(place: Place) -> int:
    manifest = place.write("access.toml", 'version = 1\n[[user]]\nname = "alice"\nadmin = true\n')
    return place.code("plan", "-f", manifest, "--exit-code")


def partial_import(place: Place) -> int:
    place.write("good.txt", "a long enough password")
    users = place.write("users.csv", "username,password_file\nbob,good.txt\ncarol,good.txt\n")
    database = sqlite3.connect(place.shell.folder / "auth.db")
    database.execute(
        "CREATE TRIGGER refuse BEFORE INSERT ON users WHEN NEW.username = 'carol'"
        " BEGIN SELECT RAISE(ABORT, 'no'); END"
    )
    database.commit()
    database.close()
    return place.code("user", "import", users)


def interrupted(place: Place, number: int) -> int:
    with place.started("user", "create", "eve", "--password-stdin") as process:
        wait_until_asleep(process.pid)
        process.send_signal(number)
        return process.wait()


CASES: list[tuple[int, str, Callable[[Place], int]]] = [
    (0, "done", lambda at: at.code("user", "list")),
    (
        0,
        "already so",
        lambda at: at.code("user", "create", "alice", "--generate", "--if-not-exists"),
    ),
    (0, "the reader of a pipe has read enough", broken_pipe),
    (1, "the disk is full", full_disk),
    (2, "no such option", lambda at: at.code("user", "list", "--al")),
    (
        2,
        "no such level",
        lambda at: at.code("perm", "grant", "alice", "--model", "m", "--level", "X"),
    ),
    (2, "the last admin", lambda at: at.code("user", "delete", "admin", "--yes")),
    (2, "a broken manifest", lambda at: at.code("plan", "-f", at.write("a.toml", "version = 2"))),
    (3, "no such user", lambda at: at.code("user", "show", "zoe")),
    (3, "no such grant", lambda at: at.code("perm", "revoke", "alice", "--model", "churn")),
    (4, "nobody signs in", lambda at: at.at_server(("", ""), "user", "list")),
    (4, "a wrong password", lambda at: at.at_server((ADMIN[0], "wrong"), "user", "list")),
    (
        5,
        "no admin",
        lambda at: at.at_server(("nobody-special", "nobody-special-password-1"), "user", "list"),
    ),
    (6, "the user exists", lambda at: at.code("user", "create", "alice", "--generate")),
    (6, "changed since the plan", moved_state),
    (
        7,
        "no server",
        lambda at: (
            Shell(at.shell.folder)
            .run("user", "list", "--server", f"http://127.0.0.1:{free_port()}")
            .code
        ),
    ),
    (7, "an untrusted certificate", untrusted_certificate),
    (7, "a locked database", locked_database),
    (7, "an unknown schema", unknown_schema),
    (7, "no database", lambda at: at.code("user", "list", "--db", "sqlite:///no.db")),
    (
        8,
        "the level is too low",
        lambda at: at.code("perm", "check", "alice", "--model", "m", "--level", "EDIT"),
    ),
    (
        8,
        "the password is wrong",
        lambda at: at.code("user", "verify", "alice", "--password-stdin", stdin="not hers at all"),
    ),
    (8, "the manifest and the database differ", drift),
    (9, "one of two failed", lambda at: at.code("admin", "promote", "alice", "zoe")),
    (9, "one of the rows failed", partial_import),
    (130, "Ctrl-C", lambda at: interrupted(at, signal.SIGINT)),
    (143, "SIGTERM", lambda at: interrupted(at, signal.SIGTERM)),
]


@pytest.mark.parametrize(
    ("code", "provoke"),
    [(code, provoke) for code, _, provoke in CASES],
    ids=[f"{code}-{what}" for code, what, _ in CASES],
)
def test_an_exit_code_means_what_it_says(
    code: int, provoke: Callable[[Place], int], place: Place
) -> None:
    assert provoke(place) == code


def test_every_exit_code_is_provoked() -> None:
    assert {code for code, _, _ in CASES} == {*range(10), 130, 143}
