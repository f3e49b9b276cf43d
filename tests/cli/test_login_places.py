"""docs/login.md says where each kind of login is kept, and what takes it out: so it is."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

from authctl.cli.context.file import SETTINGS
from authctl.client.databricks import VARIABLES
from authctl.client.databricks_file import KEYS
from tests.cli.commands import Shell
from tests.cli.workspaces import TOKEN, workspace
from tests.servers import recording_server

PAGE = (Path(__file__).parents[2] / "docs" / "login.md").read_text(encoding="utf-8")
ROWS = {
    how: (what, kept, taken)
    for what, how, kept, taken in re.findall(
        r"^\| ([^|]+) \| `(authctl [^`]+)` \| ([^|]+) \| `(authctl [^`]+)` \|$", PAGE, re.MULTILINE
    )
}
FILES = {
    "~/.mlflow/credentials": ".mlflow/credentials",
    "config.toml": ".config/authctl/config.toml",
    "~/.databrickscfg": ".databrickscfg",
    "the keyring": "data/python_keyring/keyring_pass.cfg",
}
PASSWORD = "open-sesame"
ALICE = {"user": {"id": 2, "username": "alice", "is_admin": False}, "is_basic_auth": True}


def holding(shell: Shell, secret: str) -> set[str]:
    """The files of the home that have the secret in them, as it is or as the keyring writes it."""
    written = (secret.encode(), base64.b64encode(secret.encode()))
    return {
        str(path.relative_to(shell.folder))
        for path in shell.folder.rglob("*")
        if path.is_file()
        and path.name != "ci-token.txt"
        and any(each in path.read_bytes() for each in written)
    }


def test_the_page_tells_of_every_way() -> None:
    assert len(ROWS) == 5
    assert {found for key in FILES for _, kept, _ in ROWS.values() if (found := key) in kept} == {
        *FILES
    }


@pytest.mark.parametrize("how", ROWS)
def test_a_login_is_kept_where_the_page_says_and_taken_out_as_it_says(
    how: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    _, kept, taken = ROWS[how]
    place = next(file for name, file in FILES.items() if name in kept.partition(";")[0])
    with workspace(tmp_path_factory.mktemp("w")) as there, recording_server() as server:
        server.will_answer(200, ALICE)
        settings = {
            "PYTHON_KEYRING_BACKEND": "keyrings.alt.file.PlaintextKeyring",
            "XDG_DATA_HOME": str(tmp_path / "data"),
            "REQUESTS_CA_BUNDLE": str(there.authority),
        }
        shell = Shell(tmp_path, settings)
        (tmp_path / "ci-token.txt").write_text(TOKEN)
        databricks, by_token = "databricks" in how, "--token-file" in how
        server_of = ("--server", there.url if databricks else server.url)
        given = ("--token-stdin",) if databricks else ("--username", "alice", "--password-stdin")
        secret = TOKEN if databricks or by_token else PASSWORD
        more = () if by_token else given
        assert shell.run(*how.split()[1:], *server_of, *more, stdin=secret).code == 0
        assert holding(shell, secret) == {place}
        assert shell.run(*taken.split()[1:]).code == 0
        assert holding(shell, secret) == set()


def test_the_keys_and_variables_of_the_page_are_those_of_the_code() -> None:
    kept = [each for _, each, _ in ROWS.values() if "config.toml" in each]
    keys = {key for each in kept for key in re.findall(r"`([a-z]+)`", each)}
    assert keys == {"password", "token", "keyring"}
    assert keys <= set(SETTINGS)
    (sentence,) = re.findall(
        r"^Four keys are written and taken out again: (.*?)\.", PAGE, re.MULTILINE
    )
    assert re.findall(r"`(\w+)`", sentence) == list(KEYS)
    told = set(re.findall(r"`(DATABRICKS_(?!CONFIG)\w+)`", PAGE))
    assert told == set(VARIABLES.values())
