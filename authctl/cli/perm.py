"""authctl perm: who may do what on which resource."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from authctl.cli.batch import RESULTS, THE_ANSWER_IS_NO, change_each, result, unchanged
from authctl.cli.command import command, group
from authctl.cli.field import Field
from authctl.cli.options import DryRun, LevelName
from authctl.cli.people import get_user, naming
from authctl.cli.session import Session
from authctl.cli.targets import TargetOptions, parse_level
from authctl.errors import InvalidRequest, NotFound
from authctl.model import Permission, Resource

if TYPE_CHECKING:
    from collections.abc import Iterable

    from authctl.cli.field import Row
    from authctl.model import User
    from authctl.store.base import AuthStore

app = group(
    "Grant, revoke, list and check permissions.",
    examples="""
    authctl perm grant alice --experiment fraud --level EDIT
    authctl perm list --user alice
    authctl perm check alice --experiment fraud --level READ""",
)

_ADMIN = "admin"


def level_style(level: Any) -> str:
    """Colour a level by what it lets its holder do."""
    return _STYLES.get(str(level), "")


_STYLES = {"NO_PERMISSIONS": "red", "DENY": "red", "EDIT": "yellow", "MANAGE": "magenta"}

_USER = Field("username", "user")
_RESOURCE = (
    Field("resource"),
    Field("resource_type", shown=False),
    Field("resource_id", shown=False),
)
_LEVEL = Field("level", style=level_style)
_BEFORE = Field("before", shown=False)
_EFFECTIVE = (_LEVEL, Field("grant", "own grant", style=level_style))

UserNames = Annotated[list[str], typer.Argument(metavar="USER...", help="One or more users.")]
OneUser = Annotated[str, typer.Argument(metavar="USER", help="The user.")]


@command(
    app,
    "grant",
    examples="""
    authctl perm grant alice --experiment fraud --level EDIT
    authctl perm grant alice bob --model churn --model fraud --level READ
    authctl perm grant alice --resource 'prompt:*' --level READ --dry-run""",
)
def grant(
    session: Session,
    users: UserNames,
    level: LevelName,
    targets: TargetOptions,
    *,
    dry_run: DryRun = False,
) -> None:
    """Give users a level on resources, whatever level they had there."""
    sheet = session.output.sheet((_USER, *_RESOURCE, _LEVEL, _BEFORE, *RESULTS), name="username")
    wanted = parse_level(level)

    def change(row: Row) -> dict[str, Any]:
        username, resource = row["username"], Resource(row["resource_type"], row["resource_id"])
        with naming(session.store, username):
            if dry_run:
                before = _own_level(session.store, username, resource)
            else:
                before = session.store.grant(username, resource, wanted)
        if before == wanted:
            return {"before": before, **unchanged(dry_run=dry_run)}
        word = _granted(before, wanted)
        return {"before": before, **result(word, changed=True, dry_run=dry_run)}

    rows = [{**row, "level": str(wanted)} for row in _pairs(users, targets.some(session))]
    change_each(sheet, rows, change, dry_run=dry_run)


@command(
    app,
    "revoke",
    examples="""
    authctl perm revoke alice --experiment fraud
    authctl perm revoke alice bob --model churn --ignore-missing""",
)
def revoke(
    session: Session,
    users: UserNames,
    targets: TargetOptions,
    *,
    ignore_missing: Annotated[
        bool, typer.Option("--ignore-missing", help="Let it pass if there is no such grant.")
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """Take users' own grants away, so that roles and the default decide."""
    sheet = session.output.sheet((_USER, *_RESOURCE, _BEFORE, *RESULTS), name="username")

    def change(row: Row) -> dict[str, Any]:
        username, resource = row["username"], Resource(row["resource_type"], row["resource_id"])
        try:
            with naming(session.store, username):
                before = _revoke(session.store, username, resource, dry_run=dry_run)
        except _NoGrant:
            if not ignore_missing:
                raise
            return unchanged(dry_run=dry_run)
        return {"before": before, **result("revoked", changed=True, dry_run=dry_run)}

    change_each(sheet, _pairs(users, targets.some(session)), change, dry_run=dry_run)


@command(
    app,
    "list",
    examples="""
    authctl perm list
    authctl perm list --user alice
    authctl perm list --experiment fraud
    authctl perm list --experiment fraud --effective""",
)
def list_grants(
    session: Session,
    targets: TargetOptions,
    *,
    user: Annotated[
        str | None, typer.Option("--user", metavar="NAME", help="Only this user's.")
    ] = None,
    effective: Annotated[
        bool,
        typer.Option(
            "--effective",
            help="Show the level that counts, by grant, role, default or being an admin.",
        ),
    ] = False,
) -> None:
    """List users' own grants; -q prints users, or with --user resources."""
    sheet = session.output.sheet(
        (_USER, *_RESOURCE, *(_EFFECTIVE if effective else (_LEVEL,))),
        name="resource" if user else "username",
    )
    store = session.store
    resources = targets.resources(session)
    wanted: list[Resource | None] = [*resources] or [None]
    with naming(store, user or ""):
        grants = [
            found
            for resource in wanted
            for found in store.list_grants(username=user, resource=resource)
        ]
    if not effective:
        sheet.show([{**_row(g.username, g.resource), "level": g.permission} for g in grants])
        return
    users = [get_user(store, user)] if user else store.list_users()
    own = {(found.username, found.resource): found.permission for found in grants}
    sheet.show(
        [
            {**_row(who.username, on), **_effective(store, who, on, own.get((who.username, on)))}
            for who in users
            for on in resources or [on for name, on in own if name == who.username]
        ]
    )


@command(
    app,
    "show",
    examples="""
    authctl perm show alice --experiment fraud
    authctl perm show alice --model churn -o json""",
)
def show(session: Session, user: OneUser, targets: TargetOptions) -> None:
    """Show the level a user has on one resource, and their own grant there."""
    sheet = session.output.sheet((_USER, *_RESOURCE, *_EFFECTIVE), name="username")
    resource = targets.one(session)
    who = get_user(session.store, user)
    own = _own_level(session.store, user, resource)
    sheet.show_one({**_row(user, resource), **_effective(session.store, who, resource, own)})


@command(
    app,
    "check",
    examples="""
    authctl perm check alice --experiment fraud --level EDIT
    authctl perm check alice --model churn --level READ -o json""",
)
def check(session: Session, user: OneUser, level: LevelName, targets: TargetOptions) -> None:
    """Ask whether a user has a level: yes and exit 0, or "no - why" and exit 8."""
    sheet = session.output.sheet(
        (
            Field("answer"),
            Field("allowed", shown=False),
            Field("username", shown=False),
            *(Field(field.key, shown=False) for field in _RESOURCE),
            Field("level", shown=False),
            Field("needed", shown=False),
        ),
        name="answer",
    )
    needed = parse_level(level)
    if needed.denies:
        raise InvalidRequest(
            f"{needed} lets nobody do anything.", hint="Ask for READ, USE, EDIT or MANAGE."
        )
    resource = targets.one(session)
    who = get_user(session.store, user)
    held = _level(session.store, who, resource)
    allowed = held.at_least(needed)
    why = f"'{user}' has {held} on {resource}, not {needed}"
    sheet.show_one(
        {
            **_row(user, resource),
            "answer": "yes" if allowed else f"no - {why}",
            "allowed": allowed,
            "level": str(held),
            "needed": str(needed),
        }
    )
    if not allowed:
        raise typer.Exit(THE_ANSWER_IS_NO)


class _NoGrant(NotFound):
    """The user is there, the grant is not."""


def _row(username: str, resource: Resource) -> dict[str, Any]:
    return {
        "username": username,
        "resource": str(resource),
        "resource_type": resource.type,
        "resource_id": resource.id,
    }


def _pairs(users: Iterable[str], resources: list[Resource]) -> list[dict[str, Any]]:
    return [_row(user, resource) for user in dict.fromkeys(users) for resource in resources]


def _own_level(store: AuthStore, username: str, resource: Resource) -> str | None:
    with naming(store, username):
        grants = store.list_grants(username=username, resource=resource)
    return grants[0].permission if grants else None


def _revoke(store: AuthStore, username: str, resource: Resource, *, dry_run: bool) -> str:
    missing = _NoGrant(
        f"'{username}' has no grant on {resource}.", hint="--ignore-missing lets that pass."
    )
    if dry_run:
        before = _own_level(store, username, resource)
        if before is None:
            raise missing
        return before
    try:
        return store.revoke(username, resource)
    except NotFound as error:
        raise missing from error


def _granted(before: str | None, wanted: Permission) -> str:
    if before is None:
        return "granted"
    if before not in Permission.__members__:
        return f"changed from {before}"
    old = Permission(before)
    if wanted.denies and old.denies:
        return f"changed from {before}"
    return f"raised from {before}" if wanted.at_least(old) else f"lowered from {before}"


def _level(store: AuthStore, user: User, resource: Resource) -> Permission:
    return Permission.MANAGE if user.is_admin else store.level(user.username, resource)


def _effective(store: AuthStore, user: User, resource: Resource, own: str | None) -> dict[str, Any]:
    return {"level": str(_level(store, user, resource)), "grant": own}
