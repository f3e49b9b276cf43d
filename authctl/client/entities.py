"""What AuthServiceClient gives: the attributes of MLflow's own entities, frozen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from authctl.model import DEFAULT_WORKSPACE

if TYPE_CHECKING:
    from authctl.service_token import ServiceToken


@dataclass(frozen=True, slots=True)
class ExperimentPermission:
    """A user's own grant on an experiment.

    `user_id` is None where the server does not tell the caller, who may grant without being an
    admin.
    """

    experiment_id: str
    user_id: int | None
    permission: str


@dataclass(frozen=True, slots=True)
class RegisteredModelPermission:
    """A user's own grant on a registered model; `user_id` as in ExperimentPermission."""

    name: str
    user_id: int | None
    permission: str
    workspace: str = DEFAULT_WORKSPACE


@dataclass(frozen=True, slots=True)
class ScorerPermission:
    """A user's own grant on a scorer; `user_id` as in ExperimentPermission."""

    experiment_id: str
    scorer_name: str
    user_id: int | None
    permission: str


@dataclass(frozen=True, slots=True)
class GatewaySecretPermission:
    """A user's own grant on a secret of the gateway; `user_id` as in ExperimentPermission."""

    secret_id: str
    user_id: int | None
    permission: str


@dataclass(frozen=True, slots=True)
class GatewayEndpointPermission:
    """A user's own grant on an endpoint of the gateway; `user_id` as in ExperimentPermission."""

    endpoint_id: str
    user_id: int | None
    permission: str


@dataclass(frozen=True, slots=True)
class GatewayModelDefinitionPermission:
    """A user's own grant on a model definition; `user_id` as in ExperimentPermission."""

    model_definition_id: str
    user_id: int | None
    permission: str


@dataclass(frozen=True, slots=True)
class User:
    """An account with its own grants."""

    id: int
    username: str
    is_admin: bool
    experiment_permissions: tuple[ExperimentPermission, ...] = ()
    registered_model_permissions: tuple[RegisteredModelPermission, ...] = ()


@dataclass(frozen=True, slots=True)
class UserPermission:
    """The level in effect on a resource; `allowed` tells whether it lets its holder use it."""

    allowed: bool
    permission: str


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token that was just made; `secret` is what a program shows, and cannot be had again."""

    token: ServiceToken
    secret: str = field(repr=False)
