"""From a row of the policy to the function that answers it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from authctl.server.admin_api import legacy, permissions, roles, signup, users
from authctl.server.replies import Compact

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from authctl.policy.rule import Rule
    from authctl.server.admin_api.call import Call

    Handler = Callable[[Call], Response | dict[str, Any]]

HANDLERS: Mapping[str, Handler] = {
    "GET /signup": signup.page,
    "POST /mlflow/users/create-ui": signup.create,
    "POST /mlflow/users/create": users.create,
    "GET /mlflow/users/get": users.get,
    "GET /mlflow/users/current": users.current,
    "GET /mlflow/users/list": users.list_all,
    "PATCH /mlflow/users/update-password": users.update_password,
    "PATCH /mlflow/users/update-admin": users.update_admin,
    "DELETE /mlflow/users/delete": users.delete,
    "POST /mlflow/experiments/permissions/create": legacy.create,
    "GET /mlflow/experiments/permissions/get": legacy.get,
    "PATCH /mlflow/experiments/permissions/update": legacy.update,
    "DELETE /mlflow/experiments/permissions/delete": legacy.delete,
    "POST /mlflow/registered-models/permissions/create": legacy.create,
    "GET /mlflow/registered-models/permissions/get": legacy.get,
    "PATCH /mlflow/registered-models/permissions/update": legacy.update,
    "DELETE /mlflow/registered-models/permissions/delete": legacy.delete,
    "GET /mlflow/users/current/permissions": permissions.list_current,
    "GET /mlflow/users/permissions/list": permissions.list_for_user,
    "GET /mlflow/users/permissions/get": permissions.get,
    "POST /mlflow/users/permissions/grant": permissions.grant,
    "POST /mlflow/users/permissions/revoke": permissions.revoke,
    "GET /mlflow/users/roles/list": roles.list_for_user,
    "POST /mlflow/roles/create": roles.create,
    "GET /mlflow/roles/get": roles.get,
    "GET /mlflow/roles/list": roles.list_all,
    "PATCH /mlflow/roles/update": roles.update,
    "DELETE /mlflow/roles/delete": roles.delete,
    "POST /mlflow/roles/permissions/add": roles.add_permission,
    "GET /mlflow/roles/permissions/list": roles.list_permissions,
    "PATCH /mlflow/roles/permissions/update": roles.update_permission,
    "DELETE /mlflow/roles/permissions/remove": roles.remove_permission,
    "POST /mlflow/roles/assign": roles.assign,
    "DELETE /mlflow/roles/unassign": roles.unassign,
    "GET /mlflow/roles/users/list": roles.list_holders,
}


def answer(rule: Rule, call: Call) -> Response:
    """Answer one request that the door has let in; blocks on the store. AuthctlError."""
    result = HANDLERS[rule.name](call)
    return result if isinstance(result, Response) else Compact(result)
