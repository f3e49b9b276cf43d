"""Logging in to Databricks as a person does, and as mlflow.login() does: the two are compared."""

from __future__ import annotations

import configparser
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pexpect
import pytest

from tests.cli.commands import Shell
from tests.cli.test_terminal import at_terminal, ended
from tests.cli.workspaces import COMMUNITY, TOKEN, USER, Workspace, basic, workspace
from tests.processes import wait_until_asleep

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOST = "Databricks host, beginning with https://: "
LOGIN = "login --backend databricks"
KEPT = {"host": "https://kept.example", "token": "another"}

_MLFLOW_LOGIN = "import mlflow; mlflow.login()"
_CONFIG = """
import json, sys
from databricks.sdk.core import Config
found = Config(profile=sys.argv[1])
print(json.dumps([found.host, found.token, found.username, found.password, found.auth_type]))
"""
_SEARCH = """
import mlflow
print([found.name for found in mlflow.search_experiments()])
"""


@pytest.fixture(scope="module", params=["127.0.0.1", COMMUNITY])
def any_workspace(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workspace]:
    """A workspace with tokens, and one of the Community Edition."""
    with workspace(tmp_path_factory.mktemp("workspace"), name=request.param) as found:
        yield found


in_either_way = pytest.mark.parametrize(
    ("any_workspace", "profile"),
    [("127.0.0.1", "DEFAULT"), (COMMUNITY, "team")],
    indirect=["any_workspace"],
)


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with workspace(tmp_path_factory.mktemp("workspace")) as found:
        yield found


def home(folder: Path, there: Workspace) -> Shell:
    """A home from which the workspace can be reached and verified."""
    folder.mkdir()
    settings = {"REQUESTS_CA_BUNDLE": str(there.authority), "NO_PROXY": "", "no_proxy": ""}
    return Shell(folder, {**settings, **({"HTTPS_PROXY": there.proxy} if there.proxy else {})})


def file(shell: Shell) -> Path:
    return shell.folder / ".databrickscfg"


def ask(child: pexpect.spawn[str], question: str, answer: str) -> None:
    child.expect_exact(question)
    child.sendline(answer)


def answer_for(child: pexpect.spawn[str], there: Workspace, *questions: str) -> None:
    """Type what a workspace of this kind wants: for a username, a password, or a token."""
    username, password, token = questions
    if there.proxy:
        ask(child, username, USER[0])
        ask(child, password, USER[1])
    else:
        ask(child, token, TOKEN)


def python(shell: Shell, code: str, *arguments: str, **settings: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=shell.folder,
        env={**shell.environment, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_is_missing_is_asked_for_and_the_secret_never_shown(
    tmp_path: Path, any_workspace: Workspace
) -> None:
    shell = home(tmp_path / "home", any_workspace)
    child = at_terminal(shell, LOGIN)
    ask(child, HOST, any_workspace.url)
    url = any_workspace.url
    questions = (f"Username for {url}: ", f"Password for {USER[0]}: ", f"Token for {url}: ")
    answer_for(child, any_workspace, *questions)
    assert ended(child) == 0
    shown = child.before or ""
    assert not {TOKEN, USER[1]} & set(shown.split())
    assert "result     logged in" in shown
    assert f"kept in {file(shell)}, which only you can read." in shown.replace("\r\n", " ")
    assert "mlflow uses it with MLFLOW_TRACKING_URI=databricks." in shown.replace("\r\n", " ")


@pytest.mark.mlflow
@in_either_way
def test_the_databricks_sdk_reads_the_same_as_from_the_file_of_mlflow_login(
    profile: str, tmp_path: Path, any_workspace: Workspace
) -> None:
    named = {"DATABRICKS_CONFIG_PROFILE": profile} if profile != "DEFAULT" else {}
    shells = [home(tmp_path / name, any_workspace) for name in ("ours", "theirs")]
    ours, theirs = (Shell(each.folder, {**each.settings, **named}) for each in shells)
    for shell in (ours, theirs):
        lines = [f"{key} = {value}" for key, value in KEPT.items()]
        file(shell).write_text("\n".join(["[kept]", *lines, ""]))
    child = at_terminal(ours, LOGIN)
    ask(child, HOST, any_workspace.url)
    answer_for(child, any_workspace, "Username for", "Password for", "Token for")
    assert ended(child) == 0
    child = pexpect.spawn(
        sys.executable,
        ["-c", _MLFLOW_LOGIN],
        env=theirs.environment,
        cwd=str(theirs.folder),
        encoding="utf-8",
        timeout=60,
    )
    ask(child, "begin with https://): ", any_workspace.url)
    answer_for(child, any_workspace, "Username: ", "Password: ", "Token: ")
    assert ended(child) == 0, child.before
    secret = [None, *USER, "basic"] if any_workspace.proxy else [TOKEN, None, None, "pat"]
    for shell in (ours, theirs):
        assert json.loads(python(shell, _CONFIG, profile)) == [any_workspace.url, *secret]
        found = configparser.ConfigParser()
        found.read(file(shell))
        assert {key: found["kept"][key] for key in ("host", "token")} == KEPT


@pytest.mark.mlflow
@in_either_way
def test_mlflow_itself_signs_in_with_what_was_saved(
    profile: str, tmp_path: Path, any_workspace: Workspace
) -> None:
    shell = home(tmp_path / "home", any_workspace)
    child = at_terminal(shell, f"{LOGIN} --profile {profile}")
    ask(child, HOST, any_workspace.url)
    answer_for(child, any_workspace, "Username for", "Password for", "Token for")
    child.expect(r"MLFLOW_TRACKING_URI=([\w:/]+)\.")
    uri = str(child.match[1]) if child.match else ""
    assert ended(child) == 0
    assert uri == ("databricks" if profile == "DEFAULT" else "databricks://team")
    any_workspace.asked.clear()
    assert python(shell, _SEARCH, MLFLOW_TRACKING_URI=uri) == "['fraud']\n"
    signed_in = basic(*USER) if any_workspace.proxy else f"Bearer {TOKEN}"
    assert ("/api/2.0/mlflow/experiments/search", signed_in) in any_workspace.asked


@pytest.mark.mlflow
def test_mlflow_login_finds_what_was_saved_and_asks_nothing(
    tmp_path: Path, there: Workspace
) -> None:
    shell = home(tmp_path / "home", there)
    login = ("login", "--backend", "databricks", "--server", there.url, "--token-stdin")
    assert shell.run(*login, stdin=TOKEN).code == 0
    saved = file(shell).read_bytes()
    python(shell, "import mlflow; mlflow.login(interactive=False)")
    assert file(shell).read_bytes() == saved


def test_a_wrong_token_is_refused_and_leaves_nothing(tmp_path: Path, there: Workspace) -> None:
    shell = home(tmp_path / "home", there)
    child = at_terminal(shell, f"{LOGIN} --server {there.url}")
    ask(child, f"Token for {there.url}: ", "dapi-wrong")
    child.expect_exact(f"error: {there.url} does not accept the login.")
    assert ended(child) == 4
    assert "dapi-wrong" not in (child.before or "")
    assert list(shell.folder.iterdir()) == []


def test_a_login_that_is_no_longer_accepted_is_asked_for_anew(
    tmp_path: Path, there: Workspace
) -> None:
    shell = home(tmp_path / "home", there)
    file(shell).write_text(f"# mine\n[DEFAULT]\nhost = {there.url}\ntoken = expired\n")
    child = at_terminal(shell, LOGIN)
    child.expect_exact(f"{there.url} does not accept the login.")
    ask(child, f"beginning with https:// [{there.url}]: ", "")
    ask(child, f"Token for {there.url}: ", TOKEN)
    assert ended(child) == 0
    assert file(shell).read_text() == (f"# mine\n[DEFAULT]\nhost = {there.url}\ntoken = {TOKEN}\n")


@pytest.mark.parametrize("question", [HOST, "Token for"])
def test_ctrl_c_at_a_prompt_leaves_nothing(question: str, tmp_path: Path, there: Workspace) -> None:
    shell = home(tmp_path / "home", there)
    child = at_terminal(shell, LOGIN)
    if question != HOST:
        ask(child, HOST, there.url)
    child.expect_exact(question)
    if question != HOST:
        child.expect_exact(": ")
    wait_until_asleep(child.pid)
    child.sendintr()
    assert ended(child) == 130
    assert (child.before or "").strip() in ("", "^C")
    assert list(shell.folder.iterdir()) == []


@pytest.mark.parametrize("option", ["--no-interactive", "--no-input"])
def test_nobody_is_asked_who_does_not_want_to_be(
    option: str, tmp_path: Path, there: Workspace
) -> None:
    shell = home(tmp_path / "home", there)
    child = at_terminal(shell, f"{LOGIN} {option}")
    child.expect_exact("error: No login to Databricks is known.")
    assert ended(child) == 2
    file(shell).write_text(f"[DEFAULT]\nhost = {there.url}\ntoken = expired\n")
    child = at_terminal(shell, f"{LOGIN} {option}")
    child.expect_exact(f"error: {there.url} does not accept the login.")
    assert ended(child) == 4
    file(shell).write_text(f"[DEFAULT]\nhost = {there.url}\ntoken = {TOKEN}\n")
    child = at_terminal(shell, f"{LOGIN} {option}")
    child.expect_exact("unchanged")
    assert ended(child) == 0
