"""The methods of MLflow 3.7 to 3.12 for grants on scorers and on what the AI gateway has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from authctl.client.entities import (
    GatewayEndpointPermission,
    GatewayModelDefinitionPermission,
    GatewaySecretPermission,
    ScorerPermission,
)
from authctl.errors import InvalidRequest
from authctl.model import Generation, Permission, Resource, ResourceType, experiment_id
from authctl.wire import paths
from authctl.wire.exchange import call, nothing
from authctl.wire.failures import NoSuchEndpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeVar

    from authctl.store.rest import RestStore
    from authctl.wire.entities import Json
    from authctl.wire.exchange import Sender

    T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Thing:
    """What a grant is on: as a resource, and as the endpoints before MLflow 3.13 name it."""

    resource: Resource
    path: str
    key: str
    fields: Mapping[str, str]


class OtherPermissionsClient:
    """Grants on scorers, and on secrets, endpoints and model definitions of the gateway.

    Every method raises NotFound for a user or a grant that is not there, InvalidRequest for a level
    that there is not, and from servers that take no such grants: MLflow has those on scorers since
    3.7 and those on the gateway since 3.9. `create_` raises AlreadyExists.
    """

    def __init__(self, store: RestStore, server: Sender) -> None:
        self._rest = store
        self._sender = server

    def create_scorer_permission(
        self, experiment_id: str, scorer_name: str, username: str, permission: str
    ) -> ScorerPermission:
        """Grant a level on a scorer of an experiment."""
        thing = _scorer(experiment_id, scorer_name)
        self._create(thing, username, permission)
        return ScorerPermission(
            experiment_id, scorer_name, self._rest.known_id(username), permission
        )

    def get_scorer_permission(
        self, experiment_id: str, scorer_name: str, username: str
    ) -> ScorerPermission:
        """A user's own grant on a scorer of an experiment."""
        level = self._get(_scorer(experiment_id, scorer_name), username)
        return ScorerPermission(experiment_id, scorer_name, self._rest.known_id(username), level)

    def update_scorer_permission(
        self, experiment_id: str, scorer_name: str, username: str, permission: str
    ) -> None:
        """Change the level of a grant on a scorer of an experiment."""
        self._update(_scorer(experiment_id, scorer_name), username, permission)

    def delete_scorer_permission(self, experiment_id: str, scorer_name: str, username: str) -> None:
        """Take a grant on a scorer of an experiment away."""
        self._delete(_scorer(experiment_id, scorer_name), username)

    def create_gateway_secret_permission(
        self, secret_id: str, username: str, permission: str
    ) -> GatewaySecretPermission:
        """Grant a level on a secret."""
        thing = _secret(secret_id)
        self._create(thing, username, permission)
        return GatewaySecretPermission(secret_id, self._rest.known_id(username), permission)

    def get_gateway_secret_permission(
        self, secret_id: str, username: str
    ) -> GatewaySecretPermission:
        """A user's own grant on a secret."""
        level = self._get(_secret(secret_id), username)
        return GatewaySecretPermission(secret_id, self._rest.known_id(username), level)

    def update_gateway_secret_permission(
        self, secret_id: str, username: str, permission: str
    ) -> None:
        """Change the level of a grant on a secret."""
        self._update(_secret(secret_id), username, permission)

    def delete_gateway_secret_permission(self, secret_id: str, username: str) -> None:
        """Take a grant on a secret away."""
        self._delete(_secret(secret_id), username)

    def create_gateway_endpoint_permission(
        self, endpoint_id: str, username: str, permission: str
    ) -> GatewayEndpointPermission:
        """Grant a level on an endpoint."""
        thing = _endpoint(endpoint_id)
        self._create(thing, username, permission)
        return GatewayEndpointPermission(endpoint_id, self._rest.known_id(username), permission)

    def get_gateway_endpoint_permission(
        self, endpoint_id: str, username: str
    ) -> GatewayEndpointPermission:
        """A user's own grant on an endpoint."""
        level = self._get(_endpoint(endpoint_id), username)
        return GatewayEndpointPermission(endpoint_id, self._rest.known_id(username), level)

    def update_gateway_endpoint_permission(
        self, endpoint_id: str, username: str, permission: str
    ) -> None:
        """Change the level of a grant on an endpoint."""
        self._update(_endpoint(endpoint_id), username, permission)

    def delete_gateway_endpoint_permission(self, endpoint_id: str, username: str) -> None:
        """Take a grant on an endpoint away."""
        self._delete(_endpoint(endpoint_id), username)

    def create_gateway_model_definition_permission(
        self, model_definition_id: str, username: str, permission: str
    ) -> GatewayModelDefinitionPermission:
        """Grant a level on a model definition."""
        thing = _definition(model_definition_id)
        self._create(thing, username, permission)
        return GatewayModelDefinitionPermission(
            model_definition_id, self._rest.known_id(username), permission
        )

    def get_gateway_model_definition_permission(
        self, model_definition_id: str, username: str
    ) -> GatewayModelDefinitionPermission:
        """A user's own grant on a model definition."""
        level = self._get(_definition(model_definition_id), username)
        return GatewayModelDefinitionPermission(
            model_definition_id, self._rest.known_id(username), level
        )

    def update_gateway_model_definition_permission(
        self, model_definition_id: str, username: str, permission: str
    ) -> None:
        """Change the level of a grant on a model definition."""
        self._update(_definition(model_definition_id), username, permission)

    def delete_gateway_model_definition_permission(
        self, model_definition_id: str, username: str
    ) -> None:
        """Take a grant on a model definition away."""
        self._delete(_definition(model_definition_id), username)

    def _create(self, thing: _Thing, username: str, permission: str) -> None:
        level = Permission.parse(permission)
        if self._has_roles:
            self._rest.grant(username, thing.resource, level, existing="refuse")
        else:
            self._call("POST", thing, "create", nothing, username=username, permission=level)

    def _get(self, thing: _Thing, username: str) -> str:
        if self._has_roles:
            return self._rest.get_grant(username, thing.resource).permission
        return self._call(
            "GET",
            thing,
            "get",
            lambda reply: str(reply[thing.key]["permission"]),
            username=username,
        )

    def _update(self, thing: _Thing, username: str, permission: str) -> None:
        level = Permission.parse(permission)
        if self._has_roles:
            self._rest.grant(username, thing.resource, level, existing="require")
        else:
            self._call("PATCH", thing, "update", nothing, username=username, permission=level)

    def _delete(self, thing: _Thing, username: str) -> None:
        if self._has_roles:
            self._rest.remove_grant(username, thing.resource)
        else:
            self._call("DELETE", thing, "delete", nothing, username=username)

    @property
    def _has_roles(self) -> bool:
        return self._rest.generation is Generation.ROLES

    def _call(
        self, method: str, thing: _Thing, verb: str, read: Callable[[Json], T], **fields: str
    ) -> T:
        try:
            return call(
                self._sender, method, f"{thing.path}/{verb}", read, **thing.fields, **fields
            )
        except NoSuchEndpoint as error:
            raise InvalidRequest(
                f"This server takes no grants on a {thing.resource.type}.",
                hint="MLflow takes them on scorers since 3.7, on the gateway since 3.9.",
            ) from error


def _scorer(experiment: str, name: str) -> _Thing:
    kept = Resource.checked(
        ResourceType.SCORER, f"{experiment_id(str(experiment))}/{quote(name, safe='')}"
    )
    fields = {"experiment_id": str(experiment), "scorer_name": name}
    return _Thing(kept, paths.SCORER_PERMISSIONS, "scorer_permission", fields)


def _secret(key: str) -> _Thing:
    kept = Resource.checked(ResourceType.GATEWAY_SECRET, key)
    path = paths.GATEWAY_SECRET_PERMISSIONS
    return _Thing(kept, path, "gateway_secret_permission", {"secret_id": key})


def _endpoint(key: str) -> _Thing:
    kept = Resource.checked(ResourceType.GATEWAY_ENDPOINT, key)
    path = paths.GATEWAY_ENDPOINT_PERMISSIONS
    return _Thing(kept, path, "gateway_endpoint_permission", {"endpoint_id": key})


def _definition(key: str) -> _Thing:
    kept = Resource.checked(ResourceType.GATEWAY_MODEL_DEFINITION, key)
    path = paths.GATEWAY_MODEL_DEFINITION_PERMISSIONS
    fields = {"model_definition_id": key}
    return _Thing(kept, path, "gateway_model_definition_permission", fields)
