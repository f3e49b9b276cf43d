"""A whole session, told in transcript.txt and run again wherever authctl can work."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.commands import Shell

FILE = Path(__file__).with_name("transcript.txt")
_PROMPT = "$ authctl "


def transcript(shell: Shell) -> str:
    """Run the commands of the file and write what they say now, in the file's form.

    The place must have nobody but an admin called `admin`. Lines on stderr begin with `! `, an exit
    code other than 0 stands in brackets.
    """
    (shell.folder / "alice.txt").write_text("a long enough password\n", encoding="utf-8")
    told: list[str] = []
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if not line.startswith(_PROMPT):
            if line.startswith("#"):
                told.append(f"{line}\n\n")
            continue
        done = shell.run(*shlex.split(line.removeprefix(_PROMPT)))
        told.append(f"{line}\n{done.stdout}")
        told += [f"! {said}\n" for said in done.stderr.splitlines()]
        told.append(f"[{done.code}]\n\n" if done.code else "\n")
    return "".join(told)
