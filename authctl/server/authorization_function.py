"""An administrator's own `authorization_function`: what it is asked, and what its answer means."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import anyio.to_thread
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import Response

from authctl.config import BASIC_AUTHENTICATION, JWT_AUTHENTICATION
from authctl.errors import AuthctlError, InvalidRequest
from authctl.model import Principal, checked_name
from authctl.upstream import embedded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import Scope

    from authctl.config import AuthConfig
    from authctl.server.memory import Known

_IMPORT_FAILURES = (
    *(ImportError, AttributeError, SyntaxError, NameError, TypeError, ValueError, OSError),
    LookupError,  # mlflow.server.auth, where a key of its own is missing in the configuration
)
_SHOWN = 80

_log = logging.getLogger("authctl.door")
# Where uvicorn tells whoever started it what happens: they will want to know why.
_operator_log = logging.getLogger("uvicorn.error")


@dataclass(frozen=True)
class Request:
    """What an authorization_function may know of a request: all but the query and the body.

    `headers[name]` does not mind the case of names and gives the first of several,
    `headers.getlist(name)` gives all. `client` is the caller's address, None for a socket's.
    """

    method: str
    path: str
    headers: Headers = field(repr=False)
    client: str | None = None

    @classmethod
    def of(cls, scope: Scope) -> Request:
        """The request of an ASGI scope."""
        client = scope.get("client")
        headers = Headers(raw=list(scope["headers"]))
        return cls(scope["method"], scope["path"], headers, client[0] if client else None)

    @property
    def cookies(self) -> Mapping[str, str]:
        """The cookies by their names."""
        return cookie_parser("; ".join(self.headers.getlist("cookie")))


@dataclass(frozen=True, slots=True)
class Function:
    """A function and its contract: given a Request, or, like MLflow's, Flask's own."""

    call: Callable[..., Any]
    takes_request: bool

    async def ask(self, scope: Scope) -> object:
        """Whatever it returns. AuthctlError; any other exception is its own."""
        if not self.takes_request:
            return await anyio.to_thread.run_sync(embedded.ask, self.call, scope)
        request = Request.of(scope)
        if _is_coroutine_function(self.call):
            return await self.call(request)
        return await anyio.to_thread.run_sync(self.call, request)


class AuthorizationFunction:
    """Proves callers by a function: it names a user, sends a response of its own, or neither."""

    def __init__(self, function: Function) -> None:
        self._function = function

    async def __call__(self, scope: Scope, known: Known) -> Principal | Response | None:
        """Whoever it names and has an account; its own answer; or None.

        AuthctlError where it fails or returns anything else: nobody passes then.
        """
        try:
            answer = await self._function.ask(scope)
        except AuthctlError:
            raise
        except Exception as failure:  # noqa: BLE001 - not our code: whatever it raises, nobody passes
            # Neither its text nor what it follows from: both may quote a token.
            _log.error("the authorization_function raised %s", _place(failure))
            raise AuthctlError("The authorization_function failed.") from None
        if answer is None or isinstance(answer, Response):
            return answer
        if not isinstance(answer, str):
            raise AuthctlError(
                "The authorization_function returned neither a username nor a response."
            )
        return await self._called(answer, known)

    async def _called(self, username: str, known: Known) -> Principal | None:
        try:
            checked_name(username, "username")
        except InvalidRequest:
            return None  # no account is called so, and a database may fail on such a text
        account = await known.account(username)
        if account is None:
            _operator_log.info("nobody is called %r, whom the login named", username[:_SHOWN])
            return None
        return Principal(account.user, scheme="custom")


def load_function(config: AuthConfig) -> Function:
    """The function that the configuration names, ready to be asked.

    InvalidRequest where there is none, where it takes neither a Request nor, as MLflow's do,
    nothing, and where it needs what is not installed.
    """
    name = config.authorization_function
    if name == JWT_AUTHENTICATION:
        return _jwt(config)
    call = _imported(name)
    takes_request = _takes_request(name, call)
    if not takes_request and not embedded.is_installed():
        raise InvalidRequest(
            f"authorization_function '{name}' takes no parameter, so it needs MLflow.",
            hint="pip install 'authctl[mlflow]', or let it take the request.",
        )
    return Function(call, takes_request)


def reads_flask(config: AuthConfig) -> bool:
    """Whether the configuration names a function of MLflow's kind. InvalidRequest as above."""
    name = config.authorization_function
    return (
        name not in (BASIC_AUTHENTICATION, JWT_AUTHENTICATION)
        and not load_function(config).takes_request
    )


def _jwt(config: AuthConfig) -> Function:
    if importlib.util.find_spec("jwt") is None:
        raise InvalidRequest(
            "To sign in with a JWT, PyJWT must be installed.", hint="pip install 'authctl[jwt]'"
        )
    from authctl.server.jwt import authenticate  # noqa: PLC0415 - PyJWT need not be installed

    if config.jwt is None:
        raise InvalidRequest("Tokens are asked for, but nothing says which to believe.")
    return Function(authenticate(config.jwt), takes_request=True)


def _imported(name: str) -> Callable[..., Any]:
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


def _takes_request(name: str, call: Callable[..., Any]) -> bool:
    """Which of the two signatures a function has. InvalidRequest where that is not plain."""
    takes_nothing, takes_one = _can_be_called(call), _can_be_called(call, object())
    if takes_nothing == takes_one:
        raise InvalidRequest(
            f"authorization_function '{name}' must take one parameter, the request, or none.",
            hint="A decorator hides parameters, unless it uses functools.wraps.",
        )
    if takes_nothing and _is_coroutine_function(call):
        raise InvalidRequest(
            f"authorization_function '{name}' is a coroutine function, so it must take the request."
        )
    return takes_one


def _can_be_called(call: Callable[..., Any], *arguments: object) -> bool:
    try:
        inspect.signature(call).bind(*arguments)
    except (TypeError, ValueError):
        return False
    return True


def _is_coroutine_function(call: Callable[..., Any]) -> bool:
    return inspect.iscoroutinefunction(call) or inspect.iscoroutinefunction(
        getattr(call, "__call__", None)  # noqa: B004 - whether it is callable is not the question
    )


def _place(failure: Exception) -> str:
    """What was raised, and the last line it came from."""
    trace = failure.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    kind = type(failure).__name__
    return f"{kind} at {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else kind
