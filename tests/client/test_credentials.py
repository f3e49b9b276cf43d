from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from authctl.client.address import Address
from authctl.client.credentials import IN_URI, Credentials, Secret, find_credentials
from authctl.errors import InvalidRequest

if TYPE_CHECKING:
    from pathlib import Path

HERE = "http://127.0.0.1:5000"
ENV = {"MLFLOW_TRACKING_USERNAME": "u", "MLFLOW_TRACKING_PASSWORD": "p"}
UNICODE = {"MLFLOW_TRACKING_USERNAME": "ü", "MLFLOW_TRACKING_PASSWORD": "ж"}
TOKEN = {"MLFLOW_TRACKING_TOKEN": "tok"}
FILE = "[mlflow]\nmlflow_tracking_username = fileuser\nmlflow_tracking_password = filepass\n"
NETRC = "machine 127.0.0.1 login netrcuser password netrcpass\n"


def basic(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def write(home: Path, *, file: str | None = None, netrc: str | None = None) -> None:
    if file is not None:
        (home / ".mlflow").mkdir()
        (home / ".mlflow" / "credentials").write_text(file, encoding="utf-8")
    if netrc is not None:
        (home / ".netrc").write_text(netrc)


def find(home: Path, env: dict[str, str] | None = None, uri: str = HERE) -> Credentials:
    return find_credentials(Address.parse(uri), env or {}, home)


# What MLflow 3.4.0 and 3.18.0 were seen to send (contract 5).
@pytest.mark.parametrize(
    ("env", "file", "netrc", "uri", "sent"),
    [
        ({}, None, None, HERE, None),
        (ENV, None, None, HERE, basic("u", "p")),
        ({"MLFLOW_TRACKING_USERNAME": "u"}, None, None, HERE, None),
        (TOKEN, None, None, HERE, "Bearer tok"),
        (ENV | TOKEN, None, None, HERE, basic("u", "p")),
        ({"MLFLOW_TRACKING_USERNAME": "u"} | TOKEN, None, None, HERE, "Bearer tok"),
        ({}, FILE, None, HERE, basic("fileuser", "filepass")),
        ({"MLFLOW_TRACKING_USERNAME": "u"}, FILE, None, HERE, basic("u", "filepass")),
        ({"MLFLOW_TRACKING_USERNAME": ""}, FILE, None, HERE, basic("fileuser", "filepass")),
        (TOKEN, FILE, None, HERE, basic("fileuser", "filepass")),
        ({}, None, NETRC, HERE, basic("netrcuser", "netrcpass")),
        (ENV | TOKEN, FILE, NETRC, HERE, basic("netrcuser", "netrcpass")),
        (ENV | TOKEN, FILE, None, "http://urlu:urlp@127.0.0.1", basic("urlu", "urlp")),
        ({}, None, NETRC, "http://urlu:urlp@127.0.0.1", basic("netrcuser", "netrcpass")),
        (ENV, None, NETRC, "http://other.example.com", basic("u", "p")),
        (UNICODE, None, None, HERE, basic("ü", "ж")),
    ],
)
def test_the_credential_sent_is_the_one_that_mlflows_client_sends(
    env: dict[str, str],
    file: str | None,
    netrc: str | None,
    uri: str,
    sent: str | None,
    tmp_path: Path,
) -> None:
    write(tmp_path, file=file, netrc=netrc)
    assert find(tmp_path, env, uri).authorization() == sent


def test_each_part_tells_where_it_came_from(tmp_path: Path) -> None:
    write(tmp_path, file=FILE)
    found = find(tmp_path, {"MLFLOW_TRACKING_USERNAME": "u", "MLFLOW_TRACKING_TOKEN": "t"})
    assert found == Credentials(
        Secret("u", "MLFLOW_TRACKING_USERNAME"),
        Secret("filepass", str(tmp_path / ".mlflow" / "credentials")),
        Secret("t", "MLFLOW_TRACKING_TOKEN"),
    )
    assert found.scheme == "basic"


def test_credentials_in_the_address_tell_so(tmp_path: Path) -> None:
    found = find(tmp_path, ENV, "https://urlu:urlp@example.com")
    assert found == Credentials(Secret("urlu", IN_URI), Secret("urlp", IN_URI))


def test_nothing_complete_is_no_scheme(tmp_path: Path) -> None:
    assert find(tmp_path, {"MLFLOW_TRACKING_USERNAME": "u"}).scheme is None
    assert find(tmp_path, TOKEN).scheme == "bearer"


def test_no_secret_is_ever_shown(tmp_path: Path) -> None:
    found = find(tmp_path, ENV | TOKEN | {"MLFLOW_TRACKING_PASSWORD": "opensesame"})
    for text in (repr(found), str(found), f"{found}"):
        assert "opensesame" not in text
        assert "tok" not in text.replace("token", "").replace("MLFLOW_TRACKING_TOKEN", "")


def test_a_netrc_file_named_by_the_environment_beats_the_one_at_home(tmp_path: Path) -> None:
    write(tmp_path, netrc=NETRC)
    (tmp_path / "other").write_text("default login d password e\n")
    found = find(tmp_path, {"NETRC": str(tmp_path / "other")})
    assert found.authorization() == basic("d", "e")


@pytest.mark.parametrize("netrc", ["machine 127.0.0.1 login", "machine 127.0.0.1 what is this"])
def test_a_netrc_file_that_cannot_be_read_is_passed_over_as_by_mlflows_client(
    netrc: str, tmp_path: Path
) -> None:
    write(tmp_path, netrc=netrc)
    assert find(tmp_path, ENV).authorization() == basic("u", "p")


def test_a_percent_sign_in_the_credentials_file_is_written_twice(tmp_path: Path) -> None:
    write(tmp_path, file=FILE.replace("filepass", "file%%pass"))
    assert find(tmp_path).authorization() == basic("fileuser", "file%pass")


@pytest.mark.parametrize(
    "file",
    [
        FILE.replace("filepass", "open%sesame"),
        FILE + "mlflow_tracking_password = opensesame\n",
        "mlflow_tracking_password = opensesame\n",
        "[mlflow]\nopensesame\n",
    ],
)
def test_a_broken_credentials_file_is_refused_without_quoting_it(file: str, tmp_path: Path) -> None:
    write(tmp_path, file=file)
    with pytest.raises(InvalidRequest) as raised:
        find(tmp_path)
    assert "credentials" in raised.value.message
    assert "sesame" not in f"{raised.value.message} {raised.value.hint}"
    assert raised.value.__suppress_context__


def test_a_credentials_file_without_mlflows_section_says_nothing(tmp_path: Path) -> None:
    write(tmp_path, file="[other]\nmlflow_tracking_username = x\n")
    assert find(tmp_path) == Credentials()


@pytest.mark.parametrize("token", ["a b", "opensesame\n", "ö", "a\x00b"])
def test_a_token_that_cannot_be_sent_is_refused_without_quoting_it(
    token: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidRequest, match="MLFLOW_TRACKING_TOKEN") as raised:
        find(tmp_path, {"MLFLOW_TRACKING_TOKEN": token}).authorization()
    assert token not in raised.value.message


def test_a_colon_is_refused_in_a_username_and_sent_in_a_password(tmp_path: Path) -> None:
    env = {"MLFLOW_TRACKING_USERNAME": "a:b", "MLFLOW_TRACKING_PASSWORD": "p"}
    with pytest.raises(InvalidRequest, match="MLFLOW_TRACKING_USERNAME"):
        find(tmp_path, env).authorization()
    env = {"MLFLOW_TRACKING_USERNAME": "a", "MLFLOW_TRACKING_PASSWORD": "p:q"}
    assert find(tmp_path, env).authorization() == basic("a", "p:q")


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    env = {"MLFLOW_TRACKING_USERNAME": "a", "MLFLOW_TRACKING_PASSWORD": "\udcff"}
    with pytest.raises(InvalidRequest, match="Unicode"):
        find(tmp_path, env).authorization()
