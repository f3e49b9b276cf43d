"""authctl context: names for servers and databases, and how each is talked to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from authctl.cli.batch import RESULT, RESULTS, change_each, result, unchanged
from authctl.cli.command import command, group
from authctl.cli.context.change import ContextChange, changed_context
from authctl.cli.context.file import Context, checked_name
from authctl.cli.context.saved_login import orphaned
from authctl.cli.context.settings import FIELDS, saved_settings, settings
from authctl.cli.field import Field
from authctl.cli.location import without_password
from authctl.cli.options import DryRun
from authctl.cli.session import Session
from authctl.errors import AlreadyExists, AuthctlError

if TYPE_CHECKING:
    from authctl.cli.context.file import Contexts
    from authctl.cli.field import Row

app = group(
    "Name servers and databases, and choose among them.",
    examples="""
    authctl context set prod --server https://mlflow.example.com
    authctl context use prod
    authctl context list
    authctl user list --context prod""",
)

NAME = Field("name", "context")
PLACE = Field("place")
ContextName = Annotated[str, typer.Argument(metavar="NAME", help="The context's name.")]


@command(
    app,
    "list",
    examples="""
    authctl context list
    authctl context list -o json""",
)
def list_contexts(session: Session) -> None:
    """List all contexts and mark the current one."""
    sheet = session.output.sheet(
        (
            NAME,
            Field("current"),
            PLACE,
            Field("username", "user"),
            Field("server", shown=False),
            Field("database", shown=False),
            Field("auth_config", shown=False),
            Field("password_saved", shown=False),
        ),
        name="name",
    )
    contexts = session.contexts.read()
    sheet.show([_row(each, contexts) for each in contexts.by_name.values()])
    if contexts.current in contexts.by_name:
        _warn_of_what_beats(session, str(contexts.current))


@command(
    app,
    "show",
    examples="""
    authctl context show
    authctl context show prod
    authctl context show prod -o json""",
)
def show(
    session: Session,
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="One context; what is in use if left out."),
    ] = None,
) -> None:
    """Show a context, or what is in use and where it is from."""
    sheet = session.output.sheet(FIELDS, name="setting")
    found = settings(session) if name is None else saved_settings(session.contexts.read().get(name))
    sheet.show([{"setting": each.name, "value": each.value, "from": each.origin} for each in found])


@command(
    app,
    "use",
    examples="""
    authctl context use prod
    authctl context use prod --dry-run""",
)
def use(session: Session, name: ContextName, *, dry_run: DryRun = False) -> None:
    """Make a context the current one."""
    sheet = session.output.sheet((NAME, PLACE, *RESULT), name="name")
    before, after = session.contexts.change(
        lambda contexts: contexts.using(contexts.get(name).name), dry_run=dry_run
    )
    sheet.show_one(
        {**_row(after.by_name[name], after), **_told("current now", before, after, dry_run)}
    )
    if not dry_run:
        _warn_of_what_beats(session, name)


@command(
    app,
    "set",
    examples="""
    authctl context set prod --server https://mlflow.example.com
    authctl context set prod --username alice --ca-cert authority.pem
    authctl context set local --db sqlite:///basic_auth.db
    authctl context set prod --unset ca_cert""",
)
def set_context(
    session: Session, name: ContextName, change: ContextChange, *, dry_run: DryRun = False
) -> None:
    """Make a context, or change its settings.

    Kept in it are --server or --db and --auth-config, --ca-cert, --client-cert,
    --insecure, --allow-http, --timeout and --retries. A password or a token is
    kept by authctl login --context NAME only.
    """
    sheet = session.output.sheet((NAME, PLACE, *RESULT), name="name")
    checked_name(name)
    change.check(session.options)
    before, after = session.contexts.change(
        lambda contexts: contexts.keeping(
            changed_context(contexts.by_name.get(name) or Context(name), session.options, change)
        ),
        dry_run=dry_run,
    )
    old, new = before.by_name.get(name), after.by_name[name]
    word = "changed" if old else "created"
    sheet.show_one({**_row(new, after), **_told(word, before, after, dry_run)})
    if old and old.has_login and not new.has_login:
        whose = f"password was for '{old.username}'" if old.username else "token was for somebody"
        session.output.warn(f"the saved {whose} at {old.server}, and is removed.")
    _clear_keyring(session, before, after, dry_run=dry_run)
    if new.db and without_password(new.db) != new.db:
        session.output.warn(f"the password of the database is kept in {session.contexts.path}.")
    if after.current is None and after != before:
        session.output.note(f"authctl context use {name} makes it the current one.")


@command(
    app,
    "rename",
    examples="""
    authctl context rename prod live""",
)
def rename(
    session: Session,
    old: Annotated[str, typer.Argument(metavar="OLD", help="Its name now.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="Its name from now on.")],
    *,
    dry_run: DryRun = False,
) -> None:
    """Give a context another name."""
    sheet = session.output.sheet((NAME, PLACE, *RESULT), name="name")
    checked_name(new)

    def edit(contexts: Contexts) -> Contexts:
        contexts.get(old)
        if new in contexts.by_name and new != old:
            raise AlreadyExists(
                f"The context '{new}' exists already.",
                hint=f"authctl context delete {new} removes it.",
            )
        return contexts.renamed(old, new)

    before, after = session.contexts.change(edit, dry_run=dry_run)
    sheet.show_one({**_row(after.by_name[new], after), **_told("renamed", before, after, dry_run)})


@command(
    app,
    "delete",
    examples="""
    authctl context delete prod
    authctl context delete prod staging --ignore-missing""",
)
def delete(
    session: Session,
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="One or more contexts.")],
    *,
    ignore_missing: Annotated[
        bool, typer.Option("--ignore-missing", help="Let be what is not there.")
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """Forget contexts, with the logins saved in them."""
    sheet = session.output.sheet((NAME, *RESULTS), name="name")
    current = session.contexts.read().current

    def change(row: Row) -> dict[str, Any]:
        name = row["name"]

        def edit(contexts: Contexts) -> Contexts:
            if not (ignore_missing and name not in contexts.by_name):
                contexts.get(name)
            return contexts.without(name)

        before, after = session.contexts.change(edit, dry_run=dry_run)
        _clear_keyring(session, before, after, dry_run=dry_run)
        return _told("deleted", before, after, dry_run)

    change_each(sheet, [{"name": name} for name in dict.fromkeys(names)], change, dry_run=dry_run)
    if current in names and not dry_run:
        session.output.warn(f"'{current}' was the current context; there is none now.")


def _row(context: Context, contexts: Contexts) -> dict[str, Any]:
    server = without_password(context.server) if context.server else None
    database = without_password(context.db) if context.db else None
    return {
        "name": context.name,
        "current": context.name == contexts.current,
        "place": server or database or context.auth_config,
        "username": context.username,
        "server": server,
        "database": database,
        "auth_config": context.auth_config,
        "password_saved": bool(context.password or (context.keyring and context.username)),
    }


def _clear_keyring(session: Session, before: Contexts, after: Contexts, *, dry_run: bool) -> None:
    """Take out of the keyring what no context needs any more, or say why it is still there."""
    for entry in () if dry_run else orphaned(before, after):
        try:
            entry.remove(may_ask=session.prompts.possible)
        except AuthctlError as error:
            session.output.warn(
                f"the {entry.kind} for {entry.server} stays in the keyring: {error}"
            )


def _told(word: str, before: Contexts, after: Contexts, dry_run: bool) -> dict[str, Any]:
    if before == after:
        return unchanged(dry_run=dry_run)
    return result(word, changed=True, dry_run=dry_run)


def _warn_of_what_beats(session: Session, current: str) -> None:
    """Say which variable names another place than the current context, if one does."""
    try:
        found = session.naming_no_place().location
    except AuthctlError:
        return
    if found.context is None or found.context.name != current:
        session.output.warn(f"{found.origin} beats the current context.")
