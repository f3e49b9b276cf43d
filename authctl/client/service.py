"""The Python client: MLflow's own auth client of both generations, for servers of both."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Self

from authctl.client.entities import (
    ExperimentPermission,
    RegisteredModelPermission,
    User,
    UserPermission,
)
from authctl.client.other_permissions import OtherPermissionsClient
from authctl.client.roles import RolesClient
from authctl.client.tokens import TokensClient
from authctl.errors import InvalidRequest
from authctl.model import Action, Grant, Permission, Resource, ResourceType
from authctl.store.rest import RestStore
from authctl.store.rest_tokens import RestTokens

if TYPE_CHECKING:
    from types import TracebackType

    from authctl import model
    from authctl.store.base import Existing


class AuthServiceClient(RolesClient, OtherPermissionsClient, TokensClient):
    """Administers an MLflow server with authentication: MLflow's own, 2.5 on, or authctl's.

    Method for method it can stand for MLflow's `AuthServiceClient`, before 3.13 and since,
    whichever of the two the server is. The credential comes from where MLflow takes it
    (MLFLOW_TRACKING_* and ~/.mlflow/credentials), anew for each request.

    Every method raises NotAuthenticated, PermissionDenied and Unavailable from `authctl.errors`
    besides what it names itself; `error_code` of an error is MLflow's.

    Example:
        client = AuthServiceClient("https://mlflow.example.com")
        client.create_user("alice", "a-long-password")
        client.create_experiment_permission("42", "alice", "EDIT")

    """

    def __init__(
        self, tracking_uri: str, *, allow_http: bool = False, timeout: float = 30.0
    ) -> None:
        """Make ready; nothing is sent yet. InvalidRequest for an address that is not http(s).

        Args:
            tracking_uri: the server's address, as in MLFLOW_TRACKING_URI.
            allow_http: whether a credential may go unencrypted to another machine.
            timeout: seconds to wait for an answer.

        """
        # The HTTP library takes longer to import than all of this package.
        from authctl.client.transport import connect  # noqa: PLC0415 - see above

        self.tracking_uri = tracking_uri
        server = connect(
            tracking_uri, os.environ, Path.home(), allow_http=allow_http, timeout=timeout
        )
        self._store = RestStore(server)
        RolesClient.__init__(self, self._store.roles)
        OtherPermissionsClient.__init__(self, self._store, server)
        TokensClient.__init__(self, RestTokens(server))

    def close(self) -> None:
        """Give connections back."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def create_user(self, username: str, password: str | None) -> User:
        """Make an account, not an admin's; without a password a service account (authctl's server).

        AlreadyExists; InvalidRequest, as for a password shorter than 12 characters.
        """
        return _user(self._store.create_user(username, password), [])

    def get_user(self, username: str) -> User:
        """One account with its own grants. NotFound."""
        user = self._store.get_user(username)
        return _user(user, self._store.list_grants(username=username))

    def list_users(self) -> list[User]:
        """Every account with its own grants, by name. InvalidRequest from MLflow before 3.10."""
        grants = self._store.list_grants()
        return [
            _user(user, [grant for grant in grants if grant.username == user.username])
            for user in self._store.list_users()
        ]

    def update_user_password(
        self, username: str, password: str, current_password: str | None = None
    ) -> None:
        """Set a password. NotFound; InvalidRequest.

        Servers since MLflow 3.13 ask for `current_password` when it is the caller's own.
        """
        self._store.set_password(username, password, current=current_password)

    def update_user_admin(self, username: str, is_admin: bool) -> None:
        """Make an account an admin's, or no longer. NotFound; Refused for the last admin."""
        self._store.set_admin(username, is_admin)

    def delete_user(self, username: str) -> None:
        """Delete an account and its grants. NotFound; Refused for the last admin."""
        self._store.delete_user(username)

    def create_experiment_permission(
        self, experiment_id: str, username: str, permission: str
    ) -> ExperimentPermission:
        """Grant a level on an experiment, such as "EDIT". AlreadyExists; NotFound; InvalidRequest.

        Example:
            client.create_experiment_permission("42", "alice", "EDIT")

        """
        resource = _experiment(experiment_id)
        self._grant(username, resource, permission, "refuse")
        return ExperimentPermission(resource.id, self._store.known_id(username), permission)

    def get_experiment_permission(self, experiment_id: str, username: str) -> ExperimentPermission:
        """A user's own grant on an experiment. NotFound for the user or the grant."""
        resource = _experiment(experiment_id)
        grant = self._store.get_grant(username, resource)
        return ExperimentPermission(resource.id, self._store.known_id(username), grant.permission)

    def update_experiment_permission(
        self, experiment_id: str, username: str, permission: str
    ) -> None:
        """Change the level of a grant on an experiment. NotFound; InvalidRequest."""
        self._grant(username, _experiment(experiment_id), permission, "require")

    def delete_experiment_permission(self, experiment_id: str, username: str) -> None:
        """Take a grant on an experiment away. NotFound."""
        self._store.remove_grant(username, _experiment(experiment_id))

    def create_registered_model_permission(
        self, name: str, username: str, permission: str
    ) -> RegisteredModelPermission:
        """Grant a level on a registered model. AlreadyExists; NotFound; InvalidRequest.

        Example:
            client.create_registered_model_permission("churn", "alice", "READ")

        """
        self._grant(username, _model(name), permission, "refuse")
        return RegisteredModelPermission(name, self._store.known_id(username), permission)

    def get_registered_model_permission(
        self, name: str, username: str
    ) -> RegisteredModelPermission:
        """A user's own grant on a registered model. NotFound for the user or the grant."""
        grant = self._store.get_grant(username, _model(name))
        return RegisteredModelPermission(name, self._store.known_id(username), grant.permission)

    def update_registered_model_permission(self, name: str, username: str, permission: str) -> None:
        """Change the level of a grant on a registered model. NotFound; InvalidRequest."""
        self._grant(username, _model(name), permission, "require")

    def delete_registered_model_permission(self, name: str, username: str) -> None:
        """Take a grant on a registered model away. NotFound."""
        self._store.remove_grant(username, _model(name))

    def grant_user_permission(
        self, username: str, resource_type: str, resource_id: str, permission: str
    ) -> None:
        """Grant a level on a resource, "*" for all of a type. AlreadyExists; NotFound;
        InvalidRequest.

        Example:
            client.grant_user_permission("alice", "prompt", "greeting", "USE")

        """
        self._grant(username, Resource.checked(resource_type, resource_id), permission, "refuse")

    def revoke_user_permission(self, username: str, resource_type: str, resource_id: str) -> None:
        """Take a grant away. NotFound for the user or the grant; InvalidRequest."""
        self._store.remove_grant(username, Resource.checked(resource_type, resource_id))

    def get_user_permission(
        self, username: str, resource_type: str, resource_id: str
    ) -> UserPermission:
        """The level in effect: own grants, roles and the server's default. NotFound.

        That an admin passes everywhere does not show. InvalidRequest from MLflow before 3.13 where
        its default decides.
        """
        level = self._store.level(username, Resource.checked(resource_type, resource_id))
        return UserPermission(level.allows(Action.USE), str(level))

    def list_permissions(
        self,
        username: str | None = None,
        *,
        resource_type: str | None = None,
        resource_id: str | None = None,
    ) -> list[Grant]:
        """Users' own grants: everybody's, one user's (NotFound), or those on one resource.

        For admins; users may list their own. InvalidRequest for a type without an id, or the
        reverse, and for everybody's from MLflow before 3.10.

        Example:
            client.list_permissions(resource_type="experiment", resource_id="42")

        """
        if (resource_type is None) != (resource_id is None):
            raise InvalidRequest("A resource is named by its type and its id.")
        resource = None
        if resource_type is not None and resource_id is not None:
            resource = Resource.checked(resource_type, resource_id)
        return self._store.list_grants(username=username, resource=resource)

    def _grant(
        self, username: str, resource: Resource, permission: str, existing: Existing
    ) -> None:
        self._store.grant(username, resource, Permission.parse(permission), existing=existing)


def _experiment(experiment_id: str) -> Resource:
    return Resource.checked(ResourceType.EXPERIMENT, str(experiment_id))


def _model(name: str) -> Resource:
    return Resource.checked(ResourceType.REGISTERED_MODEL, name)


def _user(user: model.User, grants: list[Grant]) -> User:
    return User(
        user.id,
        user.username,
        user.is_admin,
        tuple(
            ExperimentPermission(grant.resource.id, user.id, grant.permission)
            for grant in grants
            if grant.resource.type == ResourceType.EXPERIMENT
        ),
        tuple(
            RegisteredModelPermission(grant.resource.id, user.id, grant.permission)
            for grant in grants
            if grant.resource.type == ResourceType.REGISTERED_MODEL
        ),
    )
