"""authctl doctor on files and settings: modes, syntax, and which of several settings wins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.checkups import Checkup, checkup
from tests.cli.commands import PASSWORD, Shell

if TYPE_CHECKING:
    from pathlib import Path

# Certificates that this machine names for all programs are a file to look at too.
NO_BUNDLE = {"REQUESTS_CA_BUNDLE": "", "CURL_CA_BUNDLE": ""}

SERVER = "http://127.0.0.1:1"
USERNAME, PASSWORD_IN = "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"
PAIR = {USERNAME: "alice", PASSWORD_IN: PASSWORD}
CREDENTIALS = "[mlflow]\nmlflow_tracking_username = bob\nmlflow_tracking_password = bobs secret\n"
NETRC = "machine 127.0.0.1 login carol password carols-secret\n"
INI = "[mlflow]\ndatabase_uri = sqlite:///{}/auth.db\n"


def write(folder: Path, name: str, text: str, mode: int = 0o600) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(mode)
    return file


def settled(folder: Path, *options: str, **env: str) -> Checkup:
    """What is found about the settings, with a server that is not asked."""
    shell = Shell(folder, {**NO_BUNDLE, **env})
    return checkup(shell, "--offline", "--server", SERVER, *options)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".mlflow/credentials", CREDENTIALS),
        (".netrc", NETRC),
        (".config/authctl/config.toml", '[context.prod]\nserver = "http://127.0.0.1:1"\n'),
    ],
)
def test_a_file_of_secrets_is_for_its_owner_only(name: str, text: str, tmp_path: Path) -> None:
    file = write(tmp_path, name, text)
    passed = settled(tmp_path)
    assert passed.of("file") == [
        ("ok", str(file), "Readable, and safe from others on this machine.", None)
    ]
    assert not passed.has("file-mode")
    for mode, may in (
        (0o640, "read"),
        (0o604, "read"),
        (0o622, "write"),
        (0o666, "read and write"),
    ):
        file.chmod(mode)
        assert settled(tmp_path).one("file-mode") == (
            "warning",
            str(file),
            f"Others on this machine can {may} it: its mode is {mode:o}.",
            f"chmod 600 {file}",
        )


def test_a_folder_in_which_others_can_replace_files_is_told(tmp_path: Path) -> None:
    write(tmp_path, ".mlflow/credentials", CREDENTIALS)
    folder = tmp_path / ".mlflow"
    folder.chmod(0o777)
    assert settled(tmp_path).one("file-mode")[1::2] == (str(folder), f"chmod go-w {folder}")
    folder.chmod(0o1777)  # where everybody may write, but replace only what is their own
    assert not settled(tmp_path).has("file-mode")


@pytest.mark.parametrize("name", [".mlflow/credentials", ".netrc", ".config/authctl/config.toml"])
def test_a_file_that_cannot_be_read_is_told(name: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir(parents=True)
    found = settled(tmp_path).of("file")
    assert (
        "error",
        str(tmp_path / name),
        "It cannot be read: Is a directory.",
        f"ls -l {tmp_path / name}",
    ) in found


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        (".mlflow/credentials", "[mlflow]\nhunter2\n", "line 2"),
        (".mlflow/credentials", "hunter2 = 1\n", "line 1"),
        (".mlflow/credentials", "[mlflow]\nmlflow_tracking_password = a%hunter2\n", "percent"),
        (".mlflow/credentials", "[other]\nhunter2 = 1\n", "no section [mlflow]"),
        (".netrc", "machine a login b password hunter2\nhunter2 x\n", "line"),
        (".config/authctl/config.toml", "a = 1\nb = hunter2\n", "line 2"),
    ],
)
def test_a_file_that_cannot_be_parsed_is_told_by_its_line_and_not_quoted(
    name: str, text: str, line: str, tmp_path: Path
) -> None:
    file = write(tmp_path, name, text)
    found = checkup(Shell(tmp_path), "--offline")
    _, subject, message, _ = found.one("file-syntax")
    assert subject == str(file)
    assert line in message
    assert "hunter2" not in str(found.findings)


def test_a_netrc_file_that_is_named_but_not_there_is_told(tmp_path: Path) -> None:
    found = settled(tmp_path, NETRC=str(tmp_path / "none"))
    assert found.one("file")[2] == "NETRC names it, but it is not there: none is read."


def test_an_auth_configuration_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    found = checkup(Shell(tmp_path, {"MLFLOW_AUTH_CONFIG_PATH": "nowhere.ini"}))
    assert found.one("place")[0] == "error"
    assert found.one("file")[:3] == (
        "error",
        "nowhere.ini",
        "MLFLOW_AUTH_CONFIG_PATH names it, but it is not there.",
    )


@pytest.mark.parametrize(
    ("more", "mode", "told"),
    [
        ("", 0o644, False),
        ("", 0o646, True),
        ("admin_password = a long enough password\n", 0o640, False),
        ("admin_password = a long enough password\n", 0o644, True),
    ],
)
def test_an_auth_configuration_may_be_read_by_others_if_it_holds_no_password(
    more: str, mode: int, told: bool, tmp_path: Path
) -> None:
    file = write(tmp_path, "auth.ini", INI.format(tmp_path) + more, mode)
    found = settled(tmp_path, MLFLOW_AUTH_CONFIG_PATH=str(file))
    assert found.has("file-mode") is told


def test_a_default_password_in_the_auth_configuration_is_told(tmp_path: Path) -> None:
    file = write(tmp_path, "auth.ini", INI.format(tmp_path) + "admin_password = password1234\n")
    named = {"MLFLOW_AUTH_CONFIG_PATH": str(file)}
    assert settled(tmp_path, **named).one("default-password")[:2] == ("warning", str(file))
    other = settled(tmp_path, **named, MLFLOW_AUTH_ADMIN_PASSWORD="a long enough password")
    assert not other.has("default-password")


def test_the_modes_of_a_database_and_its_folder_are_looked_at(shell: Shell) -> None:
    file = shell.folder / "auth.db"
    assert not checkup(shell).has("file-mode")
    file.chmod(0o664)
    assert checkup(shell).one("file-mode")[1::2] == (str(file), f"chmod o-rwx {file}")
    file.chmod(0o660)
    shell.folder.chmod(0o777)
    assert checkup(shell).one("file-mode")[1] == str(shell.folder)
    shell.folder.chmod(0o700)


def test_the_secret_key_beside_a_database_is_looked_at(shell: Shell) -> None:
    file = write(shell.folder, "auth.db.secret_key", "a" * 64 + "\n")
    assert checkup(shell).one("secret-key")[:2] == ("ok", str(file))
    file.chmod(0o644)
    assert checkup(shell).one("secret-key") == (
        "error",
        str(file),
        f"The secret key {file} can be read by other users.",
        f"chmod 600 {file}",
    )
    write(shell.folder, "auth.db.secret_key", "short\n")
    assert checkup(shell).one("secret-key")[2] == f"The secret key {file} is too short."


def test_a_secret_key_that_can_be_guessed_is_told(shell: Shell) -> None:
    def given(key: str) -> str:
        settings = {**shell.settings, "MLFLOW_FLASK_SERVER_SECRET_KEY": key}
        return checkup(Shell(shell.folder, settings)).one("secret-key")[0]

    assert given("my-secret-key") == "warning"
    assert given("f" * 64) == "ok"


def test_which_place_wins_and_which_lose_is_told(shell: Shell) -> None:
    ini = write(shell.folder, "auth.ini", INI.format(shell.folder))
    settings = {
        **shell.settings,
        "MLFLOW_TRACKING_URI": SERVER,
        "MLFLOW_AUTH_CONFIG_PATH": str(ini),
    }
    url = f"sqlite:///{shell.folder}/auth.db"
    found = checkup(Shell(shell.folder, settings), "--offline")
    assert found.of("place") == [
        ("ok", url, "Named by AUTHCTL_DB.", None),
        (
            "info",
            "MLFLOW_TRACKING_URI",
            "Asked for the names of experiments only: AUTHCTL_DB comes first.",
            None,
        ),
        (
            "info",
            "MLFLOW_AUTH_CONFIG_PATH",
            "Its database_uri is not used: AUTHCTL_DB comes first. The rest of it is.",
            None,
        ),
    ]
    found = checkup(Shell(shell.folder, settings), "--offline", "--server", SERVER)
    assert [each[:3] for each in found.of("place")] == [
        ("ok", SERVER, "Named by --server."),
        *(
            ("info", name, "It is not used: --server comes first.")
            for name in ("AUTHCTL_DB", "MLFLOW_TRACKING_URI", "MLFLOW_AUTH_CONFIG_PATH")
        ),
    ]


def test_a_current_context_that_a_variable_overrides_is_told(tmp_path: Path) -> None:
    text = 'current = "prod"\n[context.prod]\nserver = "http://127.0.0.1:2"\n'
    write(tmp_path, ".config/authctl/config.toml", text)
    used = checkup(Shell(tmp_path), "--offline").of("place")
    assert used == [("ok", "http://127.0.0.1:2", "Named by the context 'prod'.", None)]
    overridden = checkup(Shell(tmp_path, {"MLFLOW_TRACKING_URI": SERVER}), "--offline")
    assert overridden.of("place")[1][:3] == (
        "info",
        "the current context",
        "It is not used: MLFLOW_TRACKING_URI comes first.",
    )


def test_a_relative_database_is_told(shell: Shell) -> None:
    found = checkup(Shell(shell.folder, {"AUTHCTL_DB": "sqlite:///auth.db"}))
    assert found.of("place")[1][0] == "info"
    assert str(shell.folder) in found.of("place")[1][2]


def test_a_tracking_uri_that_is_no_server_is_told(shell: Shell) -> None:
    settings = {**shell.settings, "MLFLOW_TRACKING_URI": "sqlite:///mlflow.db"}
    found = checkup(Shell(shell.folder, settings))
    assert found.of("place")[1][2] == "It is not used, since it is no http or https address."


def test_an_entry_in_netrc_that_beats_the_environment_is_a_warning(tmp_path: Path) -> None:
    file = write(tmp_path, ".netrc", NETRC)
    found = settled(tmp_path, **PAIR)
    assert found.one("credential")[:2] == ("ok", "carol")
    assert found.one("credential-unused") == (
        "warning",
        f"{USERNAME} and {PASSWORD_IN}",
        f"Not used: {file} has an entry for 127.0.0.1, which MLflow's client prefers too.",
        "Remove that entry, or the other credential.",
    )
    write(tmp_path, ".netrc", NETRC.replace("127.0.0.1", "elsewhere.test"))
    assert not settled(tmp_path, **PAIR).has("credential-unused")


def test_the_same_login_in_two_places_is_no_trouble(tmp_path: Path) -> None:
    write(tmp_path, ".netrc", NETRC.replace("carols-secret", "x"))
    found = settled(tmp_path, **{USERNAME: "carol", PASSWORD_IN: "x"})
    assert not found.has("credential-unused")


def test_a_login_in_the_address_that_beats_the_environment_is_a_warning(tmp_path: Path) -> None:
    found = checkup(Shell(tmp_path, PAIR), "--offline", "--server", "http://dan:x@127.0.0.1:1")
    assert found.one("credential")[:2] == ("ok", "dan")
    assert found.one("credential-unused")[0] == "warning"


def test_the_environment_beats_the_credentials_file_as_is_expected(tmp_path: Path) -> None:
    file = write(tmp_path, ".mlflow/credentials", CREDENTIALS)
    found = settled(tmp_path, **PAIR)
    assert found.one("credential-unused")[:3] == (
        "info",
        str(file),
        f"Not used: {PASSWORD_IN} comes first.",
    )
    assert found.bad == []


def test_a_username_and_a_password_of_different_places_are_a_warning(tmp_path: Path) -> None:
    file = write(tmp_path, ".mlflow/credentials", CREDENTIALS)
    found = settled(tmp_path, **{USERNAME: "alice"})
    assert found.one("credential-mixed")[:3] == (
        "warning",
        "alice",
        f"The username is from {USERNAME}, the password from {file}: they may not belong together.",
    )


@pytest.mark.parametrize(
    ("name", "there", "missing"),
    [(USERNAME, "username", "password"), (PASSWORD_IN, "password", "username")],
)
def test_half_a_login_is_a_warning(name: str, there: str, missing: str, tmp_path: Path) -> None:
    found = settled(tmp_path, **{name: "x"})
    assert found.one("credential-half") == (
        "warning",
        name,
        f"There is a {there}, but no {missing} to go with it, so it is not sent.",
        f"Give the {missing} too, or remove the {there}.",
    )


def test_a_token_beside_a_login_is_a_warning(tmp_path: Path) -> None:
    found = settled(tmp_path, MLFLOW_TRACKING_TOKEN="t0ken")
    assert found.one("credential")[1:3] == ("token", "The token *** is from MLFLOW_TRACKING_TOKEN.")
    assert found.bad == []
    found = settled(tmp_path, MLFLOW_TRACKING_TOKEN="t0ken", **PAIR)
    assert found.one("credential-unused")[:2] == ("warning", "MLFLOW_TRACKING_TOKEN")


def test_what_beats_every_login_is_told_with_what_it_beats(tmp_path: Path) -> None:
    file = write(tmp_path, ".netrc", NETRC)
    found = settled(tmp_path, MLFLOW_TRACKING_AWS_SIGV4="true", **PAIR)
    name = "MLFLOW_TRACKING_AWS_SIGV4"
    assert found.one("credential") == ("ok", name, "Sent is the AWS signature.", None)
    assert [each[:3] for each in found.of("credential-unused")] == [
        ("info", str(file), f"Not used: {name} comes first."),
        ("info", f"{USERNAME} and {PASSWORD_IN}", f"Not used: {name} comes first."),
    ]
    assert found.bad == []


def test_a_header_is_told_to_be_one_and_not_shown(tmp_path: Path) -> None:
    found = settled(tmp_path, MLFLOW_TRACKING_AUTH="opensesame")
    name = "MLFLOW_TRACKING_AUTH"
    assert found.one("credential")[:3] == ("ok", name, "Sent is the Authorization header.")
    assert found.one("credential-header")[0] == "info"
    assert "opensesame" not in str(found)


def test_a_plugin_that_cannot_be_loaded_is_an_error(tmp_path: Path) -> None:
    found = settled(tmp_path, MLFLOW_TRACKING_AUTH="assistant-delegation")
    assert found.one("credential")[0] == "error"
