from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from authctl.errors import InvalidRequest
from authctl.manifest.user_list import read_csv, to_csv

if TYPE_CHECKING:
    from pathlib import Path

BAD_FILES = {
    "is empty": (b"", "f has no column 'username' in its first line."),
    "has no heading": (
        b"alice,no,correct horse battery\n",
        "f has no column 'username' in its first line.",
    ),
    "has an unknown column": (
        b"username,is_admn\nalice,no\n",
        "f has a column 'is_admn', which is not known.",
    ),
    "has a column twice": (
        b"username,is_admin,username\n",
        "f has the column 'username' twice.",
    ),
    "is UTF-16": (
        "username\nalice\n".encode("utf-16"),
        "f is not UTF-8 text; it seems to be UTF-16.",
    ),
    "is Latin-1": (
        "username\nalice\nmüller\n".encode("latin-1"),
        "f, line 3: this is not UTF-8 text.",
    ),
    "ends inside quotes": (
        b'username,password\n"alice,secret\n',
        "f, line 2: this is not valid CSV.",
    ),
    "has text after quotes": (
        b'username\nbob\n"alice"secret\n',
        "f, line 3: this is not valid CSV.",
    ),
    "has an empty name": (b"username,is_admin\n,yes\n", "f, line 2: the username is empty."),
    "has a strange flag": (
        b"username,is_admin\nalice,secret\n",
        "f, line 2: is_admin is yes or no.",
    ),
    "has too many cells": (
        b"username\nalice,secret\n",
        "f, line 2: it has 2 cells, and the heading 1.",
    ),
    "has two sources": (
        b"username,password,password_file\nalice,secret,file\n",
        "f, line 2: the password can come from one place only.",
    ),
    "has several bad rows": (
        b'username,is_admin\nalice,x\n"a\nb",no\n,no\n',
        "f has 2 bad rows: line 2: is_admin is yes or no; line 5: the username is empty.",
    ),
    "has very many bad rows": (
        b"username\n" + b"a,secret\n" * 12,
        "f has 12 bad rows: "
        + "; ".join(f"line {line}: it has 2 cells, and the heading 1" for line in range(2, 12))
        + "; and 2 more.",
    ),
}


@pytest.mark.parametrize("trouble", BAD_FILES)
def test_a_csv_file_is_refused_without_a_quote_if_it(tmp_path: Path, trouble: str) -> None:
    content, message = BAD_FILES[trouble]
    with pytest.raises(InvalidRequest) as refusal:
        read_csv(content, name="f", folder=tmp_path)
    assert refusal.value.message == message
    assert refusal.value.__cause__ is None
    assert "secret" not in f"{refusal.value.hint}"


@pytest.mark.parametrize(
    "content",
    [
        b"username,is_admin\nalice,yes\n",
        b"\xef\xbb\xbfusername,is_admin\r\nalice,yes\r\n",
        b"Username;Is_Admin\nalice;TRUE",
        b"is_admin\tusername\n1\talice\n",
        b'\n"username",is_admin\n\n,\n"alice", Yes \n,,\n',
        b"username,is_admin,password\nalice,true\n",
    ],
)
def test_what_spreadsheets_write_is_read(tmp_path: Path, content: bytes) -> None:
    [asked] = read_csv(content, name="f", folder=tmp_path)
    assert (asked.user.name, asked.user.is_admin) == ("alice", True)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    content = (
        'username,is_admin,password,password_file\n"a, ""b""\n",,"x,""y""\n",\n'
        f"=1+2,yes,generate,\nc,no,,{tmp_path}/secret\n"
    )
    asked = read_csv(content.encode(), name="f", folder=tmp_path)
    assert to_csv([each.user for each in asked]) == content
