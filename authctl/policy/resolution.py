"""Which level a user's grants give on a resource, as the MLflow that owns the database would."""

from __future__ import annotations

from typing import TYPE_CHECKING

from authctl.model import WILDCARD, Generation, Grant, Permission, Resource, ResourceType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

_HEIGHT = {
    Permission.NO_PERMISSIONS: 0,
    Permission.READ: 1,
    Permission.USE: 2,
    Permission.EDIT: 3,
    Permission.MANAGE: 4,
}


class Levels:
    """A user's grants, ready to be asked about any resource.

    Source: contract 1.7 for the roles generation, 4.1 for the legacy one. A level this release
    does not know denies what it touches.
    """

    def __init__(
        self, grants: Iterable[Grant], *, default: Permission, generation: Generation
    ) -> None:
        self._default = default
        self._generation = generation
        self._rows: dict[tuple[str, str], list[Permission]] = {}
        for grant in grants:
            key = (grant.resource.type, grant.resource.id)
            self._rows.setdefault(key, []).append(_known(grant.permission))
        workspace = self._rows.get((ResourceType.WORKSPACE, WILDCARD), [])
        self._manages_workspace = generation is Generation.ROLES and Permission.MANAGE in workspace

    def on(self, *keys: Resource) -> Permission:
        """The level in effect on the first key that any grant speaks of; the default if none does.

        The keys are a resource and what it falls back to, such as run:* and then experiment:42.
        """
        if self._generation is Generation.LEGACY:
            return self._on_legacy(keys)
        if self._manages_workspace:
            return Permission.MANAGE
        for key in keys:
            rows = [
                *self._rows.get((key.type, key.id), ()),
                *(self._rows.get((key.type, WILDCARD), ()) if key.id != WILDCARD else ()),
            ]
            if rows:
                return self._floored(_fold(rows))
        if keys and keys[-1].type == ResourceType.WORKSPACE:
            return Permission.NO_PERMISSIONS
        return self._default

    def _on_legacy(self, keys: Sequence[Resource]) -> Permission:
        for key in keys:
            rows = self._rows.get((key.type, key.id))
            if rows:
                return _fold(rows)
        if keys and keys[-1].type == ResourceType.WORKSPACE:
            return Permission.NO_PERMISSIONS
        return self._default

    def _floored(self, level: Permission) -> Permission:
        if level.denies or level.at_least(self._default) or self._default.denies:
            return level
        return self._default


def resolve_with(
    default: Permission,
) -> Callable[[Sequence[Grant], Resource, Generation], Permission]:
    """What a store is handed to tell the level that grants give on a resource."""

    def resolve(grants: Sequence[Grant], resource: Resource, generation: Generation) -> Permission:
        return Levels(grants, default=default, generation=generation).on(resource)

    return resolve


def _known(text: str) -> Permission:
    try:
        return Permission(text)
    except ValueError:
        return Permission.DENY


def _fold(rows: Sequence[Permission]) -> Permission:
    if Permission.DENY in rows:
        return Permission.DENY
    return max(rows, key=_HEIGHT.__getitem__)
