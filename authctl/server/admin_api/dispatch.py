"""From a row of the policy to the function that answers it."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import anyio.to_thread
from starlette.responses import Response

from authctl.server.admin_api import legacy, permissions, roles, tokens, users
from authctl.server.pages import access, signup
from authctl.server.replies import Compact

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from authctl.policy.rule import Rule
    from authctl.server.admin_api.call import Call

    Result = Response | dict[str, Any]
    Handler = Callable[[Call], Result | Awaitable[Result]]

HANDLERS: Mapping[str, Handler] = {
    "GET /access": access.page,
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
    "POST /authctl/tokens/create": tokens.create,
    "GET /authctl/tokens/list": tokens.list_for_user,
    "GET /authctl/tokens/list-all": tokens.list_all,
    "DELETE /authctl/tokens/revoke": tokens.revoke,
}


async def answer(rule: Rule, call: Call) -> Response:
    """Answer one request that the door has let in. AuthctlError.

    Handlers block on the store, so they run in threads, but for those that ask MLflow too: a
    thread that waits for another thread may wait for ever.
    """
    result = await anyio.to_thread.run_sync(HANDLERS[rule.name], call)
    if inspect.isawaitable(result):
        result = await result
    return result if isinstance(result, Response) else Compact(result)
