"""`authctl __complete`, which a shell's TAB asks for names."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.cli.commands import PASSWORD, Done, Shell, signed_in
from tests.live import authctl_server

if TYPE_CHECKING:
    from pathlib import Path

UNLOADED = {
    *("typer", "click", "rich", "httpx", "sqlalchemy", "passlib"),
    *("dataclasses", "json", "pathlib", "re"),
}
_PROGRAM = """
import os, sys
leave = os._exit
for name in {unloaded!r}:  # what the interpreter imports of its own accord is not counted
    sys.modules.pop(name, None)
def tell(code):
    print("modules:", *sys.modules, flush=True)
    leave(code)
os._exit = tell
from authctl.__main__ import main
sys.argv = ["authctl", *sys.argv[1:]]
main()
"""


@pytest.fixture
def shell(shell: Shell) -> Shell:
    """The shell, with users of whom some have names that a shell could obey."""
    add_users(shell, "alice", "bob-2", "$(touch x)", "*", "a b", "-rf", "al\nice")
    return shell


def add_users(shell: Shell, *names: str) -> None:
    database = sqlite3.connect(shell.folder / "auth.db")
    with database:
        database.executemany(
            "INSERT INTO users (username, password_hash, is_admin) VALUES (?, '!', 0)",
            [(name,) for name in names],
        )
    database.close()


def names(shell: Shell, kind: str, *words: str) -> list[str]:
    return shell.ok("__complete", kind, "--", *words).splitlines()


def kept(shell: Shell) -> list[Path]:
    return sorted((shell.folder / ".cache" / "authctl").iterdir())


def aged(shell: Shell, seconds: float) -> None:
    for path in kept(shell):
        os.utime(path, (time.time() - seconds,) * 2)


def loaded(shell: Shell, *arguments: str) -> tuple[list[str], set[str]]:
    """What is printed, and what was imported for it."""
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM.format(unloaded=UNLOADED), *arguments],
        cwd=shell.folder,
        env=shell.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    *printed, modules = done.stdout.splitlines()
    return printed, {name.partition(".")[0] for name in modules.split()}


def test_names_are_told_that_begin_so_and_that_no_shell_could_obey(shell: Shell) -> None:
    assert names(shell, "users", "user", "show", "") == ["admin", "alice", "bob-2"]
    assert names(shell, "users", "user", "show", "al") == ["alice"]
    assert names(shell, "users", "user", "show", "$") == []
    assert names(shell, "users", "user", "show", "-") == []


def test_the_second_tab_imports_next_to_nothing(shell: Shell) -> None:
    first, _ = loaded(shell, "__complete", "users", "--", "user", "show", "al")
    second, modules = loaded(shell, "__complete", "users", "--", "perm", "grant", "bo")
    assert (first, second) == (["alice"], ["bob-2"])
    assert not modules & UNLOADED


def test_a_failure_is_silent_quick_and_remembered(shell: Shell) -> None:
    words = ("--server", "http://127.0.0.1:1", "user", "show", "")
    assert names(shell, "users", *words) == []
    assert [path.read_text() for path in kept(shell)] == ["failed"]
    again, modules = loaded(shell, "__complete", "users", "--", *words)
    assert again == []
    assert not modules & UNLOADED


def test_a_failure_is_forgotten_after_some_seconds(tmp_path: Path, template: Path) -> None:
    shell = Shell(tmp_path, {"AUTHCTL_DB": f"sqlite:///{tmp_path}/auth.db"})
    assert names(shell, "users", "") == []
    shutil.copy(template, tmp_path)
    assert names(shell, "users", "") == []
    aged(shell, 11)
    assert names(shell, "users", "") == ["admin"]


def test_a_server_that_never_answers_is_not_waited_for(shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = f"http://127.0.0.1:{silent.getsockname()[1]}"
        started = time.monotonic()
        assert names(shell, "users", f"--server={server}", "user", "show", "") == []
        assert time.monotonic() - started < 10
    assert [path.read_text() for path in kept(shell)] == ["failed"]


@pytest.mark.parametrize(
    "words",
    [(), ("users",), ("users", "--"), ("users", "x"), ("../../x", "--", ""), ("", "--", "")],
    ids=" ".join,
)
def test_nothing_is_said_about_a_question_that_makes_no_sense(
    shell: Shell, words: tuple[str, ...]
) -> None:
    assert shell.run("__complete", *words) == Done("", "", 0)


@pytest.mark.parametrize("setting", [{"AUTHCTL_SERVER": "x", "AUTHCTL_DB": "y"}, {}])
def test_nothing_is_said_where_no_place_is_known(tmp_path: Path, setting: dict[str, str]) -> None:
    assert Shell(tmp_path, setting).run("__complete", "users", "--", "") == Done("", "", 0)


def test_only_its_owner_may_read_the_cache(shell: Shell) -> None:
    folder = shell.folder / ".cache" / "authctl"
    folder.mkdir(parents=True, mode=0o755)
    names(shell, "users", "")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [stat.S_IMODE(path.stat().st_mode) for path in kept(shell)] == [0o600]


def test_the_cache_is_where_the_environment_says_if_that_is_absolute(shell: Shell) -> None:
    for told, where in ((f"{shell.folder}/mine", "mine"), ("mine-too", ".cache")):
        asked = Shell(shell.folder, {**shell.settings, "XDG_CACHE_HOME": told})
        assert names(asked, "users", "bo") == ["bob-2"]
        assert len(list((shell.folder / where / "authctl").iterdir())) == 1


def test_a_folder_that_is_not_ones_own_is_left_alone(shell: Shell) -> None:
    elsewhere = shell.folder / "elsewhere"
    elsewhere.mkdir()
    (shell.folder / ".cache").mkdir()
    (shell.folder / ".cache" / "authctl").symlink_to(elsewhere)
    assert names(shell, "users", "al") == ["alice"]
    assert list(elsewhere.iterdir()) == []


def test_what_the_cache_holds_is_not_trusted(shell: Shell) -> None:
    names(shell, "users", "")
    (path,) = kept(shell)
    path.write_text("names\n$(touch x)\n*\nalien\n-rf")
    assert names(shell, "users", "") == ["alien"]
    path.write_bytes(b"\xff\xfe")
    assert names(shell, "users", "al") == ["alice"]


def test_names_are_kept_for_a_minute(shell: Shell) -> None:
    names(shell, "users", "")
    add_users(shell, "alina")
    aged(shell, 55)
    assert names(shell, "users", "al") == ["alice"]
    aged(shell, 61)
    assert names(shell, "users", "al") == ["alice", "alina"]


def test_a_name_that_is_not_kept_is_asked_for_unless_that_was_just_done(shell: Shell) -> None:
    names(shell, "users", "")
    add_users(shell, "zoe")
    assert names(shell, "users", "z") == []
    aged(shell, 5)
    assert names(shell, "users", "z") == ["zoe"]


def test_a_clock_that_was_set_back_does_not_keep_names_for_ever(shell: Shell) -> None:
    names(shell, "users", "")
    add_users(shell, "alina")
    aged(shell, -3600)
    assert names(shell, "users", "al") == ["alice", "alina"]


def test_old_answers_are_swept_out(shell: Shell) -> None:
    names(shell, "users", "")
    old = kept(shell)
    aged(shell, 2 * 86_400)
    names(shell, "roles", "")
    assert len(kept(shell)) == 1
    assert kept(shell) != old


def test_two_places_share_no_names(shell: Shell, template: Path) -> None:
    (shell.folder / "other").mkdir()
    shutil.copy(template, shell.folder / "other" / "auth.db")
    (shell.folder / "other.ini").write_text("[mlflow]\ndatabase_uri = sqlite:///other/auth.db\n")
    assert names(shell, "users", "al") == ["alice"]
    for option in (
        ["--db", "sqlite:///other/auth.db"],
        ["--db=sqlite:///other/auth.db"],
        ["--auth-config", "other.ini"],
    ):
        assert names(shell, "users", *option, "user", "show", "a") == ["admin"]
        assert names(shell, "users", "user", "show", *option, "a") == ["admin"]
    here = Shell(shell.folder, {"AUTHCTL_DB": "sqlite:///auth.db"})
    there = subprocess.run(
        [sys.executable, "-m", "authctl", "__complete", "users", "--", ""],
        cwd=shell.folder / "other",
        env=here.environment,
        capture_output=True,
        check=True,
    )
    assert names(here, "users", "") == ["admin", "alice", "bob-2"]
    assert there.stdout == b"admin\n"


def test_a_changed_configuration_is_another_place(shell: Shell, template: Path) -> None:
    shutil.copy(template, shell.folder / "other.db")
    config = shell.folder / "basic_auth.ini"
    asked = Shell(shell.folder, {"MLFLOW_AUTH_CONFIG_PATH": str(config)})
    config.write_text("[mlflow]\ndatabase_uri = sqlite:///other.db\n")
    assert names(asked, "users", "") == ["admin"]
    config.write_text("[mlflow]\ndatabase_uri = sqlite:///./auth.db\n")
    assert names(asked, "users", "") == ["admin", "alice", "bob-2"]


def test_callers_share_no_names_and_passwords_leave_no_trace(shell: Shell) -> None:
    def files(username: str, password: str) -> set[str]:
        before = set(kept(shell)) if (shell.folder / ".cache").exists() else set()
        words = ("--db", f"postgresql://{username}:{password}@127.0.0.1:1/auth?password={password}")
        assert names(shell, "users", *words, "") == []
        settings = {
            "MLFLOW_TRACKING_URI": f"http://{username}:{password}@127.0.0.1:1",
            "MLFLOW_TRACKING_PASSWORD": password,
        }
        assert names(Shell(shell.folder, settings), "users", "") == []
        return {path.name for path in set(kept(shell)) - before}

    assert len(files("ann", "first-secret")) == 2
    assert files("ann", "second-secret") == set()
    assert len(files("ben", "first-secret")) == 2
    assert not [path for path in kept(shell) if b"secret" in path.read_bytes()]


def test_many_tabs_at_once_leave_one_whole_answer(shell: Shell) -> None:
    command = [sys.executable, "-m", "authctl", "__complete", "users", "--", "user", "show", ""]

    def ask(_: int) -> tuple[bytes, bytes]:
        done = subprocess.run(
            command, cwd=shell.folder, env=shell.environment, capture_output=True, check=True
        )
        return done.stdout, done.stderr

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(ask, range(4))) == {(b"admin\nalice\nbob-2\n", b"")}
    assert [path.read_text() for path in kept(shell)] == ["names\nadmin\nalice\nbob-2"]


def test_a_database_tells_its_roles_and_what_somebody_has_a_grant_on(shell: Shell) -> None:
    for kind, name in (
        ("experiment", "7"),
        ("registered_model", "churn"),
        ("prompt", "hello"),
        ("prompt", "*"),
    ):
        shell.ok("perm", "grant", "alice", "--resource", f"{kind}:{name}", "--level", "READ")
    shell.ok("role", "create", "trainers")
    assert names(shell, "experiment-ids", "") == ["7"]
    assert names(shell, "models", "") == ["churn"]
    assert names(shell, "prompts", "") == ["hello"]
    assert names(shell, "roles", "") == ["trainers"]
    assert names(shell, "experiments", "") == []
    shell.ok("token", "create", "nightly", "--user", "alice")
    assert names(shell, "tokens", "") == ["nightly"]


def test_contexts_are_told_whatever_the_place(tmp_path: Path) -> None:
    config = tmp_path / ".config" / "authctl" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('[context.prod]\nserver = "https://mlflow.example.com"\n')
    assert names(Shell(tmp_path), "contexts", "--context", "") == ["prod"]
    config.write_text('[context.staging]\nserver = "https://staging.example.com"\n')
    assert names(Shell(tmp_path), "contexts", "--context", "") == ["staging"]


@pytest.mark.mlflow
def test_a_server_tells_its_users_roles_experiments_models_and_prompts(tmp_path: Path) -> None:
    with authctl_server(tmp_path / "server") as server:
        for path, body in (
            ("users/create", {"username": "alice", "password": PASSWORD}),
            ("experiments/create", {"name": "fraud"}),
            ("experiments/create", {"name": "$(touch x)"}),
            ("registered-models/create", {"name": "churn"}),
            (
                "registered-models/create",
                {"name": "hello", "tags": [{"key": "mlflow.prompt.is_prompt", "value": "true"}]},
            ),
        ):
            made = server.call("POST", f"/api/2.0/mlflow/{path}", body)
            assert made.status_code == 200, made.text
        shell = signed_in(server, tmp_path)
        shell.ok("role", "create", "trainers")
        assert names(shell, "users", "") == ["admin", "alice"]
        assert names(shell, "roles", "") == ["trainers"]
        assert names(shell, "experiments", "") == ["Default", "fraud"]
        assert names(shell, "experiment-ids", "")[0] == "0"
        assert names(shell, "models", "") == ["churn"]
        assert names(shell, "prompts", "") == ["hello"]
        anonymous = Shell(tmp_path, {"MLFLOW_TRACKING_URI": server.url})
        assert names(anonymous, "users", "") == []
