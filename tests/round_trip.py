"""MLflow's own server and authctl's store on one auth database: each reads what the other wrote.

A test class takes RoundTrip as its base and says how this release's API grants and revokes. Its
module gives it two fixtures: `server`, an MLflow that caches no passwords, and `store`, which is
open on that server's database all the while.
"""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from authctl.errors import NotFound
from authctl.model import Grant, Permission, Resource, User
from authctl.store.passwords import hash_password, verify_password
from tests.live import ADMIN
from tests.store.databases import opened, quick_hash

if TYPE_CHECKING:
    from collections.abc import Iterator

    from authctl.store.sql import SqlStore
    from tests.live import Server

PASSWORD = "a-long-password"
ANOTHER = "quite-another-password"

Login = tuple[str, str]

# By resource type: the path of its API, the field that names one, and a request an action.
_APIS: dict[str, tuple[str, str, dict[str, tuple[str, str, dict[str, str]]]]] = {
    "experiment": (
        "experiments",
        "experiment_id",
        {
            "read": ("GET", "get", {}),
            "update": ("POST", "set-experiment-tag", {"key": "k", "value": "v"}),
            "delete": ("POST", "delete", {}),
        },
    ),
    "registered_model": (
        "registered-models",
        "name",
        {
            "read": ("GET", "get", {}),
            "update": ("PATCH", "update", {"description": "described"}),
            "delete": ("DELETE", "delete", {}),
        },
    ),
}
_ALLOWED = {
    Permission.NO_PERMISSIONS: set(),
    Permission.READ: {"read"},
    Permission.EDIT: {"read", "update"},
    Permission.MANAGE: {"read", "update", "delete"},
}
"""What may be done, in the order in which it is tried: MANAGE comes last, for it lets delete."""

ACTIONS = ("read", "update", "delete")
each_type = pytest.mark.parametrize("kind", _APIS)


def named(word: str) -> str:
    """A name that nobody else has."""
    return f"{word} ü & 名 {uuid.uuid4().hex[:8]}"


def told(
    server: Server, method: str, path: str, body: dict[str, Any], user: Login = ADMIN
) -> dict[str, Any]:
    """What a request that MLflow should grant comes to."""
    answer = server.call(method, f"/api/{path}", body, user=user)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def made(server: Server, kind: str, user: Login = ADMIN) -> Resource:
    """A new experiment or registered model, through MLflow's API."""
    path, field, _ = _APIS[kind]
    answer = told(server, "POST", f"2.0/mlflow/{path}/create", {"name": named(kind)}, user)
    return Resource(kind, answer.get("registered_model", answer)[field])


def allowed(
    server: Server, user: Login, thing: Resource, tried: tuple[str, ...] = ("read", "update")
) -> set[str]:
    """What MLflow lets a user do with a thing, of what is tried."""
    path, field, actions = _APIS[thing.type]
    found = set()
    for action in tried:
        method, name, more = actions[action]
        given = {field: thing.id, **more}
        sent = {"params": given} if method == "GET" else {"json": given}
        answer = server.client(user).request(method, f"/api/2.0/mlflow/{path}/{name}", **sent)
        assert answer.status_code in (200, 403), answer.text
        if answer.status_code == 200:
            found.add(action)
    return found


def status(server: Server, user: Login, asked: str | None = None) -> int:
    """What comes of asking for an account: a user's own as a rule."""
    path = "/api/2.0/mlflow/users/get"
    return server.call("GET", path, user=user, username=asked or user[0]).status_code


def new_user(store: SqlStore) -> Login:
    """An account that authctl made, of which MLflow verifies the password quickly."""
    user = (named("user"), PASSWORD)
    store.add_account(user[0], quick_hash(user[1]), is_admin=False)
    return user


@contextmanager
def opened_beside(server: Server) -> Iterator[SqlStore]:
    """A store on the database of a running MLflow, which verifies its admin quickly from now on."""
    with opened(server.database, hash_password=hash_password) as store:
        store._set_password_hash(ADMIN[0], quick_hash(ADMIN[1]))
        yield store


class RoundTrip:
    def grant(self, server: Server, username: str, thing: Resource, level: str) -> None:
        """Grant through MLflow's API what was not granted before."""
        raise NotImplementedError

    def revoke(self, server: Server, username: str, thing: Resource) -> None:
        """Revoke through MLflow's API."""
        raise NotImplementedError

    # What authctl writes

    def test_a_user_made_by_authctl_logs_in_at_mlflow(
        self, server: Server, store: SqlStore
    ) -> None:
        user = (named("user"), PASSWORD)
        assert status(server, user) == 401
        created = store.create_user(*user)
        answer = server.call("GET", "/api/2.0/mlflow/users/get", user=user, username=user[0])
        shown = answer.json()["user"]
        assert User(shown["id"], shown["username"], shown["is_admin"]) == created
        assert status(server, (user[0], ANOTHER)) == 401

    def test_a_password_set_by_authctl_is_the_one_that_logs_in(
        self, server: Server, store: SqlStore
    ) -> None:
        user = new_user(store)
        for old, new in ((PASSWORD, ANOTHER), (ANOTHER, PASSWORD)):
            assert status(server, (user[0], old)) == 200
            store.set_password(user[0], new)
            assert status(server, (user[0], old)) == 401
            assert status(server, (user[0], new)) == 200

    def test_who_is_promoted_by_authctl_is_an_admin_until_demoted(
        self, server: Server, store: SqlStore
    ) -> None:
        user = new_user(store)
        assert status(server, user, ADMIN[0]) == 403
        store.set_admin(user[0], is_admin=True)
        assert status(server, user, ADMIN[0]) == 200
        store.set_admin(user[0], is_admin=False)
        assert status(server, user, ADMIN[0]) == 403

    @each_type
    def test_a_level_granted_by_authctl_is_what_mlflow_allows(
        self, server: Server, store: SqlStore, kind: str
    ) -> None:
        user, other, thing = new_user(store), new_user(store), made(server, kind)
        for level, actions in _ALLOWED.items():
            assert allowed(server, other, thing, ACTIONS) == {"read"}
            store.grant(user[0], thing, level)
            assert allowed(server, user, thing, ACTIONS) == actions, level

    @each_type
    def test_what_authctl_revokes_goes_back_to_the_default(
        self, server: Server, store: SqlStore, kind: str
    ) -> None:
        user, thing = new_user(store), made(server, kind)
        for level in (Permission.EDIT, Permission.NO_PERMISSIONS):
            store.grant(user[0], thing, level)
            assert allowed(server, user, thing) == _ALLOWED[level]
            store.revoke(user[0], thing)
            assert allowed(server, user, thing) == {"read"}

    def test_whom_authctl_deleted_logs_in_no_more(self, server: Server, store: SqlStore) -> None:
        user, thing = new_user(store), made(server, "experiment")
        store.grant(user[0], thing, Permission.MANAGE)
        assert status(server, user) == 200
        store.delete_user(user[0])
        assert status(server, user) == 401
        store.create_user(*user)
        assert allowed(server, user, thing) == {"read"}

    # What MLflow writes

    def test_a_user_made_through_mlflow_is_read(self, server: Server, store: SqlStore) -> None:
        name = named("user")
        with pytest.raises(NotFound):
            store.get_user(name)
        given = {"username": name, "password": PASSWORD}
        answer = told(server, "POST", "2.0/mlflow/users/create", given)
        assert store.get_user(name) == User(answer["user"]["id"], name, is_admin=False)
        assert store.get_user(name) in store.list_users()

    def test_a_password_set_through_mlflow_verifies(self, server: Server, store: SqlStore) -> None:
        user = new_user(store)
        given = {"username": user[0], "password": ANOTHER}
        told(server, "PATCH", "2.0/mlflow/users/update-password", given)
        account = store.account(user[0])
        assert account is not None
        assert verify_password(ANOTHER, account.password_hash)
        assert not verify_password(PASSWORD, account.password_hash)
        assert status(server, (user[0], ANOTHER)) == 200
        assert status(server, user) == 401

    def test_who_is_promoted_through_mlflow_is_read_as_an_admin(
        self, server: Server, store: SqlStore
    ) -> None:
        name, _ = new_user(store)
        for is_admin in (True, False):
            given = {"username": name, "is_admin": is_admin}
            told(server, "PATCH", "2.0/mlflow/users/update-admin", given)
            assert store.get_user(name).is_admin is is_admin

    def test_whom_mlflow_deleted_is_not_found(self, server: Server, store: SqlStore) -> None:
        name, _ = new_user(store)
        told(server, "DELETE", "2.0/mlflow/users/delete", {"username": name})
        with pytest.raises(NotFound):
            store.get_user(name)

    @each_type
    def test_what_mlflow_grants_is_read_until_revoked(
        self, server: Server, store: SqlStore, kind: str
    ) -> None:
        (name, _), thing = new_user(store), made(server, kind)
        for level in (Permission.READ, Permission.EDIT, Permission.MANAGE):
            self.grant(server, name, thing, level)
            assert store.list_grants(username=name) == [Grant(name, thing, level)]
            assert store.level(name, thing) is level
            self.revoke(server, name, thing)
            assert store.list_grants(username=name) == []
            assert store.level(name, thing) is Permission.READ

    @each_type
    def test_what_somebody_makes_at_mlflow_is_read_as_theirs_to_manage(
        self, server: Server, store: SqlStore, kind: str
    ) -> None:
        user = new_user(store)
        thing = made(server, kind, user)
        assert store.list_grants(resource=thing) == [Grant(user[0], thing, Permission.MANAGE)]

    @each_type
    def test_each_changes_and_revokes_what_the_other_granted(
        self, server: Server, store: SqlStore, kind: str
    ) -> None:
        user, thing = new_user(store), made(server, kind)
        self.grant(server, user[0], thing, Permission.EDIT)
        assert store.grant(user[0], thing, Permission.NO_PERMISSIONS) == Permission.EDIT
        assert allowed(server, user, thing) == set()
        self.revoke(server, user[0], thing)
        with pytest.raises(NotFound):
            store.revoke(user[0], thing)
        self.grant(server, user[0], thing, Permission.EDIT)
        assert store.revoke(user[0], thing) == Permission.EDIT
        assert allowed(server, user, thing) == {"read"}
