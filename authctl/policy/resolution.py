"""Which level a user's grants give on a resource, as the MLflow that owns the database would."""

from __future__ import annotations

from typing import TYPE_CHECKING

from authctl.model import (
    WILDCARD,
    WILDCARD_ONLY,
    Generation,
    Grant,
    Permission,
    Resource,
    ResourceType,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    _Rows = dict[str, dict[str, tuple[Permission, ...]]]

HEIGHT = {
    Permission.NO_PERMISSIONS: 0,
    Permission.READ: 1,
    Permission.USE: 2,
    Permission.EDIT: 3,
    Permission.MANAGE: 4,
}
"""Which of several levels wins; DENY, which beats them all, is not among them."""

_ALONE = {level: (level,) for level in Permission}

IN_EXPERIMENTS = frozenset(
    {
        ResourceType.RUN,
        ResourceType.TRACE,
        ResourceType.ASSESSMENT,
        ResourceType.LOGGED_MODEL,
        ResourceType.REVIEW_QUEUE,
    }
)
"""The sub-resource types whose things are in experiments."""


class Levels:
    """A user's grants, ready to be asked about any resource.

    Source: contract 1.7 for the roles generation, 4.1 for the legacy one, in which MLflow 3.12 has
    roles besides (1.8). A level this release does not know denies what it touches.
    """

    def __init__(
        self, grants: Iterable[Grant], *, default: Permission, generation: Generation
    ) -> None:
        self._default = default
        self._generation = generation
        self._rows: _Rows = {}
        self._besides: _Rows = {}
        for grant in grants:
            through_role = generation is Generation.LEGACY and grant.role is not None
            of_type = (self._besides if through_role else self._rows).setdefault(
                grant.resource.type, {}
            )
            # A server remembers many: of most there is one, and all of these are the same object.
            alone = _ALONE[known_level(grant.permission)]
            before = of_type.get(grant.resource.id)
            of_type[grant.resource.id] = (*before, *alone) if before else alone
        workspace = self._given(self._rows, ResourceType.WORKSPACE, WILDCARD)
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
            if rows := self._rows_of(key):
                level = _fold(rows)
                return level if key.type == ResourceType.WORKSPACE else self._floored(level)
        if keys and keys[-1].type == ResourceType.WORKSPACE:
            return Permission.NO_PERMISSIONS
        return self._default

    def speak_of(self, key: Resource) -> bool:
        """Whether any grant speaks of a key, or of everything of its type."""
        return bool(self._rows_of(key))

    def deny(self, key: Resource) -> bool:
        """Whether a grant shuts the user out of a key; the default alone never does."""
        rows = self._rows_of(key)
        return bool(rows) and not self._manages_workspace and _fold(rows).denies

    def deny_any(self, kind: str) -> bool:
        """Whether a grant shuts the user out of anything of a type."""
        return any(self.deny(Resource(kind, found)) for found in self._rows.get(kind, ()))

    def _rows_of(self, key: Resource) -> Sequence[Permission]:
        if self._generation is Generation.LEGACY:
            return self._legacy_rows_of(key)
        of_type = self._rows.get(key.type)
        if of_type is None:
            return ()
        exact = of_type.get(key.id, ())
        if key.id == WILDCARD or WILDCARD not in of_type:
            return exact
        return (*exact, *of_type[WILDCARD])

    def _legacy_rows_of(self, key: Resource) -> Sequence[Permission]:
        """A user's own row, and what roles give beside it in MLflow 3.12.

        There a role's row on the workspace speaks of everything in it, and NO_PERMISSIONS in a
        role says nothing.
        """
        if key.type in WILDCARD_ONLY and key.type != ResourceType.WORKSPACE:
            return ()
        places = {(key.type, key.id), (key.type, WILDCARD), (ResourceType.WORKSPACE, WILDCARD)}
        besides = [level for place in places for level in self._given(self._besides, *place)]
        return [
            *self._given(self._rows, key.type, key.id),
            *(level for level in besides if level is not Permission.NO_PERMISSIONS),
        ]

    @staticmethod
    def _given(rows: _Rows, kind: str, name: str) -> Sequence[Permission]:
        return rows.get(kind, {}).get(name, ())

    def _on_legacy(self, keys: Sequence[Resource]) -> Permission:
        # Of what is in an experiment, MLflow 3.12 asks no roles.
        alone = bool(keys) and keys[0].type in IN_EXPERIMENTS
        for key in keys:
            rows = self._given(self._rows, key.type, key.id) if alone else self._rows_of(key)
            if rows:
                return _fold(rows)
        if keys and keys[-1].type == ResourceType.WORKSPACE:
            return Permission.NO_PERMISSIONS
        return self._default

    def _floored(self, level: Permission) -> Permission:
        if level.denies or level.at_least(self._default) or self._default.denies:
            return level
        return self._default


def resolve_with(default: Permission) -> Callable[[Sequence[Grant], Generation], Levels]:
    """What a store is handed to tell which levels grants give."""

    def resolve(grants: Sequence[Grant], generation: Generation) -> Levels:
        return Levels(grants, default=default, generation=generation)

    return resolve


def known_level(text: str) -> Permission:
    """The level that a row says; a word that this release does not know denies."""
    try:
        return Permission(text)
    except ValueError:
        return Permission.DENY


def _fold(rows: Sequence[Permission]) -> Permission:
    if Permission.DENY in rows:
        return Permission.DENY
    return max(rows, key=HEIGHT.__getitem__)
