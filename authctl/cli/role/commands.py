"""authctl role: what several users may do, given to them together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from authctl.cli.batch import RESULT, RESULTS, change_each, result, unchanged
from authctl.cli.command import command, group
from authctl.cli.field import Field
from authctl.cli.options import DryRun, Yes
from authctl.cli.people import naming
from authctl.cli.role import grants, members
from authctl.cli.role.names import (
    NamedRoles,
    OneRole,
    RoleNames,
    checked_role_name,
)
from authctl.cli.session import Session
from authctl.errors import AlreadyExists, NotFound
from authctl.model import DEFAULT_WORKSPACE, Role

if TYPE_CHECKING:
    from authctl.cli.field import Row

app = group(
    "Make roles, say what they allow, and assign them to users.",
    examples="""
    authctl role create trainers --description "Train and register models"
    authctl role grant trainers --experiment fraud --level EDIT
    authctl role assign trainers alice bob""",
)
app.add_typer(grants.app)
app.add_typer(members.app)

_ROLE = Field("role")
_ID = Field("id", shown=False)
_DESCRIPTION = Field("description")


@command(
    app,
    "list",
    examples="""
    authctl role list
    authctl role list --user alice
    authctl role list -o json""",
)
def list_roles(
    session: Session,
    *,
    user: Annotated[
        str | None, typer.Option("--user", metavar="NAME", help="Only those this user holds.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Show the roles of users' own grants as well.")
    ] = False,
) -> None:
    """List roles, and how many grants are in each."""
    sheet = session.output.sheet(
        (_ROLE, Field("grant_count", "grants"), _DESCRIPTION, _ID, Field("grants", shown=False)),
        name="role",
    )
    held = None
    if user is not None:
        with naming(session.store, user):
            held = {role.id for role in session.roles.roles_of(user)}
    sheet.show(
        [
            {**_described(role), "grant_count": len(role.permissions)}
            for role in NamedRoles(session)
            if (everything or not role.is_synthetic) and (held is None or role.id in held)
        ]
    )


@command(
    app,
    "show",
    examples="""
    authctl role show trainers
    authctl role show trainers -o json""",
)
def show(session: Session, name: OneRole) -> None:
    """Show what a role allows, and who holds it."""
    sheet = session.output.sheet(
        (_ROLE, _DESCRIPTION, _ID, Field("grants"), Field("members")), name="role"
    )
    role = NamedRoles(session).get(name)
    held = [assignment.user_id for assignment in session.roles.assignments_of(role.id)]
    names = {user.id: user.username for user in session.store.list_users()} if held else {}
    members = sorted(names.get(user_id, f"user id {user_id}") for user_id in held)
    sheet.show_one({**_described(role), "members": members})


@command(
    app,
    "create",
    examples="""
    authctl role create trainers
    authctl role create trainers --description "Train models" --if-not-exists""",
)
def create(
    session: Session,
    name: OneRole,
    *,
    description: Annotated[
        str | None, typer.Option("--description", metavar="TEXT", help="What it is for.")
    ] = None,
    if_not_exists: Annotated[
        bool, typer.Option("--if-not-exists", help="Leave a role alone that exists already.")
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """Create a role that allows nothing yet."""
    sheet = session.output.sheet((_ROLE, _DESCRIPTION, _ID, *RESULT), name="role")
    checked_role_name(name)
    existing = NamedRoles(session).find(name) if if_not_exists or dry_run else None
    if existing and if_not_exists:
        sheet.show_one({**_described(existing), **unchanged(dry_run=dry_run)})
        return
    if existing:
        raise _taken(name)
    created: dict[str, Any] = {"role": name, "description": description}
    if not dry_run:
        try:
            made = session.roles.create_role(name, DEFAULT_WORKSPACE, description)
        except AlreadyExists as error:
            raise _taken(name) from error
        created = _described(made)
    sheet.show_one({**created, **result("created", changed=True, dry_run=dry_run)})


@command(
    app,
    "delete",
    examples="""
    authctl role delete trainers
    authctl role delete trainers testers --yes
    authctl role delete trainers --dry-run""",
)
def delete(
    session: Session,
    names: RoleNames,
    *,
    yes: Yes = False,
    ignore_missing: Annotated[
        bool, typer.Option("--ignore-missing", help="Let it pass if there is no such role.")
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """Delete roles; whoever holds them loses what they allow."""
    sheet = session.output.sheet((_ROLE, Field("members"), *RESULTS), name="role")
    names = list(dict.fromkeys(names))
    roles = NamedRoles(session)
    members = {
        name: len(session.roles.assignments_of(role.id))
        for name in names
        if (role := roles.find(name)) and not role.is_synthetic
    }
    if members and not (yes or dry_run):
        what = ", ".join(f"{name} ({_people(count)})" for name, count in members.items())
        session.prompts.confirm(f"Delete {what}?", option="--yes")

    def change(row: Row) -> dict[str, Any]:
        name = row["role"]
        try:
            role = roles.to_change(name)
            if not dry_run:
                session.roles.delete_role(role.id)
        except NotFound:
            if not ignore_missing:
                raise
            return unchanged(dry_run=dry_run)
        return {"members": members[name], **result("deleted", changed=True, dry_run=dry_run)}

    change_each(sheet, [{"role": name} for name in names], change, dry_run=dry_run)


def _described(role: Role) -> dict[str, Any]:
    grants = [{"resource": str(row.resource), "level": row.permission} for row in role.permissions]
    return {"role": role.name, "description": role.description, "id": role.id, "grants": grants}


def _taken(name: str) -> AlreadyExists:
    return AlreadyExists(
        f"The role '{name}' exists already.", hint="--if-not-exists makes that harmless."
    )


def _people(count: int) -> str:
    if not count:
        return "nobody holds it"
    return "1 user loses it" if count == 1 else f"{count} users lose it"
