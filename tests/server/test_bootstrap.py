"""Before a server answers anything there is an administrator, and a secret key."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from authctl.config import SECRET_KEY, AuthConfig
from authctl.errors import AuthctlError, InvalidRequest, Unavailable
from authctl.loopback import is_loopback
from authctl.model import Permission, Resource
from authctl.server.bootstrap import ensure_admin, prepare, secret_key
from authctl.store import tables
from authctl.store.passwords import hash_password, verify_password
from tests.store.databases import make_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from authctl.store.sql import SqlStore

HERE = "127.0.0.1"
EVERYWHERE = "0.0.0.0"
GOOD = "a-good-password"
KEY = {SECRET_KEY: "k" * 64}


def config(folder: Path, **settings: str | None) -> AuthConfig:
    return AuthConfig(database_uri=f"sqlite:///{folder / 'auth.db'}", **settings)  # type: ignore[arg-type]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., tuple[SqlStore, list[str]]]]:
    stores: list[SqlStore] = []

    def start(host: str = HERE, **settings: str | None) -> tuple[SqlStore, list[str]]:
        ready = prepare(config(tmp_path, **settings), KEY, host=host)
        stores.append(ready.store)
        return ready.store, ready.warnings

    yield start
    for store in stores:
        store.close()


def test_the_first_administrator_has_the_well_known_password_and_a_loud_warning(
    start: Callable[..., tuple[SqlStore, list[str]]],
) -> None:
    store, warnings = start()
    account = store.account("admin")
    assert account is not None
    assert account.user.is_admin
    assert verify_password("password1234", account.password_hash)
    (warning,) = warnings
    assert "THE ADMINISTRATOR 'admin' HAS A WELL-KNOWN PASSWORD" in warning
    assert "authctl user passwd admin" in warning


def test_workspaces_are_refused_before_anything_is_made(tmp_path: Path) -> None:
    env = {**KEY, "MLFLOW_ENABLE_WORKSPACES": "true"}
    with pytest.raises(InvalidRequest, match="Workspaces are not supported"):
        prepare(config(tmp_path), env, host=HERE)
    assert list(tmp_path.iterdir()) == []
    off = {**KEY, "MLFLOW_ENABLE_WORKSPACES": "false"}
    prepare(config(tmp_path), off, host=HERE).store.close()


def test_the_first_administrators_name_and_password_can_be_given(
    start: Callable[..., tuple[SqlStore, list[str]]],
) -> None:
    store, warnings = start(admin_username="root", admin_password=GOOD)
    assert [user.username for user in store.list_users()] == ["root"]
    account = store.account("root")
    assert account is not None
    assert verify_password(GOOD, account.password_hash)
    assert warnings == []


def test_an_existing_administrators_password_is_left_alone(
    start: Callable[..., tuple[SqlStore, list[str]]],
) -> None:
    before = start(admin_password=GOOD)[0].account("admin")
    after = start(admin_password="another-password")[0].account("admin")
    assert after == before


def test_with_a_good_password_any_address_will_do(
    start: Callable[..., tuple[SqlStore, list[str]]],
) -> None:
    store, warnings = start(EVERYWHERE, admin_password=GOOD)
    assert warnings == []
    assert ensure_admin(AuthConfig(), store, host="192.0.2.1") == []


@pytest.mark.parametrize("host", [EVERYWHERE, "::", "192.168.1.2", "mlflow.example", "", "8.8.8.8"])
def test_no_server_listens_elsewhere_with_a_well_known_password(
    start: Callable[..., tuple[SqlStore, list[str]]], host: str
) -> None:
    start(HERE)
    with pytest.raises(InvalidRequest, match="has a well-known password") as caught:
        start(host)
    assert caught.value.hint
    assert "authctl user passwd admin" in caught.value.hint


def test_each_administrator_counts_and_nobody_else(
    start: Callable[..., tuple[SqlStore, list[str]]], tmp_path: Path
) -> None:
    store, _ = start(admin_password=GOOD)
    store.create_user("weak", "password1234")
    assert ensure_admin(AuthConfig(), store, host=EVERYWHERE) == []
    store.set_admin("weak", True)
    with pytest.raises(InvalidRequest, match="'weak' has a well-known password"):
        ensure_admin(AuthConfig(), store, host=EVERYWHERE)
    # Short passwords come from MLflow before 2.22, never from here.
    with sqlite3.connect(tmp_path / "auth.db") as connection:
        connection.execute(
            "UPDATE users SET password_hash = ? WHERE username = 'weak'",
            [hash_password("password")],
        )
    connection.close()
    assert len(ensure_admin(AuthConfig(), store, host=HERE)) == 1


def test_a_database_without_administrators_is_served_with_advice(
    start: Callable[..., tuple[SqlStore, list[str]]],
) -> None:
    store, _ = start(admin_password=GOOD)
    store.set_admin("admin", False, force=True)
    (warning,) = ensure_admin(AuthConfig(), store, host=HERE)
    assert "authctl admin promote" in warning


REFUSED: dict[str, tuple[str, dict[str, str | None]]] = {
    "a short password": (HERE, {"admin_password": "short"}),
    "an empty password": (HERE, {"admin_password": ""}),
    "a password of eleven characters": (HERE, {"admin_password": "elevenchars"}),
    "a control character": (HERE, {"admin_password": "line\nbreak-in-it"}),
    "no password elsewhere": (EVERYWHERE, {}),
    "the well-known password elsewhere": (EVERYWHERE, {"admin_password": "password1234"}),
    "a name with a colon": (HERE, {"admin_username": "a:b", "admin_password": GOOD}),
    "a reserved name": (HERE, {"admin_username": "__user_1__", "admin_password": GOOD}),
    "a function that is nowhere": (HERE, {"authorization_function": "no_such_module:f"}),
}


@pytest.mark.parametrize(("host", "settings"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_served_is_refused_before_anything_is_made(
    tmp_path: Path, host: str, settings: dict[str, str | None]
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        prepare(config(tmp_path, **settings), {}, host=host)
    assert list(tmp_path.iterdir()) == []
    if settings.get("admin_password"):
        assert str(settings["admin_password"]) not in f"{caught.value} {caught.value.hint}"


def test_a_worker_leaves_the_administrator_to_whoever_started_it(tmp_path: Path) -> None:
    ready = prepare(config(tmp_path), KEY, host=None)
    assert (ready.store.list_users(), ready.warnings) == ([], [])
    ready.store.close()


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("localhost", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("an unknown address", False),
        ("", False),
    ],
)
def test_loopback_is_what_only_this_machine_reaches(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_a_secret_key_is_made_once_and_for_the_owner_only(tmp_path: Path) -> None:
    database = tmp_path / "auth.db"
    key = secret_key({}, database)
    (path,) = tmp_path.iterdir()
    assert path.name == "auth.db.secret_key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(key) == 64
    assert secret_key({}, database) == key
    assert list(tmp_path.iterdir()) == [path]


def test_a_given_secret_key_is_taken_and_nothing_is_kept(tmp_path: Path) -> None:
    assert secret_key({SECRET_KEY: "given"}, tmp_path / "auth.db") == "given"
    assert secret_key({SECRET_KEY: "given"}, None) == "given"
    assert list(tmp_path.iterdir()) == []


def test_servers_that_share_a_database_must_be_given_a_key() -> None:
    with pytest.raises(InvalidRequest, match=SECRET_KEY) as caught:
        secret_key({}, None)
    assert caught.value.hint


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_secret_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    key = secret_key({}, tmp_path / "auth.db")
    path = tmp_path / "auth.db.secret_key"
    path.chmod(mode)
    with pytest.raises(InvalidRequest, match="can be read by other users") as caught:
        secret_key({}, tmp_path / "auth.db")
    assert key not in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize("text", ["", "\n", "short\n"])
def test_a_secret_key_that_was_cut_short_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "auth.db.secret_key"
    path.touch(mode=0o600)
    path.write_text(text)
    with pytest.raises(InvalidRequest, match="too short"):
        secret_key({}, tmp_path / "auth.db")


def test_a_secret_key_that_cannot_be_kept_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot be kept or read"):
        secret_key({}, tmp_path / "missing" / "auth.db")
    (tmp_path / "auth.db.secret_key").mkdir(mode=0o700)
    with pytest.raises(Unavailable, match="cannot be kept or read"):
        secret_key({}, tmp_path / "auth.db")


def test_a_draft_left_behind_does_not_keep_the_next_start_from_a_key(tmp_path: Path) -> None:
    (tmp_path / f"auth.db.secret_key.{os.getpid()}").write_text("half")
    assert len(secret_key({}, tmp_path / "auth.db")) == 64
    assert [path.name for path in tmp_path.iterdir()] == ["auth.db.secret_key"]


def test_settings_and_what_a_start_gives_never_show_secrets(tmp_path: Path) -> None:
    settings = config(tmp_path, admin_password=GOOD)
    ready = prepare(settings, KEY, host=HERE)
    ready.store.close()
    shown = f"{settings!r} {ready!r}"
    assert GOOD not in shown
    assert KEY[SECRET_KEY] not in shown


def test_a_failed_start_gives_the_database_back(tmp_path: Path) -> None:
    prepare(config(tmp_path, admin_password=GOOD), {}, host=HERE).store.close()
    (tmp_path / "auth.db.secret_key").chmod(0o644)
    with pytest.raises(AuthctlError):
        prepare(config(tmp_path), {}, host=HERE)
    (tmp_path / "auth.db.secret_key").chmod(0o600)
    prepare(config(tmp_path), {}, host=HERE).store.close()


def test_a_database_of_a_later_mlflow_is_not_served(tmp_path: Path) -> None:
    prepare(config(tmp_path, admin_password=GOOD), KEY, host=HERE).store.close()
    with closing(sqlite3.connect(tmp_path / "auth.db")) as connection, connection:
        connection.execute("UPDATE alembic_version_auth SET version_num = 'fedcba987654'")
    with pytest.raises(Unavailable, match="unknown revision, fedcba987654") as caught:
        prepare(config(tmp_path), KEY, host=HERE)
    assert "upgrade authctl" in str(caught.value.hint)


def test_deny_is_written_where_the_server_is_mlflow_3_17_itself(tmp_path: Path) -> None:
    (tmp_path / "auth.db").touch()
    make_tables(f"sqlite:///{tmp_path / 'auth.db'}", tables.HEAD)
    experiment = Resource("experiment", "1")
    ready = prepare(config(tmp_path, admin_password=GOOD), KEY, host=HERE)
    with pytest.raises(InvalidRequest, match="fail on DENY"):
        ready.store.grant("admin", experiment, Permission.DENY)
    ready.store.close()
    ready = prepare(config(tmp_path), KEY, host=HERE, reads_deny=True)
    assert ready.store.grant("admin", experiment, Permission.DENY) is None
    ready.store.close()
