"""Python programs as users run them: another process, with the environment they set."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

from tests.live import clean_environment

if TYPE_CHECKING:
    from pathlib import Path

_SECONDS = 150


def run_script(
    code: str, home: Path, *, fails: bool = False, python: str = sys.executable, **env: str
) -> str:
    """The program's output; its errors are shown when it does not end as expected."""
    home.mkdir(parents=True, exist_ok=True)
    program = home / "program.py"
    program.write_text(textwrap.dedent(code), encoding="utf-8")
    done = subprocess.run(
        [python, "-W", "ignore", str(program)],
        cwd=home,
        env=clean_environment(HOME=str(home), GIT_PYTHON_REFRESH="quiet", **env),
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    assert (done.returncode != 0) is fails, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stderr if fails else done.stdout
