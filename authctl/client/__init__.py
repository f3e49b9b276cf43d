"""A Python client for MLflow servers with authentication, MLflow's own and authctl's."""

from __future__ import annotations

from authctl.client.entities import (
    ExperimentPermission,
    NewToken,
    RegisteredModelPermission,
    User,
    UserPermission,
)
from authctl.client.service import AuthServiceClient

__all__ = [
    "AuthServiceClient",
    "ExperimentPermission",
    "NewToken",
    "RegisteredModelPermission",
    "User",
    "UserPermission",
]
