"""A Python client for MLflow servers with authentication, MLflow's own and authctl's."""

from __future__ import annotations

from authctl.client.entities import (
    ExperimentPermission,
    GatewayEndpointPermission,
    GatewayModelDefinitionPermission,
    GatewaySecretPermission,
    NewToken,
    RegisteredModelPermission,
    ScorerPermission,
    User,
    UserPermission,
)
from authctl.client.service import AuthServiceClient

__all__ = [
    "AuthServiceClient",
    "ExperimentPermission",
    "GatewayEndpointPermission",
    "GatewayModelDefinitionPermission",
    "GatewaySecretPermission",
    "NewToken",
    "RegisteredModelPermission",
    "ScorerPermission",
    "User",
    "UserPermission",
]
