"""The users and grants of a server, through its admin API."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from authctl.errors import (
    AlreadyExists,
    AuthctlError,
    InvalidRequest,
    PermissionDenied,
    Refused,
)
from authctl.model import (
    WILDCARD,
    Generation,
    Grant,
    Permission,
    Resource,
    ResourceType,
    User,
    checked_password,
    checked_username,
)
from authctl.store import rest_counting
from authctl.store.rest_legacy import LegacyGrants
from authctl.store.rest_roles import RestRoles, RolesGrants
from authctl.store.rest_survey import survey_legacy, survey_roles
from authctl.wire import paths
from authctl.wire.entities import generation_from_json, user_from_json
from authctl.wire.exchange import call, nothing
from authctl.wire.failures import NoSuchEndpoint

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from authctl.store.base import Existing, Survey
    from authctl.wire.entities import Json
    from authctl.wire.exchange import Sender

_LEGACY_TYPES = (ResourceType.EXPERIMENT, ResourceType.REGISTERED_MODEL)
_OWN_PASSWORD = "Current password is required"  # noqa: S105 - words of an error


@dataclass(frozen=True, slots=True)
class _Dialect:
    """What kind of server this is; authctl answers the legacy endpoints besides those of roles."""

    generation: Generation
    authctl: bool


class NoUserList(InvalidRequest):
    """The server cannot say who its users are."""


_MLFLOW_BEFORE_ROLES = _Dialect(Generation.LEGACY, authctl=False)


class RestStore:
    """An AuthStore over MLflow's basic-auth servers, 2.5 to 3.18, and `authctl serve` (contract 2).

    Which generation a server is of is asked once, when first needed. What a caller may do is the
    server's decision: administration needs an admin's credential, while who has MANAGE on a
    resource may grant it to others.
    """

    def __init__(self, server: Sender) -> None:
        self._server = server
        self._legacy = LegacyGrants(server)
        self._roles = RolesGrants(server)
        self.roles = RestRoles(server)

    @property
    def generation(self) -> Generation:
        """How the server lays grants out."""
        return self._dialect.generation

    def close(self) -> None:
        """Give connections back."""
        self._server.close()

    def create_user(self, username: str, password: str | None, *, is_admin: bool = False) -> User:
        """Make an account; see AuthStore."""
        checked_username(username)
        if password is None and not self._dialect.authctl:
            raise InvalidRequest(
                "This server has no service accounts: every user of MLflow's own has a password.",
                hint="Give a password, or run authctl serve.",
            )
        user = call(
            self._server,
            "POST",
            paths.USERS_CREATE,
            _user,
            username=username,
            password=None if password is None else checked_password(password),
            no_password=True if password is None else None,
        )
        if not is_admin:
            return user
        try:
            self._set_admin(username, True)
        except AuthctlError as error:
            raise type(error)(
                f"User '{username}' was created, but not made an admin: {error.message}",
                hint=f"Promote '{username}' or delete it.",
            ) from error
        return User(user.id, user.username, True)

    def get_user(self, username: str) -> User:
        """One account by its exact name. NotFound."""
        return call(self._server, "GET", paths.USERS_GET, _user, username=username)

    def known_id(self, username: str) -> int | None:
        """The id of an account, None where the server does not tell the caller. NotFound."""
        try:
            return self.get_user(username).id
        except PermissionDenied:
            return None

    def list_users(self) -> list[User]:
        """Every account, ordered by name. InvalidRequest from MLflow before 3.10."""
        return sorted(self._users(), key=lambda user: user.username)

    def set_password(self, username: str, password: str, *, current: str | None = None) -> None:
        """Set a password. NotFound; InvalidRequest when it is too short or `current` is wrong.

        MLflow up to 3.16 takes any password here, so its length is checked before it is sent.
        """
        try:
            call(
                self._server,
                "PATCH",
                paths.USERS_UPDATE_PASSWORD,
                nothing,
                username=username,
                password=checked_password(password),
                current_password=current,
            )
        except InvalidRequest as error:
            if not error.message.startswith(_OWN_PASSWORD):
                raise
            raise InvalidRequest(
                error.message, hint="Give your present password together with the new one."
            ) from error

    def set_admin(self, username: str, is_admin: bool, *, force: bool = False) -> bool:
        """Promote or demote; True if that changed anything. NotFound; Refused for the last admin.

        A server that cannot list users is trusted to know its last admin.
        """
        user = self.get_user(username)
        if user.is_admin == is_admin:
            return False
        if not is_admin and not force:
            self._refuse_last_admin(user, "demoted")
        self._set_admin(username, is_admin)
        return True

    def delete_user(self, username: str, *, force: bool = False) -> None:
        """Delete an account and all that is its own. NotFound; Refused for the last admin."""
        user = self.get_user(username)
        if user.is_admin and not force:
            self._refuse_last_admin(user, "deleted")
        if self._dialect == _MLFLOW_BEFORE_ROLES:
            self._legacy.delete_user(username)
        else:
            call(self._server, "DELETE", paths.USERS_DELETE, nothing, username=username)

    def list_grants(
        self, *, username: str | None = None, resource: Resource | None = None
    ) -> list[Grant]:
        """Users' own grants, ordered; narrowed to a user (NotFound) or to an exact resource."""
        grants = self._grants()
        found = grants.of(username) if username is not None else grants.of_all(self._users())
        if resource is not None:
            stored = grants.stored(resource)
            found = [grant for grant in found if grant.resource == stored]
        return sorted(found)

    def survey(self, *, at_least: Collection[str] | None = None) -> Survey:
        """Everything at once, in as few requests as the server takes.

        MLflow before 3.10 cannot list users: it is asked for `at_least` these, or InvalidRequest.
        """
        if self._dialect.generation is Generation.ROLES:
            return survey_roles(self._server, self.list_users())
        try:
            listed = self._usernames()
        except NoUserList:
            if at_least is None:
                raise
            return survey_legacy(self._server, sorted(at_least), complete=False)
        return survey_legacy(self._server, listed, complete=True)

    def stored(self, resource: Resource) -> Resource:
        """The resource under which users' own grants on this one are kept. InvalidRequest."""
        return self._grants(resource).stored(resource)

    def get_grant(self, username: str, resource: Resource) -> Grant:
        """A user's own grant on a resource. NotFound for the user or the grant."""
        return self._grants(resource).get(username, resource)

    def grant(
        self,
        username: str,
        resource: Resource,
        permission: Permission,
        *,
        existing: Existing = "replace",
    ) -> str | None:
        """Give a user a level of their own on a resource; the level before, None where none was.

        There is no moment in which a grant that is replaced is missing. NotFound for the user;
        AlreadyExists with "refuse"; NotFound with "require"; InvalidRequest for a level or resource
        type that the server does not take.
        """
        grants = self._grants(resource)
        if existing != "require":
            try:
                grants.add(username, resource, permission)
            except AlreadyExists:
                if existing == "refuse":
                    raise
            else:
                return None
        return grants.replace(username, resource, permission)

    def revoke(self, username: str, resource: Resource) -> str:
        """Take a user's own grant away; the level it had. NotFound for the user or the grant."""
        before = self.get_grant(username, resource).permission
        self.remove_grant(username, resource)
        return before

    def remove_grant(self, username: str, resource: Resource) -> None:
        """Take a user's own grant away, as a holder of MANAGE may who cannot read it. NotFound."""
        self._grants(resource).remove(username, resource)

    def level(self, username: str, resource: Resource) -> Permission:
        """The level a user has in effect on a resource, is_admin left aside. NotFound.

        InvalidRequest from MLflow before 3.13 where its default decides, which it does not tell,
        and from MLflow 3.17 for single prompts, which it does not resolve.
        """
        try:
            return call(
                self._server,
                "GET",
                paths.USER_PERMISSIONS_GET,
                lambda reply: Permission(reply["permission"]),
                username=username,
                resource_type=resource.type,
                resource_id=resource.id,
            )
        except NoSuchEndpoint:
            return self._legacy.own_level(username, resource)

    def grants_of(self, user: User) -> list[Grant]:
        """Every grant that counts for the user: their own and those through roles."""
        if self._dialect == _MLFLOW_BEFORE_ROLES:
            return rest_counting.legacy_grants_of(self._server, user)
        return rest_counting.grants_of(self._server, user)

    def everybody(self) -> list[tuple[User, list[Grant]]]:
        """Every account, ordered by name, with the grants that count for it.

        InvalidRequest from MLflow before 3.10; PermissionDenied for who is no admin.
        """
        if self._dialect.generation is Generation.ROLES:
            return rest_counting.everybody(self._server)
        if self._dialect.authctl:
            return [(user, self.grants_of(user)) for user in self.list_users()]
        return rest_counting.legacy_everybody(self._server, self._usernames())

    def keeps(self, kind: ResourceType) -> bool:
        """Whether this server tells grants on resources of a type."""
        return self._dialect != _MLFLOW_BEFORE_ROLES or kind in (
            *_LEGACY_TYPES,
            ResourceType.PROMPT,
        )

    @cached_property
    def _dialect(self) -> _Dialect:
        try:
            said = call(self._server, "GET", paths.USERS_CURRENT, generation_from_json)
        except NoSuchEndpoint:
            return _Dialect(Generation.LEGACY, authctl=False)
        return _Dialect(said or Generation.ROLES, authctl=said is not None)

    def _grants(self, resource: Resource | None = None) -> LegacyGrants | RolesGrants:
        """How to work on grants, on this resource in particular.

        authctl lets whoever has MANAGE read and change single grants by the legacy endpoints,
        while those of the roles generation ask for an admin.
        """
        if self._dialect.generation is Generation.LEGACY:
            return self._legacy
        if resource is None or resource.id == WILDCARD or not self._dialect.authctl:
            return self._roles
        return self._legacy if resource.type in _LEGACY_TYPES else self._roles

    def _users(self) -> Iterator[User]:
        for row in self._user_rows():
            # MLflow 3.10 to 3.12 leave out who is an admin.
            yield user_from_json(row) if "is_admin" in row else self.get_user(row["username"])

    def _usernames(self) -> list[str]:
        return [str(row["username"]) for row in self._user_rows()]

    def _user_rows(self) -> list[Json]:
        try:
            return call(self._server, "GET", paths.USERS_LIST, lambda reply: list(reply["users"]))
        except NoSuchEndpoint as error:
            raise NoUserList(
                "This server cannot list users (it has no users/list).",
                hint="MLflow lists users since 3.10; use --db to work on its auth database.",
            ) from error

    def _set_admin(self, username: str, is_admin: bool) -> None:
        call(
            self._server,
            "PATCH",
            paths.USERS_UPDATE_ADMIN,
            nothing,
            username=username,
            is_admin=is_admin,
        )

    def _refuse_last_admin(self, user: User, done: str) -> None:
        try:
            if any(other.is_admin and other.id != user.id for other in self._users()):
                return
        except InvalidRequest:
            return
        raise Refused(
            f"User '{user.username}' is the last admin and cannot be {done}.",
            hint="Promote somebody else first, or insist with --force.",
        )


def _user(reply: Json) -> User:
    return user_from_json(reply["user"])
