"""What a server is, whether it asks for a login, and as whom it knows the caller."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from authctl.cli.doctor import first_password
from authctl.cli.doctor.attempt import Stop
from authctl.cli.doctor.finding import error, info, ok
from authctl.cli.doctor.health import GUARDED, health, redirect
from authctl.cli.doctor.installation import release
from authctl.errors import InvalidRequest, NotAuthenticated
from authctl.model import Generation
from authctl.wire import paths
from authctl.wire.entities import generation_from_json, user_from_json
from authctl.wire.exchange import call
from authctl.wire.failures import NoSuchEndpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from authctl.cli.doctor.exchange import Exchange
    from authctl.cli.doctor.finding import Finding
    from authctl.cli.session import Session
    from authctl.client.address import Address
    from authctl.client.http import httpx
    from authctl.model import User
    from authctl.wire.entities import Json

_OK = 200
_ASKING = (401,)
_REFUSED_HOST = "Invalid Host header"

_ROLES_SINCE = (3, 13)
_DENY_SINCE = (3, 17)
_SHORTCOMINGS = (
    ((3, 10), "It cannot list users; MLflow does since 3.10"),
    ((3, 12), "It has no roles; MLflow has since 3.12"),
)
_INSTEAD = "Work on its auth database with --db, or put authctl serve in front of it."


class Server:
    """One conversation with one server; what was learnt decides what is asked next."""

    def __init__(self, session: Session, exchange: Exchange, address: Address) -> None:
        self._session = session
        self._exchange = exchange
        self._url = address.url
        self._is_here = address.is_loopback
        self._may_send = address.is_encrypted or self._is_here or session.connection.allow_http
        self._user: User | None = None
        self._said: Json | None = None
        self._release: str | None = None

    def questions(self) -> tuple[tuple[str, Callable[[], Iterable[Finding]]], ...]:
        """What to ask, in this order; any of them may raise Stop."""
        return (
            ("http", lambda: health(self._exchange, self._url, guarded=self._is_guarded)),
            ("login", self._login),
            ("signed-in", self._sign_in),
            ("server", self._describe),
            ("default-password", self._default_password),
        )

    def _login(self) -> Iterator[Finding]:
        """Ask for experiments as nobody: a server with authentication refuses."""
        answer = self._exchange.get(f"/api{paths.EXPERIMENTS_SEARCH}?max_results=1")
        refused_host = _REFUSED_HOST in answer.text
        if answer.status_code in (GUARDED if self._is_guarded else _ASKING) and not refused_host:
            yield ok("login", self._url, "It asks for a login.")
            return
        if answer.is_redirect:
            yield redirect(answer, self._url)
        elif refused_host:
            yield error(
                "login",
                self._url,
                "It does not answer to this host name.",
                "Name the host in MLFLOW_SERVER_ALLOWED_HOSTS where the server is started.",
            )
        elif answer.status_code == _OK and _is_json(answer):
            yield error(
                "login",
                self._url,
                "It shows experiments to everybody: it runs without authentication.",
                "Put authctl serve --upstream in front of it, or start it with"
                " mlflow server --app-name basic-auth.",
            )
        else:
            yield error(
                "login",
                self._url,
                f"It answers {answer.status_code} where MLflow asks for a login.",
                "Check the address: is it MLflow, and has it a static prefix?",
            )
        raise Stop

    def _sign_in(self) -> Iterator[Finding]:
        try:
            known = self._session.credentials
        except InvalidRequest as failure:
            raise Stop from failure  # told with the credential
        if known.scheme and not self._may_send:
            raise Stop  # likewise
        try:
            self._user = self._ask_who_i_am()
        except NotAuthenticated as refusal:
            why = self._session.not_accepted(refusal.message)
            # A login would be passed over for what signs in now.
            remedy = why.hint if known.signer else _other_login(why.hint)
            yield error("signed-in", self._url, why.message, remedy)
            if self._is_here:
                yield from first_password.tried(self._exchange, self._url, None)
            raise Stop from None
        if self._user.is_admin:
            yield ok("signed-in", self._user.username, "The server knows you, as an admin.")
        else:
            yield info(
                "signed-in",
                self._user.username,
                "The server knows you, but not as an admin: you can grant what you MANAGE, and"
                " change your own password.",
                f"Ask an admin for: authctl admin promote {self._user.username}",
            )

    def _describe(self) -> Iterator[Finding]:
        self._release = self._ask_release()
        ours = generation_from_json(self._said) if self._said is not None else None
        theirs = Generation.LEGACY if self._said is None else Generation.ROLES
        mlflow = f"MLflow {self._release}" if self._release else "MLflow of a release not told"
        what = f"authctl serve, with {mlflow}" if ours else f"the basic-auth of {mlflow}"
        yield ok("server", self._url, f"It is {what}, of the {ours or theirs} generation.")
        if ours is None and self._release:
            yield from self._limits(release(self._release))

    def _limits(self, number: tuple[int, ...]) -> Iterator[Finding]:
        for since, shortcoming in _SHORTCOMINGS:
            if number < since:
                yield info("server-limit", self._url, f"{shortcoming}.", _INSTEAD)
        if _ROLES_SINCE <= number < _DENY_SINCE:
            yield info(
                "server-limit",
                self._url,
                "It does not know DENY; MLflow does since 3.17.",
                "Use NO_PERMISSIONS.",
            )

    def _default_password(self) -> Iterator[Finding]:
        used = self._session.credentials
        own = list(first_password.own(used))
        if own:
            yield from own
        elif self._is_here or (self._user and self._user.is_admin):
            yield from first_password.tried(self._exchange, self._url, self._release)
        else:
            yield first_password.not_tried(self._url)

    @property
    def _is_guarded(self) -> bool:
        """Whether a gateway may stand before the server, which signatures are for."""
        with suppress(InvalidRequest):
            return self._session.credentials.signer is not None
        return False

    @property
    def _username(self) -> str:
        known = self._session.credentials
        return known.username.value if known.scheme == "basic" and known.username else ""

    def _ask_who_i_am(self) -> User:
        """The caller. MLflow before 3.13 has no users/current, and knows who asks by name only."""
        tracking = self._session.tracking
        with suppress(NoSuchEndpoint):
            self._said = call(tracking, "GET", paths.USERS_CURRENT, lambda reply: reply)
            return user_from_json(self._said["user"])
        return call(
            tracking,
            "GET",
            paths.USERS_GET,
            lambda reply: user_from_json(reply["user"]),
            username=self._username,
        )

    def _ask_release(self) -> str | None:
        answer = self._exchange.get("/version", self._session.credentials)
        text = answer.text.strip()
        known = answer.status_code == _OK and release(text) and len(text.split()) == 1
        return text if known else None


def _other_login(hint: str | None) -> str:
    login = "authctl login asks for another."
    return f"{hint} {login}" if hint and "authctl login" not in hint else hint or login


def _is_json(answer: httpx.Response) -> bool:
    try:
        return isinstance(answer.json(), dict)
    except ValueError:
        return False
