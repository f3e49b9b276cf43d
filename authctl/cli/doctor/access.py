"""Whether a file is there, who may read and change it, and whose it is."""

from __future__ import annotations

import os
import pwd
import shlex
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from authctl.cli.doctor.finding import error, ok, warning

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from authctl.cli.doctor.finding import Finding

_ROOT = 0


@dataclass(frozen=True, slots=True)
class Access:
    """What is right for a sort of file: the mode bits it must not have, and whose it may be.

    A file of a person is theirs; one of a server may be of the account that the server runs as,
    which root sees as somebody else's.
    """

    forbidden: int
    mode: str
    personal: bool


PERSONAL_SECRET = Access(0o077, "600", personal=True)
PERSONAL = Access(0o022, "go-w", personal=True)
SERVER_SECRET = Access(0o007, "o-rwx", personal=False)
SERVER = Access(0o002, "o-w", personal=False)

_FOLDER = 0o022


def look_at(path: Path, access: Access) -> Iterator[Finding]:
    """Say what is wrong with a file that should be there, or that nothing is."""
    try:
        found = path.stat()
        path.open("rb").close()
    except OSError as failure:
        remedy = f"ls -l {shlex.quote(str(path))}"
        yield error("file", str(path), f"It cannot be read: {failure.strerror}.", remedy)
        return
    troubles = [
        *_mode(path, found.st_mode, access),
        *_owner(path, found.st_uid, access),
        *_folder(path.absolute().parent, access),
    ]
    yield from troubles
    if not troubles:
        yield ok("file", str(path), "Readable, and safe from others on this machine.")


def _mode(path: Path, mode: int, access: Access) -> Iterator[Finding]:
    wrong = mode & access.forbidden
    if not wrong:
        return
    may = [word for bits, word in ((0o044, "read"), (0o022, "write")) if wrong & bits]
    if may:
        yield warning(
            "file-mode",
            str(path),
            f"Others on this machine can {' and '.join(may)} it: its mode is"
            f" {stat.S_IMODE(mode):o}.",
            f"chmod {access.mode} {shlex.quote(str(path))}",
        )


def _owner(path: Path, owner: int, access: Access) -> Iterator[Finding]:
    me = os.geteuid()
    if owner in (me, _ROOT) or (me == _ROOT and not access.personal):
        return
    yield warning(
        "file-owner",
        str(path),
        f"It belongs to {_name(owner)}, who can change it.",
        f"chown {_name(me)} {shlex.quote(str(path))}",
    )


def _folder(folder: Path, access: Access) -> Iterator[Finding]:
    mode = folder.stat().st_mode
    forbidden = _FOLDER if access.personal else _FOLDER & access.forbidden
    if mode & forbidden and not mode & stat.S_ISVTX:
        yield warning(
            "file-mode",
            str(folder),
            "Others on this machine can replace the files in this folder: its mode is"
            f" {stat.S_IMODE(mode):o}.",
            f"chmod {'go-w' if access.personal else 'o-w'} {shlex.quote(str(folder))}",
        )


def _name(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user id {number}"
