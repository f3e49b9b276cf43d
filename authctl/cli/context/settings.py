"""Where a command goes, as whom and how: every setting, and what it is from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from authctl.cli.connection import DEFAULT, Setting
from authctl.cli.context.file import CONTEXT
from authctl.cli.field import Field
from authctl.cli.location import Mode, without_password

if TYPE_CHECKING:
    from collections.abc import Iterator

    from authctl.cli.context.file import Context
    from authctl.cli.session import Session
    from authctl.client.credentials import Credentials

FIELDS = (Field("setting"), Field("value"), Field("from"))
MASKED = "***"


def settings(session: Session) -> Iterator[Setting]:
    """All that the next request or query is going to be made with; secrets are masked."""
    location = session.location
    if location.context is not None:
        yield Setting("context", location.context.name, _chooser(session))
    yield Setting(location.mode.value, without_password(location.url), location.origin)
    if location.config is not None:
        source = location.config.source
        yield Setting(
            "default_permission",
            str(location.config.default_permission),
            str(source) if source else DEFAULT,
        )
    if location.mode is Mode.REMOTE:
        yield from _credential(session)
        yield from session.connection.settings()
    yield Setting("config_file", str(session.contexts.path), session.contexts.origin)


def saved_settings(context: Context) -> Iterator[Setting]:
    """All that a context says, secrets masked."""
    for key, value in context.settings().items():
        if key in ("password", "token"):
            yield Setting(key, MASKED, context.origin)
        elif key == "db":
            yield Setting(Mode.DIRECT.value, without_password(value), context.origin)
        else:
            shown = without_password(value) if key == "server" else value
            yield Setting(key, shown, context.origin)


def _credential(session: Session) -> Iterator[Setting]:
    known = session.credentials
    if known.username:
        yield Setting("username", known.username.value, known.username.origin)
    for name, secret in (("password", known.password), ("token", known.token)):
        if secret:
            yield Setting(name, MASKED, secret.origin)
    yield Setting("authentication", _how(known), known.origin or DEFAULT)
    if known.signer and known.given.scheme:
        yield Setting("given_to_plugin", known.given.scheme, known.given.origin or DEFAULT)
    for scheme, origin in session.find_passed_over():
        yield Setting("passed_over", scheme, origin)


def _how(known: Credentials) -> str:
    # A name is told only where it is known to be one: else it is the secret itself.
    name = known.signer.name if known.signer else None
    return f"{known.scheme} {name}" if name else known.scheme or "none"


def _chooser(session: Session) -> str:
    if session.options.context_name:
        return "--context"
    return CONTEXT if session.location.chosen else "the current one"
