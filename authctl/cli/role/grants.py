"""authctl role grant and revoke: what a role allows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from authctl.cli.batch import RESULTS, change_each, result, unchanged
from authctl.cli.command import command
from authctl.cli.field import Field
from authctl.cli.grants import BEFORE, LEVEL, RESOURCE, level_set, resource_of, resource_row
from authctl.cli.options import DryRun, LevelName, NoGrantIsFine
from authctl.cli.role.names import NamedRoles, RoleNames
from authctl.cli.session import Session
from authctl.cli.targets import TargetOptions, parse_level
from authctl.errors import AlreadyExists, NotFound

if TYPE_CHECKING:
    from authctl.cli.field import Row
    from authctl.model import Permission, Resource, Role, RolePermission

app = typer.Typer()

_ROLE = Field("role")


@command(
    app,
    "grant",
    examples="""
    authctl role grant trainers --experiment fraud --level EDIT
    authctl role grant trainers testers --resource 'prompt:*' --level READ
    authctl role grant trainers --model churn --level MANAGE --dry-run""",
)
def grant(
    session: Session,
    names: RoleNames,
    level: LevelName,
    targets: TargetOptions,
    *,
    dry_run: DryRun = False,
) -> None:
    """Give roles a level on resources, whatever level they had there."""
    sheet = session.output.sheet((_ROLE, *RESOURCE, LEVEL, BEFORE, *RESULTS), name="role")
    wanted = parse_level(level)
    resources = targets.some(session)
    roles = NamedRoles(session)

    def change(row: Row) -> dict[str, Any]:
        role, resource = roles.to_change(row["role"]), resource_of(row)
        if dry_run:
            held = _held(role, resource)
            before = held.permission if held else None
        else:
            before = _set(session, role, resource, wanted)
        return level_set(before, wanted, dry_run=dry_run)

    rows = [{**row, "level": str(wanted)} for row in _pairs(names, resources)]
    change_each(sheet, rows, change, dry_run=dry_run)


@command(
    app,
    "revoke",
    examples="""
    authctl role revoke trainers --experiment fraud
    authctl role revoke trainers testers --model churn --ignore-missing""",
)
def revoke(
    session: Session,
    names: RoleNames,
    targets: TargetOptions,
    *,
    ignore_missing: NoGrantIsFine = False,
    dry_run: DryRun = False,
) -> None:
    """Take grants out of roles."""
    sheet = session.output.sheet((_ROLE, *RESOURCE, BEFORE, *RESULTS), name="role")
    resources = targets.some(session)
    roles = NamedRoles(session)

    def change(row: Row) -> dict[str, Any]:
        role = roles.to_change(row["role"])
        held = _held(role, resource_of(row))
        if held is None:
            if ignore_missing:
                return unchanged(dry_run=dry_run)
            raise NotFound(
                f"The role '{role.name}' has no grant on {row['resource']}.",
                hint="--ignore-missing lets that pass.",
            )
        if not dry_run:
            session.roles.remove_role_permission(held.id)
        return {"before": held.permission, **result("revoked", changed=True, dry_run=dry_run)}

    change_each(sheet, _pairs(names, resources), change, dry_run=dry_run)


def _pairs(names: list[str], resources: list[Resource]) -> list[dict[str, Any]]:
    return [
        {"role": name, **resource_row(resource)}
        for name in dict.fromkeys(names)
        for resource in resources
    ]


def _held(role: Role, resource: Resource) -> RolePermission | None:
    return next((row for row in role.permissions if row.resource == resource), None)


def _set(session: Session, role: Role, resource: Resource, wanted: Permission) -> str | None:
    """Give a role a level; the level before, None where none was."""
    held = _held(role, resource)
    if held is None:
        try:
            session.roles.add_role_permission(role.id, resource, wanted)
        except AlreadyExists:  # somebody was quicker
            held = _held(session.roles.get_role(role.id), resource)
            if held is None:
                raise
        else:
            return None
    if held.permission != wanted:
        session.roles.update_role_permission(held.id, wanted)
    return held.permission
