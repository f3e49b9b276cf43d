"""What a limited service token may do at most, whatever its user may."""

from __future__ import annotations

from typing import TYPE_CHECKING

from authctl.model import (
    WILDCARD,
    Generation,
    Grant,
    Limits,
    Permission,
    Principal,
    Resource,
    ResourceType,
)
from authctl.policy.resolution import Levels
from authctl.policy.rule import Access, Body, Effect, Handle, Rule

if TYPE_CHECKING:
    from collections.abc import Iterable

_CONTAINED = frozenset({ResourceType.SCORER})
"""What is made inside of something else, whose level decides."""


def refusal(rule: Rule | None, limits: Limits) -> str | None:
    """Why a limited token does not pass by a row at all; None where who its user is decides.

    What no row speaks for may do anything.
    """
    if rule is None:
        return "no row speaks for this route"
    if limits.read_only and not rule.reads:
        return "the token may only read"
    if limits.resources is not None and not _is_about_resources(rule):
        return "the token is for some resources only"
    return None


class Narrowed(Levels):
    """The levels of a token's user on the resources that the token names, and none on others.

    A thing is named itself, or by what it is in.
    """

    def __init__(
        self,
        resources: frozenset[Resource],
        grants: Iterable[Grant],
        *,
        default: Permission,
        generation: Generation,
    ) -> None:
        super().__init__(grants, default=default, generation=generation)
        self._resources = resources

    def on(self, *keys: Resource) -> Permission:
        """The level in effect on the first key that any grant speaks of, if the token names one."""
        if not any(self._names(key) for key in keys):
            return Permission.NO_PERMISSIONS
        return super().on(*keys)

    def _names(self, key: Resource) -> bool:
        return key in self._resources or Resource(key.type, WILDCARD) in self._resources


def levels_of(
    principal: Principal, grants: Iterable[Grant], *, default: Permission, generation: Generation
) -> Levels:
    """The levels of whoever asks, of whose user these grants count.

    An administrator, whose token is for some resources, has MANAGE on these.
    """
    if principal.limits is None or principal.limits.resources is None:
        return Levels(grants, default=default, generation=generation)
    if principal.user.is_admin:
        everything = Resource(ResourceType.WORKSPACE, WILDCARD)
        grants = [Grant(principal.username, everything, Permission.MANAGE)]
        default = Permission.MANAGE
    return Narrowed(principal.limits.resources, grants, default=default, generation=generation)


def _is_about_resources(rule: Rule) -> bool:
    """Whether levels decide by a row, or it tells what any user may know.

    Not so where the caller is asked for by name, and where something is made that is in nothing
    else: whoever makes it would have MANAGE on what the token does not name.
    """
    if rule.access in (Access.SELF, Access.ADMIN):
        return False
    if rule.keep and rule.keep.need.selector.handle is Handle.USERNAME:
        return False
    if rule.then and rule.then.effect is Effect.OWN and rule.then.type not in _CONTAINED:
        return False
    judged = rule.needs or rule.keep or rule.narrow or rule.body is Body.GRAPHQL
    return bool(judged) or rule.reads
