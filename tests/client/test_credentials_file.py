from __future__ import annotations

import configparser
import json
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from authctl.client.address import Address
from authctl.client.credentials import find_credentials
from authctl.client.credentials_file import KEYS, CredentialsFile
from authctl.errors import InvalidRequest
from tests.live import clean_environment

if TYPE_CHECKING:
    from pathlib import Path

PASSWORDS = [
    "correct horse battery",
    "100%",
    "%(mlflow_tracking_username)s",
    "%%s %",
    "\"quoted\" 'twice'",
    "# no comment",
    "; nor this",
    "a = b : c",
    "[mlflow]",
    r"C:\new\table",
    "${HOME} $(id) `id`",
    "пароль-密码-🔑",
    "tab\tinside",
    "next\x85line\u2028inside",
]
OTHERS = """\
# kept by hand
[aws]
key = 50%

; and this
[mlflow]
# who
Other = x
   goes on

"""


def at(home: Path, text: str | None = None) -> CredentialsFile:
    file = CredentialsFile(home)
    if text is not None:
        file.path.parent.mkdir(exist_ok=True)
        file.path.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize("password", PASSWORDS)
def test_what_is_written_is_read_back(password: str, tmp_path: Path) -> None:
    file = at(tmp_path)
    assert file.write("alice", password) is True
    assert file.write("alice", password) is False
    assert file.read() == dict(zip(KEYS, ("alice", password), strict=True))
    found = find_credentials(Address.parse("https://example.com"), {}, tmp_path)
    assert found.username is not None
    assert found.password is not None
    assert (found.username.value, found.password.value) == ("alice", password)
    parser = configparser.ConfigParser()
    parser.read(file.path, encoding="utf-8")
    assert dict(parser["mlflow"]) == file.read()


_MLFLOWS = """
import json, os, sys
from mlflow.utils.credentials import read_mlflow_creds
found = []
for os.environ["HOME"] in sys.argv[1:]:
    found.append(read_mlflow_creds())
print(json.dumps(found))
"""


@pytest.mark.mlflow
def test_mlflows_own_client_reads_what_is_written(tmp_path: Path) -> None:
    homes = []
    for number, password in enumerate(PASSWORDS):
        home = tmp_path / str(number)
        home.mkdir()
        at(home, OTHERS if number % 2 else None).write(f"al {password[:1]}ce", password)
        homes.append(str(home))
    done = subprocess.run(
        [sys.executable, "-c", _MLFLOWS, *homes],
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == [[f"al {word[:1]}ce", word] for word in PASSWORDS]


def test_the_file_is_for_its_owner_alone_whatever_it_was_before(tmp_path: Path) -> None:
    file = at(tmp_path, OTHERS)
    file.path.chmod(0o644)
    file.write("alice", "secret")
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


def test_comments_sections_and_keys_of_others_stay_where_they_are(tmp_path: Path) -> None:
    file = at(tmp_path, OTHERS)
    file.write("alice", "50%")
    assert file.path.read_text() == OTHERS.replace(
        "goes on\n",
        "goes on\nmlflow_tracking_username = alice\nmlflow_tracking_password = 50%%\n",
    )
    assert file.remove() is True
    assert file.path.read_text() == OTHERS


def test_a_login_is_replaced_in_its_place_however_it_is_written(tmp_path: Path) -> None:
    file = at(
        tmp_path,
        "[mlflow]\n# who\n  MLFLOW_Tracking_Username: bob\n\n    # and\n      more of it\n"
        "  last = 1\nmlflow_tracking_password=old\n[z]\na = 1",
    )
    file.write("alice", "new")
    assert file.path.read_text() == (
        "[mlflow]\n# who\n  mlflow_tracking_username = alice\n\n    # and\n"
        "  last = 1\nmlflow_tracking_password = new\n[z]\na = 1"
    )


def test_a_file_that_cannot_be_changed_without_harm_is_left_as_it_is(tmp_path: Path) -> None:
    text = (
        "[mlflow]\n\n  [other]\nx = 1\n"  # indented below a login, the header would be a part of it
    )
    file = at(tmp_path, text)
    with pytest.raises(InvalidRequest, match="cannot change without harm"):
        file.write("alice", "new")
    assert file.path.read_text() == text


def test_what_looks_like_a_login_in_another_value_is_left_alone(tmp_path: Path) -> None:
    text = "[a]\nmlflow_tracking_password = a\nx = 1\n  [mlflow]\n  mlflow_tracking_password = b\n"
    file = at(tmp_path, text)
    assert file.remove() is False
    file.write("alice", "new")
    assert file.path.read_text() == (
        text + "[mlflow]\nmlflow_tracking_username = alice\nmlflow_tracking_password = new\n"
    )
    assert file.remove() is True
    assert file.path.read_text() == text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, None),
        ("", None),
        ("\n\n", None),
        ("[mlflow]\n", None),
        ("# mine\n", "# mine\n"),
        ("[mlflow]\n# mine\n", "[mlflow]\n# mine\n"),
        ("[mlflow]\nother = 1\n", "[mlflow]\nother = 1\n"),
        ("[a]\nb = 1", "[a]\nb = 1\n"),
    ],
)
def test_logging_out_leaves_what_was_there_before_and_no_empty_file(
    before: str | None, after: str | None, tmp_path: Path
) -> None:
    file = at(tmp_path, before)
    file.write("alice", "secret")
    assert file.remove(dry_run=True) is True
    assert file.read() != {}
    assert file.remove() is True
    assert (file.path.read_text() if file.path.exists() else None) == after
    assert file.remove() is False


def test_half_a_login_is_removed_too(tmp_path: Path) -> None:
    file = at(tmp_path, "[mlflow]\nmlflow_tracking_password = secret\n")
    assert file.remove() is True
    assert not file.path.exists()


def test_removing_makes_no_folder(tmp_path: Path) -> None:
    assert at(tmp_path).remove() is False
    assert list(tmp_path.iterdir()) == []


def test_what_a_section_of_defaults_lends_is_not_removed(tmp_path: Path) -> None:
    text = "[DEFAULT]\nmlflow_tracking_password = lent\n[mlflow]\n"
    file = at(tmp_path, text)
    assert file.read() == {"mlflow_tracking_password": "lent"}
    assert file.remove() is False
    assert file.path.read_text() == text


def test_a_percent_sign_written_once_is_mended(tmp_path: Path) -> None:
    file = at(tmp_path, "[mlflow]\nmlflow_tracking_password = 100%\n")
    with pytest.raises(InvalidRequest):
        file.read()
    file.write("alice", "100%")
    assert file.read() == dict(zip(KEYS, ("alice", "100%"), strict=True))


@pytest.mark.parametrize(
    "text",
    [
        "mlflow_tracking_password = opensesame\n",
        "[mlflow]\nopensesame\n",
        "[mlflow]\nmlflow_tracking_password = a\nmlflow_tracking_password = opensesame\n",
        "[mlflow]\n[mlflow]\nx = opensesame\n",
        "\ufeff[mlflow]\nx = opensesame\n",
    ],
)
def test_a_broken_file_is_refused_left_as_it_is_and_not_quoted(text: str, tmp_path: Path) -> None:
    file = at(tmp_path, text)
    for attempt in (file.read, lambda: file.write("a", "b"), file.remove):
        with pytest.raises(InvalidRequest) as raised:
            attempt()
        assert raised.value.message == f"The credentials file {file.path} cannot be read."
        assert "sesame" not in f"{raised.value.hint}"
        assert raised.value.__suppress_context__
    assert file.path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    ("username", "password", "message"),
    [
        ("alice", " opensesame", "The password begins or ends with white space"),
        ("alice", "opensesame\u3000", "The password begins or ends with white space"),
        ("alice", "open\nsesame", "The password has a line end in it"),
        ("alice", "open\rsesame", "The password has a line end in it"),
        ("alice", "opensesame\udcff", "The password is not valid Unicode"),
        ("alice", "", "The password is empty"),
        ("alice ", "opensesame", "The username begins or ends with white space"),
    ],
)
def test_what_could_not_be_read_back_is_refused_without_being_quoted(
    username: str, password: str, message: str, tmp_path: Path
) -> None:
    file = at(tmp_path)
    with pytest.raises(InvalidRequest) as raised:
        file.write(username, password)
    assert raised.value.message == f"{message}, which {file.path} cannot hold."
    assert list(tmp_path.iterdir()) == []
