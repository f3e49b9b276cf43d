"""Where MLflow's own server answers otherwise than authctl, or is going to: a row a case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from authctl.model import (
    WILDCARD,
    WILDCARD_ONLY,
    Action,
    Generation,
    Permission,
    Resource,
    ResourceType,
)
from authctl.policy.explanation import Source
from authctl.policy.reasons import Reasons, kept_as
from authctl.policy.resolution import HEIGHT

if TYPE_CHECKING:
    from collections.abc import Callable

    from authctl.model import Grant


@dataclass(frozen=True, slots=True)
class Theirs:
    """What MLflow's own server answers about a level, None where it answers none.

    `differs` says whether some release that opens the database as it is answers otherwise than
    authctl; `why` tells of those, and of what changes once the database is upgraded.
    """

    answer: Permission | None
    differs: bool
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """What a row is asked about."""

    reasons: Reasons
    resource: Resource
    knows_use: bool

    @property
    def roles(self) -> bool:
        """Whether grants lie in roles: MLflow 3.13 and later."""
        return self.reasons.generation is Generation.ROLES

    @property
    def key(self) -> Resource:
        """What grants on the resource name."""
        return kept_as(self.resource, self.reasons.generation)

    @property
    def grants(self) -> list[Grant]:
        """The grants that decide if neither being an admin nor managing the workspace does."""
        return [] if self.reasons.manages else self.reasons.speaking(self.resource)

    @property
    def words(self) -> set[str]:
        """The levels that these grants say."""
        return {grant.permission for grant in self.grants}

    @property
    def level(self) -> Permission | None:
        """The level here, is_admin left aside."""
        return self.reasons.aside(self.resource).level

    def is_about(self, *kinds: ResourceType) -> bool:
        """Whether the resource is of one of these types."""
        return self.resource.type in kinds


@dataclass(frozen=True, slots=True)
class Divergence:
    """One case; `answer` where the newest release of the generation answers otherwise.

    One that is not there `now` comes with an upgrade of the database.
    """

    when: Callable[[Case], bool]
    why: str
    answer: Callable[[Case], Permission | None] | None = None
    now: bool = True


def theirs(reasons: Reasons, resource: Resource, *, knows_use: bool = True) -> Theirs:
    """What MLflow's own server answers; `knows_use` is false in databases from before 3.9."""
    case = Case(reasons, resource, knows_use)
    found = [row for row in DIVERGENCES if row.when(case)]
    answers = [row.answer(case) for row in found if row.answer is not None]
    return Theirs(
        answer=answers[0] if answers else reasons.on(resource).level,
        differs=any(row.now for row in found),
        why=tuple(row.why for row in found),
    )


def folded(case: Case) -> Permission | None:
    """The level as MLflow folds grants among which are words that it does not know.

    Another grant decides beside such a word; alone it makes MLflow fail. Before 3.13 a user's own
    fails in any case, and one in a role unless the roles or MANAGE of one's own settle it.
    """
    own = {grant.permission for grant in case.grants if grant.role is None or case.roles}
    beside = case.words if case.roles else {g.permission for g in case.grants if g.role}
    known = _KNOWN if case.roles else _KNOWN - {Permission.DENY}
    if case.reasons.manages or Permission.DENY in case.words & known or case.words <= known:
        return case.level
    if not case.roles:
        if own - known:
            return None
        if Permission.MANAGE in own:
            return Permission.MANAGE
    if _best(beside & known).denies:
        return None
    return case.reasons.floored(_best((own | beside) & known), case.key)


def _best(words: set[str]) -> Permission:
    levels = (Permission(word) for word in words)
    return max(levels, key=HEIGHT.__getitem__, default=Permission.NO_PERMISSIONS)


def _nothing(_: Case) -> None:
    """No level is told."""


def _says_nothing(case: Case) -> bool:
    return not case.grants and not case.reasons.manages


def _strange(case: Case) -> bool:
    return bool(case.words - _KNOWN) and case.level is Permission.DENY


def _on_tier(case: Case) -> bool:
    return case.resource.type in WILDCARD_ONLY and not case.is_about(ResourceType.WORKSPACE)


def _denied_by_row(case: Case) -> bool:
    return bool(case.grants) and case.level is Permission.NO_PERMISSIONS


def _default_reads(case: Case) -> bool:
    default = case.reasons.default.level
    return default is None or default.allows(Action.READ)


def _scorer_differs(case: Case) -> bool:
    experiment = Resource(ResourceType.EXPERIMENT, case.resource.id.partition("/")[0])
    return case.reasons.aside(experiment).level != case.level


def _below_default(case: Case) -> bool:
    level, default = case.level, case.reasons.default.level
    if level is None or default is None or level.denies or default.denies:
        return False
    return HEIGHT[level] < HEIGHT[default]


def _by_workspace_row(case: Case) -> bool:
    grant = case.reasons.aside(case.resource).grant
    return (
        grant is not None
        and grant.resource.type == ResourceType.WORKSPACE
        and grant.permission != Permission.MANAGE
        and not case.is_about(ResourceType.WORKSPACE)
    )


def _own_denial(case: Case) -> bool:
    verdict = case.reasons.aside(case.resource)
    return verdict.source is Source.OWN and verdict.level in (
        Permission.NO_PERMISSIONS,
        Permission.DENY,
    )


def _silent_in_role(case: Case) -> bool:
    return any(
        grant.role and grant.permission == Permission.NO_PERMISSIONS
        for grant in case.reasons.silent(case.resource)
    )


_KNOWN = frozenset(map(str, Permission))

DIVERGENCES = (
    # Since MLflow 3.13
    Divergence(
        lambda case: case.roles and case.is_about(ResourceType.WORKSPACE),
        "MLflow's permission API tells no level on the workspace.",
        _nothing,
    ),
    Divergence(
        lambda case: (
            case.roles and case.is_about(ResourceType.PROMPT) and case.resource.id != WILDCARD
        ),
        "MLflow's permission API tells no level on a single prompt; its server applies this one.",
        _nothing,
    ),
    Divergence(
        lambda case: case.roles and case.reasons.is_admin and folded(case) is not Permission.MANAGE,
        "MLflow's permission API leaves it aside that a user is an admin; its server does not.",
        folded,
    ),
    Divergence(
        lambda case: case.roles and _strange(case),
        "MLflow does not know this level either: any other grant decides beside it, and alone it"
        " makes MLflow answer 500.",
        folded,
    ),
    Divergence(
        lambda case: case.roles and Permission.DENY in case.words,
        "MLflow 3.13 to 3.16 do not know DENY: any other grant decides beside it, and alone it"
        " makes them answer 500.",
    ),
    Divergence(
        lambda case: case.roles and _denied_by_row(case) and _default_reads(case),
        "MLflow 3.13 to 3.16 deny it, but still show it in searches.",
    ),
    Divergence(
        lambda case: case.roles and _on_tier(case) and bool(case.grants),
        "MLflow before 3.17 has no grants on this type: what it is part of decides there.",
    ),
    Divergence(
        lambda case: (
            case.roles
            and case.resource.id == WILDCARD
            and not case.is_about(ResourceType.WORKSPACE)
            and _denied_by_row(case)
        ),
        "authctl serve also lets the user make none of this type; MLflow does, short of DENY.",
    ),
    Divergence(
        lambda case: (
            not case.reasons.is_admin
            and case.is_about(
                ResourceType.MCP_SERVER, ResourceType.MCP_SERVER_VERSION, ResourceType.SKILL
            )
        ),
        "authctl serve leaves MCP servers and skills to admins, whatever is granted.",
    ),
    # In both generations
    Divergence(
        lambda case: (
            not case.reasons.is_admin
            and case.is_about(ResourceType.SCORER)
            and case.resource.id != WILDCARD
            and _says_nothing(case)
            and _scorer_differs(case)
        ),
        "MLflow lets the default decide on a scorer without grants; authctl serve lets its"
        " experiment.",
    ),
    # Before MLflow 3.13
    Divergence(
        lambda case: (
            not case.roles
            and not case.reasons.is_admin
            and bool(case.words - (_KNOWN - {Permission.DENY}))
        ),
        "This MLflow does not know the level: in the user's own grant it makes MLflow answer 500,"
        " in a role other grants decide beside it.",
        folded,
    ),
    Divergence(
        lambda case: not case.roles and not case.knows_use and Permission.USE in case.words,
        "MLflow before 3.9 does not know USE and answers 500.",
        _nothing,
    ),
    # Once the database is upgraded to MLflow 3.13
    Divergence(
        lambda case: not case.roles and _own_denial(case),
        "MLflow's own upgrade to 3.13 drops this denial; authctl db upgrade keeps it.",
        now=False,
    ),
    Divergence(
        lambda case: not case.roles and bool(case.grants) and _below_default(case),
        "Since MLflow 3.13 a grant gives no less than the default.",
        now=False,
    ),
    Divergence(
        lambda case: not case.roles and _by_workspace_row(case),
        "Since MLflow 3.13 a role's grant on the workspace speaks of nothing in it, short of"
        " MANAGE; authctl db upgrade writes it out.",
        now=False,
    ),
    Divergence(
        lambda case: not case.roles and _silent_in_role(case),
        "Since MLflow 3.13 NO_PERMISSIONS in a role denies; authctl db upgrade takes it out.",
        now=False,
    ),
    Divergence(
        lambda case: not case.roles and case.is_about(ResourceType.PROMPT),
        "Before MLflow 3.13 a prompt is a registered model, and has the grants of that name.",
        now=False,
    ),
)
