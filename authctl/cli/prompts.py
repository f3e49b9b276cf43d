"""Questions to the person at the terminal, and none where there is no person."""

from __future__ import annotations

import getpass
import sys
from dataclasses import dataclass

from authctl.cli.visible import visible
from authctl.errors import InvalidRequest


@dataclass(frozen=True, slots=True)
class Prompts:
    """Asks only if allowed and if stdin and stderr are terminals."""

    allowed: bool

    @property
    def possible(self) -> bool:
        """Whether somebody is there to answer."""
        return self.allowed and sys.stdin.isatty() and sys.stderr.isatty()

    def text(self, prompt: str, *, default: str | None = None) -> str:
        """Read a line; an empty one is the default, which stands in brackets."""
        offered = f" [{visible(default)}]" if default else ""
        sys.stderr.write(f"{visible(prompt)}{offered}: ")
        sys.stderr.flush()
        typed = sys.stdin.readline()
        if not typed:
            sys.stderr.write("\n")
        answer = typed.strip() or default
        if not answer:
            raise InvalidRequest(f"{prompt}: nothing was given.")
        return answer

    def password(self, prompt: str) -> str:
        """Read a password without showing it."""
        try:
            return getpass.getpass(f"{visible(prompt)}: ", stream=sys.stderr)
        except EOFError as error:
            sys.stderr.write("\n")
            raise InvalidRequest("No password was given.") from error

    def new_password(self, prompt: str) -> str:
        """Read a password twice, so that nobody is locked out by a slip of the finger."""
        password = self.password(prompt)
        if self.password("Once more") != password:
            raise InvalidRequest("The two passwords differ; nothing was changed.")
        return password

    def confirm(self, question: str, *, option: str) -> None:
        """Go on only after a yes; `option` is what says yes where nobody can be asked."""
        if not self.possible:
            raise InvalidRequest(f"This needs confirmation: add {option}.")
        sys.stderr.write(f"{visible(question)} [y/N] ")
        sys.stderr.flush()
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            raise InvalidRequest("Not confirmed: nothing was changed.")
