"""Users, grants and roles as the admin API writes them in JSON, read and written (contract 2)."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from authctl.model import (
    Assignment,
    Generation,
    Grant,
    Resource,
    ResourceType,
    Role,
    RolePermission,
    User,
)

Json = dict[str, Any]


def user_to_json(user: User) -> Json:
    """Write an account as the roles generation does: id, is_admin, username."""
    return {"id": user.id, "is_admin": user.is_admin, "username": user.username}


def user_from_json(data: Json) -> User:
    """Read an account; the 3.10 to 3.12 list leaves is_admin out, some rows have it null."""
    return User(int(data["id"]), str(data["username"]), bool(data.get("is_admin")))


def current_user_to_json(user: User, generation: Generation, *, is_basic_auth: bool) -> Json:
    """Write who is asking; `generation`, which MLflow leaves out, tells that authctl answers."""
    return {
        "generation": str(generation),
        "is_basic_auth": is_basic_auth,
        "user": user_to_json(user),
    }


def generation_from_json(data: Json) -> Generation | None:
    """Read from a users/current answer how authctl's database lays grants out; None from MLflow."""
    return Generation(data["generation"]) if "generation" in data else None


def user_with_grants_to_json(user: User, grants: list[Grant]) -> Json:
    """Write an account with the legacy generation's grant arrays, which its clients index into."""
    own = [grant for grant in grants if grant.role is None]
    return {
        **user_to_json(user),
        "experiment_permissions": [
            experiment_permission_to_json(grant, user.id)
            for grant in own
            if grant.resource.type == ResourceType.EXPERIMENT
        ],
        "registered_model_permissions": [
            registered_model_permission_to_json(grant, user.id)
            for grant in own
            if grant.resource.type in (ResourceType.REGISTERED_MODEL, ResourceType.PROMPT)
        ],
        "scorer_permissions": [
            scorer_permission_to_json(grant, user.id)
            for grant in own
            if grant.resource.type == ResourceType.SCORER and "/" in grant.resource.id
        ],
    }


def experiment_permission_to_json(grant: Grant, user_id: int) -> Json:
    """Write a legacy experiment permission."""
    return {
        "experiment_id": grant.resource.id,
        "permission": grant.permission,
        "user_id": user_id,
    }


def registered_model_permission_to_json(grant: Grant, user_id: int) -> Json:
    """Write a legacy registered model permission."""
    return {"name": grant.resource.id, "permission": grant.permission, "user_id": user_id}


def scorer_permission_to_json(grant: Grant, user_id: int) -> Json:
    """Write a legacy scorer permission, which MLflow's clients from 3.7 to 3.12 index into."""
    experiment_id, _, quoted = grant.resource.id.partition("/")
    return {
        "experiment_id": experiment_id,
        "permission": grant.permission,
        "scorer_name": unquote(quoted),
        "user_id": user_id,
    }


def legacy_grants_from_json(data: Json) -> list[Grant]:
    """Read the grant arrays of a legacy users/get answer."""
    username = str(data["username"])
    return [
        Grant(username, Resource(ResourceType.EXPERIMENT, row["experiment_id"]), row["permission"])
        for row in data.get("experiment_permissions", ())
    ] + [
        Grant(username, Resource(ResourceType.REGISTERED_MODEL, row["name"]), row["permission"])
        for row in data.get("registered_model_permissions", ())
    ]


def role_permission_to_json(row: RolePermission) -> Json:
    """Write one row of a role."""
    return {
        "id": row.id,
        "permission": row.permission,
        "resource_pattern": row.resource.id,
        "resource_type": row.resource.type,
        "role_id": row.role_id,
    }


def role_permission_from_json(data: Json) -> RolePermission:
    """Read one row of a role."""
    return RolePermission(
        int(data["id"]),
        int(data["role_id"]),
        Resource(str(data["resource_type"]), str(data["resource_pattern"])),
        str(data["permission"]),
    )


def role_to_json(role: Role) -> Json:
    """Write a role with its permissions."""
    return {
        "description": role.description,
        "id": role.id,
        "name": role.name,
        "permissions": [role_permission_to_json(row) for row in role.permissions],
        "workspace": role.workspace,
    }


def role_from_json(data: Json) -> Role:
    """Read a role with its permissions."""
    return Role(
        int(data["id"]),
        str(data["name"]),
        str(data["workspace"]),
        data.get("description"),
        tuple(role_permission_from_json(row) for row in data.get("permissions", ())),
    )


def assignment_to_json(assignment: Assignment) -> Json:
    """Write that a user holds a role."""
    return {
        "id": assignment.id,
        "role_id": assignment.role_id,
        "user_id": assignment.user_id,
    }


def assignment_from_json(data: Json) -> Assignment:
    """Read that a user holds a role."""
    return Assignment(int(data["id"]), int(data["role_id"]), int(data["user_id"]))
