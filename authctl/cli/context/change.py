"""What `authctl context set` makes of a context, by its own and by the connection options."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

from typer import Option

from authctl.cli.connection import asked_for, full_path
from authctl.cli.context.file import SETTINGS, Context, unclear_place
from authctl.cli.location import is_http, same_server, without_password
from authctl.cli.suggest import did_you_mean
from authctl.errors import InvalidRequest

if TYPE_CHECKING:
    from authctl.cli.options import SharedOptions

_NOTHING = Context("")
_SQLITE_FILE = re.compile(r"(sqlite(?:\+\w+)?:///)(?!/|:memory:|file:)([^?]+)(.*)")


@dataclass(frozen=True, slots=True)
class ContextChange:
    """What only contexts are asked for; the rest are connection options."""

    username: Annotated[
        str | None, Option("--username", metavar="NAME", help="Who signs in to the server.")
    ] = None
    unset: Annotated[
        list[str] | None,
        Option("--unset", metavar="SETTING", help="Forget a setting, such as ca_cert."),
    ] = None

    @property
    def forgotten(self) -> list[str]:
        """The keys to forget, however they were spelled."""
        return [name.removeprefix("--").replace("-", "_") for name in self.unset or ()]

    def check(self, options: SharedOptions) -> None:
        """Refuse what cannot be kept in a context. InvalidRequest."""
        if options.context_name:
            raise InvalidRequest(
                "--context has no meaning here.", hint="Name the context: authctl context set NAME"
            )
        if options.server and (options.db or options.auth_config):
            raise InvalidRequest("A context is of a server or of a database, not of both.")
        if options.server:
            _check_server(options.server)
        if options.db and (is_http(options.db) or "://" not in options.db):
            raise InvalidRequest("--db must be a database URL like sqlite:///basic_auth.db.")
        for key in self.forgotten:
            if key not in SETTINGS:
                raise InvalidRequest(
                    f"There is no setting '{key}'.",
                    hint=did_you_mean(key, SETTINGS) or f"Settings are: {', '.join(SETTINGS)}.",
                )


def changed_context(before: Context, options: SharedOptions, change: ContextChange) -> Context:
    """The context with what was asked for. InvalidRequest if it is no longer exactly one place.

    A saved password or token stays only with the server and the username that it was saved for.
    """
    forgotten: dict[str, Any] = {key: getattr(_NOTHING, key) for key in change.forgotten}
    after = replace(before, **{**forgotten, **_place(options), **asked_for(options)})
    after = replace(after, username=change.username or after.username)
    if problem := unclear_place(after):
        raise InvalidRequest(problem, hint="Name its place with --server, --db or --auth-config.")
    if before.has_login and not _same_login(before, after):
        after = replace(after, password=None, token=None, keyring=False)
    return after


def _place(options: SharedOptions) -> dict[str, Any]:
    """The place that options name, in place of any before; a file's path holds from everywhere."""
    if not (options.server or options.db or options.auth_config):
        return {}
    return {
        "server": options.server,
        "db": _with_full_path(options.db) if options.db else None,
        "auth_config": full_path(options.auth_config) if options.auth_config else None,
    }


def _same_login(before: Context, after: Context) -> bool:
    if before.username != after.username or not (before.server and after.server):
        return False
    return same_server(before.server, after.server)


def _with_full_path(db: str) -> str:
    found = _SQLITE_FILE.fullmatch(db)
    return f"{found[1]}{full_path(found[2])}{found[3]}" if found else db


def _check_server(url: str) -> None:
    from authctl.client.address import Address  # noqa: PLC0415 - keeps start-up fast

    Address.parse(url)
    if without_password(url) != url:
        raise InvalidRequest(
            "The server's address has a password in it.",
            hint="Leave it out; authctl login --context NAME asks for it and keeps it.",
        )
