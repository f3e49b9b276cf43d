"""An administrator's own `authorization_function`, which reads Flask's request (contract 3.1)."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import anyio.to_thread

from authctl.errors import InvalidRequest
from authctl.model import Principal
from authctl.upstream import embedded

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.responses import Response
    from starlette.types import Scope

    from authctl.store.base import DoorStore

_IMPORT_FAILURES = (
    *(ImportError, AttributeError, SyntaxError, NameError, TypeError, ValueError, OSError),
    LookupError,  # mlflow.server.auth, where a key of its own is missing in the configuration
)


class AuthorizationFunction:
    """Asks the function who calls: it gives an Authorization, or a response to be sent instead."""

    def __init__(self, function: Callable[[], Any], store: DoorStore) -> None:
        self._function = function
        self._store = store

    async def __call__(self, scope: Scope) -> Principal | Response | None:
        """Whoever the function proves and the store knows; its own answer; or nobody."""
        return await anyio.to_thread.run_sync(self._ask, scope)

    def _ask(self, scope: Scope) -> Principal | Response | None:
        proven = embedded.ask(self._function, scope)
        if not isinstance(proven, str):
            return proven
        account = self._store.account(proven)
        return Principal(account.user, scheme="custom") if account else None


def load_function(name: str) -> Callable[[], Any]:
    """Import `module:function`. InvalidRequest when there is none, or MLflow is not installed."""
    if not embedded.is_installed():
        raise InvalidRequest(
            "authorization_function needs MLflow to be installed.",
            hint="pip install 'authctl[mlflow]'",
        )
    module_name, _, function_name = name.partition(":")
    try:
        function = getattr(importlib.import_module(module_name), function_name)
    except _IMPORT_FAILURES as error:
        raise InvalidRequest(
            f"authorization_function '{name}' cannot be imported ({type(error).__name__}: {error})."
        ) from error
    if not callable(function):
        raise InvalidRequest(f"authorization_function '{name}' is not a function.")
    return function  # type: ignore[no-any-return]
