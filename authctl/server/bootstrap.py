"""What must be so before the server answers anything: an administrator, and a secret key."""

from __future__ import annotations

import os
import secrets
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from authctl.config import BASIC_AUTHENTICATION, SECRET_KEY
from authctl.errors import AlreadyExists, AuthctlError, InvalidRequest, Unavailable
from authctl.loopback import is_loopback
from authctl.model import checked_password, checked_username
from authctl.policy.resolution import resolve_with
from authctl.server.authorization_function import load_function
from authctl.store.passwords import WELL_KNOWN, is_well_known
from authctl.store.sql import SqlStore
from authctl.store.sql_engine import database_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from authctl.config import AuthConfig
    from authctl.store.base import Store

DEFAULT_PASSWORD = WELL_KNOWN[0]  # the one the MLflow document names

_KEY_LENGTH = 64
_PATIENCE = 20
"""Seconds to wait for a lock, as MLflow does: when it has made a thing, a grant on it is owed."""

_WORKSPACES = "MLFLOW_ENABLE_WORKSPACES"
_WHERE_IT_IS_SET = (
    "Check MLFLOW_AUTH_ADMIN_USERNAME and MLFLOW_AUTH_ADMIN_PASSWORD, or admin_username and"
    " admin_password in the configuration."
)


@dataclass(frozen=True)
class Ready:
    """What a server starts with; `warnings` are for whoever starts it."""

    store: SqlStore
    secret_key: str = field(repr=False)
    warnings: list[str]


def prepare(
    config: AuthConfig, env: Mapping[str, str], *, host: str | None, reads_deny: bool = False
) -> Ready:
    """Open the auth database, made if there is none, with an administrator and a secret key.

    `host` is the address that will be listened on, None where another process has seen to the
    administrator; `reads_deny` as in `SqlStore.open`. InvalidRequest and Unavailable for what makes
    a start impossible; what can be refused before files or tables are made, is.
    """
    if env.get(_WORKSPACES, "").lower() in ("true", "1"):
        raise InvalidRequest("Workspaces are not supported.", hint=f"Unset {_WORKSPACES}.")
    if config.authorization_function != BASIC_AUTHENTICATION:
        load_function(config)
    file = database_file(config.database_uri)
    if file is None:
        secret_key(env, None)
    elif host is not None and not file.exists():
        _first_admin(config, host)
    store = SqlStore.open(
        config.database_uri,
        create=True,
        resolve=resolve_with(config.default_permission),
        reads_deny=reads_deny,
        patience=_PATIENCE,
    )
    try:
        if not store.schema.known:
            raise Unavailable(
                f"The auth database is of an unknown revision, {store.schema.revision}: what it"
                " denies cannot be known.",
                hint="A newer MLflow may have made it: upgrade authctl.",
            )
        warnings = [] if host is None else ensure_admin(config, store, host=host)
        warnings += _watch(store)
        return Ready(store, secret_key(env, file), warnings)
    except AuthctlError:
        store.close()
        raise


def ensure_admin(config: AuthConfig, store: Store, *, host: str) -> list[str]:
    """Make the first administrator on an empty user table; warnings for whoever starts the server.

    InvalidRequest for a given password that is too short, and where the server would be reachable
    from other machines while an administrator has a well-known password.
    """
    users = store.list_users()
    if not users:
        _create_first(config, store, host)
        users = store.list_users()
    admins = [user.username for user in users if user.is_admin]
    if not admins:
        return [
            f"No user is an administrator. Make one with: authctl admin promote NAME {_db(config)}"
        ]
    weak = [name for name in admins if _has_well_known_password(store, name)]
    if not weak:
        return []
    if not is_loopback(host):
        raise InvalidRequest(
            f"The administrator '{weak[0]}' has a well-known password, so this server will not"
            f" listen on {host}.",
            hint=f"Change it first: authctl user passwd {weak[0]} {_db(config)}"
            " (or start on 127.0.0.1).",
        )
    return [
        f"THE ADMINISTRATOR '{name}' HAS A WELL-KNOWN PASSWORD. Change it now:"
        f" authctl user passwd {name} {_db(config)}"
        for name in weak
    ]


def _watch(store: SqlStore) -> list[str]:
    """Let the database tell of changes; where it does not, it is only asked more often."""
    try:
        store.watch()
    except Unavailable as error:
        return [f"Each request will look everything up in the auth database: {error.message}"]
    return []


def _db(config: AuthConfig) -> str:
    """The option that names the auth database; the URL of one on a server may hold a password."""
    file = database_file(config.database_uri)
    return f"--db {shlex.quote(f'sqlite:///{file}')}" if file else "--db DATABASE"


def _create_first(config: AuthConfig, store: Store, host: str) -> None:
    username, password = _first_admin(config, host)
    try:
        store.create_user(username, password, is_admin=True)
    except AlreadyExists:
        return  # another worker was first


def _first_admin(config: AuthConfig, host: str) -> tuple[str, str]:
    """The first administrator's name and password. InvalidRequest for what must not be served."""
    password = config.admin_password
    if password in (None, *WELL_KNOWN) and not is_loopback(host):
        raise InvalidRequest(
            f"There is no administrator yet, and this server would listen on {host}.",
            hint="Give the first administrator a password of their own in"
            " MLFLOW_AUTH_ADMIN_PASSWORD.",
        )
    if password == "":
        raise InvalidRequest(
            "The first administrator's password is set, but empty.", hint=_WHERE_IT_IS_SET
        )
    try:
        username = checked_username(config.admin_username)
        return username, DEFAULT_PASSWORD if password is None else checked_password(password)
    except InvalidRequest as error:
        raise InvalidRequest(
            f"The first administrator was refused: {error.message}", hint=_WHERE_IT_IS_SET
        ) from error


def _has_well_known_password(store: Store, username: str) -> bool:
    account = store.account(username)
    return account is not None and is_well_known(username, account.password_hash)


def secret_key(env: Mapping[str, str], database: Path | None) -> str:
    """The given key, else one made once and kept, mode 0600, beside the auth database's file.

    InvalidRequest for a database without a file, which several servers may share: they must be
    given the same key. Unavailable when the file cannot be written or read.
    """
    given = env.get(SECRET_KEY)
    if given:
        return given
    if database is None:
        raise InvalidRequest(
            f"{SECRET_KEY} is not set, and the auth database has no folder to keep a key in.",
            hint="Set it to the same long random text on every server: openssl rand -hex 32",
        )
    path = database.with_name(f"{database.name}.secret_key")
    try:
        _create_key(path)
        if path.stat().st_mode & 0o077:
            raise InvalidRequest(
                f"The secret key {path} can be read by other users.", hint=f"chmod 600 {path}"
            )
        key = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Unavailable(f"The secret key {path} cannot be kept or read.") from error
    if len(key) < _KEY_LENGTH:
        raise InvalidRequest(
            f"The secret key {path} is too short.", hint="Remove it; the next start makes another."
        )
    return key


def _create_key(path: Path) -> None:
    """Make the key file as a whole or not at all, whoever else is making it."""
    if path.exists():
        return
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(_KEY_LENGTH // 2) + "\n")
        path.hardlink_to(draft)
    except FileExistsError:
        return  # another process was first
    finally:
        draft.unlink()
