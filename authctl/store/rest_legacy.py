"""Where grants lie on a server before MLflow 3.13: one set of endpoints a resource type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from authctl.errors import AlreadyExists, InvalidRequest, NotFound, Refused
from authctl.model import WILDCARD, Grant, Permission, Resource, ResourceType, User
from authctl.store.base import subject
from authctl.store.rest_roles import RestRoles
from authctl.wire import paths
from authctl.wire.entities import legacy_grants_from_json
from authctl.wire.exchange import call, nothing
from authctl.wire.failures import NoSuchEndpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from authctl.wire.entities import Json
    from authctl.wire.exchange import Read, Sender

_METHODS = {"create": "POST", "get": "GET", "update": "PATCH", "delete": "DELETE"}
_NO_USER = "User with username="
_DIRECT = "Use --db to work on the server's auth database itself."


@dataclass(frozen=True, slots=True)
class _Endpoints:
    """Where one type's grants are, what the resource's id is called, and the key of an answer."""

    path: str
    id_field: str
    key: str


_ENDPOINTS = {
    ResourceType.EXPERIMENT: _Endpoints(
        paths.EXPERIMENT_PERMISSIONS, "experiment_id", "experiment_permission"
    ),
    ResourceType.REGISTERED_MODEL: _Endpoints(
        paths.REGISTERED_MODEL_PERMISSIONS, "name", "registered_model_permission"
    ),
}


class LegacyGrants:
    """Users' own grants over the legacy endpoints (contract 2.1).

    Prompts are registered models here; of the other types MLflow 3.7 to 3.12 know some, but only
    their databases list them.
    """

    def __init__(self, server: Sender) -> None:
        self._server = server

    def stored(self, resource: Resource) -> Resource:
        """The name under which this generation keeps a resource's grants. InvalidRequest."""
        if resource.type == ResourceType.PROMPT:
            resource = Resource(ResourceType.REGISTERED_MODEL, resource.id)
        if resource.type not in _ENDPOINTS:
            raise InvalidRequest(
                f"This server takes no grants on a {resource.type}, only on experiments and"
                " registered models.",
                hint="MLflow takes grants on more since 3.13.",
            )
        return resource

    def of(self, username: str) -> list[Grant]:
        """A user's own grants. NotFound for the user."""
        return call(
            self._server,
            "GET",
            paths.USERS_GET,
            lambda reply: legacy_grants_from_json(reply["user"]),
            username=username,
        )

    def of_all(self, users: Iterable[User]) -> list[Grant]:
        """Every user's own grants; one request a user."""
        return [grant for user in users for grant in self.of(user.username)]

    def get(self, username: str, resource: Resource) -> Grant:
        """A user's own grant on a resource. NotFound for the user or the grant."""
        stored, at = self._at(resource)
        return self._call(
            "get",
            username,
            resource,
            lambda reply: Grant(username, stored, reply[at.key]["permission"]),
        )

    def add(self, username: str, resource: Resource, permission: Permission) -> None:
        """Make a grant. AlreadyExists; NotFound for the user; InvalidRequest for a wildcard."""
        if resource.id == WILDCARD:
            raise InvalidRequest(
                f"This server takes no grants on every {resource.type} at once.",
                hint="MLflow takes '*' since 3.13.",
            )
        self._call("create", username, resource, nothing, permission)

    def replace(self, username: str, resource: Resource, permission: Permission) -> str:
        """Change the level of a grant; the level before. NotFound for the user or the grant."""
        before = self.get(username, resource).permission
        if before != permission:
            self._call("update", username, resource, nothing, permission)
        return before

    def remove(self, username: str, resource: Resource) -> None:
        """Take a grant away. NotFound for the user or the grant."""
        self._call("delete", username, resource, nothing)

    def own_level(self, username: str, resource: Resource) -> Permission:
        """The level in effect where a grant of the user's own settles it.

        InvalidRequest where the server's default does, which MLflow does not tell. NotFound.
        """
        stored = self.stored(resource)
        # MLflow 3.12 joins roles into the level, so a grant of one's own no longer settles it.
        own = [grant for grant in self.of(username) if grant.resource == stored]
        if own and not self._roles_of(username):
            return Permission.parse(own[0].permission)
        raise InvalidRequest(
            f"This server does not tell which level '{username}' has on {resource}: it keeps its"
            " default permission to itself.",
            hint=_DIRECT,
        )

    def delete_user(self, username: str) -> None:
        """Delete an account; first its grants and roles, which MLflow trips over (contract 1.3)."""
        for grant in self.of(username):
            self.remove(username, grant.resource)
        for fields in self._scorers_of(username):
            path = f"{paths.SCORER_PERMISSIONS}/delete"
            call(self._server, "DELETE", path, nothing, username=username, **fields)
        for role_id in self._roles_of(username):
            RestRoles(self._server).unassign_role(username, role_id)
        try:
            call(self._server, "DELETE", paths.USERS_DELETE, nothing, username=username)
        except Refused as error:
            raise InvalidRequest(
                f"The server does not delete '{username}', who has lost all grants it lists but"
                " still has some on gateways or workspaces.",
                hint=_DIRECT,
            ) from error

    def _at(self, resource: Resource) -> tuple[Resource, _Endpoints]:
        stored = self.stored(resource)
        return stored, _ENDPOINTS[ResourceType(stored.type)]

    def _call(
        self,
        verb: str,
        username: str,
        resource: Resource,
        read: Callable[[Json], Read],
        permission: Permission | None = None,
    ) -> Read:
        stored, at = self._at(resource)
        try:
            return call(
                self._server,
                _METHODS[verb],
                f"{at.path}/{verb}",
                read,
                username=username,
                permission=permission,
                **{at.id_field: stored.id},
            )
        except AlreadyExists as error:
            raise AlreadyExists(f"{subject(username, resource)} already exists.") from error
        except NotFound as error:
            if error.message.startswith(_NO_USER):
                raise
            raise NotFound(f"{subject(username, resource)} not found.") from error

    def _scorers_of(self, username: str) -> list[dict[str, str]]:
        def read(reply: Json) -> list[dict[str, str]]:
            return [
                {"experiment_id": row["experiment_id"], "scorer_name": row["scorer_name"]}
                for row in reply["user"].get("scorer_permissions", ())
            ]

        return call(self._server, "GET", paths.USERS_GET, read, username=username)

    def _roles_of(self, username: str) -> list[int]:
        try:
            return [role.id for role in RestRoles(self._server).roles_of(username)]
        except NoSuchEndpoint:
            return []
