"""A login kept for one server, against all that MLflow's client looks at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from authctl.client.address import Address
from authctl.client.credentials import Credentials, SavedLogin, Secret, find_credentials
from authctl.client.credentials_file import KEYS

if TYPE_CHECKING:
    from pathlib import Path

SAVED = {"username": "saved", "password": "saved-password"}
PAIR = {"MLFLOW_TRACKING_USERNAME": "env", "MLFLOW_TRACKING_PASSWORD": "env-password"}
USERNAME = {"MLFLOW_TRACKING_USERNAME": "env"}
SAME_USERNAME = {"MLFLOW_TRACKING_USERNAME": "saved"}
PASSWORD = {"MLFLOW_TRACKING_PASSWORD": "env-password"}
TOKEN = {"MLFLOW_TRACKING_TOKEN": "token"}
FILE = ("file", "file-password")
SAME_FILE = ("saved", "file-password")
ALONE = {"username": "saved"}
OURS = ("saved", "saved-password")
ENVS = ("env", "env-password")
NETRCS = ("netrc", "netrc-password")
NETRC = "machine example.com login netrc password netrc-password\n"


def found(
    home: Path,
    *,
    env: dict[str, str],
    file: tuple[str, str] | None,
    netrc: str | None,
    saved: dict[str, str],
    chosen: bool,
) -> tuple[str | None, str | None]:
    if file:
        (home / ".mlflow").mkdir()
        (home / ".mlflow" / "credentials").write_text(
            f"[mlflow]\n{KEYS[0]} = {file[0]}\n{KEYS[1]} = {file[1]}\n"
        )
    if netrc:
        (home / ".netrc").write_text(netrc)
    username, password = saved.get("username"), saved.get("password")
    login = (
        SavedLogin(
            Secret(username, "saved"), Secret(password, "saved") if password else None, chosen
        )
        if username
        else None
    )
    known = find_credentials(Address.parse("https://example.com"), env, home, login)
    return (
        known.username.value if known.username else None,
        known.password.value if known.password else None,
    )


@pytest.mark.parametrize(
    ("env", "file", "netrc", "saved", "current", "chosen"),
    [
        ({}, None, None, SAVED, OURS, OURS),
        (PAIR, None, None, SAVED, ENVS, OURS),
        (PASSWORD, None, None, SAVED, ("saved", "env-password"), OURS),
        # Its password is never sent with another username.
        (USERNAME, None, None, SAVED, ("env", None), OURS),
        (SAME_USERNAME, None, None, SAVED, OURS, OURS),
        ({}, FILE, None, SAVED, OURS, OURS),
        (USERNAME, FILE, None, SAVED, ("env", None), OURS),
        (PAIR, FILE, None, SAVED, ENVS, OURS),
        ({}, None, NETRC, SAVED, NETRCS, OURS),
        (PAIR, FILE, NETRC, SAVED, NETRCS, OURS),
        (TOKEN, None, None, SAVED, OURS, OURS),
        # A username alone takes a password only from where it is that user's.
        ({}, None, None, ALONE, ("saved", None), ("saved", None)),
        ({}, FILE, None, ALONE, ("saved", None), ("saved", None)),
        ({}, SAME_FILE, None, ALONE, SAME_FILE, SAME_FILE),
        (PAIR, None, None, ALONE, ENVS, ("saved", None)),
        (PASSWORD, None, None, ALONE, ("saved", "env-password"), ("saved", "env-password")),
        ({}, None, NETRC, ALONE, NETRCS, ("saved", None)),
        # None is as if there were no context.
        ({}, FILE, None, {}, FILE, FILE),
        (USERNAME, FILE, None, {}, ("env", "file-password"), ("env", "file-password")),
    ],
)  # fmt: skip
def test_a_current_login_gives_way_to_the_environment_and_a_chosen_one_to_nothing(
    env: dict[str, str],
    file: tuple[str, str] | None,
    netrc: str | None,
    saved: dict[str, str],
    current: tuple[str, str],
    chosen: tuple[str, str],
    tmp_path: Path,
) -> None:
    for name, is_chosen, expected in (("a", False, current), ("b", True, chosen)):
        home = tmp_path / name
        home.mkdir()
        assert (
            found(home, env=env, file=file, netrc=netrc, saved=saved, chosen=is_chosen) == expected
        )


def test_a_login_in_the_address_beats_a_current_one_and_not_a_chosen_one(tmp_path: Path) -> None:
    address = Address.parse("https://url:url-password@example.com")
    login = (Secret("saved", "saved"), Secret("saved-password", "saved"))
    current = find_credentials(address, {}, tmp_path, SavedLogin(*login))
    chosen = find_credentials(address, {}, tmp_path, SavedLogin(*login, chosen=True))
    assert current.username == Secret("url", "the server's address")
    assert chosen == Credentials(*login)


def test_a_saved_login_is_never_shown() -> None:
    login = SavedLogin(Secret("saved", "saved"), Secret("opensesame", "saved"))
    assert "opensesame" not in f"{login!r} {login}"
