"""What an administrator may set for the server: MLflow's basic_auth.ini and its environment."""

from __future__ import annotations

import configparser
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from authctl.errors import InvalidRequest
from authctl.model import Permission

if TYPE_CHECKING:
    from collections.abc import Mapping

CONFIG_PATH = "MLFLOW_AUTH_CONFIG_PATH"
SECRET_KEY = "MLFLOW_FLASK_SERVER_SECRET_KEY"  # noqa: S105 - a variable's name
ADMIN_USERNAME = "MLFLOW_AUTH_ADMIN_USERNAME"
ADMIN_PASSWORD = "MLFLOW_AUTH_ADMIN_PASSWORD"  # noqa: S105 - a variable's name
DATABASE = "AUTHCTL_DB"

BASIC_AUTHENTICATION = "mlflow.server.auth:authenticate_request_basic_auth"

_SECTION = "mlflow"
_FUNCTION = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
_KNOWN_KEYS = frozenset(
    {
        "default_permission",
        "database_uri",
        "admin_username",
        "admin_password",
        "authorization_function",
        # MLflow's own, without a meaning here: nothing is cached past its truth, and
        # workspaces are not supported.
        "grant_default_workspace_access",
        "workspace_cache_max_size",
        "workspace_cache_ttl_seconds",
        "auth_cache_max_size",
        "auth_cache_ttl_seconds",
        "read_database_uri",
    }
)


@dataclass(frozen=True)
class AuthConfig:
    """The settings of contract 3.1; `source` is the file they were read from, if any.

    `admin_password` is None where nobody gave one.
    """

    default_permission: Permission = Permission.READ
    database_uri: str = field(default="sqlite:///basic_auth.db", repr=False)
    admin_username: str = "admin"
    admin_password: str | None = field(default=None, repr=False)
    authorization_function: str = BASIC_AUTHENTICATION
    source: Path | None = None

    @classmethod
    def load(cls, path: Path | None, env: Mapping[str, str]) -> AuthConfig:
        """Read the file named by an option, else by MLFLOW_AUTH_CONFIG_PATH, else the defaults.

        The environment's administrator and AUTHCTL_DB beat the file. InvalidRequest for a file
        that cannot be read, a key that is not known and a value that cannot be right.
        """
        source = path or (Path(env[CONFIG_PATH]) if env.get(CONFIG_PATH) else None)
        values = _read(source) if source else {}
        config = cls(
            default_permission=_default_permission(values, source),
            database_uri=env.get(DATABASE) or values.get("database_uri") or cls.database_uri,
            admin_username=(
                env.get(ADMIN_USERNAME) or values.get("admin_username") or cls.admin_username
            ),
            admin_password=env.get(ADMIN_PASSWORD, values.get("admin_password")),
            authorization_function=(
                values.get("authorization_function") or cls.authorization_function
            ),
            source=source,
        )
        if not _FUNCTION.fullmatch(config.authorization_function):
            raise InvalidRequest(
                f"authorization_function in {source} is '{config.authorization_function}',"
                " but must be written as module:function."
            )
        return config


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """What `authctl serve` was asked for; None leaves a setting to MLflow's own default.

    `upstream` is the http(s) address of an MLflow to stand in front of instead of embedding one;
    `extra` are arguments for `mlflow server`.
    """

    host: str = "127.0.0.1"
    port: int = 5000
    workers: int | None = None
    backend_store_uri: str | None = None
    artifacts_destination: str | None = None
    auth_db: str | None = None
    auth_config: Path | None = None
    static_prefix: str | None = None
    upstream: str | None = None
    extra: tuple[str, ...] = ()


def _read(source: Path) -> dict[str, str]:
    # MLflow reads the same file with interpolation: a percent sign is written twice.
    parser = configparser.ConfigParser()
    try:
        with source.open(encoding="utf-8") as file:
            parser.read_file(file)
        values = dict(parser.items(_SECTION))
    except configparser.NoSectionError as error:
        raise InvalidRequest(
            f"The auth configuration {source} has no [{_SECTION}] section."
        ) from error
    except OSError as error:
        raise InvalidRequest(
            f"The auth configuration {source} cannot be read: {error.strerror}.",
            hint=f"Check the path in --auth-config or {CONFIG_PATH}.",
        ) from error
    except (configparser.Error, UnicodeDecodeError) as error:
        # The parser's own text quotes the line, which may hold a password.
        raise InvalidRequest(
            f"The auth configuration {source} is not a valid ini file.",
            hint="In a value, such as a database password, a percent sign is written twice: %%.",
        ) from error
    for key in values:
        if key not in _KNOWN_KEYS:
            raise InvalidRequest(
                f"The auth configuration {source} has an unknown key '{key}'.",
                hint=f"Known keys are: {', '.join(sorted(_KNOWN_KEYS))}.",
            )
    return values


def _default_permission(values: Mapping[str, str], source: Path | None) -> Permission:
    text = values.get("default_permission")
    if text is None:
        return AuthConfig.default_permission
    try:
        level = Permission.parse(text)
    except InvalidRequest as error:
        raise InvalidRequest(f"default_permission in {source}: {error.message}") from error
    if level is Permission.DENY:
        raise InvalidRequest(
            f"default_permission in {source} cannot be DENY.",
            hint="Use NO_PERMISSIONS to let nobody in by default.",
        )
    return level
