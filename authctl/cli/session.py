"""What a command works with: the place, the store opened on first use, the output, the asking."""

from __future__ import annotations

import os
import sys
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from authctl.cli.location import TRACKING_URI, Location, Mode, is_http, locate
from authctl.cli.output import Output
from authctl.cli.prompts import Prompts
from authctl.cli.visible import visible
from authctl.errors import InvalidRequest, NotAuthenticated

if TYPE_CHECKING:
    from types import TracebackType

    from authctl.cli.options import SharedOptions
    from authctl.client.credentials import Credentials
    from authctl.client.transport import Transport
    from authctl.config import AuthConfig
    from authctl.store.base import AuthStore
    from authctl.store.sql import SqlStore


class Session:
    """One run of one command."""

    def __init__(self, options: SharedOptions) -> None:
        self.options = options
        self.env = os.environ
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

    @cached_property
    def location(self) -> Location:
        """Which server or database the command works on."""
        return locate(self.options, self.env)

    @cached_property
    def store(self) -> AuthStore:
        """The users and grants at the location."""
        if self.location.mode is Mode.REMOTE:
            from authctl.store.rest import RestStore  # noqa: PLC0415 - keeps start-up fast

            return RestStore(self.tracking)
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
        from authctl.client.tls import Tls  # noqa: PLC0415 - httpx is slow to import
        from authctl.client.transport import (  # noqa: PLC0415 - as above
            RETRIES,
            TIMEOUT_SECONDS,
            connect,
        )

        options = self.options
        tls = Tls.find(
            self.env,
            ca_cert=options.ca_cert,
            client_cert=options.client_cert,
            insecure=options.insecure,
        )
        if tls.insecure:
            self.output.warn("the server's certificate is not checked.")
        return connect(
            self._tracking_uri,
            self.env,
            Path.home(),
            tls=tls,
            timeout=TIMEOUT_SECONDS if options.timeout is None else options.timeout,
            retries=RETRIES if options.retries is None else options.retries,
            allow_http=options.allow_http,
            trace=_trace if options.debug else None,
        )

    @cached_property
    def credentials(self) -> Credentials:
        """What is known about whoever asks the server, and from where."""
        from authctl.client.address import Address  # noqa: PLC0415 - keeps start-up fast
        from authctl.client.credentials import find_credentials  # noqa: PLC0415 - as above

        return find_credentials(Address.parse(self._tracking_uri), self.env, Path.home())

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

    def not_accepted(self) -> NotAuthenticated:
        """Say what the server did not accept, and where it is from."""
        known = self.credentials
        if known.username and known.password:
            return NotAuthenticated(
                f"The server does not accept '{known.username.value}' with this password.",
                hint=f"The username is from {known.username.origin}, the password from"
                f" {known.password.origin}.",
            )
        if known.token:
            return NotAuthenticated(
                "The server does not accept the token.", hint=f"It is from {known.token.origin}."
            )
        return NotAuthenticated(
            "The server asks who you are.",
            hint="Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or write"
            " ~/.mlflow/credentials.",
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

    @property
    def _tracking_uri(self) -> str:
        if self.location.mode is Mode.REMOTE:
            return self.location.url
        return self.env[TRACKING_URI]


def _trace(method: str, url: str, status: int, milliseconds: float) -> None:
    # Bodies and headers, where the secrets are, are not shown at all.
    sys.stderr.write(f"debug: {method} {visible(url)} {status or '-'} {milliseconds:.0f} ms\n")
