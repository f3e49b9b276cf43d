"""An administrator's own authorization_function decides who asks (contract 3.1)."""

from __future__ import annotations

import functools
import logging
import sys
from dataclasses import FrozenInstanceError
from typing import TYPE_CHECKING, Any

import anyio.lowlevel
import pytest
from starlette.responses import PlainTextResponse

from authctl.config import BASIC_AUTHENTICATION, JWT_AUTHENTICATION, AuthConfig
from authctl.errors import AuthctlError, InvalidRequest, Unavailable
from authctl.model import Account, Principal, User
from authctl.server.authorization_function import (
    AuthorizationFunction,
    Function,
    Request,
    load_function,
    reads_flask,
)
from tests.exchanges import scope_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


ALICE = User(2, "alice", is_admin=False)


class OneAccount:
    """Alice alone is known, and what some databases fail on is not to be asked."""

    async def account(self, username: str) -> Account | None:
        assert "\0" not in username
        username.encode()
        return Account(ALICE, None) if username == "alice" else None


def ask(call: Callable[..., Any], headers: dict[str, str] | None = None) -> Any:
    door = AuthorizationFunction(Function(call, takes_request=True))
    return anyio.run(door, scope_of("GET", "/mlflow/x?y=z", headers), OneAccount())


# What a function of one parameter is given, and what its answer means.


def test_it_is_given_the_request_without_its_body() -> None:
    seen: list[Request] = []
    ask(seen.append, {"X-Badge": "7", "Cookie": "session=abc; theme=dark"})
    (request,) = seen
    assert (request.method, request.path, request.client) == ("GET", "/mlflow/x", "127.0.0.1")
    assert request.headers["x-badge"] == request.headers["X-BADGE"] == "7"
    assert request.headers.getlist("x-nothing") == []
    assert request.cookies == {"session": "abc", "theme": "dark"}


def test_it_cannot_change_the_request_nor_show_its_secrets_by_accident() -> None:
    seen: list[Request] = []
    ask(seen.append, {"Authorization": "Bearer hunter2"})
    with pytest.raises(FrozenInstanceError):
        seen[0].path = "/health"  # type: ignore[misc]
    assert "hunter2" not in repr(seen[0])


def test_a_caller_on_a_socket_has_no_address() -> None:
    assert Request.of({**scope_of("GET", "/"), "client": None}).client is None


async def _alice(_: Request) -> str:
    await anyio.lowlevel.checkpoint()
    return "alice"


class _Login:
    async def __call__(self, request: Request) -> str:
        return await _alice(request)


@pytest.mark.parametrize(
    "function", [lambda _: "alice", _alice, _Login(), functools.partial(_alice)]
)
def test_whom_it_names_is_who_is_asking(function: Callable[..., Any]) -> None:
    assert ask(function) == Principal(ALICE, scheme="custom")


@pytest.mark.parametrize(
    "name", [None, "", "bob", "Alice", "alice ", "ali\0ce", "\ud800", "a\nb", "x" * 300]
)
def test_whom_the_store_does_not_know_is_nobody_at_all(name: str | None) -> None:
    assert ask(lambda _: name) is None


def test_who_is_not_known_is_named_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        ask(lambda _: "bob")
    assert caplog.messages == ["nobody is called 'bob', whom the login named"]


def test_its_own_response_is_sent_instead() -> None:
    response = PlainTextResponse("Come through the proxy.", 403)
    assert ask(lambda _: response) is response


@pytest.mark.parametrize(
    "rubbish", [True, 1, b"alice", ["alice"], ("alice", "x"), {"username": "alice"}, ALICE]
)
def test_any_other_answer_is_an_error_and_lets_nobody_pass(rubbish: object) -> None:
    with pytest.raises(AuthctlError, match="neither a username nor a response") as caught:
        ask(lambda _: rubbish)
    assert caught.value.http_status == 500


@pytest.mark.parametrize("failure", [ValueError, KeyError, RecursionError, PermissionError])
def test_what_it_raises_lets_nobody_pass_and_is_not_quoted(
    failure: type[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    def login(request: Request) -> str:
        raise failure(request.headers["authorization"])

    with pytest.raises(AuthctlError, match="failed") as caught:
        ask(login, {"Authorization": "Bearer hunter2"})
    assert caught.value.http_status == 500
    assert caught.value.__suppress_context__
    assert f"raised {failure.__name__} at {__file__}:" in caplog.text
    assert "hunter2" not in caplog.text + str(caught.value)


def test_an_error_of_ours_is_told_as_it_is() -> None:
    async def login(_: Request) -> str:
        raise Unavailable("The directory cannot be reached.")

    with pytest.raises(Unavailable, match="directory"):
        ask(login)


# Which functions there may be.

ODD = """
from functools import wraps


def flask(): ...
def flask_with_more(verbose=False, *, strict=True): ...
def ours(request): ...
def ours_with_more(request, *, strict=True): ...
async def ours_waiting(request): ...


def _hiding(function):
    return lambda *args, **kwargs: function(*args, **kwargs)


def _wrapping(function):
    return wraps(function)(_hiding(function))


wrapped = _wrapping(ours)
wrapped_flask = _wrapping(flask)
hidden = _hiding(ours)
def two(request, store): ...
def one_by_name(*, request): ...
def many(*args): ...
async def flask_waiting(): ...
text = "alice"


class Login:
    def __call__(self, request): ...


login = Login()
"""


@pytest.fixture
def odd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a module with functions of all kinds."""
    name = f"odd_{tmp_path.name}".replace("-", "_")
    (tmp_path / f"{name}.py").write_text(ODD)
    monkeypatch.syspath_prepend(tmp_path)
    return name


def config(name: str) -> AuthConfig:
    return AuthConfig(authorization_function=name)


@pytest.mark.parametrize("name", ["ours", "ours_with_more", "ours_waiting", "wrapped", "login"])
def test_a_function_may_take_the_request(odd: str, name: str) -> None:
    assert load_function(config(f"{odd}:{name}")).takes_request
    assert not reads_flask(config(f"{odd}:{name}"))


@pytest.mark.parametrize("name", ["flask", "wrapped_flask"])
def test_a_function_may_take_nothing_as_mlflows_do(odd: str, name: str) -> None:
    assert not load_function(config(f"{odd}:{name}")).takes_request
    assert reads_flask(config(f"{odd}:{name}"))


def test_basic_authentication_is_no_function_of_that_kind() -> None:
    assert not reads_flask(config(BASIC_AUTHENTICATION))


@pytest.mark.parametrize(
    "name", ["two", "one_by_name", "many", "hidden", "flask_with_more", "flask_waiting"]
)
def test_a_function_that_takes_anything_else_is_refused(odd: str, name: str) -> None:
    with pytest.raises(InvalidRequest, match=rf"'{odd}:{name}'.* must take") as caught:
        load_function(config(f"{odd}:{name}"))
    assert "the request" in caught.value.message


def test_what_is_no_function_is_refused(odd: str) -> None:
    with pytest.raises(InvalidRequest, match="is not a function"):
        load_function(config(f"{odd}:text"))


def test_one_that_takes_nothing_needs_mlflow_and_one_that_takes_the_request_does_not(
    odd: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    assert load_function(config(f"{odd}:ours")).takes_request
    with pytest.raises(InvalidRequest, match="takes no parameter, so it needs MLflow"):
        load_function(config(f"{odd}:flask"))


def test_tokens_need_a_library_and_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidRequest, match="nothing says which to believe"):
        load_function(config(JWT_AUTHENTICATION))
    monkeypatch.setitem(sys.modules, "jwt", None)
    with pytest.raises(InvalidRequest, match="PyJWT must be installed") as caught:
        load_function(config(JWT_AUTHENTICATION))
    assert caught.value.hint == "pip install 'authctl[jwt]'"
