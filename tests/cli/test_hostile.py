from __future__ import annotations

import csv
import io
import json
import sqlite3
import sys
from typing import TYPE_CHECKING

import pexpect
import pytest

from authctl.cli.visible import one_line, visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.commands import Shell

ANSI = "\x1b[31mred\x1b[0m"
BIDI = "rtl\u202egnp.exe"
BREAKS = "tab\there\nnext\u2028line\x85end"
MARKUP = "[bold]markup[/bold] [/]"
PLAIN = "Jürgen 日本"
NAMES = [ANSI, BIDI, BREAKS, MARKUP, PLAIN]


@pytest.fixture
def hostile(shell: Shell) -> Iterator[Shell]:
    """The shell, and users whom other hands wrote into its database."""
    database = sqlite3.connect(shell.folder / "auth.db")
    with database:
        database.executemany(
            "INSERT INTO users (username, password_hash, is_admin) VALUES (?, '!', 0)",
            [(name,) for name in NAMES],
        )
    database.close()
    return shell


def test_tsv_and_csv_stay_a_row_a_record(hostile: Shell) -> None:
    tsv = hostile.ok("user", "list")
    assert [line.count("\t") for line in tsv.splitlines()] == [1] * 6
    rows = list(csv.reader(io.StringIO(hostile.ok("user", "list", "-o", "csv"))))
    assert len(rows) == 7
    assert r"tab\there\nnext\u2028line\x85end" in {row[0] for row in rows}


def test_json_gives_every_name_exactly_and_in_ascii(hostile: Shell) -> None:
    told = hostile.ok("user", "list", "-o", "json")
    assert told.isascii()
    assert {row["username"] for row in json.loads(told)} == {"admin", *NAMES}


@pytest.mark.parametrize("form", ["table", "tsv", "csv", "json"])
def test_a_terminal_sees_no_escape_of_a_users_making(hostile: Shell, form: str) -> None:
    screen, _ = pexpect.run(
        f"{sys.executable} -m authctl user list --color never -o {form}",
        env={**hostile.environment, "TERM": "xterm"},
        cwd=str(hostile.folder),
        encoding="utf-8",
        withexitstatus=True,
    )
    assert "gnp.exe" in screen
    assert not [char for char in screen if not char.isprintable() and char not in "\t\r\n"]


def test_markup_is_shown_not_obeyed(hostile: Shell) -> None:
    assert MARKUP in hostile.ok("user", "list", "-o", "table")


def test_errors_escape_what_they_quote(shell: Shell) -> None:
    assert shell.run("user", "show", ANSI).stderr == (
        r"error: There is no user '\x1b[31mred\x1b[0m'." + "\n"
    )


def test_a_name_that_is_not_unicode_is_refused(shell: Shell) -> None:
    done = shell.run("user", "create", "bad\udcff", "--generate")
    assert (done.stdout, done.code) == ("", 2)
    assert done.stderr == "error: Invalid username: it is not valid Unicode.\n"


@pytest.mark.parametrize(
    ("text", "on_a_terminal", "in_a_record"),
    [
        (ANSI, r"\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        (BIDI, r"rtl\u202egnp.exe", BIDI),
        ("zero\u200bwidth", r"zero\u200bwidth", "zero\u200bwidth"),
        ("tag\U000e0041", r"tag\U000e0041", "tag\U000e0041"),
        ("a\tb\r\n", r"a\tb\r\n", r"a\tb\r\n"),
        (r"DOMAIN\user", r"DOMAIN\user", r"DOMAIN\user"),
        (PLAIN, PLAIN, PLAIN),
    ],
)
def test_what_is_unseen_is_spelled_out(text: str, on_a_terminal: str, in_a_record: str) -> None:
    assert (visible(text), one_line(text)) == (on_a_terminal, in_a_record)
