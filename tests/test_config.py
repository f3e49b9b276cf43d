"""MLflow's basic_auth.ini and environment, read as MLflow reads them or refused (contract 3.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from authctl.config import ALGORITHMS, AuthConfig, JwtSettings, UpstreamLogin
from authctl.errors import InvalidRequest
from authctl.model import Permission

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "s3cret-in-the-file"


@pytest.fixture
def ini(tmp_path: Path) -> Path:
    return tmp_path / "basic_auth.ini"


def load(ini: Path, text: str, **env: str) -> AuthConfig:
    ini.write_text(text, encoding="utf-8")
    return AuthConfig.load(ini, env)


def test_without_a_file_there_are_defaults() -> None:
    assert AuthConfig.load(None, {}) == AuthConfig(
        default_permission=Permission.READ,
        database_uri="sqlite:///basic_auth.db",
        admin_username="admin",
        admin_password=None,
        authorization_function="mlflow.server.auth:authenticate_request_basic_auth",
        source=None,
    )


def test_every_setting_of_a_file_is_read(ini: Path) -> None:
    text = f"""[mlflow]
default_permission = NO_PERMISSIONS
database_uri = postgresql://auth:p%%40ss@db/auth
admin_username = root
admin_password = {SECRET}
authorization_function = my.module:authenticate
failed_logins_per_user = 0
failed_logins_per_address = 1000000
upstream_username = gate
upstream_password = {SECRET}
upstream_ca_cert = /etc/ssl/authority.pem
upstream_client_cert = /etc/ssl/gate.pem
"""
    assert load(ini, text) == AuthConfig(
        default_permission=Permission.NO_PERMISSIONS,
        database_uri="postgresql://auth:p%40ss@db/auth",
        admin_username="root",
        admin_password=SECRET,
        authorization_function="my.module:authenticate",
        source=ini,
        failed_logins_per_user=0,
        failed_logins_per_address=1_000_000,
        upstream=UpstreamLogin(
            username="gate",
            password=SECRET,
            ca_cert="/etc/ssl/authority.pem",
            client_cert="/etc/ssl/gate.pem",
        ),
    )


@pytest.mark.parametrize("key", ["failed_logins_per_user", "failed_logins_per_address"])
@pytest.mark.parametrize(
    "limit", ["", "-1", "1.5", "ten", "1_0", "٣", "10 a minute", "1000001", "9" * 5000]
)
def test_a_limit_is_a_whole_number(ini: Path, key: str, limit: str) -> None:
    with pytest.raises(InvalidRequest, match=rf"{key} in .*basic_auth\.ini is") as told:
        load(ini, f"[mlflow]\n{key} = {limit}\n")
    assert told.value.hint == "0 sets no limit."


def test_settings_that_mean_nothing_here_are_no_mistake(ini: Path) -> None:
    config = load(
        ini,
        """[mlflow]
grant_default_workspace_access = false
workspace_cache_max_size = 10000
workspace_cache_ttl_seconds = 3600
auth_cache_max_size = 10000
auth_cache_ttl_seconds = 0
read_database_uri = sqlite:///replica.db
""",
    )
    assert config == AuthConfig(source=ini)


def test_the_environment_names_the_file_and_an_option_beats_it(ini: Path, tmp_path: Path) -> None:
    ini.write_text("[mlflow]\nadmin_username = from_environment\n")
    other = tmp_path / "other.ini"
    other.write_text("[mlflow]\nadmin_username = from_option\n")
    env = {"MLFLOW_AUTH_CONFIG_PATH": str(ini)}
    assert AuthConfig.load(None, env).admin_username == "from_environment"
    assert AuthConfig.load(other, env).admin_username == "from_option"


def test_the_environment_beats_the_file(ini: Path) -> None:
    config = load(
        ini,
        "[mlflow]\ndatabase_uri = sqlite:///a.db\nadmin_username = a\nadmin_password = file\n",
        AUTHCTL_DB="sqlite:///b.db",
        MLFLOW_AUTH_ADMIN_USERNAME="b",
        MLFLOW_AUTH_ADMIN_PASSWORD="environment",
    )
    assert (config.database_uri, config.admin_username) == ("sqlite:///b.db", "b")
    assert config.admin_password == "environment"


def test_a_password_that_is_set_but_empty_counts_as_set(ini: Path) -> None:
    text = "[mlflow]\nadmin_password = file\n"
    assert load(ini, text, MLFLOW_AUTH_ADMIN_PASSWORD="").admin_password == ""
    assert load(ini, "[mlflow]\nadmin_password =\n").admin_password == ""


@pytest.mark.parametrize("level", ["READ", "USE", "EDIT", "MANAGE", "NO_PERMISSIONS"])
def test_every_level_can_be_the_default(ini: Path, level: str) -> None:
    assert load(ini, f"[mlflow]\ndefault_permission = {level}\n").default_permission == level


@pytest.mark.parametrize("level", ["DENY", "read", "NONE", "", "READ EDIT", "0"])
def test_nothing_else_can(ini: Path, level: str) -> None:
    with pytest.raises(InvalidRequest, match=r"default_permission in .*basic_auth\.ini"):
        load(ini, f"[mlflow]\ndefault_permission = {level}\n")


@pytest.mark.parametrize(
    "function",
    ["authenticate", "my.module:", ":f", "my module:f", "a:b:c", "a.b", "a/b:f", "os:system()"],
)
def test_a_function_that_is_not_written_as_one_is_refused(ini: Path, function: str) -> None:
    with pytest.raises(InvalidRequest, match="must be written as module:function"):
        load(ini, f"[mlflow]\nauthorization_function = {function}\n")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"[mlflow]\nadmin_pasword = {SECRET}\n", "unknown key 'admin_pasword'"),
        ("[mlflow]\nDefault_Permissions = READ\n", "unknown key 'default_permissions'"),
        (f"[auth]\nadmin_password = {SECRET}\n", r"no \[mlflow\] section"),
        ("", r"no \[mlflow\] section"),
        (f"admin_password = {SECRET}\n", "not a valid ini file"),
        (f"[mlflow]\nadmin_password {SECRET}\n", "not a valid ini file"),
        (f"[mlflow]\ndatabase_uri = postgresql://u:%{SECRET}@db/x\n", "not a valid ini file"),
        (
            f"[mlflow]\nadmin_password = {SECRET}\nadmin_password = {SECRET}\n",
            "has the key 'admin_password' a second time, in line 3",
        ),
    ],
)
def test_a_file_with_mistakes_is_refused_without_quoting_it(
    ini: Path, text: str, told: str
) -> None:
    with pytest.raises(InvalidRequest, match=told) as caught:
        load(ini, text)
    assert SECRET not in f"{caught.value} {caught.value.hint}"


def test_a_file_that_is_not_utf_8_is_refused(ini: Path) -> None:
    ini.write_bytes(b"[mlflow]\nadmin_username = j\xf6rg\n")
    with pytest.raises(InvalidRequest, match="not a valid ini file"):
        AuthConfig.load(ini, {})


def test_a_file_that_cannot_be_read_is_told_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="cannot be read: No such file or directory"):
        AuthConfig.load(tmp_path / "missing.ini", {})
    with pytest.raises(InvalidRequest, match="cannot be read: Is a directory"):
        AuthConfig.load(None, {"MLFLOW_AUTH_CONFIG_PATH": str(tmp_path)})


def test_a_configuration_never_shows_secrets(ini: Path) -> None:
    config = load(
        ini,
        f"[mlflow]\nadmin_password = {SECRET}\ndatabase_uri = postgresql://u:{SECRET}@db/x\n",
    )
    assert SECRET not in repr(config)


TOKENS = "[mlflow]\nauthorization_function = authctl.server.jwt:authenticate\n"
WHOSE = """jwt_keys = jwks.json
jwt_issuer = https://login.example/realms/100%%
jwt_audience = mlflow
"""


def test_without_tokens_there_are_no_settings_of_theirs(ini: Path) -> None:
    assert load(ini, "[mlflow]\n").jwt is None
    assert load(ini, "[mlflow]\nauthorization_function = my.module:authenticate\n").jwt is None


def test_the_settings_of_tokens_are_read(ini: Path) -> None:
    assert load(ini, TOKENS + WHOSE).jwt == JwtSettings(
        keys="jwks.json",
        issuer="https://login.example/realms/100%",
        audience="mlflow",
        algorithms=("RS256",),
        username_claim="sub",
    )
    more = "jwt_algorithms = ES256, RS256,ES256\njwt_username_claim = upn\n"
    settings = load(ini, TOKENS + WHOSE + more).jwt
    assert settings is not None
    assert (settings.algorithms, settings.username_claim) == (("ES256", "RS256"), "upn")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_tokens_may_be_signed_with_every_pair_of_keys(ini: Path, algorithm: str) -> None:
    settings = load(ini, f"{TOKENS}{WHOSE}jwt_algorithms = {algorithm}\n").jwt
    assert settings is not None
    assert settings.algorithms == (algorithm,)


@pytest.mark.parametrize(
    "algorithms",
    ["none", "None", "HS256", "HS384", "HS512", "RS256, HS256", "rs256", "RS256 ES256", "", ","],
)
def test_tokens_may_be_signed_with_nothing_else(ini: Path, algorithms: str) -> None:
    with pytest.raises(InvalidRequest, match=r"jwt_algorithms in .*basic_auth\.ini has"):
        load(ini, f"{TOKENS}{WHOSE}jwt_algorithms = {algorithms}\n")


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("", "but jwt_keys and jwt_issuer and jwt_audience are not set"),
        ("jwt_keys = a\njwt_issuer = b\n", "but jwt_audience is not set"),
        (WHOSE.replace("= mlflow", "="), "but jwt_audience is not set"),
        (f"{WHOSE}jwt_username_claim =\n", "jwt_username_claim in .* is empty"),
        (f"{WHOSE}jwt_secret = {SECRET}\n", "unknown key 'jwt_secret'"),
    ],
)
def test_settings_of_tokens_that_leave_something_open_are_refused(
    ini: Path, lines: str, told: str
) -> None:
    with pytest.raises(InvalidRequest, match=told):
        load(ini, TOKENS + lines)


@pytest.mark.parametrize("function", ["", "authorization_function = my.module:authenticate\n"])
@pytest.mark.parametrize(
    "line", ["jwt_keys = a", "jwt_issuer = a", "jwt_audience = a", "jwt_algorithms = RS256"]
)
def test_settings_of_tokens_without_tokens_are_a_mistake(
    ini: Path, function: str, line: str
) -> None:
    with pytest.raises(InvalidRequest, match=r"^jwt_\w+ in .* has no effect"):
        load(ini, f"[mlflow]\n{function}{line}\n")
