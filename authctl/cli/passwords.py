"""The safe ways to hand over a new password."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from typer import Option

from authctl.cli.field import Field
from authctl.errors import InvalidRequest
from authctl.model import checked_password
from authctl.password_file import generated_password, one_line_of, password_in

if TYPE_CHECKING:
    from authctl.cli.session import Session

_WAYS = "Use --password-stdin, --password-file FILE or --generate; at a terminal you are asked."


WAYS_TO_GIVE = "Use --password-stdin or --password-file FILE; at a terminal you are asked."


def in_arguments(ways: str, what: str = "password") -> Any:
    """The option that nobody should use, hidden; whoever does is told the safe ways."""

    def explain(value: str | None) -> None:
        if value is not None:
            raise InvalidRequest(
                f"A {what} on the command line can be read by everyone on this machine.",
                hint=ways,
            )

    return Option(f"--{what}", hidden=True, is_eager=True, callback=explain)


PasswordStdin = Annotated[
    bool, Option("--password-stdin", help="Read the password from standard input.")
]
PasswordFile = Annotated[
    str | None, Option("--password-file", metavar="FILE", help="Read the password from a file.")
]


@dataclass(frozen=True, slots=True)
class PasswordOptions:
    """Where a new password comes from; without any of these it is asked for."""

    password_stdin: PasswordStdin = False
    password_file: PasswordFile = None
    generate: Annotated[
        bool, Option("--generate", help="Make a password up and print it, this once.")
    ] = False
    password: Annotated[str | None, in_arguments(_WAYS)] = None

    @property
    def fields(self) -> tuple[Field, ...]:
        """The field of a generated password, last in its row."""
        return (Field("password"),) if self.generate else ()

    def refuse(self, why: str) -> None:
        """Refuse any password. InvalidRequest."""
        if any(self._chosen):
            raise InvalidRequest(why, hint="Leave out where a password would come from.")

    @property
    def _chosen(self) -> list[bool]:
        return [self.password_stdin, self.password_file is not None, self.generate]

    def check(self, session: Session) -> None:
        """Refuse what cannot work before anything else is done."""
        chosen = self._chosen
        if sum(chosen) > 1:
            raise InvalidRequest("The password can come from one place only.", hint=_WAYS)
        if not any(chosen) and not session.prompts.possible:
            raise InvalidRequest("A password is needed, and nobody can be asked.", hint=_WAYS)
        if self.generate and session.output.only_names:
            raise InvalidRequest(
                "-q would hide the generated password.",
                hint="Use --fields password to see just it.",
            )

    def read(self, session: Session, username: str, *, dry_run: bool) -> str:
        """Get the new password; InvalidRequest if it is too short or cannot be read.

        A dry run asks nobody.
        """
        if self.password_stdin:
            return checked_password(password_on_stdin())
        if self.password_file is not None:
            return checked_password(password_in(self.password_file))
        if self.generate or dry_run:
            return generated_password()
        return checked_password(session.prompts.new_password(f"New password for {username}"))

    def to_print(self, password: str | None, *, dry_run: bool) -> str | None:
        """The password if nobody else knows it."""
        return password if self.generate and not dry_run else None


def current_password(session: Session, username: str, file: str | None) -> str | None:
    """The present password, which servers since MLflow 3.13 ask of who changes their own.

    It is the one the caller signs in with; else it comes from a file, or is asked for.
    """
    if file is not None:
        return password_in(file)
    if session.caller != username:
        return None
    if session.credentials.scheme == "basic" and session.credentials.password:
        return session.credentials.password.value
    return session.prompts.password("Your present password") if session.prompts.possible else None


def password_on_stdin(what: str = "password") -> str:
    """Read the one line of standard input."""
    return one_line_of(sys.stdin.buffer.read(), "stdin", what)
