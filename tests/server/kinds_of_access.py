"""Every kind of access that can be taken away: how it is given and taken, and what asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from authctl.model import Permission, Resource
from tests.server.hands import StoreHands
from tests.server.lines import asking, basic, bearer
from tests.store.databases import opened

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.live import Server
    from tests.server.hands import Hands
    from tests.server.lines import Request

PASSWORD, OTHER = "the-password-that-counts", "another-password-for-later"
_A2 = "/api/2.0/mlflow"
_CURRENT = f"{_A2}/users/current"
_DENIED, _UNKNOWN = 403, 401


@dataclass(frozen=True)
class Subject:
    """Whom a change is about, the experiment, and a role that reads it if it is to."""

    name: str
    experiment: str
    role: int


@dataclass(frozen=True)
class Kind:
    """A kind of access: how it is given and taken, and what is asked to see whether it is there.

    `give` gives the Authorization header with which it is asked; `before` makes what both begin
    from. `hashes` says that a refusal takes a server as long as a hash does.
    """

    give: Callable[[Any, Subject], str]
    take: Callable[[Any, Subject], object]
    asks: Callable[[Subject, str], Request]
    refused: int = _DENIED
    before: Callable[[StoreHands, Subject], object] = lambda hands, who: None  # noqa: ARG005
    hashes: bool = False
    by_sql_alone: bool = False


def _own(who: Subject) -> str:
    return basic((who.name, PASSWORD))


def _reads(who: Subject, login: str) -> Request:
    return asking("GET", f"{_A2}/experiments/get?experiment_id={who.experiment}", login)


def _writes(who: Subject, login: str) -> Request:
    # Of what is the same when all workers do it at once; MLflow's tags are not, the first time.
    named = {"experiment_id": who.experiment, "new_name": f"what {who.name} names"}
    return asking("POST", f"{_A2}/experiments/update", login, named)


def _administers(who: Subject, login: str) -> Request:  # noqa: ARG001 - as the others
    return asking("GET", f"{_A2}/users/list", login)


def _signs_in(who: Subject, login: str) -> Request:  # noqa: ARG001 - as the others
    return asking("GET", _CURRENT, login)


def _does(act: Callable[[Any, Subject], object]) -> Callable[[Any, Subject], str]:
    """Give something to whoever signs in with a password."""

    def give(hands: Any, who: Subject) -> str:
        act(hands, who)
        return _own(who)

    return give


def _user_with_token(hands: Hands, who: Subject) -> str:
    hands.add_user(who.name, PASSWORD)
    return bearer(hands.add_token(who.name))


KINDS: dict[str, Kind] = {
    "a grant": Kind(
        _does(lambda hands, who: hands.grant(who.name, who.experiment, "READ")),
        lambda hands, who: hands.revoke(who.name, who.experiment),
        _reads,
    ),
    "the level of a grant": Kind(
        _does(lambda hands, who: hands.grant(who.name, who.experiment, "EDIT")),
        lambda hands, who: hands.grant(who.name, who.experiment, "READ"),
        _writes,
    ),
    "an administrator's rights": Kind(
        _does(lambda hands, who: hands.set_admin(who.name, is_admin=True)),
        lambda hands, who: hands.set_admin(who.name, is_admin=False),
        _administers,
    ),
    "a password": Kind(
        _does(lambda hands, who: hands.set_password(who.name, PASSWORD)),
        lambda hands, who: hands.set_password(who.name, OTHER),
        _signs_in,
        refused=_UNKNOWN,
        before=lambda hands, who: hands.set_password(who.name, OTHER),
        hashes=True,
    ),
    "a token": Kind(
        lambda hands, who: bearer(hands.add_token(who.name)),
        lambda hands, who: hands.revoke_token(who.name),
        _signs_in,
        refused=_UNKNOWN,
    ),
    "a token's user": Kind(
        _user_with_token,
        lambda hands, who: hands.delete_user(who.name),
        _signs_in,
        refused=_UNKNOWN,
        before=lambda hands, who: hands.delete_user(who.name),
    ),
    "a user": Kind(
        _does(lambda hands, who: hands.add_user(who.name, PASSWORD)),
        lambda hands, who: hands.delete_user(who.name),
        _signs_in,
        refused=_UNKNOWN,
        before=lambda hands, who: hands.delete_user(who.name),
        hashes=True,
    ),
    "a role": Kind(
        _does(lambda hands, who: hands.assign(who.name, who.role)),
        lambda hands, who: hands.unassign(who.name, who.role),
        _reads,
        before=lambda hands, who: hands.add_row(who.role, who.experiment),
    ),
    "a row of a role": Kind(
        _does(lambda hands, who: hands.add_row(who.role, who.experiment)),
        lambda hands, who: hands.remove_row(who.role, who.experiment),
        _reads,
        before=lambda hands, who: hands.assign(who.name, who.role),
    ),
    "an account that is disabled": Kind(
        _does(lambda hands, who: hands.set_password(who.name, PASSWORD)),
        lambda hands, who: hands.set_hash(who.name, "disabled"),
        _signs_in,
        refused=_UNKNOWN,
        before=lambda hands, who: hands.set_password(who.name, OTHER),
        hashes=True,
        by_sql_alone=True,
    ),
}
"""Every kind of access that can be taken away, by what it is called."""


def new_subject(server: Server, kind: Kind, name: str, experiment: str) -> Subject:
    """Somebody with a grant on something else, and with what a kind of access begins from."""
    with opened(server.database) as store:
        role = store.create_role(f"{name}-role", "default", None).id
        store.create_user(name, PASSWORD)
        store.grant(name, Resource("experiment", "0"), Permission.READ)
        subject = Subject(name, experiment, role)
        kind.before(StoreHands(store), subject)
    return subject
