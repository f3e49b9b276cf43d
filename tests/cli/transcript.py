"""Whole sessions, told in transcripts/ and run again wherever authctl can work."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.commands import Shell

_FOLDER = Path(__file__).parent / "transcripts"
ANYWHERE, DATABASE, SERVER, OURS = (
    _FOLDER / f"{name}.txt" for name in ("anywhere", "database", "server", "ours")
)
_PROMPT = "$ authctl "

FILES = {
    "alice.txt": "a long enough password\n",
    "other.txt": "another good password\n",
    "wrong.txt": "not the password at all\n",
    "team.csv": "username,is_admin,password_file\ncarol,no,alice.txt\ndave,,alice.txt\n",
    "access.toml": """\
version = 1

[[user]]
name = "admin"

[[user]]
name = "carol"

[[user]]
name = "dave"

[[user]]
name = "frank"
password_file = "alice.txt"

[[role]]
name = "trainers"
members = ["carol", "dave"]
grants = [{ model = "churn", level = "READ" }]

[[grant]]
user = "carol"
experiment_id = "7"
level = "MANAGE"

[[grant]]
user = "dave"
experiment_id = "7"
level = "EDIT"

[[grant]]
user = "frank"
model = "churn"
level = "EDIT"
""",
}


def commands(file: Path) -> list[str]:
    """The command lines of a session, without the name of the program."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return [line.removeprefix(_PROMPT) for line in lines if line.startswith(_PROMPT)]


def transcript(shell: Shell, file: Path = ANYWHERE, **hidden: str) -> str:
    """Run the commands of a session and write what they say now, in the file's form.

    The place must have nobody but an admin called `admin`. Lines on stderr begin with `! `, an exit
    code other than 0 stands in brackets. What is `hidden` stands in capitals, by its name, as do
    the folder, times and service tokens, of which no more than START is shown twice.
    """
    for name, content in FILES.items():
        (shell.folder / name).write_text(content, encoding="utf-8")
        (shell.folder / name).chmod(0o600)
    told: list[str] = []
    before = ""
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("# ") and not before:
            told.append(f"{line}\n\n")
        before = line
        if not line.startswith(_PROMPT):
            continue
        typed = line.removeprefix(_PROMPT)
        for name, value in hidden.items():
            typed = typed.replace(name.upper(), value)
        done = shell.run(*shlex.split(typed))
        said = [f"! {each}\n" for each in done.stderr.splitlines()]
        code = f"[{done.code}]\n\n" if done.code else "\n"
        shown = "".join([done.stdout, *said, code])
        told += [f"{line}\n", _steady(shown, {**hidden, "folder": str(shell.folder)})]
    return "".join(told)


def _steady(text: str, hidden: dict[str, str]) -> str:
    for name, value in hidden.items():
        text = text.replace(value, name.upper())
    text = re.sub(r"authctl_[0-9A-Za-z]{38}\b", "TOKEN", text)
    text = re.sub(r"authctl_[0-9A-Za-z]{4}\b", "START", text)
    return re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.\d+:Z]*", "TIME", text)
