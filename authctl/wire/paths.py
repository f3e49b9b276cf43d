"""Where the admin API lives, below /api or /ajax-api (contract 2)."""

from __future__ import annotations

API_PREFIXES = ("/api", "/ajax-api")

USERS_CREATE = "/2.0/mlflow/users/create"
USERS_GET = "/2.0/mlflow/users/get"
USERS_CURRENT = "/2.0/mlflow/users/current"
USERS_LIST = "/2.0/mlflow/users/list"
USERS_UPDATE_PASSWORD = "/2.0/mlflow/users/update-password"  # noqa: S105 - a path
USERS_UPDATE_ADMIN = "/2.0/mlflow/users/update-admin"
USERS_DELETE = "/2.0/mlflow/users/delete"
USERS_CREATE_UI = "/2.0/mlflow/users/create-ui"

EXPERIMENT_PERMISSIONS = "/2.0/mlflow/experiments/permissions"
REGISTERED_MODEL_PERMISSIONS = "/2.0/mlflow/registered-models/permissions"
SCORER_PERMISSIONS = "/3.0/mlflow/scorers/permissions"

GATEWAY_SECRET_PERMISSIONS = "/3.0/mlflow/gateway/secrets/permissions"  # noqa: S105 - a path
GATEWAY_ENDPOINT_PERMISSIONS = "/3.0/mlflow/gateway/endpoints/permissions"
GATEWAY_MODEL_DEFINITION_PERMISSIONS = "/3.0/mlflow/gateway/model-definitions/permissions"

CURRENT_PERMISSIONS = "/3.0/mlflow/users/current/permissions"
USER_PERMISSIONS_LIST = "/3.0/mlflow/users/permissions/list"
USER_PERMISSIONS_GRANT = "/3.0/mlflow/users/permissions/grant"
USER_PERMISSIONS_REVOKE = "/3.0/mlflow/users/permissions/revoke"
USER_PERMISSIONS_GET = "/3.0/mlflow/users/permissions/get"
USER_ROLES_LIST = "/3.0/mlflow/users/roles/list"

ROLES = "/3.0/mlflow/roles"
ROLES_CREATE = f"{ROLES}/create"
ROLES_GET = f"{ROLES}/get"
ROLES_LIST = f"{ROLES}/list"
ROLES_UPDATE = f"{ROLES}/update"
ROLES_DELETE = f"{ROLES}/delete"
ROLES_ASSIGN = f"{ROLES}/assign"
ROLES_UNASSIGN = f"{ROLES}/unassign"
ROLE_USERS_LIST = f"{ROLES}/users/list"
ROLE_PERMISSIONS_LIST = f"{ROLES}/permissions/list"
ROLE_PERMISSIONS_ADD = f"{ROLES}/permissions/add"
ROLE_PERMISSIONS_UPDATE = f"{ROLES}/permissions/update"
ROLE_PERMISSIONS_REMOVE = f"{ROLES}/permissions/remove"

TOKENS = "/3.0/authctl/tokens"
TOKENS_CREATE = f"{TOKENS}/create"
TOKENS_LIST = f"{TOKENS}/list"
TOKENS_LIST_ALL = f"{TOKENS}/list-all"
TOKENS_REVOKE = f"{TOKENS}/revoke"

EXPERIMENTS_GET_BY_NAME = "/2.0/mlflow/experiments/get-by-name"
EXPERIMENTS_SEARCH = "/2.0/mlflow/experiments/search"
MODELS_SEARCH = "/2.0/mlflow/registered-models/search"
EXPERIMENTS_GET = "/2.0/mlflow/experiments/get"
MODELS_GET = "/2.0/mlflow/registered-models/get"
SERVER_INFO = "/3.0/mlflow/server-info"
