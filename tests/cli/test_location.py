from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from authctl.cli.location import Location, Mode, locate, without_password
from authctl.cli.options import SharedOptions
from authctl.errors import InvalidRequest
from authctl.model import Permission

if TYPE_CHECKING:
    from pathlib import Path

SERVER = "https://mlflow.example.com"
DATABASE = "sqlite:///auth.db"


def place(options: SharedOptions, env: dict[str, str]) -> tuple[Mode, str, str]:
    found = locate(options, env)
    return found.mode, found.url, found.origin


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
