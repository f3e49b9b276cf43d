"""Logging in to Databricks: checked with the workspace, kept in a profile, nothing else touched."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.cli.commands import Done, Shell
from tests.cli.workspaces import COMMUNITY, TOKEN, USER, Workspace, basic, workspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HINT = (
    "hint: Give --server with --token-stdin or --token-file FILE, or with --username and"
    " --password-stdin or --password-file FILE, or set DATABRICKS_HOST and DATABRICKS_TOKEN; at a"
    " terminal you are asked.\n"
)
DATABRICKS = ("--backend", "databricks")
OTHERS = """\
; the company's
[DEFAULT]
host = https://other.example
# not to be lost
token = theirs

[staging]
host : https://staging.example
  username = bob
password =
  of several
  lines
cluster_id = 0101
"""


@pytest.fixture
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with workspace(tmp_path_factory.mktemp("workspace")) as found:
        yield found


@pytest.fixture
def alone(tmp_path: Path, there: Workspace) -> Shell:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    return Shell(tmp_path, {"REQUESTS_CA_BUNDLE": str(there.authority)})


def with_settings(shell: Shell, **settings: str) -> Shell:
    return replace(shell, settings={**shell.settings, **settings})


def file(shell: Shell) -> Path:
    return shell.folder / ".databrickscfg"


def log_in(shell: Shell, there: Workspace, *more: str) -> Done:
    return shell.run("login", *DATABRICKS, "--server", there.url, "--token-file", "token", *more)


def test_what_the_workspace_accepts_is_saved_for_its_owner_alone(
    alone: Shell, there: Workspace
) -> None:
    assert log_in(alone, there) == Done(
        f"{there.url}\tDEFAULT\t{USER[0]}\t{file(alone)}\tlogged in\n", "", 0
    )
    assert there.signed_in() == [f"Bearer {TOKEN}"]
    assert file(alone).read_text() == f"[DEFAULT]\nhost = {there.url}\ntoken = {TOKEN}\n"
    assert stat.S_IMODE(file(alone).stat().st_mode) == 0o600
    assert not (alone.folder / ".mlflow").exists()
    assert not (alone.folder / ".config").exists()


def test_a_profile_that_others_could_read_is_closed_to_them(alone: Shell, there: Workspace) -> None:
    file(alone).write_text(OTHERS)
    file(alone).chmod(0o644)
    assert log_in(alone, there).code == 0
    assert stat.S_IMODE(file(alone).stat().st_mode) == 0o600


def test_logging_in_twice_changes_nothing(alone: Shell, there: Workspace) -> None:
    for options, result, changed in (
        (["-n"], "would be logged in", True),
        ([], "logged in", True),
        ([], "unchanged", False),
        (["-n"], "unchanged", False),
    ):
        told = json.loads(log_in(alone, there, "-o", "json", *options).stdout)
        assert told == {
            "server": there.url,
            "profile": "DEFAULT",
            "username": USER[0],
            "saved_in": str(file(alone)),
            "result": result,
            "changed": changed,
            "dry_run": bool(options),
        }
        assert file(alone).exists() is (options == [] or result == "unchanged")


def test_all_else_in_the_file_stays_byte_for_byte(alone: Shell, there: Workspace) -> None:
    file(alone).write_text(OTHERS)
    assert log_in(alone, there, "--profile", "prod").code == 0
    added = f"[prod]\nhost = {there.url}\ntoken = {TOKEN}\n"
    assert file(alone).read_text() == OTHERS + added
    assert alone.ok("logout", *DATABRICKS, "--profile", "prod", "-n") == (
        f"prod\t{file(alone)}\twould be logged out\n"
    )
    assert file(alone).read_text() == OTHERS + added
    assert alone.ok("logout", *DATABRICKS, "--profile", "prod") == (
        f"prod\t{file(alone)}\tlogged out\n"
    )
    assert file(alone).read_text() == OTHERS
    assert alone.ok("logout", *DATABRICKS, "--profile", "prod") == "prod\t\tunchanged\n"


def test_a_login_takes_the_place_of_the_one_before(alone: Shell, there: Workspace) -> None:
    file(alone).write_text(OTHERS)
    assert log_in(alone, there, "--profile", "staging").code == 0
    head = OTHERS.partition("host : ")[0]
    assert file(alone).read_text() == (
        f"{head}host = {there.url}\ncluster_id = 0101\ntoken = {TOKEN}\n"
    )


def test_a_profile_keeps_what_login_does_not_write(alone: Shell) -> None:
    file(alone).write_text(OTHERS)
    done = alone.run("logout", *DATABRICKS, "--profile", "staging")
    assert done == Done(f"staging\t{file(alone)}\tlogged out\n", "", 0)
    head = OTHERS.partition("host : ")[0]
    assert file(alone).read_text() == f"{head}cluster_id = 0101\n"
    # A comment stays, and with it the profile.
    assert alone.run("logout", *DATABRICKS).code == 0
    assert file(alone).read_text() == (
        "; the company's\n[DEFAULT]\n# not to be lost\n\n[staging]\ncluster_id = 0101\n"
    )


def test_logging_out_of_the_only_profile_leaves_no_file(alone: Shell, there: Workspace) -> None:
    log_in(alone, there)
    told = json.loads(alone.ok("logout", *DATABRICKS, "-o", "json"))
    assert told == {
        "profile": "DEFAULT",
        "removed_from": str(file(alone)),
        "result": "logged out",
        "changed": True,
        "dry_run": False,
    }
    assert not file(alone).exists()
    assert alone.ok("logout", *DATABRICKS) == "DEFAULT\t\tunchanged\n"


def test_the_environment_names_the_file_and_the_profile(alone: Shell, there: Workspace) -> None:
    elsewhere = alone.folder / "elsewhere.cfg"
    shell = with_settings(
        alone, DATABRICKS_CONFIG_FILE=str(elsewhere), DATABRICKS_CONFIG_PROFILE="team"
    )
    done = log_in(shell, there)
    assert done == Done(f"{there.url}\tteam\t{USER[0]}\t{elsewhere}\tlogged in\n", "", 0)
    assert elsewhere.read_text().startswith("[team]\n")
    assert not file(alone).exists()
    assert shell.ok("logout", *DATABRICKS) == f"team\t{elsewhere}\tlogged out\n"


def test_the_profile_that_the_databricks_cli_prefers_is_the_default(
    alone: Shell, there: Workspace
) -> None:
    file(alone).write_text("[__settings__]\ndefault_profile = team\n")
    assert log_in(alone, there).stdout.split("\t")[1] == "team"


def test_the_community_edition_has_passwords(tmp_path: Path) -> None:
    (tmp_path / "password").write_text(USER[1])
    with workspace(tmp_path, name=COMMUNITY) as there:
        settings = {
            "REQUESTS_CA_BUNDLE": str(there.authority),
            "HTTPS_PROXY": there.proxy,
            "NO_PROXY": "",
            "no_proxy": "",
        }
        alone = Shell(tmp_path, settings)
        login = ("login", *DATABRICKS, "--server", there.url, "--username", USER[0])
        assert alone.run(*login, "--password-file", "password") == Done(
            f"{there.url}\tDEFAULT\t{USER[0]}\t{file(alone)}\tlogged in\n", "", 0
        )
        assert there.asked == [("/api/2.1/clusters/list-zones", basic(*USER))]
    assert file(alone).read_text() == (
        f"[DEFAULT]\nhost = {there.url}\nusername = {USER[0]}\npassword = {USER[1]}\n"
    )


def test_a_login_that_is_there_is_checked_and_nothing_asked(alone: Shell, there: Workspace) -> None:
    environment = {
        "DATABRICKS_HOST": there.url,
        "DATABRICKS_USERNAME": USER[0],
        "DATABRICKS_PASSWORD": USER[1],
    }
    accepted = Done(f"{there.url}\tDEFAULT\t{USER[0]}\t\tunchanged\n", "", 0)
    assert with_settings(alone, **environment).run("login", *DATABRICKS) == accepted
    assert not file(alone).exists()
    text = (
        f"[DEFAULT]\nhost = {there.url}\ntoken = {TOKEN}\n[prod]\nhost = {there.url}\ntoken = x\n"
    )
    file(alone).write_text(text)
    for options in ([], ["--no-interactive"], ["--server", there.url]):
        assert alone.run("login", *DATABRICKS, *options) == accepted
    assert alone.run("login", *DATABRICKS, "--profile", "prod") == Done(
        "", f"error: {there.url} does not accept the login.\nhint: It is from {file(alone)}.\n", 4
    )
    assert there.signed_in() == [basic(*USER), *[f"Bearer {TOKEN}"] * 3, "Bearer x"]
    assert file(alone).read_text() == text


def test_half_a_login_in_the_environment_is_completed_by_a_named_profile_only(
    alone: Shell, there: Workspace
) -> None:
    file(alone).write_text(f"[DEFAULT]\nhost = {there.url}\ntoken = {TOKEN}\n")
    half = with_settings(alone, DATABRICKS_HOST=there.url)
    assert half.run("login", *DATABRICKS) == Done(
        "", f"error: No login to Databricks is known.\n{HINT}", 2
    )
    assert half.run("login", *DATABRICKS, "--profile", "DEFAULT").code == 0


def test_a_token_and_a_password_are_not_one_login(alone: Shell, there: Workspace) -> None:
    text = f"[DEFAULT]\nhost = {there.url}\ntoken = {TOKEN}\nusername = a\npassword = b\n"
    file(alone).write_text(text)
    assert alone.run("login", *DATABRICKS).code == 2
    assert there.asked == []


def test_a_known_login_is_never_sent_to_another_workspace(
    alone: Shell, there: Workspace, tmp_path_factory: pytest.TempPathFactory
) -> None:
    log_in(alone, there)
    with workspace(tmp_path_factory.mktemp("another")) as another:
        done = alone.run("login", *DATABRICKS, "--server", another.url)
        assert done == Done("", f"error: No login to {another.url} is known.\n{HINT}", 2)
        assert another.asked == []


@pytest.mark.parametrize("status", [401, 403])
def test_what_the_workspace_does_not_accept_is_saved_nowhere(
    status: int, alone: Shell, there: Workspace
) -> None:
    (alone.folder / "token").write_text("dapi-wrong")
    there.status = status
    before = sorted(alone.folder.iterdir())
    assert log_in(alone, there) == Done(
        "", f"error: {there.url} does not accept the login.\nhint: Nothing was saved.\n", 4
    )
    assert sorted(alone.folder.iterdir()) == before


def test_what_is_no_workspace_is_told(alone: Shell, there: Workspace) -> None:
    there.answers.clear()
    assert log_in(alone, there) == Done(
        "",
        f"error: {there.url} does not answer GET /api/2.0/preview/scim/v2/Me.\n"
        "hint: Is it the address of a Databricks workspace?\n",
        2,
    )
    there.answers["/api/2.0/preview/scim/v2/Me"] = ["welcome"]
    assert log_in(alone, there) == Done(
        "",
        f"error: The answer of {there.url} to GET /api/2.0/preview/scim/v2/Me is not one that"
        " Databricks gives.\nhint: Check the address of the workspace.\n",
        7,
    )
    assert not file(alone).exists()


def test_a_workspace_that_cannot_be_verified_is_sent_nothing(
    alone: Shell, there: Workspace
) -> None:
    # MLflow's variables are of its own server.
    unknown = with_settings(
        alone,
        REQUESTS_CA_BUNDLE="",
        MLFLOW_TRACKING_INSECURE_TLS="true",
    )
    done = log_in(unknown, there, "--retries", "0")
    assert (done.stdout, done.code) == ("", 7)
    assert "The TLS connection to" in done.stderr
    assert there.asked == []
    assert log_in(unknown, there, "--ca-cert", str(there.authority)).code == 0


SLIPS = {
    "--no-interactive": f"error: No login to Databricks is known.\n{HINT}",
    "": f"error: No login to Databricks is known.\n{HINT}",
    "--token-file token": (
        "error: No Databricks workspace is known.\n"
        "hint: Name it with --server or DATABRICKS_HOST.\n"
    ),
    "--server {url}": f"error: No login to {{url}} is known.\n{HINT}",
    "--server {url} --username bob": f"error: No login to {{url}} is known.\n{HINT}",
    "--server {url} --password-file token": (
        f"error: The password is given, but not whose it is.\n{HINT}"
    ),
    "--server {url} --token-file none": (
        "error: The token file none cannot be read: No such file or directory.\n"
    ),
    "--server {url} --token-stdin": "error: No token was given.\n",
    "--server {url} --token-stdin --token-file token": (
        "error: The token can come from one place only.\n"
        "hint: Use --token-stdin or --token-file FILE, or set MLFLOW_TRACKING_TOKEN.\n"
    ),
    "--server {url} --token-stdin --username bob": (
        "error: A token says itself who signs in, so no username and no password go with it.\n"
    ),
    "--server {url} --token dapi-open-sesame": (
        "error: A token on the command line can be read by everyone on this machine.\n"
        "hint: Use --token-stdin or --token-file FILE, or set MLFLOW_TRACKING_TOKEN.\n"
    ),
    "--server {url} --token-file token --keyring": (
        "error: mlflow cannot read a login to Databricks out of the keyring.\n"
    ),
    "--server {url} --token-file token --context prod": (
        "error: --context has no meaning with --backend databricks.\n"
        "hint: Name the workspace with --server, and the profile with --profile.\n"
    ),
    **{
        f"--server {{url}} --token-file token --profile {name}": (
            "error: A profile's name has letters, digits and . _ - in it, unlike"
            f" '{name}'.\nhint: For example: DEFAULT, or prod.\n"
        )
        for name in ("a/b", "a]", "__settings__", "a:b")
    },
    **{
        f"--server {host} --token-file token": (
            f"error: The address of a Databricks workspace {what}.\n"
            "hint: For example: https://dbc-a1b2345c-d6e7.cloud.databricks.com\n"
        )
        for host, what in {
            "http://127.0.0.1:1": "must begin with https://",
            "http://example.com --allow-http": "must begin with https://",
            "dbc.example.com": "must begin with https://",
            "https://": "must begin with https://",
            "https://a:sesame@example.com": "has a login in it",
            "https://[sesame": "is not a valid URL",
        }.items()
    },
}


@pytest.mark.parametrize("options", SLIPS)
def test_what_is_missing_or_wrong_is_told(options: str, alone: Shell, there: Workspace) -> None:
    before = sorted(alone.folder.iterdir())
    done = alone.run("login", *DATABRICKS, *options.format(url=there.url).split())
    assert done == Done("", SLIPS[options].format(url=there.url), 2)
    assert there.asked == []
    assert sorted(alone.folder.iterdir()) == before


@pytest.mark.parametrize("command", ["login", "logout"])
def test_backends_and_profiles_are_checked(command: str, alone: Shell) -> None:
    assert alone.run(command, "--backend", "databrick") == Done(
        "", "error: There is no backend 'databrick'.\nhint: Did you mean 'databricks'?\n", 2
    )
    assert alone.run(command, "--profile", "prod") == Done(
        "",
        "error: --profile has a meaning with --backend databricks only.\n"
        "hint: An MLflow server has contexts: --context NAME.\n",
        2,
    )


@pytest.mark.parametrize(
    ("token", "told"),
    [
        ("se%same", "The token has a percent sign in it, which mlflow and the Databricks SDK"),
        ("se\nsame", "The token in token contains a character that cannot be sent."),
        ("se\tsame", "The token in token contains a character that cannot be sent."),
        ("sesame\u00e9", "The token in token contains a character that cannot be sent."),
        (b"sesame\xff", "The token in token is not UTF-8 text."),
    ],
)
def test_a_token_that_cannot_be_kept_or_sent_is_refused_before_it_is_sent(
    token: str | bytes, told: str, alone: Shell, there: Workspace
) -> None:
    content = token if isinstance(token, bytes) else token.encode()
    (alone.folder / "token").write_bytes(content)
    done = log_in(alone, there)
    assert (done.stdout, done.code) == ("", 2)
    assert done.stderr.startswith(f"error: {told}")
    assert "same" not in done.stderr
    assert there.asked == []
    assert not file(alone).exists()


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("auth_type = databricks-cli", "auth_type"),
        ("auth_type = basic", "auth_type"),
        ("client_id = x\nclient_secret = y", "client_id, client_secret"),
        ("azure_tenant_id = x", "azure_tenant_id"),
    ],
)
def test_a_profile_that_signs_in_another_way_is_not_broken(
    line: str, named: str, alone: Shell, there: Workspace
) -> None:
    text = f"[DEFAULT]\nhost = {there.url}\n{line}\n"
    file(alone).write_text(text)
    assert log_in(alone, there) == Done(
        "",
        f"error: The profile 'DEFAULT' in {file(alone)} signs in another way: {named}.\n"
        "hint: mlflow uses it as it is; keep a login beside it with --profile NAME.\n",
        2,
    )
    assert file(alone).read_text() == text
    assert there.asked == []
    assert log_in(alone, there, "--profile", "prod").code == 0


def test_a_profile_that_says_it_has_a_token_may_get_one(alone: Shell, there: Workspace) -> None:
    file(alone).write_text("[DEFAULT]\nauth_type = pat\nclient_id = unused\n")
    assert log_in(alone, there).code == 0
    assert f"token = {TOKEN}" in file(alone).read_text()


@pytest.mark.parametrize(
    "text", ["sesame\n", "[DEFAULT]\nsesame\n", "[a]\ntoken = sesame\n[a]\n", "\0[x"]
)
def test_a_broken_file_is_refused_before_anything_is_sent_and_left(
    text: str, alone: Shell, there: Workspace
) -> None:
    file(alone).write_text(text)
    for done in (log_in(alone, there), alone.run("logout", *DATABRICKS)):
        assert (done.stdout, done.code) == ("", 2)
        assert done.stderr.startswith(
            f"error: The Databricks configuration file {file(alone)} cannot be read."
        )
        assert "sesame" not in done.stderr
    assert there.asked == []
    assert file(alone).read_text() == text


def test_no_output_has_the_secret(alone: Shell, there: Workspace) -> None:
    done = log_in(alone, there, "--debug", "-o", "json")
    assert done.code == 0
    assert "debug: > Authorization: Bearer ***" in done.stderr
    assert TOKEN not in f"{done}"
    assert TOKEN not in f"{alone.run('login', *DATABRICKS, '--debug')}"


def test_what_beats_a_saved_login_or_still_signs_in_is_told(alone: Shell, there: Workspace) -> None:
    shell = with_settings(alone, DATABRICKS_HOST=there.url, DATABRICKS_TOKEN="another")
    assert log_in(shell, there).stderr == (
        "warning: DATABRICKS_HOST and DATABRICKS_TOKEN in the environment beats what was saved.\n"
    )
    assert shell.run("logout", *DATABRICKS).stderr == (
        "warning: DATABRICKS_TOKEN still signs you in.\n"
    )
