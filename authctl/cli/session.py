"""What a command works with: the place, the store opened on first use, the output, the asking."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from authctl.cli.connection import settle
from authctl.cli.context.file import ContextsFile
from authctl.cli.context.saved_login import saved_login
from authctl.cli.location import TRACKING_URI, Location, Mode, is_http, locate, without_password
from authctl.cli.output import Output
from authctl.cli.prompts import Prompts
from authctl.cli.visible import visible
from authctl.errors import InvalidRequest, NotAuthenticated
from authctl.model import DEFAULT_WORKSPACE, Generation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from authctl.cli.connection import Connection
    from authctl.cli.context.file import Context
    from authctl.cli.options import SharedOptions
    from authctl.client.credentials import Credentials, SavedLogin, SavedToken
    from authctl.client.sign_in import Scheme, SignIn
    from authctl.client.signers import Signers
    from authctl.client.transport import Transport
    from authctl.config import AuthConfig
    from authctl.store.base import AuthStore, TokenStore
    from authctl.store.rest_roles import RestRoles
    from authctl.store.sql import SqlStore


class Session:
    """One run of one command."""

    def __init__(self, options: SharedOptions) -> None:
        self.options = options
        self.env: Mapping[str, str] = os.environ
        self.output = Output(options, self.env, sys.stdout, sys.stderr)
        self.prompts = Prompts(allowed=not options.no_input)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for name in ("store", "database", "tracking"):
            if name in self.__dict__:  # opened
                self.__dict__[name].close()

    def naming_no_place(self) -> Session:
        """The session of a next command, on which no option says where to."""
        return Session(
            replace(self.options, server=None, db=None, auth_config=None, context_name=None)
        )

    @cached_property
    def location(self) -> Location:
        """Which server or database the command works on."""
        return locate(self.options, self.env, self.contexts)

    @cached_property
    def contexts(self) -> ContextsFile:
        """The file of contexts, read where it is needed."""
        return ContextsFile.find(self.env, Path.home())

    @cached_property
    def store(self) -> AuthStore:
        """The users and grants at the location."""
        if self.location.mode is Mode.REMOTE:
            from authctl.store.rest import RestStore  # noqa: PLC0415 - keeps start-up fast

            return RestStore(self.tracking)
        return self.database

    @cached_property
    def roles(self) -> RestRoles | SqlStore:
        """The roles at the location. InvalidRequest where there are none."""
        from authctl.store.rest_roles import RestRoles  # noqa: PLC0415 - keeps start-up fast

        remote = self.location.mode is Mode.REMOTE
        roles = RestRoles(self.tracking) if remote else self.database
        if self.store.generation is Generation.LEGACY:
            try:
                roles.list_roles([DEFAULT_WORKSPACE])  # which servers of MLflow 3.12 have already
            except InvalidRequest as error:
                raise _no_roles(remote=remote) from error
        return roles

    @cached_property
    def tokens(self) -> TokenStore:
        """The service tokens at the location."""
        if self.location.mode is Mode.REMOTE:
            from authctl.store.rest_tokens import RestTokens  # noqa: PLC0415 - as above

            return RestTokens(self.tracking)
        return self.database

    @cached_property
    def database(self) -> SqlStore:
        """The auth database at the location. InvalidRequest where that is a server."""
        found = self.open_database(create=False)
        if not found.schema.known:
            self.output.warn(
                f"the auth database is of an unknown revision, {found.schema.revision}, so it is"
                " only read."
            )
        return found

    def open_database(self, *, create: bool) -> SqlStore:
        """Open the auth database at the location, or make it."""
        from authctl.policy.resolution import resolve_with  # noqa: PLC0415 - keeps start-up fast
        from authctl.store.sql import SqlStore  # noqa: PLC0415 - SQLAlchemy is slow to import

        resolve = resolve_with(self.config.default_permission)
        return SqlStore.open(self.location.url, create=create, resolve=resolve)

    @property
    def config(self) -> AuthConfig:
        """How the server of the auth database is set up. InvalidRequest where there is none."""
        if self.location.config is None:
            raise InvalidRequest(
                f"This works on an auth database, and {self.location.origin} names a server.",
                hint="Name the database with --db or --auth-config.",
            )
        return self.location.config

    @cached_property
    def tracking(self) -> Transport:
        """The connection to the server; on a database, to the tracking server of the environment.

        InvalidRequest where there is none.
        """
        return self._connected(self.find_credentials)

    def connected_as(self, credentials: Credentials) -> Transport:
        """Connect to the server with a credential of its own, whatever the environment has."""
        return self._connected(lambda: credentials)

    @cached_property
    def connection(self) -> Connection:
        """How the server is talked to."""
        return settle(self.options, self.env, self._context, chosen=self.location.chosen)

    @cached_property
    def credentials(self) -> Credentials:
        """What is known about whoever asks the server, and from where."""
        return self.find_credentials()

    def find_credentials(self) -> Credentials:
        """Look up anew what a request is going to be signed in with."""
        from authctl.client.address import Address  # noqa: PLC0415 - keeps start-up fast
        from authctl.client.credentials import find_credentials  # noqa: PLC0415 - as above

        address = Address.parse(self._tracking_uri)
        home, login = Path.home(), self._saved_login
        return find_credentials(address, self.env, home, login, signers=self._signers)

    def find_passed_over(self) -> list[tuple[Scheme, str]]:
        """How else a request could be signed in, and the variables or files that say so."""
        from authctl.client.address import Address  # noqa: PLC0415 - keeps start-up fast
        from authctl.client.credentials import find_passed_over  # noqa: PLC0415 - as above

        address = Address.parse(self._tracking_uri)
        home, login = Path.home(), self._saved_login
        return find_passed_over(self.credentials, address, self.env, home, login)

    @cached_property
    def caller(self) -> str | None:
        """The username of whoever asks the server; None on a database, which asks nobody."""
        if self.location.mode is Mode.DIRECT:
            return None
        if self.credentials.scheme == "basic" and self.credentials.username:
            return self.credentials.username.value
        from authctl.wire import paths  # noqa: PLC0415 - keeps start-up fast
        from authctl.wire.exchange import call  # noqa: PLC0415 - as above

        return call(
            self.tracking, "GET", paths.USERS_CURRENT, lambda reply: str(reply["user"]["username"])
        )

    def not_accepted(self, said: str = "") -> NotAuthenticated:
        """Say what the server did not accept, and where it is from; `said` are its own words."""
        known = self.credentials
        if known.signer:
            return NotAuthenticated(
                f"The server does not accept {known.signer.what}.", hint=known.signer.advice
            )
        if known.username and known.password:
            return NotAuthenticated(
                f"The server does not accept '{known.username.value}' with this password.",
                hint=f"The username is from {known.username.origin}, the password from"
                f" {known.password.origin}.",
            )
        if known.token:
            ended = "has expired" in said
            return NotAuthenticated(
                f"The server does not accept the token{': it has expired' if ended else ''}.",
                hint=f"It is from {known.token.origin}.",
            )
        context = self._context
        where = f" --context {context.name}" if context else ""
        return NotAuthenticated(
            "The server asks who you are.",
            hint=f"authctl login{where} asks you; or set MLFLOW_TRACKING_USERNAME and"
            " MLFLOW_TRACKING_PASSWORD.",
        )

    def experiment_id(self, name: str) -> str:
        """Ask the tracking server for the id of an experiment. NotFound."""
        from authctl.client.experiments import find_experiment  # noqa: PLC0415 - start-up, again

        if self.location.mode is Mode.DIRECT and not is_http(self.env.get(TRACKING_URI, "")):
            raise InvalidRequest(
                f"The auth database knows experiments by their ids only, not '{name}'.",
                hint=f"Use --experiment-id, or set {TRACKING_URI} to the server that has it.",
            )
        return find_experiment(self.tracking, name)

    def _connected(self, sign_in: Callable[[], SignIn]) -> Transport:
        from authctl.client.address import Address  # noqa: PLC0415 - keeps start-up fast
        from authctl.client.transport import Transport  # noqa: PLC0415 - httpx is slow to import

        settled = self.connection
        if settled.tls.insecure:
            self.output.warn("the server's certificate is not checked.")
        return Transport(
            Address.parse(self._tracking_uri),
            sign_in,
            tls=settled.tls,
            timeout=settled.timeout,
            retries=settled.retries,
            allow_http=settled.allow_http,
            trace=_trace if self.options.debug else None,
        )

    @cached_property
    def _signers(self) -> Signers:
        from authctl.client.signers import Signers  # noqa: PLC0415 - as above

        return Signers()

    @property
    def _saved_login(self) -> SavedLogin | SavedToken | None:
        context = self._context
        if context is None:
            return None
        return saved_login(context, chosen=self.location.chosen, may_ask=self.prompts.possible)

    @property
    def _context(self) -> Context | None:
        # A database's context knows nothing of the tracking server beside it.
        return self.location.context if self.location.mode is Mode.REMOTE else None

    @property
    def _tracking_uri(self) -> str:
        if self.location.mode is Mode.REMOTE:
            return self.location.url
        return self.env[TRACKING_URI]


def _no_roles(*, remote: bool) -> InvalidRequest:
    if remote:
        return InvalidRequest(
            "This server has no roles: MLflow has them since 3.12.",
            hint="Upgrade MLflow; until then, authctl perm grant gives users levels one by one.",
        )
    return InvalidRequest(
        "This auth database has no roles: MLflow's has them since 3.13.",
        hint="authctl db upgrade brings it up; until then, authctl perm grant gives users levels"
        " one by one.",
    )


def _trace(
    method: str, url: str, status: int, milliseconds: float, scheme: str | None = None
) -> None:
    # Bodies, where new passwords are, are not shown at all.
    lines = [f"> {method} {without_password(url)}"]
    if scheme is not None:
        lines.append(f"> Authorization: {f'{scheme} ' if scheme else ''}***")
    lines.append(f"< {status or 'no answer'} after {milliseconds:.0f} ms")
    sys.stderr.write("".join(f"debug: {visible(line)}\n" for line in lines))
