"""Rows about grants: the resource, the level, and what became of one that was set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from authctl.cli.batch import result, unchanged
from authctl.cli.field import Field
from authctl.model import Permission, Resource

if TYPE_CHECKING:
    from authctl.cli.field import Row

# Readable on dark and light terminals alike, which yellow and cyan are not.
_STYLES = {
    "NO_PERMISSIONS": "color(160)",
    "DENY": "color(160)",
    "USE": "color(67)",
    "EDIT": "color(130)",
    "MANAGE": "color(28)",
}


def level_style(level: Any) -> str:
    """Colour a level by what it lets its holder do."""
    return _STYLES.get(str(level), "")


USER = Field("username", "user")
RESOURCE = (
    Field("resource"),
    Field("resource_type", shown=False),
    Field("resource_id", shown=False),
)
LEVEL = Field("level", style=level_style)
BEFORE = Field("before", shown=False)


def resource_row(resource: Resource) -> dict[str, Any]:
    """Say which resource it is, in the fields of RESOURCE."""
    return {
        "resource": str(resource),
        "resource_type": resource.type,
        "resource_id": resource.id,
    }


def resource_of(row: Row) -> Resource:
    """The resource that a row is about."""
    return Resource(row["resource_type"], row["resource_id"])


def level_set(before: str | None, wanted: Permission, *, dry_run: bool) -> dict[str, Any]:
    """Say what setting a level did, given the one before: granted, unchanged, raised, lowered."""
    if before == wanted:
        return {"before": before, **unchanged(dry_run=dry_run)}
    return {"before": before, **result(level_word(before, wanted), changed=True, dry_run=dry_run)}


def level_word(before: str | None, wanted: Permission) -> str:
    """Say in a word what a new level is to the one before."""
    if before is None:
        return "granted"
    if before not in Permission.__members__:
        return f"changed from {before}"
    old = Permission(before)
    if wanted.denies and old.denies:
        return f"changed from {before}"
    return f"raised from {before}" if wanted.at_least(old) else f"lowered from {before}"
