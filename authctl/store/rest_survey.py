"""Everything that a server knows about users and grants, in few requests."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from authctl.errors import InvalidRequest, NotFound
from authctl.model import DEFAULT_WORKSPACE, Grant, Role, User
from authctl.store.base import Survey
from authctl.store.rest_roles import RestRoles, own_grants
from authctl.wire import paths
from authctl.wire.entities import legacy_grants_from_json, user_from_json
from authctl.wire.exchange import call

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from authctl.wire.entities import Json
    from authctl.wire.exchange import Sender


def survey_roles(server: Sender, users: list[User]) -> Survey:
    """Survey a server of the roles generation: one request for all roles, one for each's holders.

    Users' own roles are not among its roles, but told as the users' grants.
    """
    roles = RestRoles(server).list_roles([DEFAULT_WORKSPACE])
    return Survey(users, own_grants(users, roles), _held(server, roles))


def survey_legacy(server: Sender, usernames: Iterable[str], *, complete: bool) -> Survey:
    """Survey a server before MLflow 3.13: one request a user; who does not exist is left out.

    MLflow 3.12 has roles besides.
    """
    found = []
    for username in usernames:
        with suppress(NotFound):
            found.append(call(server, "GET", paths.USERS_GET, _account, username=username))
    users = sorted((user for user, _ in found), key=lambda user: user.username)
    try:
        roles = _held(server, RestRoles(server).list_roles([DEFAULT_WORKSPACE]))
    except InvalidRequest:
        roles = None
    return Survey(users, [grant for _, own in found for grant in own], roles, complete)


def _account(reply: Json) -> tuple[User, Sequence[Grant]]:
    return user_from_json(reply["user"]), legacy_grants_from_json(reply["user"])


def _held(server: Sender, roles: Iterable[Role]) -> list[tuple[Role, tuple[int, ...]]]:
    asked = RestRoles(server)
    return [
        (role, tuple(assignment.user_id for assignment in asked.assignments_of(role.id)))
        for role in roles
        if not role.is_synthetic
    ]
