from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from authctl.cli.context.file import ContextsFile
from authctl.cli.location import Location, Mode, locate, locate_server, without_password
from authctl.cli.options import SharedOptions
from authctl.errors import InvalidRequest, NotFound
from authctl.model import Permission

if TYPE_CHECKING:
    from pathlib import Path

SERVER = "https://mlflow.example.com"
DATABASE = "sqlite:///auth.db"


CONTEXTS = f"""\
current = "prod"
[context.prod]
server = "https://prod.example.com"
[context.test]
server = "https://test.example.com"
[context.local]
db = "{DATABASE}"
"""
PROD = (Mode.REMOTE, "https://prod.example.com", "the context 'prod'")
TEST = (Mode.REMOTE, "https://test.example.com", "the context 'test'")
BY_OPTION = (Mode.REMOTE, SERVER, "--server")
BY_URI = (Mode.REMOTE, SERVER, "MLFLOW_TRACKING_URI")
SLASH = "https://test.example.com/"
ALONE = (SERVER, None, False)
LOCAL = (Mode.DIRECT, DATABASE, "the context 'local'")


def place(
    options: SharedOptions, env: dict[str, str], contexts: ContextsFile | None = None
) -> tuple[Mode, str, str]:
    found = locate(options, env, contexts)
    return found.mode, found.url, found.origin


@pytest.fixture
def contexts(tmp_path: Path) -> ContextsFile:
    file = tmp_path / "config.toml"
    file.write_text(CONTEXTS)
    return ContextsFile(file)


@pytest.mark.parametrize(
    ("options", "env", "expected"),
    [
        (SharedOptions(server=SERVER), {}, (Mode.REMOTE, SERVER, "--server")),
        (SharedOptions(db=DATABASE), {}, (Mode.DIRECT, DATABASE, "--db")),
        (
            SharedOptions(db=DATABASE),
            {"AUTHCTL_SERVER": SERVER, "MLFLOW_TRACKING_URI": SERVER},
            (Mode.DIRECT, DATABASE, "--db"),
        ),
        (
            SharedOptions(server=SERVER),
            {"AUTHCTL_DB": DATABASE},
            (Mode.REMOTE, SERVER, "--server"),
        ),
        (SharedOptions(), {"AUTHCTL_SERVER": SERVER}, (Mode.REMOTE, SERVER, "AUTHCTL_SERVER")),
        (
            SharedOptions(),
            {"AUTHCTL_DB": DATABASE, "MLFLOW_TRACKING_URI": SERVER},
            (Mode.DIRECT, DATABASE, "AUTHCTL_DB"),
        ),
        (
            SharedOptions(),
            {"MLFLOW_TRACKING_URI": SERVER},
            (Mode.REMOTE, SERVER, "MLFLOW_TRACKING_URI"),
        ),
    ],
)
def test_an_option_beats_the_environment_and_authctls_variables_beat_mlflows(
    options: SharedOptions, env: dict[str, str], expected: tuple[Mode, str, str]
) -> None:
    assert place(options, env) == expected


@pytest.mark.parametrize(
    ("options", "env", "expected"),
    [
        (SharedOptions(), {}, PROD),
        (SharedOptions(), {"MLFLOW_TRACKING_URI": "./mlruns"}, PROD),
        (SharedOptions(), {"AUTHCTL_CONTEXT": ""}, PROD),
        # The current context gives way to every variable, and every option.
        (SharedOptions(), {"MLFLOW_TRACKING_URI": SERVER}, BY_URI),
        (SharedOptions(), {"AUTHCTL_SERVER": SERVER}, (Mode.REMOTE, SERVER, "AUTHCTL_SERVER")),
        (SharedOptions(), {"AUTHCTL_DB": DATABASE}, (Mode.DIRECT, DATABASE, "AUTHCTL_DB")),
        (SharedOptions(server=SERVER), {}, BY_OPTION),
        (SharedOptions(db=DATABASE), {}, (Mode.DIRECT, DATABASE, "--db")),
        # One that the environment names beats MLflow's variables, and gives way to options.
        (SharedOptions(), {"AUTHCTL_CONTEXT": "local"}, LOCAL),
        (SharedOptions(), {"AUTHCTL_CONTEXT": "test", "MLFLOW_TRACKING_URI": SERVER}, TEST),
        (SharedOptions(), {"AUTHCTL_CONTEXT": "test", "MLFLOW_AUTH_CONFIG_PATH": "no.ini"}, TEST),
        (SharedOptions(server=SERVER), {"AUTHCTL_CONTEXT": "test"}, BY_OPTION),
        (SharedOptions(context_name="local"), {"AUTHCTL_CONTEXT": "test"}, LOCAL),
        # One that an option names beats all of the environment.
        (SharedOptions(context_name="test"), {}, TEST),
        (SharedOptions(context_name="test"), {"MLFLOW_TRACKING_URI": SERVER}, TEST),
        (SharedOptions(context_name="test"), {"AUTHCTL_SERVER": SERVER}, TEST),
        (SharedOptions(context_name="test"), {"AUTHCTL_DB": DATABASE}, TEST),
        (SharedOptions(context_name="test"), {"AUTHCTL_DB": "x", "AUTHCTL_SERVER": "y"}, TEST),
    ],
)  # fmt: skip
def test_a_context_stands_where_it_was_named(
    options: SharedOptions,
    env: dict[str, str],
    expected: tuple[Mode, str, str],
    contexts: ContextsFile,
) -> None:
    assert place(options, env, contexts) == expected


@pytest.mark.parametrize(
    ("options", "env", "message"),
    [
        (
            SharedOptions(context_name="prod", server=SERVER),
            {},
            "--context and --server cannot both be given: each names a place.",
        ),
        (
            SharedOptions(context_name="prod", db=DATABASE),
            {},
            "--context and --db cannot both be given: each names a place.",
        ),
        (
            SharedOptions(context_name="prod", auth_config="a.ini"),
            {},
            "--context and --auth-config cannot both be given: each names a place.",
        ),
        (
            SharedOptions(),
            {"AUTHCTL_CONTEXT": "prod", "AUTHCTL_SERVER": SERVER},
            "AUTHCTL_CONTEXT and AUTHCTL_SERVER are both set: each names a place.",
        ),
        (
            SharedOptions(),
            {"AUTHCTL_CONTEXT": "prod", "AUTHCTL_DB": DATABASE},
            "AUTHCTL_CONTEXT and AUTHCTL_DB are both set: each names a place.",
        ),
    ],
)
def test_a_context_beside_another_place_is_refused(
    options: SharedOptions, env: dict[str, str], message: str, contexts: ContextsFile
) -> None:
    with pytest.raises(InvalidRequest) as error:
        locate(options, env, contexts)
    assert error.value.message == message


def test_a_misspelt_context_is_not_found_and_a_near_name_is_told(contexts: ContextsFile) -> None:
    for options, env in (
        (SharedOptions(context_name="prdo"), {}),
        (SharedOptions(), {"AUTHCTL_CONTEXT": "prdo"}),
    ):
        with pytest.raises(NotFound) as error:
            locate(options, env, contexts)
        assert error.value.message == "There is no context 'prdo'."
        assert error.value.hint == "Did you mean 'prod'?"


def test_a_current_context_that_is_not_there_is_refused(contexts: ContextsFile) -> None:
    contexts.path.write_text(CONTEXTS.replace('current = "prod"', 'current = "gone"'))
    with pytest.raises(InvalidRequest) as error:
        locate(SharedOptions(), {}, contexts)
    assert error.value.message == f"The current context in {contexts.path}, 'gone', is not there."


def test_the_file_of_contexts_is_not_read_where_nothing_asks_for_it(contexts: ContextsFile) -> None:
    contexts.path.write_text("broken")
    assert place(SharedOptions(server=SERVER), {}, contexts)[1] == SERVER
    assert place(SharedOptions(), {"MLFLOW_TRACKING_URI": SERVER}, contexts)[1] == SERVER
    with pytest.raises(InvalidRequest, match="not valid TOML"):
        locate(SharedOptions(), {}, contexts)


def test_a_contexts_database_has_the_default_of_its_own_configuration(
    ini: Path, contexts: ContextsFile
) -> None:
    contexts.path.write_text(
        f'[context.a]\nauth_config = "{ini}"\n'
        f'[context.b]\ndb = "{DATABASE}"\nauth_config = "{ini}"\n'
        f'[context.c]\ndb = "{DATABASE}"\n'
    )
    env = {"MLFLOW_AUTH_CONFIG_PATH": str(ini), "AUTHCTL_DB": "sqlite:///other.db"}
    found = [locate(SharedOptions(context_name=name), env, contexts) for name in "abc"]
    assert [(each.url, each.origin) for each in found] == [
        ("sqlite:///from-file.db", "the context 'a'"),
        (DATABASE, "the context 'b'"),
        (DATABASE, "the context 'c'"),
    ]
    assert [each.config.default_permission for each in found if each.config] == [
        Permission.NO_PERMISSIONS,
        Permission.NO_PERMISSIONS,
        Permission.READ,
    ]


@pytest.mark.parametrize(
    ("options", "env", "expected"),
    [
        (SharedOptions(), {}, (PROD[1], "prod", False)),
        (SharedOptions(), {"MLFLOW_TRACKING_URI": SERVER}, ALONE),
        (SharedOptions(), {"AUTHCTL_SERVER": SERVER, "AUTHCTL_DB": DATABASE}, ALONE),
        (SharedOptions(server=SERVER), {"AUTHCTL_SERVER": "https://x"}, ALONE),
        (SharedOptions(context_name="test"), {"AUTHCTL_SERVER": SERVER}, (TEST[1], "test", True)),
        (SharedOptions(), {"AUTHCTL_CONTEXT": "test"}, (TEST[1], "test", True)),
        (SharedOptions(context_name="new"), {"MLFLOW_TRACKING_URI": SERVER}, ALONE),
        (SharedOptions(context_name="new", server=SERVER), {}, ALONE),
        # Of a context that is to be another server's, nothing is used for that.
        (SharedOptions(context_name="test", server=SERVER), {}, ALONE),
        (SharedOptions(context_name="test", server=SLASH), {}, (SLASH, "test", True)),
        # A new context is not a copy of the current one.
        (SharedOptions(context_name="new"), {}, None),
    ],
)  # fmt: skip
def test_the_server_to_log_in_to_may_be_named_besides_a_context(
    options: SharedOptions,
    env: dict[str, str],
    expected: tuple[str, str | None, bool] | None,
    contexts: ContextsFile,
) -> None:
    found = locate_server(options, env, contexts)
    told = found and (found.url, found.context.name if found.context else None, found.chosen)
    assert told == expected


@pytest.mark.parametrize(
    "options",
    [
        SharedOptions(db=DATABASE),
        SharedOptions(auth_config="a.ini"),
        SharedOptions(context_name="local"),
    ],
)
def test_nobody_logs_in_to_a_database(options: SharedOptions, contexts: ContextsFile) -> None:
    with pytest.raises(InvalidRequest, match="asks nobody to log in"):
        locate_server(options, {}, contexts)


@pytest.fixture
def ini(tmp_path: Path) -> Path:
    file = tmp_path / "basic_auth.ini"
    file.write_text(
        "[mlflow]\ndefault_permission = NO_PERMISSIONS\ndatabase_uri = sqlite:///from-file.db\n",
        encoding="utf-8",
    )
    return file


@pytest.mark.parametrize("by_option", [True, False])
def test_the_auth_configuration_names_the_database_and_the_default(
    ini: Path, by_option: bool
) -> None:
    if by_option:
        found = locate(SharedOptions(auth_config=str(ini)), {"AUTHCTL_DB": DATABASE})
    else:
        found = locate(SharedOptions(), {"MLFLOW_AUTH_CONFIG_PATH": str(ini)})
    assert (found.url, found.origin) == ("sqlite:///from-file.db", f"database_uri in {ini}")
    assert found.config is not None
    assert found.config.default_permission is Permission.NO_PERMISSIONS


def test_a_database_takes_its_default_from_the_configuration(ini: Path) -> None:
    found = locate(SharedOptions(db=DATABASE, auth_config=str(ini)), {})
    assert found.url == DATABASE
    assert found.config is not None
    assert found.config.default_permission is Permission.NO_PERMISSIONS


@pytest.mark.parametrize(
    ("options", "env", "message"),
    [
        (
            SharedOptions(server=SERVER, db=DATABASE),
            {},
            "--server and --db cannot both be given: one is a server, the other a database.",
        ),
        (
            SharedOptions(server=SERVER, auth_config="a.ini"),
            {},
            (
                "--server and --auth-config cannot both be given:"
                " one is a server, the other a database."
            ),
        ),
        (
            SharedOptions(),
            {"AUTHCTL_SERVER": SERVER, "AUTHCTL_DB": DATABASE},
            "AUTHCTL_SERVER and AUTHCTL_DB are both set: one is a server, the other a database.",
        ),
        (
            SharedOptions(server="postgresql://u:secret@host/db"),
            {},
            "--server must be an http or https address, not 'postgresql://u:***@host/db'.",
        ),
        (
            SharedOptions(db=SERVER),
            {},
            "--db must be a database URL like sqlite:///basic_auth.db, not an http address.",
        ),
        (SharedOptions(), {}, "No server and no auth database is known."),
        (
            SharedOptions(),
            {"MLFLOW_TRACKING_URI": "./mlruns"},
            "No server and no auth database is known.",
        ),
    ],
)
def test_a_place_that_is_unclear_is_refused(
    options: SharedOptions, env: dict[str, str], message: str
) -> None:
    with pytest.raises(InvalidRequest) as error:
        locate(options, env)
    assert error.value.message == message


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://u:p%40ss@host/db", "postgresql://u:***@host/db"),
        ("mysql+pymysql://u:p@ss/word@host/db", "mysql+pymysql://u:***@host/db"),
        ("postgresql://host/db?user=u&password=p&x=1", "postgresql://host/db?user=u&password=***&x=1"),
        ("https://u@host", "https://u@host"),
        ("sqlite:///basic_auth.db", "sqlite:///basic_auth.db"),
    ],
)  # fmt: skip
def test_a_password_inside_a_url_is_never_shown(url: str, shown: str) -> None:
    assert without_password(url) == shown


def test_a_location_keeps_its_password_out_of_its_repr() -> None:
    assert "secret" not in repr(Location(Mode.DIRECT, "postgresql://u:secret@host/db", "--db"))
