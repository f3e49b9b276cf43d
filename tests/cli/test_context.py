from __future__ import annotations

import json
import stat
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.cli.commands import AUTHCTL, Done, Shell

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROD = ("context", "set", "prod", "--server", "https://mlflow.example.com")
HEAD = "# Written by authctl, which does not keep comments.\n"


@pytest.fixture
def alone(tmp_path: Path) -> Shell:
    """A shell that knows no place."""
    return Shell(tmp_path)


def config(shell: Shell) -> Path:
    return shell.folder / ".config" / "authctl" / "config.toml"


def settings(shell: Shell, *arguments: str) -> dict[str, tuple[object, str]]:
    """What `context show` tells: each setting's value, and where it is from."""
    told = json.loads(shell.ok("context", "show", *arguments, "-o", "json"))
    return {row["setting"]: (row["value"], row["from"]) for row in told}


def results(shell: Shell, *arguments: str) -> list[tuple[str, bool, bool]]:
    told = shell.run(*arguments, "-o", "jsonl").stdout.splitlines()
    rows = [json.loads(line) for line in told]
    return [(row["result"], row["changed"], row["dry_run"]) for row in rows]


def test_setting_the_same_twice_changes_nothing(alone: Shell) -> None:
    assert results(alone, *PROD, "-n") == [("would be created", True, True)]
    assert not config(alone).parent.exists()
    assert results(alone, *PROD) == [("created", True, False)]
    assert results(alone, *PROD) == [("unchanged", False, False)]
    assert results(alone, "context", "set", "prod") == [("unchanged", False, False)]
    assert results(alone, *PROD, "--timeout", "5") == [("changed", True, False)]
    assert config(alone).read_text() == (
        f'{HEAD}\n[context.prod]\nserver = "https://mlflow.example.com"\ntimeout = 5.0\n'
    ).replace(f"{HEAD}\n", HEAD)


def test_the_file_and_its_folder_are_for_their_owner_alone(alone: Shell) -> None:
    alone.ok(*PROD)
    assert stat.S_IMODE(config(alone).stat().st_mode) == 0o600
    assert stat.S_IMODE(config(alone).parent.stat().st_mode) == 0o700
    config(alone).chmod(0o644)
    alone.ok("context", "use", "prod")
    assert stat.S_IMODE(config(alone).stat().st_mode) == 0o600


def test_the_file_is_where_xdg_says_if_that_is_an_absolute_path(tmp_path: Path) -> None:
    Shell(tmp_path, {"XDG_CONFIG_HOME": f"{tmp_path}/elsewhere"}).ok(*PROD)
    assert (tmp_path / "elsewhere" / "authctl" / "config.toml").exists()
    relative = Shell(tmp_path, {"XDG_CONFIG_HOME": "here"})
    relative.ok(*PROD)
    assert config(relative).exists()
    assert not (tmp_path / "here").exists()


def test_a_list_marks_the_current_one(alone: Shell) -> None:
    assert alone.ok("context", "list") == ""
    alone.ok(*PROD, "--username", "alice")
    alone.ok("context", "set", "local", "--db", "sqlite:////srv/auth.db")
    alone.ok("context", "use", "local")
    assert alone.ok("context", "list") == (
        "prod\tno\thttps://mlflow.example.com\talice\nlocal\tyes\tsqlite:////srv/auth.db\t\n"
    )
    assert alone.ok("context", "list", "-q") == "prod\nlocal\n"
    assert json.loads(alone.ok("context", "list", "-o", "json"))[0] == {
        "name": "prod",
        "current": False,
        "place": "https://mlflow.example.com",
        "username": "alice",
        "server": "https://mlflow.example.com",
        "database": None,
        "auth_config": None,
        "password_saved": False,
    }


def test_a_context_shows_what_it_says(alone: Shell) -> None:
    alone.ok(*PROD, "--ca-cert", "ca.pem", "--insecure", "--allow-http", "--retries", "0")
    own = "the context 'prod'"
    assert settings(alone, "prod") == {
        "server": ("https://mlflow.example.com", own),
        "ca_cert": (f"{alone.folder}/ca.pem", own),
        "insecure": (True, own),
        "allow_http": (True, own),
        "retries": (0, own),
    }


def test_what_is_in_use_is_shown_with_where_each_is_from(tmp_path: Path) -> None:
    shell = Shell(tmp_path, {"MLFLOW_TRACKING_CLIENT_CERT_PATH": "me.pem"})
    shell.ok(*PROD, "--username", "alice", "--ca-cert", "/ca.pem")
    shell.ok("context", "use", "prod")
    own = "the context 'prod'"
    assert settings(shell, "--timeout", "5") == {
        "context": ("prod", "the current one"),
        "server": ("https://mlflow.example.com", own),
        "username": ("alice", own),
        "authentication": ("none", "default"),
        "timeout": (5, "--timeout"),
        "retries": (2, "default"),
        "ca_cert": ("/ca.pem", own),
        "client_cert": ("me.pem", "MLFLOW_TRACKING_CLIENT_CERT_PATH"),
        "insecure": (False, "default"),
        "allow_http": (False, "default"),
        "config_file": (str(config(shell)), "default"),
    }


def test_with_no_place_there_is_nothing_to_show(alone: Shell) -> None:
    assert alone.run("context", "show") == Done(
        "",
        "error: No server and no auth database is known.\n"
        "hint: Name a server with --server or MLFLOW_TRACKING_URI, an auth database with --db,"
        " AUTHCTL_DB or --auth-config, or either with --context.\n",
        2,
    )


def test_a_place_replaces_the_one_before(alone: Shell) -> None:
    alone.ok(*PROD)
    alone.ok("context", "set", "prod", "--db", "sqlite:////srv/auth.db")
    assert settings(alone, "prod") == {"database": ("sqlite:////srv/auth.db", "the context 'prod'")}
    alone.ok("context", "set", "prod", "--auth-config", "basic_auth.ini")
    assert settings(alone, "prod") == {
        "auth_config": (f"{alone.folder}/basic_auth.ini", "the context 'prod'")
    }


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("sqlite:///auth.db", "sqlite:///{folder}/auth.db"),
        ("sqlite+pysqlite:///a/auth.db?timeout=5", "sqlite+pysqlite:///{folder}/a/auth.db?timeout=5"),
        ("sqlite:////srv/auth.db", "sqlite:////srv/auth.db"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("sqlite:///file:auth.db?uri=true", "sqlite:///file:auth.db?uri=true"),
        ("postgresql://db/auth", "postgresql://db/auth"),
    ],
)  # fmt: skip
def test_a_databases_file_is_kept_by_its_full_path(given: str, kept: str, alone: Shell) -> None:
    alone.ok("context", "set", "local", "--db", given)
    assert settings(alone, "local")["database"][0] == kept.format(folder=alone.folder)


def test_a_context_leads_a_command_to_its_database(shell: Shell) -> None:
    alone = Shell(shell.folder)
    alone.ok("context", "set", "local", "--db", "sqlite:///auth.db")
    assert alone.ok("user", "list", "-q", "--context", "local") == "admin\n"
    assert alone.ok("--context", "local", "user", "list", "-q") == "admin\n"
    assert alone.run("user", "list").code == 2
    alone.ok("context", "use", "local")
    assert alone.ok("user", "list", "-q") == "admin\n"
    assert json.loads(alone.ok("whoami", "-o", "json")) == {
        "server": None,
        "database": f"sqlite:///{shell.folder}/auth.db",
        "context": "local",
        "username": None,
        "is_admin": None,
    }


def test_the_password_of_a_database_is_told_and_never_shown(alone: Shell) -> None:
    done = alone.run("context", "set", "db", "--db", "postgresql://u:opensesame@db/auth")
    assert done == Done(
        "db\tpostgresql://u:***@db/auth\tcreated\n",
        f"warning: the password of the database is kept in {config(alone)}.\n",
        0,
    )
    assert "opensesame" in config(alone).read_text()
    for command in (
        ("list", "-o", "json"),
        ("show", "db"),
        ("show", "--context", "db"),
        ("use", "db"),
        ("rename", "db", "x"),
        ("delete", "x"),
    ):
        assert "opensesame" not in str(alone.run("context", *command))


def test_a_password_is_not_taken_in_a_servers_address(alone: Shell) -> None:
    done = alone.run("context", "set", "prod", "--server", "https://u:opensesame@example.com")
    assert done == Done(
        "",
        "error: The server's address has a password in it.\n"
        "hint: Leave it out; authctl login --context NAME asks for it and keeps it.\n",
        2,
    )
    assert not config(alone).exists()


SLIPS = {
    "context set prod": (
        "The context 'prod' names neither a server nor a database.",
        "Name its place with --server, --db or --auth-config.",
    ),
    "context set a/b --server https://x": (
        "A context's name has letters, digits and . _ - in it, unlike 'a/b'.",
        "For example: prod, or team-a.staging.",
    ),
    "context set prod --server https://x --db sqlite:///x": (
        "A context is of a server or of a database, not of both.",
        None,
    ),
    "context set prod --server https://x --context other": (
        "--context has no meaning here.",
        "Name the context: authctl context set NAME",
    ),
    "context set prod --server https://x --unset cacert": (
        "There is no setting 'cacert'.",
        "Did you mean 'ca_cert'?",
    ),
    "context set prod --db https://x": (
        "--db must be a database URL like sqlite:///basic_auth.db.",
        None,
    ),
    "context set prod --server x": (
        "A server's address begins with http:// or https:// and names a host.",
        "To work on an auth database itself, use --db.",
    ),
    "context set prod --server https://x --timeout inf": (
        "'context.prod.timeout' in {config} must be at least 0.1.",
        None,
    ),
}


@pytest.mark.parametrize("command", SLIPS)
def test_a_slip_is_answered_with_what_to_type_and_keeps_nothing(command: str, alone: Shell) -> None:
    error, hint = SLIPS[command]
    told = f"error: {error.format(config=config(alone))}\n" + (f"hint: {hint}\n" if hint else "")
    assert alone.run(*command.split()) == Done("", told, 2)
    assert not config(alone).exists()


def test_a_setting_can_be_forgotten_however_it_is_spelled(alone: Shell) -> None:
    alone.ok(*PROD, "--ca-cert", "/ca.pem", "--insecure", "--timeout", "5", "--username", "alice")
    alone.ok(
        *("context", "set", "prod", "--unset", "ca-cert", "--unset", "--insecure"),
        *("--unset", "timeout", "--unset", "username"),
    )
    assert list(settings(alone, "prod")) == ["server"]
    assert alone.run("context", "set", "prod", "--unset", "server").code == 2


def test_a_saved_password_stays_with_its_server_and_its_user(alone: Shell) -> None:
    text = '[context.prod]\nserver = "https://a.example"\nusername = "u"\npassword = "opensesame"\n'
    for options, stays in (
        (["--server", "https://a.example/"], True),
        (["--username", "u"], True),
        (["--timeout", "5"], True),
        (["--server", "https://b.example"], False),
        (["--server", "http://a.example"], False),
        (["--username", "v"], False),
        (["--unset", "username"], False),
        (["--db", "sqlite:////srv/auth.db"], False),
    ):
        config(alone).parent.mkdir(parents=True, exist_ok=True)
        config(alone).write_text(text)
        done = alone.run("context", "set", "prod", *options)
        assert done.code == 0
        assert ("opensesame" in config(alone).read_text()) is stays
        assert done.stderr == (
            ""
            if stays
            else "warning: the saved password was for 'u' at https://a.example, and is removed.\n"
        )


def test_using_a_context_twice_changes_nothing(alone: Shell) -> None:
    alone.ok(*PROD)
    use = ("context", "use", "prod")
    assert results(alone, *use, "-n") == [("would be current now", True, True)]
    assert results(alone, *use) == [("current now", True, False)]
    assert results(alone, *use) == [("unchanged", False, False)]


@pytest.mark.parametrize("command", [["show"], ["use"], ["delete"], ["rename"]])
def test_a_misspelt_context_is_not_found_and_a_near_name_is_told(
    command: list[str], alone: Shell
) -> None:
    alone.ok(*PROD)
    before = config(alone).read_text()
    more = ["new"] if command == ["rename"] else []
    assert alone.run("context", *command, "prdo", *more) == Done(
        "", "error: There is no context 'prdo'.\nhint: Did you mean 'prod'?\n", 3
    )
    assert config(alone).read_text() == before


def test_a_renamed_context_stays_current_and_takes_no_others_name(alone: Shell) -> None:
    alone.ok(*PROD)
    alone.ok("context", "set", "test", "--server", "https://test.example.com")
    alone.ok("context", "use", "prod")
    assert alone.run("context", "rename", "prod", "test") == Done(
        "",
        "error: The context 'test' exists already.\n"
        "hint: authctl context delete test removes it.\n",
        6,
    )
    assert results(alone, "context", "rename", "prod", "live", "-n") == [
        ("would be renamed", True, True)
    ]
    assert results(alone, "context", "rename", "prod", "live") == [("renamed", True, False)]
    assert alone.ok("context", "list", "--fields", "name,current") == "live\tyes\ntest\tno\n"


def test_a_deleted_context_is_current_no_longer(alone: Shell) -> None:
    alone.ok(*PROD)
    alone.ok("context", "use", "prod")
    assert results(alone, "context", "delete", "prod", "-n") == [("would be deleted", True, True)]
    assert alone.run("context", "delete", "prod") == Done(
        "prod\tdeleted\n", "warning: 'prod' was the current context; there is none now.\n", 0
    )
    assert alone.ok("context", "list") == ""
    assert alone.run("context", "delete", "prod").code == 3
    assert alone.ok("context", "delete", "prod", "--ignore-missing") == "prod\tunchanged\n"


def test_of_several_contexts_those_there_are_deleted(alone: Shell) -> None:
    alone.ok(*PROD)
    assert alone.run("context", "delete", "no", "prod") == Done(
        "no\tfailed: There is no context 'no'.\nprod\tdeleted\n",
        "error: 1 of 2 failed; the results say which and why.\n",
        9,
    )


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("AUTHCTL_SERVER", "https://other.example.com"),
        ("AUTHCTL_DB", "sqlite:///auth.db"),
        ("MLFLOW_TRACKING_URI", "https://other.example.com"),
        ("AUTHCTL_CONTEXT", "test"),
    ],
)
def test_what_beats_the_current_context_is_told(variable: str, value: str, alone: Shell) -> None:
    alone.ok(*PROD)
    alone.ok("context", "set", "test", "--server", "https://test.example.com")
    beaten = Shell(alone.folder, {variable: value})
    who = "the context 'test'" if variable == "AUTHCTL_CONTEXT" else variable
    told = f"warning: {who} beats the current context.\n"
    assert beaten.run("context", "use", "prod").stderr == told
    assert beaten.run("context", "list").stderr == told


@pytest.fixture
def eight(alone: Shell) -> Iterator[list[subprocess.Popen[bytes]]]:
    processes = [
        subprocess.Popen(
            [*AUTHCTL, "context", "set", f"c{number}", "--server", f"https://c{number}.example"],
            cwd=alone.folder,
            env=alone.environment,
            stdout=subprocess.DEVNULL,
        )
        for number in range(8)
    ]
    yield processes
    for process in processes:
        process.wait()


def test_of_eight_that_set_contexts_at_once_none_is_lost(
    alone: Shell, eight: list[subprocess.Popen[bytes]]
) -> None:
    assert [process.wait() for process in eight] == [0] * 8
    names = alone.ok("context", "list", "-q").split()
    assert sorted(names) == [f"c{number}" for number in range(8)]
    assert [path.name for path in config(alone).parent.iterdir()] == ["config.toml"]
