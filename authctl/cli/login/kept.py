"""Where a login is kept: in MLflow's credentials file for every server, or in a context for one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from authctl.cli.context.file import Context, checked_name
from authctl.cli.location import named_context, same_server
from authctl.client.credentials_file import CredentialsFile
from authctl.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from authctl.cli.context.file import Contexts, ContextsFile
    from authctl.cli.session import Session


@dataclass(frozen=True, slots=True)
class Login:
    """What a server accepted, and the settings that it was talked to with.

    Without username and password it is one that is kept elsewhere.
    """

    server: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    settings: Mapping[str, Any] = field(default_factory=dict)


class Keeper(Protocol):
    """One place to keep a login; InvalidRequest, everywhere, if its file cannot be read."""

    @property
    def path(self) -> Path:
        """The file."""

    @property
    def context(self) -> str | None:
        """The name of the context, if it is one."""

    def check(self, login: Login) -> None:
        """Refuse what could not be kept. InvalidRequest."""

    def keep(self, login: Login, *, dry_run: bool) -> bool:
        """Save it; True if that changes anything."""

    def forget(self, *, dry_run: bool) -> bool:
        """Take a login out; True if there was one."""


def keeper(session: Session) -> Keeper:
    """The context that --context or AUTHCTL_CONTEXT names, else MLflow's credentials file."""
    if name := named_context(session.options, session.env):
        return _InContext(session.contexts, checked_name(name))
    return _InCredentialsFile(CredentialsFile(Path.home()))


@dataclass(frozen=True, slots=True)
class _InCredentialsFile:
    file: CredentialsFile
    context: str | None = None

    @property
    def path(self) -> Path:
        return self.file.path

    def check(self, login: Login) -> None:
        if login.username is None or login.password is None:
            return
        try:
            self.file.write(login.username, login.password, dry_run=True)
        except InvalidRequest as error:
            raise InvalidRequest(
                error.message, hint=error.hint or "A context can: authctl login --context NAME."
            ) from None

    def keep(self, login: Login, *, dry_run: bool) -> bool:
        if login.username is None or login.password is None:
            return False
        return self.file.write(login.username, login.password, dry_run=dry_run)

    def forget(self, *, dry_run: bool) -> bool:
        return self.file.remove(dry_run=dry_run)


@dataclass(frozen=True, slots=True)
class _InContext:
    file: ContextsFile
    context: str

    @property
    def path(self) -> Path:
        return self.file.path

    def check(self, login: Login) -> None:
        self._edited(self.file.read(), login)

    def keep(self, login: Login, *, dry_run: bool) -> bool:
        before, after = self.file.change(
            lambda contexts: self._edited(contexts, login), dry_run=dry_run
        )
        return before != after

    def forget(self, *, dry_run: bool) -> bool:
        def edit(contexts: Contexts) -> Contexts:
            known = contexts.get(self.context)
            return contexts.keeping(replace(known, username=None, password=None))

        before, after = self.file.change(edit, dry_run=dry_run)
        return before != after

    def _edited(self, contexts: Contexts, login: Login) -> Contexts:
        known = contexts.by_name.get(self.context)
        if known is None or known.server is None or not same_server(known.server, login.server):
            # Neither a login nor certificates of another server.
            known = Context(self.context, server=login.server)
        kept = replace(known, **login.settings)
        if login.password is not None:
            kept = replace(kept, username=login.username, password=login.password)
        return contexts.keeping(kept).using(self.context)
