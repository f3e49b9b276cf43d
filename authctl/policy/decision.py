"""Whether a request may pass: the rule, who asks, and the levels they have. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from authctl.model import WILDCARD, Action, Resource, ResourceType
from authctl.policy.narrowing import refusal
from authctl.policy.rule import Access

if TYPE_CHECKING:
    from collections.abc import Iterable

    from authctl.model import Principal
    from authctl.policy.resolution import Levels
    from authctl.policy.rule import Rule


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether to let a request pass, why, and by which rule."""

    allowed: bool
    reason: str
    rule: str


@dataclass(frozen=True, slots=True)
class Demand:
    """An action on a resource that was found; `resource` None is one that could not be found.

    `tier` is the sub-resource type that is meant, `parent` what the resource itself hangs on,
    `inherited` the action where no grant speaks of the tier.
    """

    action: Action
    resource: Resource | None
    tier: ResourceType | None = None
    parent: Resource | None = None
    inherited: Action | None = None


def admit(  # noqa: PLR0911 - a chain of verdicts, each final
    rule: Rule | None, principal: Principal | None, who: str | None
) -> Decision | None:
    """Decide what needs no resource: None means that the demands must be looked at.

    `who` is the user a self-service request is about; its needs are for everyone else.
    """
    name = rule.name if rule else "unlisted"
    if rule is not None and rule.access is Access.PUBLIC:
        return Decision(True, "open to everyone", name)
    if principal is None:
        return Decision(False, "nobody was proven to ask", name)
    if principal.limits and (why := refusal(rule, principal.limits)):
        return Decision(False, why, name)
    if principal.is_admin:
        return Decision(True, "an administrator asks", name)
    if rule is None:
        return Decision(False, "no row speaks for this route", name)
    if rule.access is Access.ADMIN:
        return Decision(False, "only administrators may", name)
    if rule.access is Access.SELF and who == principal.username:
        return Decision(True, "the user may", name)
    if rule.access is Access.SELF and not rule.needs:
        return Decision(False, "only the user and administrators may", name)
    if not rule.needs:
        return Decision(True, "any user may", name)
    return None


def decide(rule: Rule, demands: Iterable[Demand], levels: Levels) -> Decision:
    """Decide by the caller's levels: every demand must be met."""
    for demand in demands:
        if demand.resource is None:
            return Decision(False, "what it names was not found", rule.name)
        if not met(demand, levels):
            return Decision(
                False, f"{demand.action.value} on {demand.resource} is not granted", rule.name
            )
    return Decision(True, "granted", rule.name)


def met(demand: Demand, levels: Levels) -> bool:
    """Whether one demand is met; a sub-resource's own wildcard grants decide first.

    Such a tier never opens what its parent closes: READ on the parent is needed besides.
    """
    if demand.resource is None:
        return False
    if demand.action is Action.CREATE:
        return _may_create(demand, demand.resource, levels)
    if demand.parent and not levels.on(demand.parent).allows(Action.READ):
        return False
    within = [demand.resource, *([demand.parent] if demand.parent else ())]
    level = levels.on(*within)
    if demand.tier is None:
        return level.allows(demand.action)
    tier = Resource(demand.tier, WILDCARD)
    asked: Action = demand.action
    if demand.inherited and not levels.speak_of(tier):
        asked = demand.inherited
    return level.allows(Action.READ) and levels.on(tier, *within).allows(asked)


def _may_create(demand: Demand, resource: Resource, levels: Levels) -> bool:
    if demand.tier is None:  # what is in nothing, or need not be there
        return not levels.deny(resource)
    if demand.parent and levels.deny(resource):
        return False
    within = levels.on(demand.parent or resource)
    return within.allows(Action.UPDATE) and not levels.deny(Resource(demand.tier, WILDCARD))
