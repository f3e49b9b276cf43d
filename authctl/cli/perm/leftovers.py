"""Grants whose user or resource is gone, each with what removes it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from authctl.cli.grants import resource_row
from authctl.cli.location import TRACKING_URI, Mode, is_http, without_password
from authctl.errors import InvalidRequest, NotFound
from authctl.model import DEFAULT_WORKSPACE, WILDCARD, synthetic_role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from authctl.cli.session import Session
    from authctl.model import Grant, Role

REMOVE = "remove"
"""The key of a row under which a function removes it; False if that was not to be done after all.
"""


def of_gone_resources(session: Session, *, sure: bool, dry_run: bool) -> list[dict[str, Any]]:
    """Users' own grants on experiments, models and prompts that the tracking server has no more.

    Raises what kept anything from being looked up, and InvalidRequest if nothing at all is there:
    that would be another server, unless somebody is `sure` of it.
    """
    from authctl.client import inventory  # noqa: PLC0415 - keeps start-up fast

    grants = session.store.list_grants()
    named = {
        grant.resource
        for grant in grants
        if grant.resource.type in inventory.KINDS and grant.resource.id != WILDCARD
    }
    gone = inventory.gone(session.tracking, named)
    if rest := sorted({grant.resource.type for grant in grants} - set(inventory.KINDS)):
        session.output.note(f"Grants on these cannot be looked up and stay: {', '.join(rest)}.")
    rows = [
        {
            "username": grant.username,
            **resource_row(grant.resource),
            "level": grant.permission,
            "gone": "resource",
            REMOVE: _revoking(session, grant),
        }
        for grant in grants
        if grant.resource in gone
    ]
    if gone == named and gone and session.location.mode is Mode.DIRECT and not sure:
        server = without_password(session.env[TRACKING_URI])
        what = f"Nothing that grants are on is at {server}: is it the server of this database?"
        if not dry_run:
            hint = f"If it is, say so with --max-deletes {len(rows)}."
            raise InvalidRequest(what, hint=hint)
        session.output.warn(what)
    return rows


def of_gone_users(session: Session) -> Iterator[dict[str, Any]]:
    """Roles of users' own grants whose user is gone, and rows of a database that are nobody's."""
    for role in _ownerless(session):
        removing = _deleting(session, role)
        for row in role.permissions:
            yield {
                "username": role.name,
                **resource_row(row.resource),
                "level": row.permission,
                "gone": "user",
                REMOVE: removing,
            }
        if not role.permissions:
            yield {"username": role.name, "gone": "user", REMOVE: removing}
    if session.location.mode is Mode.DIRECT:
        yield from _orphans(session)


def require_tracking(session: Session) -> None:
    """Make sure that there is a tracking server to ask, and that it hides nothing."""
    from authctl.client import inventory  # noqa: PLC0415 - keeps start-up fast

    if session.location.mode is Mode.DIRECT and not is_http(session.env.get(TRACKING_URI, "")):
        raise InvalidRequest(
            "The auth database does not know which experiments and models there are.",
            hint=f"Set {TRACKING_URI} to the server that has them.",
        )
    known = session.credentials
    name = known.username.value if known.scheme == "basic" and known.username else None
    inventory.check_sees_all(session.tracking, name)


def _revoking(session: Session, grant: Grant) -> Callable[[], bool]:
    def remove() -> bool:
        from authctl.client import inventory  # noqa: PLC0415 - keeps start-up fast

        # Somebody may have made it anew since, and their grant on it is none to remove.
        if not inventory.is_gone(session.tracking, grant.resource):
            return False
        try:
            session.store.revoke(grant.username, grant.resource)
        except NotFound:
            return False
        return True

    return remove


def _ownerless(session: Session) -> list[Role]:
    try:
        roles = session.roles.list_roles([DEFAULT_WORKSPACE])
    except InvalidRequest:  # before MLflow 3.13 a user's own grants are in no role
        return []
    # Users after roles: whose role is listed was there before it.
    owned = _owned(session)
    return [role for role in roles if role.is_synthetic and role.name not in owned]


def _owned(session: Session) -> set[str]:
    return {synthetic_role(user.id) for user in session.store.list_users()}


def _deleting(session: Session, role: Role) -> Callable[[], bool]:
    @cache  # for all rows of the role
    def remove() -> bool:
        # A database may give the id of a deleted user to a new one.
        if role.name in _owned(session):
            return False
        session.roles.delete_role(role.id)
        return True

    return remove


def _orphans(session: Session) -> Iterator[dict[str, Any]]:
    from authctl.store.upkeep import check  # noqa: PLC0415 - keeps start-up fast

    database, schema = session.database.database, session.database.schema

    @cache  # for all tables
    def remove() -> bool:
        return check.remove_orphans(database, schema) > 0

    for table, count in check.count_orphans(database, schema).items():
        rows = f"{count} {'row' if count == 1 else 'rows'} of {table}"
        yield {"username": None, "resource": rows, "gone": "user", REMOVE: remove}
