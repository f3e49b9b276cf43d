"""What an auth store can do, whoever keeps it: a server's admin API or a database."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from authctl.model import (
        Account,
        Assignment,
        Generation,
        Grant,
        Permission,
        Resource,
        ResourceType,
        Role,
        RolePermission,
        User,
    )
    from authctl.service_token import Asked, Bearer, ServiceToken
    from authctl.store.failed_login_rows import Count, Found, Place
    from authctl.store.freshness import Freshness

Existing = Literal["replace", "refuse", "require"]
"""What `grant` does about a grant that is there: replace it, refuse, or require that there is one.
"""


class Levels(Protocol):
    """Somebody's grants, ready to be asked about any resource."""

    def on(self, *keys: Resource) -> Permission:
        """The level in effect on the first key that a grant speaks of, else the default."""


Resolve: TypeAlias = "Callable[[Sequence[Grant], Generation], Levels]"
"""How grants and the default make levels; `policy.resolution` knows."""


def subject(username: str, resource: Resource) -> str:
    """Name a user's own grant as MLflow does since 3.13."""
    return (
        f"Permission for user={username} on resource_type={resource.type},"
        f" resource_id={resource.id}"
    )


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account that is to be made; where its password's hash is None, it has no password."""

    username: str
    password_hash: str | None = field(repr=False)
    is_admin: bool = False


@dataclass(frozen=True, slots=True)
class Survey:
    """Users, their own grants, and each role with the ids of its holders; None without roles.

    Not `complete` where a server cannot list its users and only some were asked for.
    """

    users: list[User]
    grants: list[Grant]
    roles: list[tuple[Role, tuple[int, ...]]] | None
    complete: bool = True


class AuthStore(Protocol):
    """Users and their own grants; every method is one transaction and raises only AuthctlError.

    Raises, everywhere: Unavailable when the server or database cannot be reached, is locked or has
    an unknown schema; and in remote mode NotAuthenticated and PermissionDenied.
    """

    @property
    def generation(self) -> Generation:
        """How this store lays grants out."""

    def close(self) -> None:
        """Give connections back."""

    def keeps(self, kind: ResourceType) -> bool:
        """Whether this store has a place for grants on resources of a type, and tells them."""

    def create_user(self, username: str, password: str | None, *, is_admin: bool = False) -> User:
        """Make an account; without a password it is a service account, for tokens only.

        AlreadyExists; InvalidRequest for a name or password not allowed, and from servers that
        have no service accounts, which are MLflow's own.
        """

    def get_user(self, username: str) -> User:
        """One account by its exact name. NotFound."""

    def list_users(self) -> list[User]:
        """Every account, ordered by name."""

    def set_password(self, username: str, password: str, *, current: str | None = None) -> None:
        """Set a password. NotFound; InvalidRequest when it is too short.

        `current` is the caller's present password, which servers since MLflow 3.13 ask for when
        one changes one's own; a database store ignores it.
        """

    def set_admin(self, username: str, is_admin: bool, *, force: bool = False) -> bool:
        """Promote or demote; True if that changed anything. NotFound.

        Refused for the last admin's demotion unless `force`.
        """

    def delete_user(self, username: str, *, force: bool = False) -> None:
        """Delete an account and all that is its own. NotFound; Refused for the last admin."""

    def list_grants(
        self, *, username: str | None = None, resource: Resource | None = None
    ) -> list[Grant]:
        """Users' own grants, ordered; narrowed to a user (NotFound) or to an exact resource."""

    def survey(self, *, at_least: Collection[str] | None = None) -> Survey:
        """Everything at once, in as few questions as can be.

        `at_least` are the users to ask for where a server cannot list all of them; without it
        that raises InvalidRequest.
        """

    def stored(self, resource: Resource) -> Resource:
        """The resource under which users' own grants on this one are kept. InvalidRequest."""

    def grant(
        self,
        username: str,
        resource: Resource,
        permission: Permission,
        *,
        existing: Existing = "replace",
    ) -> str | None:
        """Give a user a level of their own on a resource; the level before, None where none was.

        NotFound for the user; AlreadyExists with "refuse"; NotFound with "require";
        InvalidRequest for a level or resource type that this store's schema cannot keep.
        """

    def revoke(self, username: str, resource: Resource) -> str:
        """Take a user's own grant away; the level it had. NotFound for the user or the grant."""

    def level(self, username: str, resource: Resource) -> Permission:
        """The level a user has in effect on a resource, is_admin left aside. NotFound."""

    def grants_of(self, user: User) -> Sequence[Grant]:
        """Every grant that counts for the user: their own and those through roles."""

    def everybody(self) -> list[tuple[User, list[Grant]]]:
        """Every account, ordered by name, with the grants that count for it."""


class TokenStore(Protocol):
    """Service tokens; MLflow's own servers have none, which raises InvalidRequest."""

    def create_token(
        self, asked: Asked, *, created_by: str | None = None
    ) -> tuple[ServiceToken, str]:
        """Make a token; it, and the secret, which cannot be had again.

        `created_by` is who asks; a server knows that itself. AlreadyExists; NotFound for the user;
        InvalidRequest for what no token can be.
        """

    def list_tokens(self, username: str | None = None) -> list[ServiceToken]:
        """Every token, or those of a user, by user and name. NotFound for the user."""

    def revoke_token(self, username: str, name: str) -> None:
        """Take a token away: it is good for nothing from then on. NotFound."""


class DoorStore(Protocol):
    """What the server's door asks of a database, besides AuthStore."""

    def freshness(self) -> Freshness:
        """Proof that nothing in it has changed since somebody looked."""

    def bearer(self, secret: str) -> Bearer | None:
        """The token with this secret, expired or not, and its user; None where there is none."""

    def note_use(self, token: ServiceToken, now: datetime) -> None:
        """Write down that a token was used."""

    def failed_logins(
        self, digests: Collection[str], minute: int, place: Place, now: int
    ) -> Found | None:
        """What is counted in a minute, and whether a place is known; None where nothing can be."""

    def note_logins(
        self, failures: Mapping[Count, int], places: Mapping[Place, int], minute: int
    ) -> bool:
        """Count wrong passwords, and write down until when places are known; False if it cannot."""

    def account(self, username: str) -> Account | None:
        """The account of exactly this name with its password hash, or None."""

    def forget(self, resource: Resource) -> int:
        """Remove every user's own grants on a resource that is gone; how many there were."""

    def rename(self, old: Resource, new: Resource) -> int:
        """Move every user's own grants to a resource's new name, dropping any that waited there."""

    def own(self, username: str, resource: Resource) -> None:
        """Give the creator MANAGE on a new resource and drop grants that waited on its name."""


class RoleStore(Protocol):
    """Roles; only databases and servers of the roles generation have them.

    A store of the legacy generation raises InvalidRequest, which says so.
    """

    def create_role(self, name: str, workspace: str, description: str | None) -> Role:
        """Make a role. AlreadyExists; InvalidRequest for an empty or reserved name."""

    def get_role(self, role_id: int) -> Role:
        """One role with its permissions. NotFound."""

    def list_roles(self, workspaces: Sequence[str] = ()) -> list[Role]:
        """Roles by id with their permissions, synthetic ones included; of these workspaces only."""

    def update_role(
        self, role_id: int, *, name: str | None = None, description: str | None = None
    ) -> Role:
        """Rename or describe a role. NotFound; AlreadyExists; InvalidRequest."""

    def delete_role(self, role_id: int) -> None:
        """Delete a role, its permissions and assignments. NotFound."""

    def add_role_permission(
        self, role_id: int, resource: Resource, permission: Permission
    ) -> RolePermission:
        """Add a row to a role. NotFound; AlreadyExists; InvalidRequest."""

    def get_role_permission(self, role_permission_id: int) -> RolePermission:
        """One row of a role. NotFound."""

    def update_role_permission(
        self, role_permission_id: int, permission: Permission
    ) -> RolePermission:
        """Change the level of a role's row. NotFound; InvalidRequest."""

    def remove_role_permission(self, role_permission_id: int) -> None:
        """Remove a row from a role. NotFound."""

    def assign_role(self, username: str, role_id: int) -> Assignment:
        """Give a user a role. NotFound; AlreadyExists; InvalidRequest for a synthetic role."""

    def unassign_role(self, username: str, role_id: int) -> None:
        """Take a role from a user. NotFound."""

    def roles_of(self, username: str) -> list[Role]:
        """The roles a user holds, synthetic ones included. NotFound."""

    def assignments_of(self, role_id: int) -> list[Assignment]:
        """Who holds a role. NotFound."""

    def list_holders(self) -> list[tuple[Role, tuple[int, ...]]]:
        """Every role with the ids of the users who hold it."""


class Store(AuthStore, DoorStore, RoleStore, TokenStore, Protocol):
    """All that a database can do."""
