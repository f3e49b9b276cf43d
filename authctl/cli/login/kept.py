"""Where a login is kept: in MLflow's credentials file for every server, or in a context for one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from authctl.cli.context.file import Context, checked_name
from authctl.cli.context.saved_login import keyring_entry, orphaned
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

    Without a username and password, and without a token, it is one that is kept elsewhere.
    """

    server: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def secret(self) -> str | None:
        """What is to be kept of it that nobody else may know."""
        return self.password or self.token


class Keeper(Protocol):
    """One place to keep a login; InvalidRequest, everywhere, if its file cannot be read."""

    @property
    def path(self) -> Path:
        """The file."""

    @property
    def place(self) -> str:
        """Where the password or token itself is: the file, or the keyring."""

    @property
    def context(self) -> str | None:
        """The name of the context, if it is one."""

    def check(self, login: Login) -> None:
        """Refuse what could not be kept. InvalidRequest."""

    def keep(self, login: Login, *, dry_run: bool) -> bool:
        """Save it; True if that changes anything."""

    def forget(self, *, dry_run: bool) -> bool:
        """Take a login out; True if there was one."""


def keeper(session: Session, *, keyring: bool = False) -> Keeper:
    """The context that --context or AUTHCTL_CONTEXT names, else MLflow's credentials file.

    With `keyring` the context's secret is kept in the system's keyring, as it is where the context
    says so already.
    """
    if name := named_context(session.options, session.env):
        known = session.contexts.read().by_name.get(checked_name(name))
        keyring = keyring or (known is not None and known.keyring)
        return _InContext(session.contexts, name, keyring, session.prompts.possible)
    return _InCredentialsFile(CredentialsFile(Path.home()))


@dataclass(frozen=True, slots=True)
class _InCredentialsFile:
    file: CredentialsFile
    context: str | None = None

    @property
    def path(self) -> Path:
        return self.file.path

    @property
    def place(self) -> str:
        return str(self.path)

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
    keyring: bool
    may_ask: bool

    @property
    def path(self) -> Path:
        return self.file.path

    @property
    def place(self) -> str:
        return "the system's keyring" if self.keyring else str(self.path)

    def check(self, login: Login) -> None:
        self._edited(self.file.read(), login)
        if self.keyring:
            from authctl.client.system_keyring import check_usable  # noqa: PLC0415 - an extra

            check_usable(may_ask=self.may_ask)

    def keep(self, login: Login, *, dry_run: bool) -> bool:
        before, after = self.file.change(
            lambda contexts: self._edited(contexts, login), dry_run=True
        )
        new = self._put_in_keyring(after, login, dry_run=dry_run)
        if not dry_run:
            before, after = self.file.change(lambda contexts: self._edited(contexts, login))
            self._clear_keyring(before, after)
        return new or before != after

    def forget(self, *, dry_run: bool) -> bool:
        def edit(contexts: Contexts) -> Contexts:
            return contexts.keeping(contexts.get(self.context).without_login())

        before, after = self.file.change(edit, dry_run=True)
        if not dry_run:
            # First, for what cannot be taken out of the keyring is not forgotten.
            self._clear_keyring(before, after)
            before, after = self.file.change(edit)
        return before != after

    def _edited(self, contexts: Contexts, login: Login) -> Contexts:
        known = contexts.by_name.get(self.context)
        if known is None or known.server is None or not same_server(known.server, login.server):
            # Neither a login nor certificates of another server.
            known = Context(self.context, server=login.server)
        kept = replace(known, **login.settings)
        if login.secret is not None:
            kept = replace(kept.without_login(), username=login.username, keyring=self.keyring)
            if not self.keyring:
                kept = replace(kept, password=login.password, token=login.token)
        return contexts.keeping(kept).using(self.context)

    def _put_in_keyring(self, after: Contexts, login: Login, *, dry_run: bool) -> bool:
        entry = keyring_entry(after.get(self.context))
        if entry is None or login.secret is None:
            return False
        if entry.read(may_ask=self.may_ask) == login.secret:
            return False
        if not dry_run:
            entry.write(login.secret, may_ask=self.may_ask)
        return True

    def _clear_keyring(self, before: Contexts, after: Contexts) -> None:
        for entry in orphaned(before, after):
            entry.remove(may_ask=self.may_ask)
