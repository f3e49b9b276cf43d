"""Names found a short while ago, a file a question, so that TAB need not ask again.

Kept free of imports, since every TAB on a name waits for them.
"""

from __future__ import annotations

import os
import stat
import time

NAMES_SECONDS = 60
FAILURE_SECONDS = 10
_DAY_SECONDS = 86_400

_SAFE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._@+-")

# pathlib is slow to import, so functions of os do its work here.
# ruff: noqa: PTH101, PTH103, PTH105, PTH108


def is_safe(name: str) -> bool:
    """Whether a shell may be offered the name: it can be neither code, pattern nor option."""
    return bool(name) and name[0] != "-" and _SAFE.issuperset(name)


def folder(env: dict[str, str]) -> str | None:
    """The folder of the cache, made if need be; None where it cannot be trusted."""
    base = env.get("XDG_CACHE_HOME", "")
    if not base.startswith("/"):
        base = f"{env.get('HOME', '')}/.cache"
    if not base.startswith("/"):
        return None
    path = f"{base}/authctl"
    try:
        os.makedirs(path, mode=0o700, exist_ok=True)
        found = os.lstat(path)
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
            return None
        if found.st_mode & 0o077:
            os.chmod(path, 0o700)
    except OSError:
        return None
    return path


def read(path: str) -> tuple[list[str] | None, float] | None:
    """What was found and how many seconds ago; no names but None for a failure.

    None altogether where nothing is kept that is still good.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        with os.fdopen(descriptor, encoding="ascii") as file:
            age = time.time() - os.fstat(descriptor).st_mtime
            head, *names = file.read().split("\n")
    except (OSError, ValueError):
        return None
    failed = head == "failed"
    if not 0 <= age + 1 <= (FAILURE_SECONDS if failed else NAMES_SECONDS) + 1:
        return None
    return None if failed else [name for name in names if is_safe(name)], age


def write(path: str, names: list[str] | None) -> None:
    """Keep what was found, or with None that nothing could be; a reader sees all of it or none."""
    text = "failed" if names is None else "\n".join(["names", *names])
    part = f"{path}.{os.getpid()}"
    try:
        _sweep(path.rpartition("/")[0])
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(text)
            os.replace(part, path)
        except OSError:
            os.unlink(part)
    except OSError:
        return  # the next TAB will ask again


def _sweep(path: str) -> None:
    oldest = time.time() - _DAY_SECONDS
    with os.scandir(path) as entries:
        for entry in entries:
            try:
                if entry.stat(follow_symlinks=False).st_mtime < oldest:
                    os.unlink(entry.path)
            except OSError:
                continue  # another TAB was quicker
