"""The answer to TAB: `authctl __complete KIND -- WORDS...` prints names, or nothing at all.

Kept free of imports as long as the cache knows the names, since every TAB waits for them.
"""

from __future__ import annotations

import os
import sys

from authctl.cli.completion import cache, place

SECONDS = 2.0
"""How long a server or database is waited for, once all is imported."""

_SOON_SECONDS = 3


def answer(arguments: list[str]) -> None:
    """Print the names of one kind that begin as the last word does, and end the process with 0.

    `arguments` are the kind, `--`, and the words typed after `authctl` up to the cursor. Whatever
    fails, nothing is said: the person is in the middle of a line.
    """
    try:
        _be_silent()
        kind, _, *before, typed = arguments
        names = _names(kind, before, typed)
        sys.stdout.write("".join(f"{name}\n" for name in names if name.startswith(typed)))
        sys.stdout.flush()
    finally:
        # Not by returning: a look-up that takes too long must not be waited for.
        os._exit(0)


def _be_silent() -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 2):
        os.dup2(nothing, stream)


def _names(kind: str, words: list[str], typed: str) -> list[str]:
    env = dict(os.environ)
    options = place.connection_options(words)
    folder = cache.folder(env)
    path = folder and f"{folder}/{place.fingerprint(kind, options, env, _here())}"
    known = cache.read(path) if path else None
    if known is not None:
        names, age = known
        if names is None:
            return []
        # Somebody may just have made what is being typed.
        if age < _SOON_SECONDS or any(name.startswith(typed) for name in names):
            return names
    found = _look_up(kind, options)
    if path:
        cache.write(path, found)
    return found or []


def _here() -> str:
    try:
        return os.getcwd()  # noqa: PTH109 - pathlib is slow to import
    except OSError:
        return ""


def _look_up(kind: str, options: dict[str, str | bool]) -> list[str] | None:
    """Ask the server or database; None if that fails or takes too long."""
    from threading import Event, Thread  # noqa: PLC0415 - only where the cache has no answer

    found: list[str] = []
    ready, done = Event(), Event()

    def ask() -> None:
        try:
            from authctl.cli.completion import names  # noqa: PLC0415 - imports the world

            look = names.prepared(kind, options)
        finally:
            ready.set()
        found.extend(name for name in look() if cache.is_safe(name))
        done.set()

    # A thread, since no signal interrupts a name server that does not answer.
    asking = Thread(target=ask, daemon=True)
    asking.start()
    ready.wait()
    asking.join(SECONDS)
    return found if done.is_set() else None
