"""authctl role assign and unassign: who holds a role."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from authctl.cli.batch import RESULTS, change_each, result, unchanged
from authctl.cli.command import command
from authctl.cli.field import Field
from authctl.cli.options import DryRun, Holders
from authctl.cli.people import get_user
from authctl.cli.role.names import NamedRoles, OneRole
from authctl.cli.session import Session
from authctl.errors import AlreadyExists, NotFound

if TYPE_CHECKING:
    from authctl.cli.field import Row
    from authctl.model import Role

app = typer.Typer()

_FIELDS = (Field("role"), Field("username", "user"), *RESULTS)


@command(
    app,
    "assign",
    examples="""
    authctl role assign trainers alice
    authctl role assign trainers alice bob --dry-run""",
)
def assign(session: Session, name: OneRole, users: Holders, *, dry_run: DryRun = False) -> None:
    """Give a role to users."""
    sheet = session.output.sheet(_FIELDS, name="username")
    role = NamedRoles(session).to_change(name)
    holders = _holders(session, role)

    def change(row: Row) -> dict[str, Any]:
        username = row["username"]
        if get_user(session.store, username).id in holders:
            return unchanged(dry_run=dry_run)
        if not dry_run:
            try:
                session.roles.assign_role(username, role.id)
            except AlreadyExists:  # somebody was quicker
                return unchanged(dry_run=dry_run)
        return result("assigned", changed=True, dry_run=dry_run)

    change_each(sheet, _rows(name, users), change, dry_run=dry_run)


@command(
    app,
    "unassign",
    examples="""
    authctl role unassign trainers alice
    authctl role unassign trainers alice bob --ignore-missing""",
)
def unassign(
    session: Session,
    name: OneRole,
    users: Holders,
    *,
    ignore_missing: Annotated[
        bool, typer.Option("--ignore-missing", help="Let it pass if a user does not hold it.")
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """Take a role from users."""
    sheet = session.output.sheet(_FIELDS, name="username")
    role = NamedRoles(session).to_change(name)
    holders = _holders(session, role)

    def change(row: Row) -> dict[str, Any]:
        username = row["username"]
        if get_user(session.store, username).id not in holders:
            if ignore_missing:
                return unchanged(dry_run=dry_run)
            raise NotFound(
                f"'{username}' does not hold the role '{name}'.",
                hint="--ignore-missing lets that pass.",
            )
        if not dry_run:
            session.roles.unassign_role(username, role.id)
        return result("unassigned", changed=True, dry_run=dry_run)

    change_each(sheet, _rows(name, users), change, dry_run=dry_run)


def _rows(name: str, users: list[str]) -> list[dict[str, Any]]:
    return [{"role": name, "username": username} for username in dict.fromkeys(users)]


def _holders(session: Session, role: Role) -> set[int]:
    return {held.user_id for held in session.roles.assignments_of(role.id)}
