"""What a started program leaves running, and how much memory it took, as Linux tells it."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PATIENCE_SECONDS = 30


def command_lines(session: int) -> list[str]:
    """The command lines of a session's processes, each begun by `start_new_session`."""
    return [_read(process / "cmdline").replace("\0", " ") for process in _of(session)]


def peak_memory(session: int) -> int:
    """The most bytes that any process of a session has held at a time."""
    return max(
        int(line.split()[1]) * 1024
        for process in _of(session)
        for line in _read(process / "status").splitlines()
        if line.startswith("VmHWM:")
    )


def notice_ctrl_c() -> None:
    """Let a child end on Ctrl-C: a shell's background jobs, and all they start, ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def wait_until_asleep(pid: int) -> None:
    """Wait until a process waits for something itself, such as for what is typed.

    A signal that comes between its prompt and its reading would be noticed only after the reading.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if _read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()[:1] == ["S"]:
            return
        time.sleep(0.01)
    raise AssertionError(f"process {pid} does not come to rest")


def _of(session: int) -> Iterator[Path]:
    for process in Path("/proc").glob("[0-9]*"):
        # The name, in parentheses, may contain anything; state, parent, group, session follow it.
        state, _, _, found, *_ = [*_read(process / "stat").rpartition(")")[2].split(), *"Z000"]
        if state != "Z" and int(found) == session:
            yield process


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""  # it ended in the meantime
