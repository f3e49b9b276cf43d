"""authctl perm explain: how a level comes about, step by step."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import typer

from authctl.cli.command import command
from authctl.cli.field import Field
from authctl.cli.grants import LEVEL, RESOURCE, USER, resource_row
from authctl.cli.location import Mode
from authctl.cli.options import OneUser
from authctl.cli.perm.reasons import answered, somebody
from authctl.cli.session import Session
from authctl.cli.targets import TargetOptions
from authctl.model import ResourceType
from authctl.policy.divergence import theirs
from authctl.policy.explanation import Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from authctl.cli.field import Row
    from authctl.cli.perm.reasons import Person
    from authctl.model import Resource
    from authctl.policy.divergence import Theirs
    from authctl.policy.explanation import Explanation, Step

app = typer.Typer()

_STEPS = (
    Field("source"),
    Field("role"),
    Field("resource"),
    LEVEL,
    Field("effect"),
    Field("reason"),
)
_ANSWER = (
    USER,
    *RESOURCE,
    Field("is_admin", "admin"),
    LEVEL,
    Field("allows"),
    Field("decided_by", "decided by"),
    Field("steps"),
    Field("mlflow"),
)


@command(
    app,
    "explain",
    examples="""
    authctl perm explain alice --experiment fraud
    authctl perm explain alice --model churn -o json
    authctl perm explain alice --resource 'run:*'""",
)
def explain(
    session: Session,
    user: OneUser,
    targets: TargetOptions,
) -> None:
    """Explain how a user's level on one resource comes about.

    Told is everything that was looked at, what it says and what decides, and
    where MLflow's own server would answer otherwise. -q prints the level.
    """
    sheet = session.output.sheet(_ANSWER, name="level")
    resource = targets.one(session)
    [person] = somebody(session, [user])
    person.level(resource)
    other = theirs(person.reasons, resource, knows_use=_knows_use(session))
    told = _told(session, person, resource, other)
    if sheet.form == "table" and not sheet.chosen:
        from authctl.cli.perm.ladder import draw  # noqa: PLC0415 - Rich is slow to import

        draw(told, because(told, user), user, other, sheet.stdout, color=sheet.color)
    elif sheet.form in ("csv", "tsv") and not sheet.chosen:
        replace(sheet, fields=_STEPS).show(list(_lines(told, user, other)))
    else:
        sheet.show_one(_answer(told, person, other))


def because(told: Explanation, username: str) -> str:
    """Say in a few words what decides."""
    step = told.decisive
    if step.source is Source.ADMIN:
        return f"because '{username}' is an admin"
    if step.source is Source.DEFAULT:
        return "because of the default permission"
    if step.source is Source.SERVER:
        return "because the server answers so"
    whose = f"the role '{step.role}'" if step.role else "a grant of their own"
    return f"because of {whose} ({step.resource} {step.level})"


def _told(session: Session, person: Person, resource: Resource, other: Theirs) -> Explanation:
    """The chain, and what is known beside the grants that count."""
    told = person.reasons.explain(resource)
    if session.location.mode is Mode.DIRECT:
        return told.with_lost_denial() if _lost(session, person, resource) else told
    if person.user.is_admin:
        return told
    answer = answered(session.store, person.user.username, resource)
    if answer is None or answer is told.level:
        return told
    expected = answer is other.answer
    return told.contradicted(answer, *([" ".join(other.why)] if expected else ()))


def _lost(session: Session, person: Person, resource: Resource) -> bool:
    """Whether MLflow's own upgrade dropped a denial of the user on the resource."""
    from authctl.store.upkeep.denials import lost_denials  # noqa: PLC0415 - keeps start-up fast

    store = session.database
    lost = store.database.read(lambda connection: lost_denials(connection, store.schema))
    return any((one.user.id, one.resource) == (person.user.id, resource) for one in lost)


def _knows_use(session: Session) -> bool:
    """Whether the MLflow of the database has the level USE; of a server's that is not asked."""
    if session.location.mode is Mode.REMOTE:
        return True
    return session.store.keeps(ResourceType.GATEWAY_SECRET)


def _answer(told: Explanation, person: Person, other: Theirs) -> dict[str, Any]:
    return {
        "username": person.user.username,
        **resource_row(told.resource),
        "is_admin": person.user.is_admin,
        "level": str(told.level),
        "allows": told.allows,
        "decided_by": str(told.decisive.source),
        "steps": [_line(step) for step in told.steps],
        "mlflow": {
            "answer": None if other.answer is None else str(other.answer),
            "differs": other.differs,
            "why": " ".join(other.why) or None,
        },
    }


def _lines(told: Explanation, username: str, other: Theirs) -> Iterator[Row]:
    """A row a step, then the result, then what MLflow's own server answers."""
    yield from map(_line, told.steps)
    result = {"source": "result", "resource": str(told.resource)}
    yield {**result, "level": str(told.level), "reason": because(told, username)}
    if other.why:
        answer = None if other.answer is None else str(other.answer)
        effect = "differs" if other.differs else None
        why = " ".join(other.why)
        yield {**result, "source": "mlflow", "level": answer, "effect": effect, "reason": why}


def _line(step: Step) -> dict[str, Any]:
    return {
        "source": str(step.source),
        "role": step.role,
        "resource": None if step.resource is None else str(step.resource),
        "level": step.level,
        "effect": str(step.effect),
        "reason": step.reason,
    }
