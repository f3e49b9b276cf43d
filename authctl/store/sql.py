"""Users and grants in an auth database, whichever MLflow made it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from authctl.errors import AlreadyExists, AuthctlError, NotFound
from authctl.model import (
    Account,
    Generation,
    Grant,
    Permission,
    Resource,
    User,
    checked_password,
    checked_username,
)
from authctl.store import passwords, schema, sql_users
from authctl.store.base import NewAccount, Survey, subject
from authctl.store.grants import grants_in
from authctl.store.sql_effects import SqlEffects
from authctl.store.sql_engine import (
    PATIENCE,
    Database,
    connect,
    database_file,
    reading,
    writing,
)
from authctl.store.sql_joined import Joined

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from sqlalchemy import Connection

    from authctl.model import ResourceType
    from authctl.store.base import Existing, Resolve

__all__ = ["SqlStore", "database_file"]

T = TypeVar("T")


class SqlStore(SqlEffects):
    """An AuthStore, DoorStore and RoleStore on a database; safe to share between threads."""

    def __init__(
        self,
        database: Database,
        found: schema.Schema,
        *,
        resolve: Resolve,
        hash_password: Callable[[str], str] = passwords.hash_password,
    ) -> None:
        super().__init__(database, found)
        self.resolve = resolve
        self._hash_password = hash_password
        self._grants = grants_in(found)

    @classmethod
    def open(
        cls,
        url: str,
        *,
        resolve: Resolve,
        create: bool = False,
        reads_deny: bool = False,
        patience: int = PATIENCE,
        hash_password: Callable[[str], str] = passwords.hash_password,
    ) -> SqlStore:
        """Open the auth database at a SQLAlchemy URL; `create` makes what is missing.

        `reads_deny` says that no MLflow before 3.17 opens this database, so that DENY may be
        written even if nothing in it tells; `patience` is in seconds, as in `connect`.

        InvalidRequest for a URL that cannot be right or whose driver is not installed;
        Unavailable for a database that is not there or of an unknown schema.
        """
        database = connect(url, create=create, patience=patience)
        try:
            if create:
                database.write(schema.create)
            found = database.read(schema.inspect)
            if reads_deny:
                found = replace(found, reads_deny=found.generation is Generation.ROLES)
            return cls(database, found, resolve=resolve, hash_password=hash_password)
        except AuthctlError:
            database.close()
            raise

    @property
    def generation(self) -> Generation:
        """How this database lays grants out."""
        return self.schema.generation

    def keeps(self, kind: ResourceType) -> bool:
        """Whether this database has a place for grants on resources of a type."""
        return self._grants.keeps(kind)

    def close(self) -> None:
        """Give connections back."""
        self.database.close()

    def together(self, work: Callable[[SqlStore], T]) -> T:
        """Run work on a store whose every method is a part of one transaction.

        What it changes is changed whole or not at all. It runs again if another writer got in
        between, so it must begin from the store alone.
        """

        def inside(connection: Connection) -> T:
            self.hold(connection)
            return work(self._joined(connection))

        return self.database.write(inside)

    def survey(
        self,
        *,
        at_least: Collection[str] | None = None,  # noqa: ARG002 - a database lists its users
    ) -> Survey:
        """Everything at once, at one moment of the database."""

        def look(connection: Connection) -> Survey:
            store = self._joined(connection)
            roles = store.list_holders() if self.generation is Generation.ROLES else None
            return Survey(store.list_users(), store.list_grants(), roles)

        return self.database.snapshot(look)

    def _joined(self, connection: Connection) -> SqlStore:
        return _Joined(
            Joined(connection, self.database.place),
            self.schema,
            resolve=self.resolve,
            hash_password=self._hash_password,
        )

    # Users

    def create_user(self, username: str, password: str | None, *, is_admin: bool = False) -> User:
        """Make an account; see AuthStore."""
        checked_username(username)
        # Hashing takes long: not while others wait for the transaction.
        hashed = None if password is None else self.hashed(password)
        return self.add_account(username, hashed, is_admin=is_admin)

    def hashed(self, password: str) -> str:
        """The hash of a new password. InvalidRequest when it is too short."""
        return self._hash_password(checked_password(password))

    @reading
    def get_user(self, connection: Connection, username: str) -> User:
        """One account by its exact name. NotFound."""
        return sql_users.require_user(connection, self.schema, username)

    @reading
    def list_users(self, connection: Connection) -> list[User]:
        """Every account, ordered by name."""
        return sql_users.list_users(connection, self.schema)

    def set_password(
        self,
        username: str,
        password: str,
        *,
        current: str | None = None,  # noqa: ARG002 - servers ask for it, databases do not
    ) -> None:
        """Set a password. NotFound; InvalidRequest when it is too short."""
        self._set_password_hash(username, self.hashed(password))

    def set_admin(self, username: str, is_admin: bool, *, force: bool = False) -> bool:
        """Promote or demote; True if that changed anything. NotFound; Refused for the last."""
        return bool(self.set_admins([username], is_admin, force=force))

    def delete_user(self, username: str, *, force: bool = False) -> None:
        """Delete an account and all that is its own. NotFound; Refused for the last admin."""
        self.delete_users([username], force=force)

    @reading
    def account(self, connection: Connection, username: str) -> Account | None:
        """The account of exactly this name with its password hash, or None."""
        return sql_users.find_account(connection, self.schema, username)

    def add_account(
        self, username: str, password_hash: str | None, *, is_admin: bool = False
    ) -> User:
        """Make an account whose password is `hashed` already, or which has none.

        AlreadyExists; InvalidRequest.
        """
        [user] = self.add_accounts([NewAccount(username, password_hash, is_admin)])
        return user

    @writing
    def add_accounts(self, connection: Connection, new: Sequence[NewAccount]) -> list[User]:
        """Make many such accounts, or none of them. AlreadyExists; InvalidRequest."""
        for account in new:
            checked_username(account.username)
        users = sql_users.add_users(connection, self.schema, new)
        self.clear_tokens(connection, users)
        return users

    @writing
    def _set_password_hash(self, connection: Connection, username: str, password_hash: str) -> None:
        user = sql_users.require_user(connection, self.schema, username)
        sql_users.change_users(connection, self.schema, [user], password_hash=password_hash)

    # Grants

    def stored(self, resource: Resource) -> Resource:
        """The resource under which users' own grants on this one are kept."""
        return self._grants.key(resource)

    @reading
    def list_grants(
        self,
        connection: Connection,
        *,
        username: str | None = None,
        resource: Resource | None = None,
    ) -> list[Grant]:
        """Users' own grants, ordered; narrowed to a user (NotFound) or to an exact resource."""
        user = None
        if username is not None:
            user = sql_users.require_user(connection, self.schema, username)
        key = None if resource is None else self._grants.key(resource)
        return sorted(held.grant for held in self._grants.find(connection, user=user, resource=key))

    @writing
    def grant(
        self,
        connection: Connection,
        username: str,
        resource: Resource,
        permission: Permission,
        *,
        existing: Existing = "replace",
    ) -> str | None:
        """Give a user a level of their own on a resource; the level before, None where none was.

        NotFound for the user; AlreadyExists with "refuse"; NotFound with "require";
        InvalidRequest for a level or resource type that this schema cannot keep.
        """
        key = self._grants.key(Resource.checked(resource.type, resource.id))
        self._grants.check(key, permission)
        user = sql_users.require_user(connection, self.schema, username)
        before = self._own_level(connection, user, key)
        if before is None and existing == "require":
            raise NotFound(f"{subject(user.username, resource)} not found.")
        if before is not None and existing == "refuse":
            raise AlreadyExists(f"{subject(user.username, resource)} already exists.")
        self._grants.put(connection, {user: {key: permission}})
        return before

    @writing
    def revoke(self, connection: Connection, username: str, resource: Resource) -> str:
        """Take a user's own grant away; the level it had. NotFound for the user or the grant."""
        user = sql_users.require_user(connection, self.schema, username)
        for held in self._grants.find(connection, user=user, resource=self._grants.key(resource)):
            held.remove(connection)
            return held.grant.permission
        raise NotFound(f"{subject(user.username, resource)} not found.")

    @reading
    def level(self, connection: Connection, username: str, resource: Resource) -> Permission:
        """The level a user has in effect on a resource, is_admin left aside. NotFound."""
        user = sql_users.require_user(connection, self.schema, username)
        grants = self._grants.counting(connection, user)
        return self.resolve(grants, self.generation).on(self._grants.key(resource))

    @reading
    def grants_of(self, connection: Connection, user: User) -> Sequence[Grant]:
        """Every grant that counts for the user: their own and those through roles."""
        return self._grants.counting(connection, user)

    @reading
    def everybody(self, connection: Connection) -> list[tuple[User, list[Grant]]]:
        """Every account, ordered by name, with the grants that count for it."""
        held: dict[str, list[Grant]] = {}
        for grant in self._grants.counting(connection):
            held.setdefault(grant.username, []).append(grant)
        users = sql_users.list_users(connection, self.schema)
        return [(user, held.get(user.username, [])) for user in users]

    def _own_level(self, connection: Connection, user: User, key: Resource) -> str | None:
        for held in self._grants.find(connection, user=user, resource=key):
            return held.grant.permission
        return None


class _Joined(SqlStore):
    """A store in the middle of a transaction, which keeps other writers out already."""

    def hold(self, connection: Connection) -> None:
        """Nothing is left to be held."""
