"""authctl whoami: where commands go, as whom, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from authctl.cli.command import command
from authctl.cli.field import Field
from authctl.cli.location import Mode, without_password
from authctl.cli.people import get_user
from authctl.cli.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator


app = typer.Typer()


@command(
    app,
    "whoami",
    examples="""
    authctl whoami
    authctl whoami -v
    authctl whoami -o json""",
)
def whoami(
    session: Session,
    *,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Say where each setting is from.")
    ] = False,
) -> None:
    """Show where commands go, and as whom."""
    sheet = session.output.sheet(
        (
            Field("server"),
            Field("database"),
            Field("username", "user"),
            Field("is_admin", "admin"),
            *((Field("settings"),) if verbose else ()),
        ),
        name="username",
    )
    location = session.location
    row: dict[str, Any] = {location.mode.value: without_password(location.url)}
    if session.caller is not None:
        user = get_user(session.store, session.caller)
        row |= {"username": user.username, "is_admin": user.is_admin}
    else:
        session.store  # noqa: B018 - a database that cannot be opened must not look well
    if verbose:
        row["settings"] = [
            {"setting": name, "value": value, "from": origin}
            for name, value, origin in _settings(session)
        ]
    sheet.show_one(row)


def _settings(session: Session) -> Iterator[tuple[str, str, str]]:
    location = session.location
    yield location.mode.value, without_password(location.url), location.origin
    if location.config is not None:
        source = location.config.source
        yield (
            "default_permission",
            str(location.config.default_permission),
            str(source) if source else "default",
        )
    if location.mode is Mode.REMOTE:
        known = session.credentials
        if known.username:
            yield "username", known.username.value, known.username.origin
        for name, secret in (("password", known.password), ("token", known.token)):
            if secret:
                yield name, "***", secret.origin
