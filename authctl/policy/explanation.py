"""An explanation of a level: what was looked at, what it says, and what decides."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from authctl.model import Action, Permission
from authctl.policy import phrases

if TYPE_CHECKING:
    from authctl.model import Grant, Resource


class Source(StrEnum):
    """What a level can come from."""

    ADMIN = "admin"
    WORKSPACE = "workspace"
    OWN = "own"
    OWN_WILDCARD = "own_wildcard"
    ROLE = "role"
    DENIAL = "lost_denial"
    DEFAULT = "default"
    SERVER = "server"


class Effect(StrEnum):
    """What becomes of what a source says."""

    DECIDES = "decides"
    COUNTS = "counts"
    OVERRULED = "overruled"
    NOTHING = "says nothing"


@dataclass(frozen=True, slots=True)
class Default:
    """The level without a grant, None where nobody tells it; `origin` is a sentence about it."""

    level: Permission | None
    origin: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The level, None where the default decides and is not known; `grant` is what decides."""

    level: Permission | None
    source: Source
    grant: Grant | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was looked at; `level` is the text of the row, if there is one."""

    source: Source
    effect: Effect
    reason: str
    role: str | None = None
    resource: Resource | None = None
    level: str | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a level comes about; exactly one step decides."""

    resource: Resource
    level: Permission | None
    steps: tuple[Step, ...]

    @property
    def decisive(self) -> Step:
        """The step that decides."""
        return next(step for step in self.steps if step.effect is Effect.DECIDES)

    @property
    def allows(self) -> list[str]:
        """What the level lets its holder do with the resource."""
        if self.level is None:
            return []
        return [action.value for action in Action if self.level.allows(action)]

    def with_lost_denial(self) -> Explanation:
        """The same, with the denial that MLflow's own upgrade to 3.13 dropped."""
        level = str(Permission.NO_PERMISSIONS)
        lost = Step(
            Source.DENIAL, Effect.NOTHING, phrases.LOST, resource=self.resource, level=level
        )
        return replace(self, steps=(*self.steps[:-1], lost, self.steps[-1]))

    def contradicted(self, level: Permission, reason: str = phrases.CONTRADICTS) -> Explanation:
        """What is left of it where the server itself answers another level."""
        steps = [
            replace(step, effect=Effect.OVERRULED, reason=phrases.SERVER_SAYS)
            if step.effect in (Effect.DECIDES, Effect.COUNTS)
            else step
            for step in self.steps
        ]
        said = Step(Source.SERVER, Effect.DECIDES, reason, level=str(level))
        return Explanation(self.resource, level, (*steps, said))
