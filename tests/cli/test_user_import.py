from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from authctl.store import tables
from tests.cli.commands import PASSWORD, Done, Shell
from tests.servers import recording_server
from tests.store.databases import Backend, auth_database, contents, execute

if TYPE_CHECKING:
    from pathlib import Path

IMPORT = ("user", "import", "users.csv")


def users(shell: Shell, text: str | bytes, name: str = "users.csv") -> None:
    file = shell.folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    file.chmod(0o600)


def kept(shell: Shell) -> object:
    return contents(f"sqlite:///{shell.folder}/auth.db")


def verified(shell: Shell, name: str, password: str) -> bool:
    return shell.run("user", "verify", name, "--password-stdin", stdin=password).code == 0


def test_users_are_made_as_the_file_says(shell: Shell) -> None:
    (shell.folder / "secret").write_text("a password in a file\n")
    users(
        shell,
        "username,is_admin,password,password_file\n"
        f"alice,yes,{PASSWORD},\nbob,,,secret\n\n"
        f'"o\'brien, ""x""",0,{PASSWORD},\nadmin,,,\n',
    )
    assert shell.ok(*IMPORT) == (
        'alice\tyes\tcreated\nbob\tno\tcreated\no\'brien, "x"\tno\tcreated\nadmin\tyes\tunchanged\n'
    )
    assert shell.ok("user", "list") == ('admin\tyes\nalice\tyes\nbob\tno\no\'brien, "x"\tno\n')
    assert verified(shell, "alice", PASSWORD)
    assert verified(shell, "bob", "a password in a file")


def test_a_second_import_changes_nothing_and_no_password(shell: Shell) -> None:
    users(shell, f"username,password\nalice,{PASSWORD}\n")
    shell.ok(*IMPORT)
    before = kept(shell)
    users(shell, "username,password\nalice,another password for her\n")
    assert json.loads(shell.ok(*IMPORT, "-o", "jsonl")) == {
        "username": "alice",
        "is_admin": False,
        "result": "unchanged",
        "changed": False,
        "dry_run": False,
        "error": None,
    }
    assert kept(shell) == before


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("users.csv", "username,password\nci-bot,none\n"),
        ("users.toml", 'version = 1\n[[user]]\nname = "ci-bot"\npassword = "none"\n'),
    ],
)
def test_a_service_account_has_no_password(shell: Shell, name: str, text: str) -> None:
    (shell.folder / name).write_text(text)
    assert shell.ok("user", "import", name) == "ci-bot\tno\tcreated\n"
    kept = contents(f"sqlite:///{shell.folder}/auth.db")["users"]
    assert [row[2] for row in kept if row[1] == "ci-bot"] == ["!"]


def test_generated_passwords_are_printed_and_fit(shell: Shell) -> None:
    users(shell, f"username,password\nalice,\nbob,{PASSWORD}\nadmin,\ncarol,generate\n")
    lines = shell.ok(*IMPORT, "--generate", "--fields", "username,password").splitlines()
    made = dict(line.split("\t") for line in lines)
    assert list(made) == ["alice", "bob", "admin", "carol"]
    assert (made["bob"], made["admin"]) == ("", "")
    assert len(made["alice"]) >= 20
    assert verified(shell, "alice", made["alice"])
    assert verified(shell, "carol", made["carol"])
    assert shell.run(*IMPORT, "--generate", "-q") == Done(
        "",
        "error: -q would hide the generated passwords.\n"
        "hint: Use --fields username,password to see just them.\n",
        2,
    )


def test_a_dry_run_makes_nobody_and_no_password(shell: Shell) -> None:
    users(shell, "username\nalice\nadmin\n")
    before = kept(shell)
    told = shell.ok(*IMPORT, "--generate", "-n", "--failed", "failed.csv", "-o", "csv")
    assert told == (
        "username,is_admin,result,password\nalice,no,would be created,\nadmin,yes,unchanged,\n"
    )
    assert kept(shell) == before
    assert not (shell.folder / "failed.csv").exists()


def test_an_export_is_imported_elsewhere_and_changes_nothing_here(
    shell: Shell, tmp_path: Path
) -> None:
    users(shell, f'username,is_admin,password\n"a,""b""",yes,{PASSWORD}\n=1+2,no,{PASSWORD}\n')
    shell.ok(*IMPORT)
    exported = shell.ok("user", "export")
    assert exported == 'username,is_admin\n=1+2,no\n"a,""b""",yes\nadmin,yes\n'
    assert set(shell.ok("user", "import", "-", stdin=exported).split("\n")) == {
        "=1+2\tno\tunchanged",
        'a,"b"\tyes\tunchanged',
        "admin\tyes\tunchanged",
        "",
    }
    other = Shell(tmp_path, {"AUTHCTL_DB": f"sqlite:///{tmp_path}/other.db"})
    other.ok("db", "init")
    other.ok("user", "import", "-", "--generate", stdin=exported)
    assert other.ok("user", "export") == exported
    assert shell.ok("user", "export", "-q") == '=1+2\na,"b"\nadmin\n'


def test_an_export_leaves_out_names_that_no_new_user_can_have(shell: Shell) -> None:
    execute(
        f"sqlite:///{shell.folder}/auth.db",
        "INSERT INTO users (username, password_hash, is_admin) VALUES ('a:b', 'x', 0)",
    )
    assert shell.run("user", "export") == Done(
        "username,is_admin\nadmin,yes\n",
        "warning: 'a:b' is left out: no new user can have this name.\n",
        0,
    )


def test_toml_has_the_tables_of_a_manifest(shell: Shell) -> None:
    (shell.folder / "secret").write_text(f"{PASSWORD}\n")
    users(
        shell,
        'version = 1\n[[user]]\nname = "alice"\nadmin = true\npassword_file = "secret"\n'
        '[[user]]\nname = "bob"\npassword = "generate"\n[[role]]\nname = "trainers"\n',
        "users.toml",
    )
    done = shell.run("user", "import", "users.toml", "--fields", "username,is_admin,result")
    assert done == Done(
        "alice\tyes\tcreated\nbob\tno\tcreated\n",
        "warning: only the users of users.toml are imported; see authctl apply\n",
        0,
    )
    assert verified(shell, "alice", PASSWORD)


def test_admins_are_what_the_file_says_only_if_asked_for(shell: Shell) -> None:
    shell.new_user("alice")
    shell.new_user("bob", "--admin")
    users(shell, "username,is_admin\nalice,yes\nbob,no\nadmin,\n")
    assert shell.run(*IMPORT) == Done(
        "alice\tno\tunchanged\nbob\tyes\tunchanged\nadmin\tyes\tunchanged\n",
        "warning: users.csv differs on who is an admin (alice, bob);"
        " --update-admins makes it so.\n",
        0,
    )
    assert shell.ok(*IMPORT, "--update-admins") == (
        "alice\tyes\tpromoted\nbob\tno\tdemoted\nadmin\tyes\tunchanged\n"
    )
    assert shell.ok("user", "list") == "admin\tyes\nalice\tyes\nbob\tno\n"


def test_a_failure_does_not_stop_the_rest_and_can_be_tried_again(shell: Shell) -> None:
    users(shell, f"username,is_admin,password\nadmin,no,\nalice,,{PASSWORD}\n")
    failed = shell.folder / "failed.csv"
    assert shell.run(*IMPORT, "--update-admins", "--failed", "failed.csv") == Done(
        "admin\tyes\tfailed: 'admin' is the last admin.\nalice\tno\tcreated\n",
        "error: 1 of 2 failed; the results say which and why.\n",
        9,
    )
    assert failed.read_text() == "username,is_admin,password,password_file\nadmin,no,,\n"
    assert failed.stat().st_mode & 0o777 == 0o600
    shell.ok("admin", "promote", "alice")
    again = ("user", "import", "failed.csv", "--update-admins", "--failed", "failed.csv")
    assert shell.ok(*again) == "admin\tno\tdemoted\n"
    assert failed.read_text() == "username,is_admin,password,password_file\n"
    assert shell.ok(*again) == ""


def test_a_database_that_fails_loses_no_row(shell: Shell) -> None:
    (shell.folder / "secret").write_text(PASSWORD)
    rows = f"username,is_admin,password,password_file\nal,yes,{PASSWORD},\nbo,,,secret\ncy,no,,\n"
    users(shell, rows)
    url = f"sqlite:///{shell.folder}/auth.db"
    execute(
        url,
        "CREATE TRIGGER full BEFORE INSERT ON users WHEN NEW.username != 'admin'"
        " BEGIN SELECT RAISE(ABORT, 'the disk is full'); END",
    )
    done = shell.run(*IMPORT, "--generate", "--failed", "failed.csv")
    assert done.code not in (0, 9)
    assert PASSWORD not in done.stdout + done.stderr
    kept_rows = (shell.folder / "failed.csv").read_text()
    assert kept_rows == rows.replace("secret", f"{shell.folder}/secret")
    execute(url, "DROP TRIGGER full")
    again = shell.ok("user", "import", "failed.csv", "--generate", "--fields", "username,result")
    assert again == "al\tcreated\nbo\tcreated\ncy\tcreated\n"


def test_failed_rows_of_toml_are_toml(shell: Shell) -> None:
    text = 'version = 1\n[[user]]\nname = "admin"\nadmin = false\n[[user]]\nname = "root"\n'
    users(shell, text + 'password = "generate"\n', "users.toml")
    command = ("user", "import", "users.toml", "--update-admins", "--failed", "f.toml")
    assert shell.run(*command).code == 9
    assert "root" not in (shell.folder / "f.toml").read_text()
    shell.new_user("other", "--admin")
    again = shell.ok("user", "import", "f.toml", "--update-admins")
    assert again == "admin\tno\tdemoted\n"


def test_the_file_of_failed_rows_is_looked_at_first(shell: Shell) -> None:
    users(shell, f"username,password\nalice,{PASSWORD}\n")
    before = kept(shell)
    (shell.folder / "folder").mkdir()
    for place in ("folder", "nowhere/failed.csv"):
        assert shell.run(*IMPORT, "--failed", place).code == 2
    assert kept(shell) == before


def test_a_file_of_passwords_that_others_can_read_is_warned_of(shell: Shell) -> None:
    users(shell, f"username,password\nalice,{PASSWORD}\n")
    (shell.folder / "users.csv").chmod(0o640)
    assert shell.run(*IMPORT).stderr == (
        "warning: users.csv holds passwords and others can read it: chmod 600 users.csv\n"
    )
    users(shell, "username\nbob\n")
    (shell.folder / "users.csv").chmod(0o644)
    assert shell.run(*IMPORT, "--generate").stderr == ""


def test_bad_rows_are_named_by_their_lines_before_anything_is_changed(shell: Shell) -> None:
    users(
        shell,
        "username,is_admin,password\r\n"
        f"alice,no,{PASSWORD}\r\n"
        "bob,no,short-secret\r\n"
        "a:b,no,\r\n"
        "carol,no,\r\n",
    )
    before = kept(shell)
    assert shell.run(*IMPORT) == Done(
        "",
        "error: users.csv has 2 bad rows: line 4: Invalid username: it contains ':', which no"
        " client can send; line 5: there is no password, and no --generate to make one.\n"
        "hint: Nothing was changed.\n",
        2,
    )
    assert kept(shell) == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("nowhere.csv",), "nowhere.csv cannot be read: No such file or directory."),
        (("users.csv", "--format", "tmol"), "--format cannot be 'tmol'."),
        (("users.csv", "--fields", "usrname"), "There is no field 'usrname'."),
    ],
)
def test_a_slip_changes_nothing(shell: Shell, options: tuple[str, ...], message: str) -> None:
    users(shell, f"username,password\nalice,{PASSWORD}\n")
    before = kept(shell)
    done = shell.run("user", "import", *options)
    assert done.code == 2
    assert done.stderr.startswith(f"error: {message}\n")
    assert kept(shell) == before


def test_a_thousand_users_are_read_and_checked_in_a_moment(shell: Shell) -> None:
    users(shell, "username\n" + "".join(f"user{number}\n" for number in range(1000)))
    told = shell.ok(*IMPORT, "--generate", "-n")
    assert told.count("\tno\twould be created\t\n") == 1000


def test_an_old_database_takes_an_import(tmp_path: Path) -> None:
    with auth_database(Backend("sqlite", tables.INITIAL), tmp_path) as url:
        shell = Shell(tmp_path, {"AUTHCTL_DB": url})
        users(shell, f"username,is_admin,password\nalice,yes,{PASSWORD}\n")
        assert shell.ok(*IMPORT) == "alice\tyes\tcreated\n"


def test_a_user_who_stands_there_twice_is_refused(shell: Shell) -> None:
    users(shell, f'username,password\nalice,{PASSWORD}\n"b\n",x\nalice,{PASSWORD}\n')
    assert shell.run(*IMPORT) == Done(
        "",
        "error: users.csv, line 5: 'alice' stands on line 2 already.\nhint: Nothing was changed.\n",
        2,
    )


def test_a_password_is_told_if_it_may_be_that_of_an_account(tmp_path: Path) -> None:
    with recording_server() as server:
        shell = Shell(tmp_path, {"MLFLOW_TRACKING_URI": server.url})
        users(shell, f"username,is_admin,password\nal,yes,\nbo,,\ncy,,{PASSWORD}\n")
        al = {"user": {"id": 2, "username": "al", "is_admin": False}}
        server.will_answer(200, {"users": []})
        server.will_answer(200, al)  # created
        server.will_answer(200, al)  # looked up
        server.will_answer(403, b"Permission denied")
        server.will_answer(500, {"message": "oh"})
        done = shell.run(*IMPORT, "--generate", "--failed", "failed.csv", "-o", "json")
        told = {row["username"]: row for row in json.loads(done.stdout)}
    assert done.code == 5
    assert told["al"]["result"] == "failed: created, but not made an admin: Permission denied"
    assert (told["al"]["changed"], told["al"]["is_admin"]) == (True, False)
    assert (told["bo"]["result"], told["bo"]["changed"]) == ("failed: oh", False)
    assert len(told["al"]["password"]) == len(told["bo"]["password"]) == 24
    assert told["cy"]["password"] is None
    assert PASSWORD not in done.stdout + done.stderr
    assert (tmp_path / "failed.csv").read_text().count("\n") == 4


def test_a_server_that_is_down_is_told_once(tmp_path: Path) -> None:
    shell = Shell(tmp_path, {"MLFLOW_TRACKING_URI": "http://127.0.0.1:1"})
    users(shell, "username\nal\nbo\n")
    done = shell.run(*IMPORT, "--generate", "--retries", "0", "--failed", "failed.csv")
    assert (done.stdout, done.code) == ("", 7)
