"""authctl perm: who may do what on which resource."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from authctl.cli.batch import RESULTS, THE_ANSWER_IS_NO, change_each, result, unchanged
from authctl.cli.command import command, group
from authctl.cli.field import Field
from authctl.cli.grants import (
    BEFORE,
    LEVEL,
    RESOURCE,
    USER,
    level_set,
    resource_of,
    resource_row,
)
from authctl.cli.options import DryRun, Holders, LevelName, NoGrantIsFine, OneUser
from authctl.cli.people import get_user, naming
from authctl.cli.perm import copying, explain, listing, prune
from authctl.cli.perm.listing import EFFECTIVE
from authctl.cli.session import Session
from authctl.cli.targets import TargetOptions, parse_level
from authctl.errors import InvalidRequest, NotFound
from authctl.model import Permission

if TYPE_CHECKING:
    from collections.abc import Iterable

    from authctl.cli.field import Row
    from authctl.model import Resource, User
    from authctl.store.base import AuthStore

app = group(
    "Grant, revoke, list and check permissions.",
    examples="""
    authctl perm grant alice --experiment fraud --level EDIT
    authctl perm list --user alice
    authctl perm check alice --experiment fraud --level READ""",
)
app.add_typer(listing.app)
app.add_typer(explain.app)
app.add_typer(copying.app)
app.add_typer(prune.app)


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
    users: Holders,
    level: LevelName,
    targets: TargetOptions,
    *,
    dry_run: DryRun = False,
) -> None:
    """Give users a level on resources, whatever level they had there."""
    sheet = session.output.sheet((USER, *RESOURCE, LEVEL, BEFORE, *RESULTS), name="username")
    wanted = parse_level(level)

    def change(row: Row) -> dict[str, Any]:
        username, resource = row["username"], resource_of(row)
        with naming(session.store, username):
            if dry_run:
                before = _own_level(session.store, username, resource)
            else:
                before = session.store.grant(username, resource, wanted)
        return level_set(before, wanted, dry_run=dry_run)

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
    users: Holders,
    targets: TargetOptions,
    *,
    ignore_missing: NoGrantIsFine = False,
    dry_run: DryRun = False,
) -> None:
    """Take users' own grants away, so that roles and the default decide."""
    sheet = session.output.sheet((USER, *RESOURCE, BEFORE, *RESULTS), name="username")

    def change(row: Row) -> dict[str, Any]:
        username, resource = row["username"], resource_of(row)
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
    "show",
    examples="""
    authctl perm show alice --experiment fraud
    authctl perm show alice --model churn -o json""",
)
def show(session: Session, user: OneUser, targets: TargetOptions) -> None:
    """Show the level a user has on one resource, and their own grant there."""
    sheet = session.output.sheet((USER, *RESOURCE, *EFFECTIVE), name="username")
    resource = targets.one(session)
    who = get_user(session.store, user)
    own = _own_level(session.store, user, resource)
    level = _level(session.store, who, resource)
    sheet.show_one({**_row(user, resource), "level": str(level), "grant": own})


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
            *(Field(field.key, shown=False) for field in RESOURCE),
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
    return {"username": username, **resource_row(resource)}


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


def _level(store: AuthStore, user: User, resource: Resource) -> Permission:
    return Permission.MANAGE if user.is_admin else store.level(user.username, resource)
