"""Somebody at a real shell who presses TAB: bash, zsh and fish on a pseudo-terminal."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pexpect
import pytest

from tests import completions

if TYPE_CHECKING:
    from collections.abc import Mapping

SHELLS = ("bash", "bash with its package", "zsh", "fish")

_PACKAGE = Path("/usr/share/bash-completion/bash_completion")
_LINE = r"<<(.*?)>>"

# Each ends with two keys: Ctrl-G shows the line as it stands, Ctrl-T puts in all that is offered.
_BASH = r"""
PS1='$ '
bind 'set bell-style none' 'set enable-bracketed-paste off'
bind -x '"\C-g": printf "<<%s>>" "$READLINE_LINE"'
bind '"\C-t": insert-completions'
"""
_ZSH = r"""
PS1='$ '
unsetopt beep
fpath=($HOME/site-functions $fpath)
autoload -U compinit
compinit -u -D
show-line() { print -rn -- "<<$BUFFER>>" > /dev/tty }
zle -N show-line
bindkey '^G' show-line
insert-all() { _main_complete; compstate[insert]=all }
zle -C insert-all complete-word insert-all
bindkey '^T' insert-all
bindkey '^I' complete-word
bindkey '^U' kill-whole-line
"""
_FISH = r"""
function fish_prompt
    printf '$ '
end
set -g fish_greeting
set -g fish_autosuggestion_enabled 0
function insert_all
    set -l line (commandline)
    set -l all (complete -C $line | string replace -r '\t.*' '')
    commandline -r -- (string replace -r '\S*$' '' -- $line)"$all"
end
bind \cg 'printf "<<%s>>" (commandline | string collect) >/dev/tty'
bind \ct insert_all
bind \cu kill-whole-line
"""


def require(program: str) -> None:
    """Skip, and say so, where the program is missing; on the CI machine that is a failure."""
    if shutil.which(program) is None and not Path(program).exists():
        assert os.environ.get("CI") != "true", f"{program} is missing"
        pytest.skip(f"{program} is missing")


@dataclass
class Typist:
    """Types into one shell, in a folder and an environment of its own.

    `log` has a line for each time that authctl was started.
    """

    shell: str
    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    program: str = f'exec {sys.executable} -W error -m authctl "$@"'

    def __post_init__(self) -> None:
        self.log = self.folder / "started"
        self._screen = (self.folder / "screen").open("w+", encoding="utf-8")
        name = self.shell.split()[0]
        require(name)
        self._install_program()
        self._write("bashrc", self._bash_settings() if name == "bash" else "")
        self._write(".zshrc", _ZSH)
        self._write("site-functions/_authctl", completions.text("zsh"))
        self._write(".config/fish/config.fish", _FISH)
        self._write(".config/fish/completions/authctl.fish", completions.text("fish"))
        options = {
            "bash": ["--noprofile", "--rcfile", str(self.folder / "bashrc"), "-i"],
            "zsh": ["-d", "-i"],
            "fish": ["-i"],
        }
        self._child: pexpect.spawn[str] = pexpect.spawn(
            name,
            options[name],
            env=self._environment(),
            cwd=str(self.folder),
            encoding="utf-8",
            timeout=30,
            dimensions=(50, 2000),
        )
        self._child.logfile_read = self._screen
        self._child.expect_exact("$ ")

    def tab(self, line: str) -> str:
        """The line after TAB was pressed at its end."""
        return self._keys(line, "\t")

    def offered(self, line: str) -> list[str]:
        """Everything that TAB would offer at the end of the line, in order."""
        before, _, typed = line.rpartition(" ")
        words = self._keys(line, "\x14").removeprefix(before).split()
        option = typed.partition("=")[0] + "=" if "=" in typed else ""
        return sorted({word.removeprefix(option).rstrip("=") for word in words} - {typed})

    @property
    def screen(self) -> str:
        """All that the terminal was sent."""
        self._screen.flush()
        return (self.folder / "screen").read_text(encoding="utf-8")

    def close(self) -> None:
        self._child.close(force=True)
        self._screen.close()

    def _keys(self, line: str, key: str) -> str:
        self._child.send(f"\x15{line}{key}\x07")
        self._child.expect(_LINE)
        assert self._child.match
        return str(self._child.match[1])

    def _environment(self) -> dict[str, str]:
        return {
            "HOME": str(self.folder),
            "PATH": f"{self.folder / 'bin'}:/usr/bin:/bin",
            "TERM": "xterm",
            "LANG": "C.UTF-8",
            **self.settings,
        }

    def _bash_settings(self) -> str:
        if self.shell == "bash":
            self._write("authctl.bash", completions.text("bash"))
            return f"{_BASH}. {self.folder}/authctl.bash\n"
        require(str(_PACKAGE))
        self._write(".local/share/bash-completion/completions/authctl", completions.text("bash"))
        return f"{_BASH}. {_PACKAGE}\n"

    def _install_program(self) -> None:
        self._write("bin/authctl", f'#!/bin/sh\necho "$*" >> {self.log}\n{self.program}\n')
        (self.folder / "bin" / "authctl").chmod(0o755)
        self.log.touch()

    def _write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
