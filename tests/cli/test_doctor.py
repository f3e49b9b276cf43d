"""authctl doctor: how it behaves, whatever it finds."""

from __future__ import annotations

import ast
import json
import os
import re
import stat
from pathlib import Path

import pytest

import authctl.cli.doctor as checkup_package
from tests.cli.checkups import answering, checkup
from tests.cli.commands import Shell
from tests.cli.test_terminal import at_terminal, ended

SECRET = "hunter2-hunter2"


@pytest.fixture
def nowhere(tmp_path: Path) -> Shell:
    """A shell that knows of no server and no database."""
    return Shell(tmp_path)


def tree(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path): (stat.S_IMODE(path.stat().st_mode), path.read_bytes() if path.is_file() else b"")
        for path in sorted(folder.rglob("*"))
    }


def test_without_a_place_it_looks_at_the_installation_and_says_how_to_name_one(
    nowhere: Shell,
) -> None:
    found = checkup(nowhere)
    assert found.code == 0
    severity, subject, message, remedy = found.one("place")
    assert (severity, subject, message) == ("info", "-", "No server and no auth database is known.")
    assert remedy is not None
    assert "--server" in remedy
    assert "--db" in remedy
    assert [check for check in ("python", "authctl", "libpass", "mlflow") if found.has(check)] == [
        "python",
        "authctl",
        "libpass",
        "mlflow",
    ]


def test_a_healthy_database_passes(shell: Shell) -> None:
    found = checkup(shell)
    assert (found.code, found.bad) == (0, [])
    url = f"sqlite:///{shell.folder}/auth.db"
    assert found.one("place") == ("ok", url, "Named by AUTHCTL_DB.", None)
    assert found.one("database") == (
        "ok",
        url,
        "Of MLflow 3.13 and later; users 1, admins 1, grants 0.",
        None,
    )
    assert found.one("database-check")[0] == "ok"


def test_every_finding_has_the_keys_of_db_check(shell: Shell) -> None:
    shell.run("user", "create", "bob", "--admin", "--password-stdin", stdin="password1234")
    (checked,) = json.loads(shell.run("db", "check", "-o", "json").stdout)
    found = checkup(shell)
    assert {tuple(sorted(each)) for each in found.findings} == {tuple(sorted(checked))}
    assert found.of("well-known-password") == [
        ("error", "bob", checked["message"], checked["remedy"])
    ]
    assert (found.code, found.bad) == (8, ["well-known-password"])


def test_quiet_names_the_checks_that_are_to_be_mended(shell: Shell) -> None:
    assert shell.ok("doctor", "-q") == ""
    (shell.folder / "auth.db").chmod(0o644)
    done = shell.run("doctor", "-q")
    assert (done.stdout, done.stderr, done.code) == ("file-mode\n", "", 8)


def test_piped_it_is_a_line_a_finding(nowhere: Shell) -> None:
    lines = [line.split("\t") for line in nowhere.ok("doctor").splitlines()]
    assert {len(line) for line in lines} == {5}
    assert lines[0][:2] == ["ok", "python"]


def test_fields_can_be_chosen(nowhere: Shell) -> None:
    lines = nowhere.ok("doctor", "--fields", "check,severity").splitlines()
    assert "place\tinfo" in lines


def test_two_places_that_contradict_each_other_are_a_finding(tmp_path: Path) -> None:
    shell = Shell(tmp_path, {"AUTHCTL_SERVER": "http://127.0.0.1:1", "AUTHCTL_DB": "sqlite:///x"})
    found = checkup(shell)
    severity, subject, message, _ = found.one("place")
    assert (severity, subject) == ("error", "AUTHCTL_SERVER, AUTHCTL_DB")
    assert message.startswith("AUTHCTL_SERVER and AUTHCTL_DB are both set")
    assert found.has("python")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("sqlite:///{}/no.db", "There is no auth database at {}/no.db."),
        ("sqlite:///{}/bad.db", "{}/bad.db is not an SQLite database."),
        ("nonsense", "The database URL cannot be read."),
    ],
)
def test_a_database_that_cannot_be_opened_is_a_finding(
    url: str, message: str, tmp_path: Path
) -> None:
    (tmp_path / "bad.db").write_bytes(b"this is no database at all" * 100)
    (tmp_path / "bad.db").chmod(0o600)
    found = checkup(Shell(tmp_path), "--db", url.format(tmp_path))
    assert found.one("database")[::2] == ("error", message.format(tmp_path))


def test_offline_nothing_is_sent(tmp_path: Path) -> None:
    asked: list[str] = []

    def answer(path: str, _: str) -> tuple[int, dict[str, str], str]:
        asked.append(path)
        return 200, {}, "{}"

    with answering(answer) as url:
        found = checkup(Shell(tmp_path), "--offline", "--server", url)
    assert found.one("server") == ("info", url, "It was not asked: --offline.", None)
    assert asked == []
    assert not found.has("tcp")


def test_nothing_is_changed(shell: Shell) -> None:
    home = shell.folder
    (home / ".mlflow").mkdir()
    (home / ".mlflow" / "credentials").write_text("[mlflow]\n")
    (home / ".netrc").write_text("machine a login b password c\n")
    before = tree(home)
    shell.run("doctor")
    assert tree(home) == before


def test_no_secret_is_told_in_any_form(tmp_path: Path) -> None:
    (tmp_path / ".mlflow").mkdir()
    (tmp_path / ".mlflow" / "credentials").write_text(
        f"[mlflow]\nmlflow_tracking_username = x\nmlflow_tracking_password = a%{SECRET}\n"
    )
    (tmp_path / ".netrc").write_text(f"machine 127.0.0.1 login y password {SECRET}\nnonsense\n")
    (tmp_path / "auth.ini").write_text(f"[mlflow]\nadmin_password = {SECRET}\n{SECRET}\n")
    (tmp_path / "key").write_text(SECRET)
    config = tmp_path / ".config" / "authctl"
    config.mkdir(parents=True)
    (config / "config.toml").write_text(f'[context.prod]\npassword = "{SECRET}" {SECRET}\n')
    settings = {
        "MLFLOW_TRACKING_USERNAME": "eve",
        "MLFLOW_TRACKING_PASSWORD": SECRET,
        "MLFLOW_TRACKING_TOKEN": SECRET,
        "MLFLOW_FLASK_SERVER_SECRET_KEY": SECRET,
        "MLFLOW_AUTH_CONFIG_PATH": str(tmp_path / "auth.ini"),
        "HTTP_PROXY": f"http://eve:{SECRET}@127.0.0.1:1",
        "NO_PROXY": "",
        "no_proxy": "",
    }
    shell = Shell(tmp_path, settings)
    places = (
        ("--server", f"http://eve:{SECRET}@127.0.0.1:1"),
        ("--server", f"http://eve:{SECRET}@mlflow.invalid"),
        ("--db", f"postgresql://eve:{SECRET}@127.0.0.1:1/auth"),
        ("--db", f"postgresql://eve:{SECRET}@x@127.0.0.1:1/auth"),
    )
    for place in places:
        for form in (("-o", "json"), ("-o", "table"), ("--debug",)):
            done = shell.run("doctor", *place, *form)
            assert done.code == 8
            assert SECRET not in done.stdout + done.stderr


def test_on_a_terminal_each_check_has_a_mark_and_the_remedy_stands_below(shell: Shell) -> None:
    (shell.folder / "auth.db").chmod(0o644)
    child = at_terminal(shell, "doctor")
    assert ended(child) == 8
    assert child.before is not None
    lines = child.before.splitlines()
    assert all(len(line) < 80 for line in lines if str(shell.folder) not in line)
    assert [line for line in lines if line and not line.startswith(" ")] == [
        "Installation",
        "Settings",
        "Auth database",
        lines[-1],
    ]
    start = next(i for i, line in enumerate(lines) if "file-mode" in line)
    assert lines[start].startswith("  ! file-mode ")
    remedy = " ".join(line.strip() for line in lines[start:]).partition("→ ")[2]
    assert remedy.startswith(f"chmod o-rwx {shell.folder}/auth.db")
    assert lines[-1].startswith("1 warning, 1 remark; ")


def test_a_terminal_that_lacks_the_marks_gets_others(shell: Shell) -> None:
    plain = Shell(shell.folder, {**shell.settings, "PYTHONIOENCODING": "ascii"})
    child = at_terminal(plain, "doctor")
    assert ended(child) == 0
    assert child.before is not None
    assert "  + python " in child.before
    assert child.before.isascii()


def test_hostile_names_are_shown_but_not_obeyed(shell: Shell) -> None:
    name = "\x1b]0;owned\x07eve"
    with_name = Shell(shell.folder, {**shell.settings, "MLFLOW_TRACKING_URI": "http://127.0.0.1:1"})
    hostile = Shell(
        shell.folder,
        {**with_name.settings, "MLFLOW_TRACKING_USERNAME": name, "MLFLOW_TRACKING_PASSWORD": "x"},
    )
    child = at_terminal(hostile, "doctor")
    ended(child)
    assert child.before is not None
    assert "\x1b]0;" not in child.before
    assert r"\x1b]0;owned\x07eve" in child.before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_file_of_somebody_else_is_told(nowhere: Shell) -> None:
    file = nowhere.folder / ".netrc"
    file.write_text("")
    file.chmod(0o600)
    os.chown(file, 65534, 65534)
    found = checkup(nowhere)
    severity, subject, message, remedy = found.one("file-owner")
    assert (severity, subject) == ("warning", str(file))
    assert message.endswith(", who can change it.")
    assert remedy == f"chown root {file}"


def test_every_check_is_told_in_the_document() -> None:
    made = {
        call.args[0].value
        for file in Path(checkup_package.__path__[0]).glob("*.py")
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        and getattr(call.func, "id", "") in ("ok", "info", "warning", "error", "grade", "attempt")
        and isinstance(call.args[0], ast.Constant)
    }
    text = (Path(__file__).parents[2] / "docs" / "doctor.md").read_text(encoding="utf-8")
    table = text.partition("## The checks")[2].partition("\n\nWhat ")[0]
    rows = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
    assert {name for row in rows for name in re.findall("`([a-z-]+)`", row)} == made
