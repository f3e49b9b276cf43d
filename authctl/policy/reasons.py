"""Why a user has the level they have: their grants, ready to say it of any resource."""

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
from authctl.policy import phrases
from authctl.policy.explanation import Default, Effect, Explanation, Source, Step, Verdict
from authctl.policy.resolution import HEIGHT, IN_EXPERIMENTS, known_level

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


def kept_as(resource: Resource, generation: Generation) -> Resource:
    """The resource that grants on this one name: before MLflow 3.13 prompts are models."""
    if generation is Generation.LEGACY and resource.type == ResourceType.PROMPT:
        return Resource(ResourceType.REGISTERED_MODEL, resource.id)
    return resource


class Reasons:
    """A user's grants, ready to say of any resource which level they give, and why.

    It ends in the level that `resolution.Levels` gives, but for admins, who have MANAGE.
    """

    def __init__(
        self,
        grants: Iterable[Grant],
        *,
        default: Default,
        generation: Generation,
        is_admin: bool = False,
    ) -> None:
        self.default = default
        self.generation = generation
        self.is_admin = is_admin
        self._legacy = generation is Generation.LEGACY
        # By type and id, since matrices ask it a hundred thousand times.
        self._grants: dict[tuple[str, str], list[Grant]] = {}
        for grant in sorted(grants, key=lambda grant: (grant.role is not None, grant.role or "")):
            self._grants.setdefault((grant.resource.type, grant.resource.id), []).append(grant)
        self._by_default = Verdict(default.level, Source.DEFAULT)
        workspace = self._at(_WORKSPACE)
        self.manages = None if self._legacy else _first(workspace, Permission.MANAGE)

    def on(self, resource: Resource) -> Verdict:
        """The level in effect, and where it is from."""
        if self.is_admin:
            return Verdict(Permission.MANAGE, Source.ADMIN)
        return self.aside(resource)

    def aside(self, resource: Resource) -> Verdict:
        """The same, is_admin left aside."""
        key = kept_as(resource, self.generation)
        if self.manages is not None:
            source = Source.ROLE if key == _WORKSPACE else Source.WORKSPACE
            return Verdict(Permission.MANAGE, source, self.manages)
        rows = self.speaking(resource)
        if rows:
            return self._folded(key, rows)
        if key.type == ResourceType.WORKSPACE:
            return Verdict(Permission.NO_PERMISSIONS, Source.DEFAULT)
        return self._by_default

    def speaking(self, resource: Resource) -> list[Grant]:
        """The grants that speak of a resource: own ones first, exact ones before wildcards."""
        key = kept_as(resource, self.generation)
        found = self._naming(key)
        return [g for g in found if self._silent(g, key) is None] if self._legacy else found

    def own(self, resource: Resource) -> str | None:
        """The level of the user's own grant on exactly this, if there is one."""
        rows = self._at(kept_as(resource, self.generation))
        return next((grant.permission for grant in rows if grant.role is None), None)

    def owned(self) -> list[Resource]:
        """Everything that a grant of the user's own is on, in order."""
        return sorted(rows[0].resource for rows in self._grants.values() if rows[0].role is None)

    def named(self) -> set[Resource]:
        """Everything that a grant of the user's names, wildcards too, short of the workspace."""
        return {rows[0].resource for rows in self._grants.values()} - {_WORKSPACE}

    def silent(self, resource: Resource) -> list[Grant]:
        """The grants that name a resource and say nothing, as some do before MLflow 3.13."""
        key = kept_as(resource, self.generation)
        return [grant for grant in self._naming(key) if self._silent(grant, key) is not None]

    def floored(self, level: Permission, key: Resource) -> Permission:
        """What a grant gives at least: since MLflow 3.13 never less than the default."""
        default = self.default.level
        if self._legacy or default is None or key.type == ResourceType.WORKSPACE:
            return level
        if level.denies or default.denies or HEIGHT[level] >= HEIGHT[default]:
            return level
        return default

    def explain(self, resource: Resource) -> Explanation:
        """Tell the whole chain."""
        key = kept_as(resource, self.generation)
        verdict = self.on(resource)
        steps = [
            self._admin(),
            *self._workspace(key, verdict),
            *self._rows(key, verdict),
            self._default(key, verdict),
        ]
        return Explanation(resource, verdict.level, tuple(steps))

    def _folded(self, key: Resource, rows: Sequence[Grant]) -> Verdict:
        decisive = _first(rows, Permission.DENY) or max(rows, key=lambda row: HEIGHT[_level(row)])
        level = _level(decisive)
        floored = self.floored(level, key)
        if floored != level:
            return Verdict(floored, Source.DEFAULT)
        return Verdict(level, _source(decisive, key), decisive)

    def _at(self, place: Resource) -> list[Grant]:
        return self._grants.get((place.type, place.id), [])

    def _naming(self, key: Resource) -> list[Grant]:
        """The grants on a resource and on everything of its type, and in 3.12 on the workspace."""
        found = self._at(key)
        if key.id != WILDCARD:
            more = self._grants.get((key.type, WILDCARD))
            found = [*found, *more] if more else found
        if self._legacy and key != _WORKSPACE:
            found = [*found, *self._at(_WORKSPACE)]
        if len(found) > 1:
            found = sorted(found, key=lambda grant: grant.role is not None)
        return found

    def _silent(self, grant: Grant, key: Resource) -> str | None:
        """Why a grant says nothing, as some do in the legacy generation; None if it speaks."""
        if not self._legacy:
            return None
        within = key.type in WILDCARD_ONLY and key.type != ResourceType.WORKSPACE
        if grant.role is None:
            if grant.resource != key:
                return phrases.NO_WILDCARDS
            return phrases.NO_TIERS if within and key.type not in IN_EXPERIMENTS else None
        if within:
            return phrases.NO_TIERS
        return phrases.SILENT_IN_ROLES if grant.permission == Permission.NO_PERMISSIONS else None

    def _admin(self) -> Step:
        if self.is_admin:
            return Step(Source.ADMIN, Effect.DECIDES, phrases.ADMIN, level=str(Permission.MANAGE))
        return Step(Source.ADMIN, Effect.NOTHING, phrases.NO_ADMIN)

    def _workspace(self, key: Resource, verdict: Verdict) -> Iterator[Step]:
        if self._legacy or key == _WORKSPACE:
            return
        rows = self._at(_WORKSPACE)
        if not rows:
            yield Step(Source.WORKSPACE, Effect.NOTHING, phrases.NO_WORKSPACE, resource=_WORKSPACE)
        for grant in rows:
            if _level(grant) is Permission.MANAGE:
                yield _step(grant, Source.WORKSPACE, *_judged(grant, verdict, rows))
            else:
                yield _step(grant, Source.WORKSPACE, Effect.NOTHING, phrases.MEMBER)

    def _rows(self, key: Resource, verdict: Verdict) -> Iterator[Step]:
        rows = [(grant, self._silent(grant, key)) for grant in self._naming(key)]
        speaking = [grant for grant, silent in rows if silent is None]
        for source in self._sources(key):
            found = [row for row in rows if _source(row[0], key) is source]
            if not found:
                place = Resource(key.type, WILDCARD) if source is Source.OWN_WILDCARD else key
                yield Step(source, Effect.NOTHING, _NOTHING[source], resource=place)
            for grant, silent in found:
                judged = (Effect.NOTHING, silent) if silent else _judged(grant, verdict, speaking)
                yield _step(grant, source, *judged)

    def _sources(self, key: Resource) -> tuple[Source, ...]:
        wildcard = Resource(key.type, WILDCARD)
        own = any(grant.role is None for grant in self._at(wildcard))
        if key == wildcard or (self._legacy and not own):
            return Source.OWN, Source.ROLE
        return Source.OWN, Source.OWN_WILDCARD, Source.ROLE

    def _default(self, key: Resource, verdict: Verdict) -> Step:
        level, origin = self.default.level, self.default.origin
        if key == _WORKSPACE:
            level, origin = Permission.NO_PERMISSIONS, ""
        effect, why = self._default_judged(key, verdict)
        if level is None:
            return Step(Source.DEFAULT, effect, why)
        return Step(Source.DEFAULT, effect, f"{why} {origin}".strip(), level=str(level))

    def _default_judged(self, key: Resource, verdict: Verdict) -> tuple[Effect, str]:
        if verdict.source in _BY_POSITION:
            return Effect.OVERRULED, _BY_POSITION[verdict.source]
        if verdict.grant is not None:
            denied = _level(verdict.grant).denies
            return Effect.OVERRULED, phrases.NOT_RAISED if denied else phrases.GRANTED
        if key == _WORKSPACE:
            return Effect.DECIDES, phrases.NO_DEFAULT
        if verdict.level is None:
            return Effect.DECIDES, phrases.NOT_TOLD
        if self.speaking(key):
            return Effect.DECIDES, phrases.FLOOR
        parent = phrases.PART_OF.get(ResourceType(key.type)) if key.type in WILDCARD_ONLY else None
        return Effect.DECIDES, phrases.part_of(parent) if parent else phrases.NO_GRANT


_WORKSPACE = Resource(ResourceType.WORKSPACE, WILDCARD)
_NOTHING = {
    Source.OWN: phrases.NO_OWN,
    Source.OWN_WILDCARD: phrases.NO_OWN_WILDCARD,
    Source.ROLE: phrases.NO_ROLE,
}
_BY_POSITION = {Source.ADMIN: phrases.BY_ADMIN, Source.WORKSPACE: phrases.BY_WORKSPACE}


def _source(grant: Grant, key: Resource) -> Source:
    if grant.role is not None:
        return Source.ROLE
    return Source.OWN if grant.resource == key else Source.OWN_WILDCARD


def _step(grant: Grant, source: Source, effect: Effect, reason: str) -> Step:
    return Step(source, effect, reason, grant.role, grant.resource, grant.permission)


def _judged(grant: Grant, verdict: Verdict, rows: Sequence[Grant]) -> tuple[Effect, str]:
    """What becomes of a grant that speaks."""
    level, decisive = _level(grant), verdict.grant
    if decisive is grant:
        return Effect.DECIDES, _why(grant, verdict, rows)
    if decisive is not None and level is _level(decisive):
        return Effect.COUNTS, phrases.SAME
    if verdict.source in _BY_POSITION:
        return Effect.OVERRULED, _BY_POSITION[verdict.source]
    if decisive is None:
        return Effect.OVERRULED, phrases.FLOORED
    whose = f"the role '{decisive.role}'" if decisive.role else "the user's own grant"
    denies = _level(decisive) is Permission.DENY
    return Effect.OVERRULED, phrases.overruled(decisive.permission, whose, denies=denies)


def _why(grant: Grant, verdict: Verdict, rows: Sequence[Grant]) -> str:
    if verdict.source is Source.WORKSPACE:
        return phrases.MANAGES
    if grant.permission not in Permission.__members__:
        return phrases.UNKNOWN_WORD
    level = _level(grant)
    if level is Permission.DENY:
        return phrases.DENY
    if level is Permission.NO_PERMISSIONS:
        return phrases.NO_PERMISSIONS
    return phrases.ALONE if len(rows) == 1 else phrases.highest_of(len(rows))


def _level(grant: Grant) -> Permission:
    return known_level(grant.permission)


def _first(grants: Iterable[Grant], level: Permission) -> Grant | None:
    return next((grant for grant in grants if _level(grant) is level), None)
