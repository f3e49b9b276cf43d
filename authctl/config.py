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
JWT_AUTHENTICATION = "authctl.server.jwt:authenticate"

ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA"),
)
"""How tokens may be signed: only where who verifies cannot sign (RFC 8725, section 3.1)."""

_SECTION = "mlflow"
_FUNCTION = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
_JWT_REQUIRED = ("jwt_keys", "jwt_issuer", "jwt_audience")
_JWT_OPTIONAL = ("jwt_algorithms", "jwt_username_claim")
_LIMITS = ("failed_logins_per_user", "failed_logins_per_address")
_MOST_FAILED_LOGINS = 1_000_000
_UPSTREAM = {
    "upstream_username": "AUTHCTL_UPSTREAM_USERNAME",
    "upstream_password": "AUTHCTL_UPSTREAM_PASSWORD",
    "upstream_token": "AUTHCTL_UPSTREAM_TOKEN",
    "upstream_ca_cert": "AUTHCTL_UPSTREAM_CA_CERT",
    "upstream_client_cert": "AUTHCTL_UPSTREAM_CLIENT_CERT",
}
"""How to get into an MLflow elsewhere: the key in the file, and the variable that beats it."""
_KNOWN_KEYS = frozenset(
    {
        *_JWT_REQUIRED,
        *_JWT_OPTIONAL,
        "default_permission",
        "database_uri",
        "admin_username",
        "admin_password",
        "authorization_function",
        *_LIMITS,
        *_UPSTREAM,
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
class JwtSettings:
    """Which tokens are believed: whose, for whom, and by which keys.

    `keys` is the path of a JWKS file, or the address of one; `algorithms` are of ALGORITHMS.
    """

    keys: str
    issuer: str
    audience: str
    algorithms: tuple[str, ...] = ("RS256",)
    username_claim: str = "sub"


@dataclass(frozen=True, slots=True)
class UpstreamLogin:
    """What the server shows to an MLflow elsewhere: a username and a password, or a token.

    `ca_cert` is a PEM file or a directory of them to trust instead of the system's authorities,
    `client_cert` one PEM file with a certificate and its key.
    """

    username: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    ca_cert: str | None = None
    client_cert: str | None = None

    @property
    def has_secret(self) -> bool:
        """Whether there is anything that others on the way could use again."""
        return self.password is not None or self.token is not None


@dataclass(frozen=True)
class AuthConfig:
    """The settings of contract 3.1; `source` is the file they were read from, if any.

    `admin_password` is None where nobody gave one, `jwt` where nobody signs in with tokens.
    The limits are wrong passwords a minute; 0 is none.
    """

    default_permission: Permission = Permission.READ
    database_uri: str = field(default="sqlite:///basic_auth.db", repr=False)
    admin_username: str = "admin"
    admin_password: str | None = field(default=None, repr=False)
    authorization_function: str = BASIC_AUTHENTICATION
    source: Path | None = None
    jwt: JwtSettings | None = None
    failed_logins_per_user: int = 10
    failed_logins_per_address: int = 60
    upstream: UpstreamLogin = UpstreamLogin()

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
            jwt=_jwt(values, source),
            failed_logins_per_user=_limit(
                values, "failed_logins_per_user", cls.failed_logins_per_user, source
            ),
            failed_logins_per_address=_limit(
                values, "failed_logins_per_address", cls.failed_logins_per_address, source
            ),
            upstream=_upstream(values, env),
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
    except configparser.DuplicateOptionError as error:
        raise InvalidRequest(
            f"The auth configuration {source} has the key '{error.option}' a second time, "
            f"in line {error.lineno}.",
            hint="Keep one of the two.",
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


def _limit(values: Mapping[str, str], key: str, otherwise: int, source: Path | None) -> int:
    text = values.get(key)
    if text is None:
        return otherwise
    # What `int` takes besides digits, such as 1_0 and ٣, is more likely a mistake.
    if text.isascii() and text.isdigit() and len(text) <= len(str(_MOST_FAILED_LOGINS)):
        number = int(text)
        if number <= _MOST_FAILED_LOGINS:
            return number
    raise InvalidRequest(
        f"{key} in {source} is '{text}', but must be a whole number of wrong passwords a minute,"
        f" up to {_MOST_FAILED_LOGINS}.",
        hint="0 sets no limit.",
    )


def _upstream(values: Mapping[str, str], env: Mapping[str, str]) -> UpstreamLogin:
    """What is shown to an MLflow elsewhere. InvalidRequest for half a login, and for two."""
    found = {key: env.get(variable) or values.get(key) for key, variable in _UPSTREAM.items()}
    login = UpstreamLogin(
        **{key.removeprefix("upstream_"): value or None for key, value in found.items()}
    )
    if (login.username is None) is not (login.password is None):
        raise InvalidRequest(
            "upstream_username and upstream_password belong together, and one of them is not set.",
            hint="In the environment: AUTHCTL_UPSTREAM_USERNAME and AUTHCTL_UPSTREAM_PASSWORD.",
        )
    if login.username is not None and login.token is not None:
        raise InvalidRequest(
            "The MLflow behind this server is to be shown a password and a token.",
            hint="Set upstream_token, or upstream_username and upstream_password.",
        )
    for name in ("username", "password", "token"):
        value = getattr(login, name) or ""
        if not value.isprintable() or (name == "token" and not value.isascii()):
            raise InvalidRequest(f"upstream_{name} has a character that cannot be sent.")
    if ":" in (login.username or ""):
        raise InvalidRequest("upstream_username must not contain a colon.")
    return login


def _jwt(values: Mapping[str, str], source: Path | None) -> JwtSettings | None:
    """The settings of tokens, where tokens are asked for. InvalidRequest."""
    is_asked = values.get("authorization_function") == JWT_AUTHENTICATION
    stray = [name for name in (*_JWT_REQUIRED, *_JWT_OPTIONAL) if name in values and not is_asked]
    if stray:
        raise InvalidRequest(
            f"{stray[0]} in {source} has no effect: tokens are not asked for.",
            hint=f"Set authorization_function = {JWT_AUTHENTICATION}, or leave it out.",
        )
    if not is_asked:
        return None
    missing = [name for name in _JWT_REQUIRED if not values.get(name)]
    if missing:
        raise InvalidRequest(
            f"authorization_function in {source} is '{JWT_AUTHENTICATION}', but"
            f" {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set.",
            hint="Say where the keys of the issuer are, who it is, and for whom its tokens are.",
        )
    claim = values.get("jwt_username_claim", JwtSettings.username_claim)
    if not claim:
        raise InvalidRequest(f"jwt_username_claim in {source} is empty.")
    return JwtSettings(
        keys=values["jwt_keys"],
        issuer=values["jwt_issuer"],
        audience=values["jwt_audience"],
        algorithms=_algorithms(values.get("jwt_algorithms"), source),
        username_claim=claim,
    )


def _algorithms(text: str | None, source: Path | None) -> tuple[str, ...]:
    if text is None:
        return JwtSettings.algorithms
    algorithms = tuple(dict.fromkeys(word.strip() for word in text.split(",")))
    for algorithm in algorithms:
        if algorithm not in ALGORITHMS:
            raise InvalidRequest(
                f"jwt_algorithms in {source} has '{algorithm}', which tokens must not be signed"
                " with.",
                hint=f"The algorithms are: {', '.join(ALGORITHMS)}.",
            )
    return algorithms
