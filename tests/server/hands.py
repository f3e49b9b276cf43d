"""The hands that change who may do what: the admin API, a store in another process, plain SQL."""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlencode

import psycopg
import pymysql
import sqlalchemy

from authctl.model import Permission, Resource
from authctl.service_token import Asked, digest, new_secret, start_of
from tests.live import ADMIN
from tests.server.lines import asking, basic
from tests.store.databases import quick_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from authctl.store.sql import SqlStore
    from tests.server.lines import Line

TOKEN = "ci"
"""The name of the one token that a user has."""

_A2, _A3 = "/api/2.0/mlflow", "/api/3.0/mlflow"
_TOKENS = "/api/3.0/authctl/tokens"
_SECONDS = 30
_OK = 200
_DEADLOCK = 1213  # of MySQL: the statement, or the transaction, is to be tried again
_ATTEMPTS = 20


class Hands(Protocol):
    """What an administrator does, by whatever way; all of it has happened when a method returns."""

    def add_user(self, name: str, password: str) -> None: ...
    def delete_user(self, name: str) -> None: ...
    def set_password(self, name: str, password: str) -> None: ...
    def set_admin(self, name: str, is_admin: bool) -> None: ...
    def grant(self, name: str, experiment: str, level: str) -> None: ...
    def revoke(self, name: str, experiment: str) -> None: ...
    def add_token(self, name: str) -> str: ...
    def revoke_token(self, name: str) -> None: ...
    def assign(self, name: str, role: int) -> None: ...
    def unassign(self, name: str, role: int) -> None: ...
    def add_row(self, role: int, experiment: str) -> None: ...
    def remove_row(self, role: int, experiment: str) -> None: ...


class ApiHands:
    """By requests of an administrator, one after the other, to each worker in turn."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._lines = itertools.cycle(lines)

    def add_user(self, name: str, password: str) -> None:
        self._do("POST", f"{_A2}/users/create", username=name, password=password)

    def delete_user(self, name: str) -> None:
        self._do("DELETE", f"{_A2}/users/delete", username=name)

    def set_password(self, name: str, password: str) -> None:
        self._do("PATCH", f"{_A2}/users/update-password", username=name, password=password)

    def set_admin(self, name: str, is_admin: bool) -> None:
        self._do("PATCH", f"{_A2}/users/update-admin", username=name, is_admin=is_admin)

    def grant(self, name: str, experiment: str, level: str) -> None:
        # Unlike a store, the API tells making a grant from changing one.
        thing = {"experiment_id": experiment, "username": name}
        path = f"{_A2}/experiments/permissions"
        there = asking("GET", f"{path}/get?{urlencode(thing)}", basic(ADMIN))
        if next(self._lines).ask(there).status == _OK:
            self._do("PATCH", f"{path}/update", **thing, permission=level)
        else:
            self._do("POST", f"{path}/create", **thing, permission=level)

    def revoke(self, name: str, experiment: str) -> None:
        thing = {"resource_type": "experiment", "resource_id": experiment}
        self._do("POST", f"{_A3}/users/permissions/revoke", username=name, **thing)

    def add_token(self, name: str) -> str:
        return str(self._do("POST", f"{_TOKENS}/create", username=name, name=TOKEN)["secret"])

    def revoke_token(self, name: str) -> None:
        self._do("DELETE", f"{_TOKENS}/revoke", username=name, name=TOKEN)

    def assign(self, name: str, role: int) -> None:
        self._do("POST", f"{_A3}/roles/assign", username=name, role_id=role)

    def unassign(self, name: str, role: int) -> None:
        self._do("DELETE", f"{_A3}/roles/unassign", username=name, role_id=role)

    def add_row(self, role: int, experiment: str) -> None:
        row = {"resource_type": "experiment", "resource_pattern": experiment, "permission": "READ"}
        self._do("POST", f"{_A3}/roles/permissions/add", role_id=role, **row)

    def remove_row(self, role: int, experiment: str) -> None:
        rows = self._do("GET", f"{_A3}/roles/permissions/list?role_id={role}")
        [found] = [
            row["id"] for row in rows["role_permissions"] if row["resource_pattern"] == experiment
        ]
        self._do("DELETE", f"{_A3}/roles/permissions/remove", role_permission_id=found)

    def _do(self, method: str, path: str, **fields: Any) -> Any:
        answer = next(self._lines).ask(asking(method, path, basic(ADMIN), fields or None))
        assert answer.status == _OK, (method, path, answer)
        return answer.json()


class StoreHands:
    """By a store in this process, which is how a command works that is told the database."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store

    def add_user(self, name: str, password: str) -> None:
        self._store.create_user(name, password)

    def delete_user(self, name: str) -> None:
        self._store.delete_user(name)

    def set_password(self, name: str, password: str) -> None:
        self._store.set_password(name, password)

    def set_admin(self, name: str, is_admin: bool) -> None:
        self._store.set_admin(name, is_admin)

    def grant(self, name: str, experiment: str, level: str) -> None:
        self._store.grant(name, Resource("experiment", experiment), Permission(level))

    def revoke(self, name: str, experiment: str) -> None:
        self._store.revoke(name, Resource("experiment", experiment))

    def add_token(self, name: str) -> str:
        return self._store.create_token(Asked(TOKEN, name))[1]

    def revoke_token(self, name: str) -> None:
        self._store.revoke_token(name, TOKEN)

    def assign(self, name: str, role: int) -> None:
        self._store.assign_role(name, role)

    def unassign(self, name: str, role: int) -> None:
        self._store.unassign_role(name, role)

    def add_row(self, role: int, experiment: str) -> None:
        self._store.add_role_permission(role, Resource("experiment", experiment), Permission.READ)

    def remove_row(self, role: int, experiment: str) -> None:
        [found] = [
            row.id
            for row in self._store.get_role(role).permissions
            if row.resource.id == experiment
        ]
        self._store.remove_role_permission(found)


class SqlHands:
    """By SQL alone, over a connection of its own, as somebody does who knows nothing of authctl.

    Each statement is a transaction, but inside `in_transaction`. Whoever is granted something needs
    a role of their own already.
    """

    def __init__(self, url: str) -> None:
        self._connection = _connected(url)
        self._is_sqlite = url.startswith("sqlite")
        self._is_inside = False

    def close(self) -> None:
        self._connection.close()

    def in_transaction(
        self, change: Callable[[SqlHands], Any], meanwhile: Callable[[], None], *, ending: str
    ) -> Any:
        """Change something between other statements, look what others see of it, and end."""
        for attempt in range(_ATTEMPTS):
            # SQLite lets nobody who has only read begin to write beside others.
            self.run("BEGIN IMMEDIATE" if self._is_sqlite else "BEGIN")
            self._is_inside = True
            try:
                self.run("UPDATE users SET is_admin = TRUE WHERE username = 'admin'")
                made = change(self)
                self.run("UPDATE users SET is_admin = TRUE WHERE username = 'admin'")
            except pymysql.err.OperationalError as error:
                self.run("ROLLBACK")
                if error.args[0] != _DEADLOCK or attempt == _ATTEMPTS - 1:
                    raise
            else:
                break
            finally:
                self._is_inside = False
        meanwhile()
        self.run(ending)
        return made

    def add_user(self, name: str, password: str) -> None:
        # SQLite may give a token that an earlier user of this name has left to the new one.
        self.run(f"DELETE FROM authctl_tokens WHERE username = '{name}'")
        self.run(
            "INSERT INTO users (username, password_hash, is_admin)"
            f" VALUES ('{name}', '{quick_hash(password)}', FALSE)"
        )

    def delete_user(self, name: str) -> None:
        user = self._id_of(name)
        own = f"SELECT id FROM roles WHERE name = '__user_{user}__'"
        self.run(f"DELETE FROM role_permissions WHERE role_id IN ({own})")
        self.run(f"DELETE FROM user_role_assignments WHERE user_id = {user}")
        self.run(f"DELETE FROM roles WHERE name = '__user_{user}__'")
        self.run(f"DELETE FROM users WHERE id = {user}")

    def set_password(self, name: str, password: str) -> None:
        self.set_hash(name, quick_hash(password))

    def set_hash(self, name: str, password_hash: str) -> None:
        """Set what a password is compared with; a text that is no hash lets nobody in."""
        self.run(f"UPDATE users SET password_hash = '{password_hash}' WHERE username = '{name}'")

    def set_admin(self, name: str, is_admin: bool) -> None:
        self.run(f"UPDATE users SET is_admin = {is_admin} WHERE username = '{name}'")

    def grant(self, name: str, experiment: str, level: str) -> None:
        role = self._own_role(name)
        row = f"role_id = {role} AND resource_pattern = '{experiment}'"
        if self.run(f"SELECT id FROM role_permissions WHERE {row}"):
            self.run(f"UPDATE role_permissions SET permission = '{level}' WHERE {row}")
        else:
            self._insert_row(role, experiment, level)

    def revoke(self, name: str, experiment: str) -> None:
        self.remove_row(self._own_role(name), experiment)

    def add_token(self, name: str) -> str:
        secret, now = new_secret(), datetime.now(UTC).isoformat(timespec="seconds")
        self.run(
            "INSERT INTO authctl_tokens"
            " (user_id, username, name, digest, start, scope, created_at) VALUES"
            f" ({self._id_of(name)}, '{name}', '{TOKEN}', '{digest(secret)}',"
            f" '{start_of(secret)}', 'all', '{now}')"
        )
        return secret

    def revoke_token(self, name: str) -> None:
        self.run(f"DELETE FROM authctl_tokens WHERE username = '{name}'")

    def assign(self, name: str, role: int) -> None:
        self.run(
            "INSERT INTO user_role_assignments (user_id, role_id)"
            f" VALUES ({self._id_of(name)}, {role})"
        )

    def unassign(self, name: str, role: int) -> None:
        held = f"user_id = {self._id_of(name)} AND role_id = {role}"
        self.run(f"DELETE FROM user_role_assignments WHERE {held}")

    def add_row(self, role: int, experiment: str) -> None:
        self._insert_row(role, experiment, "READ")

    def remove_row(self, role: int, experiment: str) -> None:
        row = f"role_id = {role} AND resource_pattern = '{experiment}'"
        self.run(f"DELETE FROM role_permissions WHERE {row}")

    def run(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement; the rows, if it gives any."""
        for attempt in range(_ATTEMPTS):
            with contextlib.closing(self._connection.cursor()) as cursor:
                try:
                    cursor.execute(statement)
                except pymysql.err.OperationalError as error:
                    if error.args[0] != _DEADLOCK or self._is_inside or attempt == _ATTEMPTS - 1:
                        raise
                else:
                    return list(cursor.fetchall()) if cursor.description else []
        raise AssertionError

    def _id_of(self, name: str) -> int:
        [(found,)] = self.run(f"SELECT id FROM users WHERE username = '{name}'")
        return int(found)

    def _own_role(self, name: str) -> int:
        [(found,)] = self.run(f"SELECT id FROM roles WHERE name = '__user_{self._id_of(name)}__'")
        return int(found)

    def _insert_row(self, role: int, experiment: str, level: str) -> None:
        self.run(
            "INSERT INTO role_permissions (role_id, resource_type, resource_pattern, permission)"
            f" VALUES ({role}, 'experiment', '{experiment}', '{level}')"
        )


def _connected(url: str) -> Any:
    place = sqlalchemy.make_url(url)
    if place.get_backend_name() == "sqlite":
        return sqlite3.connect(
            str(place.database), timeout=_SECONDS, isolation_level=None, check_same_thread=False
        )
    where: dict[str, Any] = {"host": place.host, "port": place.port, "user": place.username}
    if place.password:
        where["password"] = place.password
    if place.get_backend_name() == "postgresql":
        return psycopg.connect(**where, dbname=place.database, autocommit=True)
    return pymysql.connect(**where, database=place.database, autocommit=True)
