"""A program that is asked much: started once, a line of JSON to it, a line of JSON from it."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


class Oracle:
    """Asks a running program."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self._process = process
        self._log = log

    def ask(self, question: object) -> Any:
        """The answer to one question."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
        return self.answer()

    def answer(self) -> Any:
        """The next thing the program says; its log fails the test if it says nothing more."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, self._log.read_text(errors="replace")
        return json.loads(line)


@contextmanager
def oracle(
    program: Path, *arguments: str, log: Path, env: Mapping[str, str], python: str = sys.executable
) -> Iterator[Oracle]:
    """A program that answers until the end; what else it says goes to the log."""
    with log.open("w") as errors:
        process = subprocess.Popen(
            [python, "-W", "ignore", str(program), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=log.parent,
            env=dict(env),
            text=True,
        )
    try:
        yield Oracle(process, log)
    finally:
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(BrokenPipeError):
            process.stdin.close()
        process.wait()
        process.stdout.close()
