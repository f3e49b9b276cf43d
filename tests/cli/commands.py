"""The command line as its users have it: another process, its streams and its exit code."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.live import clean_environment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PASSWORD = "correct horse battery"
AUTHCTL = (sys.executable, "-W", "error", "-m", "authctl")
_SECONDS = 60


@dataclass(frozen=True)
class Done:
    """What became of one command."""

    stdout: str
    stderr: str
    code: int


@dataclass(frozen=True)
class Shell:
    """A folder and an environment to run commands in."""

    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return clean_environment(HOME=str(self.folder), COLUMNS="80", **self.settings)

    def run(self, *arguments: str, stdin: str = "") -> Done:
        done = subprocess.run(
            [*AUTHCTL, *arguments],
            cwd=self.folder,
            env=self.environment,
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            timeout=_SECONDS,
            check=False,
        )
        return Done(done.stdout, done.stderr, done.returncode)

    def ok(self, *arguments: str, stdin: str = "") -> str:
        """The output of a command that must succeed in silence."""
        done = self.run(*arguments, stdin=stdin)
        assert (done.stderr, done.code) == ("", 0), done
        return done.stdout

    def new_user(self, name: str, *options: str) -> None:
        self.ok("user", "create", name, "--password-stdin", *options, stdin=PASSWORD)
