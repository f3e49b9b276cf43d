"""What cannot be served is told in one sentence, before anything is started or made."""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING

import pytest

from authctl.config import ServeOptions
from authctl.errors import AuthctlError, InvalidRequest, Unavailable
from authctl.server import plugin, run
from tests.live import clean_environment, free_port

if TYPE_CHECKING:
    from pathlib import Path

BADGES = """
def authenticate():
    return None


def two(request, store):
    return None


not_a_function = 1
"""

TOKENS = """authorization_function = authctl.server.jwt:authenticate
jwt_issuer = https://login.example
jwt_audience = mlflow
"""

SECRET = "hunter2-in-a-url"
"""Must not be told."""


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in set(os.environ) - set(clean_environment()):
        monkeypatch.delenv(name)
    (tmp_path / "start").mkdir()
    monkeypatch.chdir(tmp_path / "start")
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "badges.py").write_text(BADGES)
    (tmp_path / "broken_badges.py").write_text("def authenticate(:\n")
    (tmp_path / "failing_badges.py").write_text("{}['missing']\n")
    monkeypatch.setattr(os, "execve", _started)


def _started(*_: object) -> None:
    raise AssertionError("it was started")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "start"


INI = {
    "an unknown level": ("default_permission = OWNER", "default_permission in .*'OWNER'"),
    "an unknown key": ("admin_pass = x", "unknown key 'admin_pass'"),
    "no ini at all": ("\n]", "not a valid ini file"),
    "a malformed function": ("authorization_function = badges", "module:function"),
    "a module that is nowhere": ("authorization_function = nowhere:f", "'nowhere:f' cannot be"),
    "a function that is nowhere": ("authorization_function = badges:f", "cannot be imported"),
    "a module with a mistake": (
        "authorization_function = broken_badges:authenticate",
        "cannot be imported",
    ),
    "a module that fails": ("authorization_function = failing_badges:f", "KeyError: 'missing'"),
    "a function of two parameters": (
        "authorization_function = badges:two",
        "'badges:two' must take one parameter, the request, or none",
    ),
    "tokens and nothing else": (
        "authorization_function = authctl.server.jwt:authenticate",
        "jwt_keys and jwt_issuer and jwt_audience are not set",
    ),
    "tokens and a file that is not there": (
        f"{TOKENS}jwt_keys = nowhere.json",
        "nowhere.json, cannot be read: No such file",
    ),
    "tokens and an address without TLS": (
        f"{TOKENS}jwt_keys = http://login.example/jwks",
        "neither a file nor the https address of a JWKS",
    ),
    "tokens by HMAC": (
        f"{TOKENS}jwt_keys = https://login.example/jwks\njwt_algorithms = HS256",
        "jwt_algorithms in .* has 'HS256'",
    ),
    "what is no function": (
        "authorization_function = badges:not_a_function",
        "is not a function",
    ),
}


@pytest.mark.parametrize(("line", "told"), INI.values(), ids=INI)
def test_a_configuration_with_a_mistake_is_refused(
    tmp_path: Path, folder: Path, line: str, told: str
) -> None:
    ini = tmp_path / "basic_auth.ini"
    ini.write_text(f"[mlflow]\n{line}\n")
    with pytest.raises(InvalidRequest, match=told):
        run.serve(ServeOptions(port=free_port(), auth_config=ini))
    assert list(folder.iterdir()) == []


def test_a_function_in_the_current_folder_is_found(tmp_path: Path, folder: Path) -> None:
    (folder / "own_badges.py").write_text(BADGES)
    ini = tmp_path / "basic_auth.ini"
    ini.write_text("[mlflow]\nauthorization_function = own_badges:authenticate\n")
    with pytest.raises(AssertionError, match="it was started"):
        run.serve(ServeOptions(port=free_port(), auth_config=ini))


OPTIONS = {
    "a file that is not there": (
        {"auth_config": "missing.ini"},
        "missing.ini cannot be read",
    ),
    "MLflow given the host": ({"extra": ("--host", "0.0.0.0")}, "'--host' was given to MLflow"),
    "MLflow given the host at once": ({"extra": ("--host=0.0.0.0",)}, "'--host' was given"),
    "MLflow given the host in short": ({"extra": ("-h", "0.0.0.0")}, "'-h' was given"),
    "MLflow given the host in shortest": ({"extra": ("-h0.0.0.0",)}, "'-h' was given"),
    "MLflow given the port": ({"extra": ("-p80",)}, "'-p' was given"),
    "MLflow given workers": ({"extra": ("--workers=9",)}, "'--workers' was given"),
    "MLflow given a prefix": ({"extra": ("--static-prefix", "/x")}, "'--static-prefix' was given"),
    "MLflow given its store": ({"extra": ("--backend-store-uri=x",)}, "'--backend-store-uri'"),
    "another app": ({"extra": ("--app-name", "basic-auth")}, "'--app-name' cannot be used"),
    "another app at once": ({"extra": ("--app-name=basic-auth",)}, "'--app-name' cannot be used"),
    "another server": ({"extra": ("--gunicorn-opts=--reload",)}, "'--gunicorn-opts' cannot"),
    "workspaces": ({"extra": ("--enable-workspaces",)}, "'--enable-workspaces' cannot be used"),
    "an upstream and extras": (
        {"upstream": "http://localhost:5001", "extra": ("--no-serve-artifacts",)},
        "no MLflow is started",
    ),
    "an upstream and a store": (
        {"upstream": "http://localhost:5001", "backend_store_uri": "sqlite:///x.db"},
        "no MLflow is started",
    ),
    "an upstream that is no address": ({"upstream": f"localhost:{SECRET}"}, "not the address"),
    "an upstream with a wrong port": ({"upstream": "http://localhost:x"}, "not the address"),
    "an upstream of another kind": ({"upstream": "databricks"}, "not the address"),
    "an upstream with a password": (
        {"upstream": f"http://user:{SECRET}@localhost:5001"},
        "must not contain credentials",
    ),
    "an upstream with a query": (
        {"upstream": f"http://localhost:5001/?token={SECRET}"},
        "must not contain a query",
    ),
    **{
        f"the prefix {prefix!r}": (
            {"static_prefix": prefix},
            "cannot be used",
        )
        for prefix in ("mlflow", "/a//b", "/a/../b", "/a?b", "/%61", "/api", "/ajax-api/x", "/{x}")
    },
    "a port beyond all": ({"port": 70000}, "not between"),
    "a port before all": ({"port": 0}, "not between"),
    "an address that is none": ({"host": "no..such..host"}, "is not known"),
    "no password for an open address": ({"host": "0.0.0.0"}, "would listen on 0.0.0.0"),
    "a database that is no URL": ({"auth_db": f"://{SECRET}"}, "URL"),
    "a shared database without a key": (
        {"auth_db": f"postgresql://u:{SECRET}@127.0.0.1:1/x"},
        "MLFLOW_FLASK_SERVER_SECRET_KEY is not set",
    ),
}


@pytest.mark.parametrize(("options", "told"), OPTIONS.values(), ids=OPTIONS)
def test_options_that_cannot_be_right_are_refused(
    folder: Path, options: dict[str, object], told: str
) -> None:
    with pytest.raises(InvalidRequest, match=told) as caught:
        run.serve(ServeOptions(**{"port": free_port(), **options}))  # type: ignore[arg-type]
    assert SECRET not in f"{caught.value} {caught.value.hint}"
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("password", ["", "short", "elevenchars"])
def test_a_password_that_will_not_do_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    monkeypatch.setenv("MLFLOW_AUTH_ADMIN_PASSWORD", password)
    with pytest.raises(InvalidRequest, match="The first administrator"):
        run.serve(ServeOptions(port=free_port()))
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "error", "told"),
    [
        (f"postgresql://user:{SECRET}@127.0.0.1:1/auth", Unavailable, "cannot be reached"),
        (f"db2://user:{SECRET}@127.0.0.1:1/auth", InvalidRequest, "not a database known here"),
    ],
)
def test_a_database_that_cannot_be_opened_is_told_without_its_password(
    monkeypatch: pytest.MonkeyPatch, url: str, error: type[AuthctlError], told: str
) -> None:
    monkeypatch.setenv("MLFLOW_FLASK_SERVER_SECRET_KEY", SECRET)
    with pytest.raises(error, match=told) as caught:
        run.serve(ServeOptions(port=free_port(), auth_db=url))
    assert SECRET not in f"{caught.value} {caught.value.hint}"


def test_a_database_of_an_unknown_revision_is_left_alone(folder: Path) -> None:
    with sqlite3.connect(folder / "auth.db") as connection:
        connection.execute("CREATE TABLE users (id INTEGER)")
        connection.execute("CREATE TABLE alembic_version_auth (version_num TEXT)")
        connection.execute("INSERT INTO alembic_version_auth VALUES ('ffffffffffff')")
    connection.close()
    _refuses_database(folder, "unknown revision, ffffffffffff")


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b"SQLite format 3\0rubbish"])
def test_a_file_that_is_no_database_is_left_alone(folder: Path, content: bytes) -> None:
    (folder / "auth.db").write_bytes(content)
    _refuses_database(folder, "auth.db")


def _refuses_database(folder: Path, told: str) -> None:
    before = (folder / "auth.db").read_bytes()
    with pytest.raises(Unavailable, match=told):
        run.serve(ServeOptions(port=free_port(), auth_db="sqlite:///auth.db"))
    assert [path.name for path in folder.iterdir()] == ["auth.db"]
    assert (folder / "auth.db").read_bytes() == before


def test_a_database_in_a_folder_that_is_not_there_is_told() -> None:
    with pytest.raises(Unavailable, match="cannot be made"):
        run.serve(ServeOptions(port=free_port(), auth_db="sqlite:///missing/auth.db"))


@pytest.mark.parametrize(
    ("argv", "host"),
    [
        (["uvicorn", "--host", "127.0.0.1", "--port", "1"], "127.0.0.1"),
        (["uvicorn", "--host=::1"], "::1"),
        (["uvicorn", "--host", "127.0.0.1", "--host", "0.0.0.0"], "0.0.0.0"),
        (["uvicorn", "--host=127.0.0.1", "--host=0.0.0.0", "app"], "0.0.0.0"),
        (["uvicorn", "--port", "1"], "an unknown address"),
    ],
)
def test_the_address_is_the_one_uvicorn_takes(argv: list[str], host: str) -> None:
    assert plugin._host(argv) == host


def test_another_server_than_uvicorn_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("_MLFLOW_SGI_NAME", "gunicorn")
    with pytest.raises(SystemExit) as ended:
        plugin.create_app()
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("error: authctl runs under uvicorn, not under ")
