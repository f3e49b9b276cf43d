"""What login is told: to whose server, who signs in, and where the password or token comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from typer import Option

from authctl.cli.location import named_context
from authctl.cli.passwords import (
    WAYS_TO_GIVE,
    PasswordFile,
    PasswordStdin,
    in_arguments,
    password_on_stdin,
)
from authctl.cli.suggest import did_you_mean
from authctl.errors import InvalidRequest
from authctl.password_file import password_in

if TYPE_CHECKING:
    from authctl.cli.session import Session
    from authctl.client.credentials import Secret

MLFLOW = "mlflow"
DATABRICKS = "databricks"
BACKENDS = (MLFLOW, DATABRICKS)

WAYS = (
    "Give --username with --password-stdin or --password-file FILE, or set"
    " MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD; at a terminal you are asked."
)
_TOKEN_WAYS = "Use --token-stdin or --token-file FILE, or set MLFLOW_TRACKING_TOKEN."  # noqa: S105

Backend = Annotated[
    str,
    Option("--backend", metavar="mlflow|databricks", help="Whose server it is."),
]
Profile = Annotated[
    str | None,
    Option("--profile", metavar="NAME", help="The profile, of --backend databricks."),
]


@dataclass(frozen=True, slots=True)
class SignInOptions:
    """Who signs in, and where the secret comes from if nobody is to be asked."""

    username: Annotated[str | None, Option("--username", metavar="NAME", help="Who signs in.")] = (
        None
    )
    password_stdin: PasswordStdin = False
    password_file: PasswordFile = None
    token_stdin: Annotated[
        bool, Option("--token-stdin", help="Read a token from standard input.")
    ] = False
    token_file: Annotated[
        str | None, Option("--token-file", metavar="FILE", help="Read a token from a file.")
    ] = None
    no_interactive: Annotated[
        bool,
        Option(
            "--no-interactive",
            help="Ask nothing; where no login is given, check the one there is.",
        ),
    ] = False
    keyring: Annotated[
        bool, Option("--keyring", help="Keep it in the system's keyring, for a context.")
    ] = False
    backend: Backend = MLFLOW
    profile: Profile = None
    password: Annotated[str | None, in_arguments(WAYS_TO_GIVE)] = None
    token: Annotated[str | None, in_arguments(_TOKEN_WAYS, "token")] = None

    @property
    def gives_password(self) -> bool:
        """Whether a password is given."""
        return self.password_stdin or self.password_file is not None

    @property
    def gives_token(self) -> bool:
        """Whether a token is given."""
        return self.token_stdin or self.token_file is not None

    def check(self, session: Session) -> None:
        """Refuse what cannot work before anything else is done. InvalidRequest."""
        check_backend(session, self.backend, self.profile)
        given = (self.password_stdin, self.password_file is not None)
        if all(given):
            raise InvalidRequest("The password can come from one place only.", hint=WAYS)
        if self.token_stdin and self.token_file is not None:
            raise InvalidRequest("The token can come from one place only.", hint=_TOKEN_WAYS)
        if self.gives_token and (self.username is not None or self.gives_password):
            raise InvalidRequest(
                "A token says itself who signs in, so no username and no password go with it."
            )
        if self.backend == MLFLOW and not named_context(session.options, session.env):
            self._check_without_context()
        if self.backend == DATABRICKS and self.keyring:
            raise InvalidRequest("mlflow cannot read a login to Databricks out of the keyring.")

    def given_password(self) -> str | None:
        """The password, if it is given."""
        if self.password_file is not None:
            return password_in(self.password_file)
        return password_on_stdin() if self.password_stdin else None

    def given_token(self) -> Secret | None:
        """The token, if it is given. InvalidRequest for an empty one."""
        from authctl.client.credentials import Secret  # noqa: PLC0415 - keeps start-up fast

        if not self.gives_token:
            return None
        if self.token_file is not None:
            found = Secret(password_in(self.token_file, "token"), self.token_file)
        else:
            found = Secret(password_on_stdin("token"), "stdin")
        if not found.value:
            raise InvalidRequest("No token was given.")
        return found

    def _check_without_context(self) -> None:
        if self.gives_token:
            raise InvalidRequest(
                "mlflow's ~/.mlflow/credentials has no place for a token.",
                hint="Set MLFLOW_TRACKING_TOKEN, or keep it in a context: authctl login --context"
                " NAME.",
            )
        if self.keyring:
            raise InvalidRequest(
                "mlflow cannot read a login out of the keyring, so only a context can be kept"
                " there.",
                hint="Name one: authctl login --keyring --context NAME",
            )


def check_backend(session: Session, backend: str, profile: str | None) -> None:
    """Refuse what there is not, and what is asked for in vain. InvalidRequest."""
    if backend not in BACKENDS:
        raise InvalidRequest(
            f"There is no backend '{backend}'.",
            hint=did_you_mean(backend, BACKENDS) or f"Backends are: {', '.join(BACKENDS)}.",
        )
    if backend == MLFLOW and profile is not None:
        raise InvalidRequest(
            "--profile has a meaning with --backend databricks only.",
            hint="An MLflow server has contexts: --context NAME.",
        )
    options = session.options
    given = {
        "--context": options.context_name,
        "--db": options.db,
        "--auth-config": options.auth_config,
    }
    for name, value in given.items():
        if backend == DATABRICKS and value:
            raise InvalidRequest(
                f"{name} has no meaning with --backend databricks.",
                hint="Name the workspace with --server, and the profile with --profile.",
            )
