"""authctl user: accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from authctl.cli.batch import RESULT, RESULTS, change_each, result, unchanged
from authctl.cli.command import command, group
from authctl.cli.field import Field
from authctl.cli.options import DryRun, Force, UserName, UserNames, Yes
from authctl.cli.passwords import PasswordOptions, current_password
from authctl.cli.people import find_user, get_user, naming, refuse_lockout
from authctl.cli.session import Session
from authctl.cli.user import export, importing, verify
from authctl.errors import AlreadyExists, InvalidRequest
from authctl.model import User, checked_username

if TYPE_CHECKING:
    from authctl.cli.field import Row

app = group(
    "Create, list and delete users, and set their passwords.",
    examples="""
    authctl user list
    authctl user create alice
    authctl user passwd""",
)
app.add_typer(export.app)
app.add_typer(importing.app)
app.add_typer(verify.app)

NAME = Field("username", "user")
ACCOUNT = (NAME, Field("is_admin", "admin"), Field("id", shown=False))


@command(
    app,
    "create",
    examples="""
    authctl user create alice
    authctl user create alice --admin --generate
    authctl user create ci --password-file ci-password.txt --if-not-exists
    authctl user create ci-agent --no-password
    printf %s "$PASSWORD" | authctl user create alice --password-stdin""",
)
def create(
    session: Session,
    name: UserName,
    password: PasswordOptions,
    *,
    admin: Annotated[bool, typer.Option("--admin", help="Make the user an admin.")] = False,
    no_password: Annotated[
        bool,
        typer.Option("--no-password", help="Make a service account, which has tokens only."),
    ] = False,
    if_not_exists: Annotated[
        bool, typer.Option("--if-not-exists", help="Leave a user alone who exists already.")
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """Create a user."""
    sheet = session.output.sheet((*ACCOUNT, *RESULT, *password.fields), name="username")
    checked_username(name)
    if no_password:
        password.refuse("A service account has no password.")
    else:
        password.check(session)
    existing = find_user(session.store, name) if if_not_exists or dry_run else None
    if existing and if_not_exists:
        if admin and not existing.is_admin:
            session.output.warn(f"'{name}' exists and is no admin: authctl admin promote {name}")
        sheet.show_one({**_account(existing), **unchanged(dry_run=dry_run)})
        return
    if existing:
        raise _taken(name)
    secret = None if no_password else password.read(session, name, dry_run=dry_run)
    created: dict[str, Any] = {"username": name, "is_admin": admin}
    if not dry_run:
        try:
            created = _account(session.store.create_user(name, secret, is_admin=admin))
        except AlreadyExists as error:
            raise _taken(name) from error
    sheet.show_one(
        {
            **created,
            "password": password.to_print(secret, dry_run=dry_run),
            **result("created", changed=True, dry_run=dry_run),
        }
    )


@command(
    app,
    "list",
    examples="""
    authctl user list
    authctl user list -q
    authctl user list -o json""",
)
def list_users(session: Session) -> None:
    """List all users."""
    sheet = session.output.sheet(ACCOUNT, name="username")
    sheet.show([_account(user) for user in session.store.list_users()])


@command(
    app,
    "show",
    examples="""
    authctl user show alice
    authctl user show alice -o json""",
)
def show(session: Session, name: UserName) -> None:
    """Show a user and their own grants."""
    sheet = session.output.sheet((*ACCOUNT, Field("grants")), name="username")
    user = get_user(session.store, name)
    grants = [
        {"resource": str(grant.resource), "level": grant.permission}
        for grant in session.store.list_grants(username=name)
    ]
    sheet.show_one({**_account(user), "grants": grants})


@command(
    app,
    "delete",
    examples="""
    authctl user delete alice
    authctl user delete alice bob --yes
    authctl user delete alice --dry-run""",
)
def delete(
    session: Session,
    names: UserNames,
    *,
    yes: Yes = False,
    force: Force = False,
    dry_run: DryRun = False,
) -> None:
    """Delete users and all that is their own."""
    sheet = session.output.sheet((NAME, *RESULTS), name="username")
    names = list(dict.fromkeys(names))
    if not (yes or dry_run):
        whom = ", ".join(names)
        session.prompts.confirm(f"Delete {whom} and all their grants?", option="--yes")

    gone: set[str] = set()

    def change(row: Row) -> dict[str, Any]:
        user = get_user(session.store, row["username"])
        if not force:
            refuse_lockout(session, user, "delete", gone)
        if dry_run:
            gone.add(user.username)
        else:
            with naming(session.store, user.username):
                session.store.delete_user(user.username, force=force)
        return result("deleted", changed=True, dry_run=dry_run)

    change_each(sheet, [{"username": name} for name in names], change, dry_run=dry_run)


@command(
    app,
    "passwd",
    examples="""
    authctl user passwd
    authctl user passwd alice
    authctl user passwd alice --generate
    authctl user passwd alice --password-file new-password.txt""",
)
def passwd(
    session: Session,
    password: PasswordOptions,
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="Whose password; your own if left out."),
    ] = None,
    *,
    current_password_file: Annotated[
        str | None,
        typer.Option(
            "--current-password-file",
            metavar="FILE",
            help="Your present password, where a server asks for it and you sign in without it.",
        ),
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Set a password, your own or another user's."""
    sheet = session.output.sheet((NAME, *RESULT, *password.fields), name="username")
    username = name or session.caller
    if username is None:
        raise InvalidRequest("Say whose password to set: authctl user passwd NAME")
    password.check(session)
    get_user(session.store, username)
    current = current_password(session, username, current_password_file)
    secret = password.read(session, username, dry_run=dry_run)
    if not dry_run:
        session.store.set_password(username, secret, current=current)
        if username == session.caller:
            session.output.note("From now on, sign in with the new password.")
    sheet.show_one(
        {
            "username": username,
            "password": password.to_print(secret, dry_run=dry_run),
            **result("changed", changed=True, dry_run=dry_run),
        }
    )


def _account(user: User) -> dict[str, Any]:
    return {"username": user.username, "is_admin": user.is_admin, "id": user.id}


def _taken(name: str) -> AlreadyExists:
    return AlreadyExists(
        f"The user '{name}' exists already.",
        hint=f"--if-not-exists makes that harmless; authctl user passwd {name} sets a password.",
    )
